import assert from "node:assert/strict";
import { test } from "node:test";
import { formatTaille, readNom, tellRecu } from "../src/travail.js";

test("a file has the name the server gives it, and a size one can read", () => {
  assert.equal(readNom('attachment; filename="carte_bassin_nord.html"'), "carte_bassin_nord.html");
  assert.equal(readNom(null), "atlas");
  assert.deepEqual([1, 120_400, 3_400_000].map(formatTaille), ["1\u00a0ko", "121\u00a0ko", "3,4\u00a0Mo"]);
  assert.equal(tellRecu(1_200_000, 3_400_000), "1,2\u00a0Mo sur 3,4\u00a0Mo");
  assert.equal(tellRecu(1_200_000, 0), "1,2\u00a0Mo reçus");
});
