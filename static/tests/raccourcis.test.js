import assert from "node:assert/strict";
import { test } from "node:test";
import { isRaccourci, raccourcisActifs } from "../src/raccourcis.js";

test("a letter is a shortcut alone, and never while one types", () => {
  assert.equal(isRaccourci({}, false), true);
  for (const held of ["ctrlKey", "metaKey", "altKey", "defaultPrevented", "isComposing"]) assert.equal(isRaccourci({ [held]: true }, false), false, held);
  assert.equal(isRaccourci({}, true), false);
});

test("letters are on unless the browser keeps that they are off", () => {
  const kept = {};
  globalThis.localStorage = { getItem: (name) => kept[name] ?? null };
  assert.equal(raccourcisActifs(), true);
  kept["webmap.raccourcis"] = "non";
  assert.equal(raccourcisActifs(), false);
  globalThis.localStorage = { getItem: () => { throw new Error("refused"); } };
  assert.equal(raccourcisActifs(), true);
});
