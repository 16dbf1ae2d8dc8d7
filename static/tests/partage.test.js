import assert from "node:assert/strict";
import { test } from "node:test";
import { listChangements, readRevisions } from "../src/revisions.js";

const atlas = {
  titre: "Atlas du Hainaut",
  themes: [
    { couches: [{ id: "qpv", titre: "QPV", revision: 4, modifiee: "2026-11-21" }, { id: "gare", titre: "Gares", revision: 7, modifiee: "2026-10-02" }] },
    { couches: [{ id: "halle", titre: "Halles", revision: 1, modifiee: "2026-01-31" }] },
  ],
};

test("a link made now has seen the data there are", () => {
  assert.deepEqual(readRevisions(atlas), { qpv: 4, gare: 7, halle: 1 });
  assert.deepEqual(listChangements(readRevisions(atlas), atlas), []);
});

test("what changed since a link is told with its date; what has gone, or was not noted, is not", () => {
  const changed = listChangements({ halle: 9, qpv: 3, disparue: 2 }, atlas);
  assert.deepEqual(changed, [{ titre: "QPV", modifiee: "2026-11-21" }, { titre: "Halles", modifiee: "2026-01-31" }]);
});
