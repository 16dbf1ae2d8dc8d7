import assert from "node:assert/strict";
import { test } from "node:test";

globalThis.window = { innerWidth: 1280, devicePixelRatio: 1 };
const { buildStyleFunction } = await import("../src/map_style.js");

const rule = { label: "Zone", value: null, color: "#8c6239", opacity: 0.3, stroke: "#4a2a0c", width: 2, dash: [], hatch: "none" };
const feature = { get: (name) => ({ layer: "zone", cle: "1" })[name], getProperties: () => ({ cle: "1" }) };
const draw = (geometrie, fond) => {
  const context = { fondType: () => fond, regle: () => rule, selection: () => null, zoomOf: () => 12 };
  return buildStyleFunction({ id: "zone", geometrie, style: { field: null, rules: [rule], label: null } }, context)(feature, 10);
};
const strokes = (styles) => styles.map((style) => [style.getStroke().getColor(), style.getStroke().getWidth(), style.getZIndex()]);

test("over an image an outline lies on a white edging, wider than itself; over our own ground it needs none", () => {
  const [casing, outline] = strokes(draw("polygon", "xyz"));
  assert.equal(casing[0], "rgba(255,255,255,0.9)");
  assert.ok(casing[1] >= outline[1] + 2 && casing[2] < 0);
  assert.equal(outline[0], "#4a2a0c");
  assert.equal(draw("polygon", "communal").length, 1);
});

test("a line has its edging over any ground", () => {
  for (const fond of ["xyz", "communal", "aucun"]) assert.equal(strokes(draw("line", fond))[0][0], "rgba(255,255,255,0.9)");
});

test("a name that its own layer writes is not written by the ground too; those it leaves out stay", async () => {
  const { createEtiquettes } = await import("../src/map_etiquettes.js");
  const { markWritten } = await import("../src/map_fonds.js");
  const place = (nom, x) => ({ get: (name) => ({ nom, _taille: 1 })[name], getProperties: () => ({ nom }), getFlatCoordinates: () => [x, 0] });
  const couche = { id: "commune", style: { label: { field: "nom", zoom_min: 11, size: 12, color: "#000000" } } };
  const { refresh } = createEtiquettes({ addLayer() {} }, { regle: (_, { nom }) => (nom === "Masny" ? null : rule) });
  const candidates = ["Denain", "Masny", "Ailleurs"].map((nom, rank) => ({ couche, feature: place(nom, rank) }));
  assert.deepEqual([...refresh(candidates, [0, 0, 1, 1], 10)], []);
  const written = refresh(candidates, [0, 0, 1, 1], 11);
  assert.deepEqual([...written], ["commune Denain"]);
  const ground = ["Denain", "Masny"].map((nom) => new Map([["nom", nom], ["decoupage", "commune"]]));
  markWritten({ getFeatures: () => ground }, written);
  assert.deepEqual(ground.map((name) => Boolean(name.get("ecrit"))), [true, false]);
  markWritten({ getFeatures: () => ground }, new Set());
  assert.equal(ground[0].get("ecrit"), false);
});
