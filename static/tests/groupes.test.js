import assert from "node:assert/strict";
import { test } from "node:test";

globalThis.window = { innerWidth: 1280, devicePixelRatio: 1 };
const { createLecture } = await import("../src/map_lecture.js");

const couche = { id: "irve", geometrie: "point", style: { field: null, rules: [{ label: "Point", value: null, color: "#123456", size: 6 }] } };
const point = (x, y, more) => ({ couche, feature: { get: (name) => more[name], getProperties: () => more, getType: () => "Point", getFlatCoordinates: () => [x, y], getEnds: () => [] } });
const groups = [point(100, 100, { nombre: 35 }), point(100.2, 100, { nombre: 35 }), point(300, 100, { nombre: 4 }), point(2000, 100, { nombre: 9 })];
const lecture = createLecture({
  view: { calculateExtent: () => [0, 0, 1000, 1000], getCenter: () => [500, 500], getResolution: () => 1, getZoom: () => 10 },
  couches: { groupsIn: () => groups, featuresIn: () => [point(310, 100, { cle: "a" })] },
  fonds: { unitesAt: ([x]) => (x < 200 ? { commune: { nom: "Denain" } } : {}) },
  regle: () => couche.style.rules[0],
});

test("a group that two tiles tell is one, in view only, the largest first, with its commune", () => {
  assert.deepEqual(lecture.groupes().map(({ nombre, commune }) => [nombre, commune]), [[35, "Denain"], [4, null]]);
});

test("a click finds the nearest group, as far as it is drawn", () => {
  assert.equal(lecture.pickAt([112, 100]).groupe.nombre, 35);
  assert.equal(lecture.pickAt([305, 100]).groupe.nombre, 4);
  assert.equal(lecture.pickAt([130, 130]).groupe, null);
  assert.deepEqual(lecture.pickAt([310, 100]).elements.map(({ cle }) => cle), ["a"]);
});
