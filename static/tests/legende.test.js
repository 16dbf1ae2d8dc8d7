import assert from "node:assert/strict";
import { test } from "node:test";
import { buildLegende } from "../src/legende.js";

const entree = (label) => ({ label, svg: `<svg>${label}</svg>` });
const couche = (id, more = {}) => ({ id, titre: id.toUpperCase(), geometrie: "polygon", localises: 3, exactes: 3, zoom_min: 0, zoom_max: 22, legende: [entree("a"), entree("b"), entree("c")], ...more });
const signes = { approximatif: entree("approximatif") };
const atlas = {
  signes,
  themes: [{ couches: [couche("bassin"), couche("halle", { geometrie: "point", exactes: 1 })] }, { couches: [couche("vide", { localises: 0 }), couche("fine", { zoom_min: 12 })] }],
};
const read = (groups) => groups.map(({ id, entrees }) => [id, entrees.map(({ label }) => label).join("")]);

test("the legend goes from the top of the map to the bottom, without masked classes, signs last", () => {
  const couches = [{ id: "bassin", masquees: [1] }, { id: "halle" }];
  assert.deepEqual(read(buildLegende(atlas, { couches })), [["halle", "abc"], ["bassin", "ac"], ["signes", "approximatif"]]);
  assert.equal(buildLegende(atlas, { couches })[0].titre, "HALLE");
  assert.deepEqual(read(buildLegende({ ...atlas, signes: { ...signes, schematique: entree("schematique") } }, { couches: [{ id: "bassin" }] })), [["bassin", "abc"], ["signes", "schematique"]]);
});

test("what the map cannot show here has no legend", () => {
  const couches = [{ id: "bassin", masquees: [0, 1, 2] }, { id: "vide" }, { id: "fine" }, { id: "partie" }];
  assert.deepEqual(read(buildLegende(atlas, { couches, vue: { zoom: 11.9 } })), []);
  assert.deepEqual(read(buildLegende(atlas, { couches, vue: { zoom: 12 } })), [["fine", "abc"]]);
  assert.deepEqual(read(buildLegende(atlas, { couches: [{ id: "halle", masquees: [0, 1, 2] }] })), []); // no sign of what is not drawn
});

test("the sign of groups is told at the zooms where points are drawn as one", () => {
  const grouped = { signes: { groupe: entree("groupe") }, themes: [{ couches: [couche("irve", { geometrie: "point", groupe_zoom: 10 })] }] };
  const signs = (zoom) => read(buildLegende(grouped, { couches: [{ id: "irve" }], vue: { zoom } })).slice(1);
  assert.deepEqual(signs(11.9), [["signes", "groupe"]]); // tiles of zoom 10
  assert.deepEqual(signs(12), []);
});
