import assert from "node:assert/strict";
import { test } from "node:test";
import { fitsAddress, writeZone, zoneAddress } from "../src/zone.js";

const SQUARE = [[3.4, 50.3], [3.5, 50.3], [3.5, 50.4]];

test("a drawn zone is closed, and written to a tenth of a metre", () => {
  assert.equal(writeZone(SQUARE), "POLYGON((3.4 50.3,3.5 50.3,3.5 50.4,3.4 50.3))");
  assert.equal(writeZone([[3.12345678, 50.1], [3.2, 50.1], [3.2, 50.2]]), "POLYGON((3.123457 50.1,3.2 50.1,3.2 50.2,3.123457 50.1))");
  assert.equal(writeZone([...SQUARE, SQUARE[0]]), writeZone(SQUARE));
});

test("the two clicks of a double click are one vertex", () => {
  assert.equal(writeZone([...SQUARE, SQUARE[2]]), writeZone(SQUARE));
});

test("two vertices make no zone", () => {
  assert.equal(writeZone([]), null);
  assert.equal(writeZone(SQUARE.slice(0, 2)), null);
  assert.equal(writeZone([SQUARE[0], SQUARE[1], SQUARE[0], SQUARE[1]]), null);
});

test("a long zone is posted, not put in the address", () => {
  assert.ok(fitsAddress(writeZone(SQUARE)));
  const many = Array.from({ length: 200 }, (_, i) => [3.4 + i / 1000, 50.3 + (i % 7) / 100]);
  assert.ok(!fitsAddress(writeZone(many)));
  assert.equal(zoneAddress("/z", "POLYGON((1 2))"), "/z?wkt=POLYGON((1%202))");
});
