import assert from "node:assert/strict";
import { test } from "node:test";
import { checkSalle, computeFactor, computePortee, computeTexte, pixelsUnder, SALLE } from "../src/ecran.js";
import { checkLisibilite } from "../src/lisibilite.js";
import { closest, compose, contrastOf } from "../src/vision.js";

const proche = (value, wanted, within) => assert.ok(Math.abs(value - wanted) <= within, `${value} for ${wanted}`);

test("an angle becomes a height: 16 minutes at 8 m are 37 mm, a 215th of the distance", () => {
  const wall = { distance: 8, largeur: 3 };
  proche((pixelsUnder(16, wall, 1920) * 3000) / 1920, 37.23, 0.01);
  proche(8000 / 37.23, 214.9, 0.1);
  proche(computeTexte(wall, 1920), 34, 0.1);
});

test("without a room things grow with the screen; in a room with its distance, never below, never beyond a bound", () => {
  assert.deepEqual([800, 1920, 3840, 9999].map((width) => computeFactor(width)), [1, 1, 2, 2.2]);
  const wall = { distance: 8, largeur: 3 };
  proche(computeFactor(1920, wall), 2.837, 0.01);
  proche(computeFactor(3840, wall), 2 * computeFactor(1920, wall), 1e-9); // twice the pixels on the same wall
  assert.equal(computeFactor(1920, { distance: 1, largeur: 3 }), 1);
  assert.equal(computeFactor(1920, { distance: 50, largeur: 1 }), 4);
  assert.equal(computeFactor(1280, { distance: 50, largeur: 1 }), (4 * 1280) / 1920);
  proche(computePortee(wall, 1920), 8, 1e-9);
  proche(computePortee({ distance: 20, largeur: 2 }, 1920), computePortee({ distance: 40, largeur: 2 }, 3840), 1e-9);
});

test("what is not a room is the room of the hypothesis", () => {
  for (const salle of [null, {}, "x", { distance: "8", largeur: NaN }, { distance: -1, largeur: 1e9 }]) assert.deepEqual(checkSalle(salle), SALLE);
  assert.deepEqual(checkSalle({ distance: 8, largeur: 0 }), { distance: 8, largeur: 2 });
});

test("eyes: red and green differ for most, not for a deuteranope; contrast and opacity are those of WCAG and CSS", () => {
  proche(contrastOf("#767676", "#ffffff"), 4.54, 0.01);
  assert.equal(compose("#000000", 0.5, "#ffffff"), "#808080");
  assert.equal(closest("#b07a00", "#7f9100").oeil, "deutéranope");
  assert.ok(closest("#000000", "#ffffff").ecart > 90);
  assert.equal(closest("#123456", "#123456").ecart, 0);
});

const rule = (label, more = {}) => ({ label, value: label, color: "#1f6fb2", opacity: 1, stroke: "#1d1d1f", width: 3, size: 8, dash: [], hatch: "none", symbol: "circle", ...more });
const couche = (geometrie, rules, label = null) => ({ id: "essai", titre: "Essai", geometrie, localises: 2, exactes: 2, zoom_min: 0, zoom_max: 22, legende: rules.map(({ label: text }) => ({ label: text })), style: { field: "x", rules, label } });
const check = (geometrie, rules, { label, salle = { distance: 6, largeur: 3 }, fond = "communal", reglage = {}, ecran = { width: 1920, height: 1080 } } = {}) => {
  const atlas = { themes: [{ couches: [couche(geometrie, rules, label)] }], signes: {}, fonds: [{ id: "communal", type: "communal" }, { id: "photo", type: "xyz" }] };
  return checkLisibilite(atlas, { couches: [{ id: "essai", opacite: 1, ...reglage }], fond }, salle, ecran);
};
const sortes = (found) => found.couches[0].problemes.map(({ sorte }) => sorte);

