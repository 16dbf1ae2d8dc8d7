import assert from "node:assert/strict";
import { test } from "node:test";
import { actionOf, stepVue } from "../src/touches.js";

test("keys of the wall: a few act, those of the map pass, all others do nothing; on black any one lights it", () => {
  const keys = ["PageDown", "PageUp", "b", "B", ".", "Escape", "ArrowLeft", "+", "F11", "Enter", "p", "?"];
  assert.deepEqual(keys.map((key) => actionOf({ key }, false)), ["suivante", "precedente", "noir", "noir", "noir", "quitter", "", "", "", null, null, null]);
  assert.deepEqual(["PageDown", "Escape", "x", "Shift"].map((key) => actionOf({ key }, true)), ["rallumer", "rallumer", "rallumer", ""]);
  assert.equal(actionOf({ key: "b", ctrlKey: true }, false), ""); // the browser's
});

test("views are gone through one by one, and stop at both ends", () => {
  assert.deepEqual([[-1, "suivante"], [-1, "precedente"], [2, "suivante"], [0, "precedente"], [1, "precedente"]].map(([at, action]) => stepVue(at, 3, action)), [0, 2, null, null, 0]);
  assert.deepEqual(["suivante", "precedente"].map((action) => stepVue(-1, 0, action)), [null, null]);
});