test("a layer that can be read has nothing said of it", () => {
  assert.equal(checkLisibilite({ themes: [{ couches: [{ ...couche("point", [rule("a")]), localises: 0 }] }], signes: {}, fonds: [] }, { couches: [{ id: "essai" }] }, SALLE, { width: 1920, height: 1080 }).couches[0].problemes, null);
  assert.deepEqual(check("point", [rule("a")], { label: { size: 12 } }), { ensemble: [], couches: [{ id: "essai", titre: "Essai", problemes: [] }], fondInconnu: false });
});

test("text, symbol and line too small are said with the size that would do", () => {
  assert.deepEqual(sortes(check("point", [rule("a", { size: 3 })], { label: { size: 9 } })), ["texte", "symbole"]);
  const [problem] = check("line", [rule("a", { width: 0.8 })]).couches[0].problemes;
  assert.equal(problem.sorte, "trait");
  assert.match(problem.phrase, /trait de 0,8 px, il en faut 1,1/);
  const width = Number(/width = ([\d.]+)/.exec(problem.remede)[1]);
  assert.deepEqual(sortes(check("line", [rule("a", { width })])), []); // the fix is one
});

test("a pale line is said, with a shade that would do; under images nobody knows", () => {
  const [problem] = check("line", [rule("a", { color: "#c9d8e8" })]).couches[0].problemes;
  assert.equal(problem.sorte, "contraste");
  const color = /color = "(#[0-9a-f]{6})"/.exec(problem.remede)[1];
  assert.deepEqual(sortes(check("line", [rule("a", { color })])), []);
  const photo = check("line", [rule("a", { color: "#c9d8e8" })], { fond: "photo" });
  assert.deepEqual([sortes(photo), photo.fondInconnu], [[], true]);
  assert.deepEqual(sortes(check("polygon", [rule("a", { color: "#ffffff" })])), []); // its edge carries it
  assert.deepEqual(sortes(check("point", [rule("a")], { reglage: { opacite: 0.2 } })), ["contraste"]);
});

test("classes that some eye confounds are said, unless their sign tells them apart or one is masked", () => {
  const pair = [rule("a", { color: "#8a5f00" }), rule("b", { color: "#5e6e00" })];
  const [problem] = check("line", pair).couches[0].problemes;
  assert.match(problem.phrase, /« a » et « b » se confondent pour un œil deutéranope : écart \d+(,\d)?, il en faut 10/);
  const color = /color = "(#[0-9a-f]{6})"/.exec(problem.remede)[1];
  assert.deepEqual(sortes(check("line", [pair[0], rule("b", { color })])), []);
  assert.deepEqual(sortes(check("line", [pair[0], rule("b", { color: "#5e6e00", dash: [4, 2] })])), []);
  assert.deepEqual(sortes(check("line", pair, { reglage: { masquees: [1] } })), []);
  assert.deepEqual(sortes(check("point", [rule("a"), rule("b", { symbol: "square" })])), []);
  assert.deepEqual(sortes(check("point", [rule("a"), rule("b")])), ["classes"]);
});

test("many close classes ask for fewer, once", () => {
  const problems = check("line", Array.from({ length: 9 }, (_, rank) => rule(String(rank)))).couches[0].problemes;
  assert.equal(problems.length, 5);
  assert.match(problems[4].remede, /^Moins de classes/);
});

test("a room too deep is said with the distance and the width that would do; a legend too long too", () => {
  const far = check("line", [rule("a")], { salle: { distance: 20, largeur: 2 } });
  assert.equal(far.ensemble[0].sorte, "distance");
  const largeur = Number(/élargir l’image à ([\d,]+) m/.exec(far.ensemble[0].remede)[1].replace(",", "."));
  assert.deepEqual(check("line", [rule("a")], { salle: { distance: 20, largeur } }).ensemble, []);
  assert.deepEqual(sortes(far), []);
  const many = Array.from({ length: 40 }, (_, rank) => rule(String(rank), { dash: [rank + 1] }));
  assert.deepEqual(check("line", many).ensemble.map(({ sorte }) => sorte), ["legende"]);
});
