import assert from "node:assert/strict";
import { test } from "node:test";
import { matchesCouche } from "../src/arbre.js";
import { setsOf, stepRideau } from "../src/comparer.js";
import { formatVue, sumGroupes, tellGroupe } from "../src/comptes.js";
import { rankOf } from "../src/couleur.js";
import { moveCouche, orderCouches, restoreCouches, swapComparer } from "../src/etat.js";
import { decodeFragment, encodeFragment, resolveFragment } from "../src/permalink.js";

const [a, b, c] = ["a", "b", "c"].map((id) => ({ id, opacite: 1 }));
const ids = (couches) => couches.map(({ id }) => id).join("");

test("a layer goes up and down the map, no further than the ends", () => {
  assert.equal(ids(moveCouche([a, b, c], "a", 1)), "bac");
  assert.equal(ids(moveCouche([a, b, c], "c", -1)), "acb");
  assert.equal(ids(moveCouche([a, b, c], "c", 1)), "abc");
  assert.equal(ids(moveCouche([a, b, c], "a", -9)), "abc");
  assert.equal(ids(moveCouche([a, b], "z", 1)), "ab");
});

test("a list reads from the top, the map is drawn from the bottom", () => {
  assert.equal(ids(orderCouches([a, b, c], ["a", "c", "b"])), "bca");
  assert.equal(ids(orderCouches([a, b, c], ["a", "c"])), "bca");
  assert.equal(ids(orderCouches([a, b], ["z", "a", "b"])), "ba");
});

test("what was put aside comes back, with what was tuned and added since", () => {
  const tuned = { ...b, opacite: 0.4 };
  assert.deepEqual(restoreCouches([a, b], [tuned, c]), [a, tuned, c]);
  assert.deepEqual(restoreCouches([a, b], []), [a, b]);
});

test("compared sets trade places and stay on their sides", () => {
  const state = { couches: [a], comparer: { mode: "rideau", position: 0.5, cote: "gauche", couches: [b, c] } };
  assert.deepEqual(setsOf(state), { gauche: [b, c], droite: [a] });
  const swapped = swapComparer(state);
  assert.equal(ids(swapped.couches), "bc");
  assert.deepEqual(setsOf(swapped), setsOf(state));
  assert.deepEqual(swapComparer(swapped), state);
});

test("the curtain goes by keys, within the map", () => {
  assert.equal(stepRideau(0.5, { key: "ArrowLeft" }), 0.48);
  assert.equal(stepRideau(0.5, { key: "ArrowRight", shiftKey: true }), 0.6);
  assert.equal(stepRideau(0.03, { key: "PageUp" }), 0);
  assert.equal(stepRideau(0.3, { key: "End" }), 1);
  assert.equal(stepRideau(0.3, { key: "a" }), null);
});

test("a layer is found by the beginning of words, accents folded, in its theme and legend too", () => {
  const couche = { titre: "Cours d’eau", singulier: "tronçon", legende: [{ label: "Réservoir de la trame bleue" }] };
  for (const text of ["eau", "COURS", "tronc", "reserv", "nature eau", "  "]) assert.ok(text.trim() === "" || matchesCouche(couche, "Nature", text), text);
  for (const text of ["ours", "eau minerale", "gare"]) assert.ok(!matchesCouche(couche, "Nature", text), text);
});

test("what is in view is counted, and said to be partial when it may be", () => {
  const couche = { geometrie: "polygon", lignes: 1300, localises: 1200, zoom_min: 8, zoom_max: 18 };
  assert.equal(formatVue(couche, { classes: [1000, 200], zoom: 10 }), "1\u202f200 à l’écran");
  assert.equal(formatVue(couche, { classes: [10, 2], zoom: 10 }), "12 à l’écran à ce zoom");
  assert.equal(formatVue(couche, { classes: [10, 2], zoom: 15 }), "12 à l’écran");
  assert.equal(formatVue({ ...couche, geometrie: "point" }, { classes: [10, 2], zoom: 10 }), "12 à l’écran");
  assert.equal(formatVue(couche, { classes: [10, 2], masquees: [0], zoom: 15 }), "2 à l’écran · 1 classe masquée");
  assert.equal(formatVue(couche, { masquees: [0, 7], zoom: 15 }), "rien à l’écran · 2 classes masquées");
  assert.equal(formatVue(couche, { classes: [3], zoom: 7.9 }), "zoomer pour l’afficher");
  assert.equal(formatVue(couche, { classes: [3], zoom: 19 }), "dézoomer pour l’afficher");
  assert.equal(formatVue({ ...couche, localises: 0 }, { zoom: 10 }), "aucun lieu localisé");
  assert.equal(formatVue({ ...couche, lignes: 0 }, { zoom: 10 }), "aucune donnée");
});

test("the rank of a class is that of its line in the legend", () => {
  const style = { field: "type", rules: [{ value: "x" }, { value: "y" }] };
  assert.deepEqual([{ type: "y" }, { type: "x" }, { type: "z" }, {}].map((properties) => rankOf(style, properties)), [1, 0, -1, -1]);
});

const atlas = { themes: [{ couches: [{ id: "qpv" }, { id: "halle" }] }], fonds: [], decoupages: [] };

test("the second set of a comparison is written and read back", () => {
  const etat = {
    couches: [{ id: "qpv", opacite: 1, masquees: [1] }],
    comparer: { mode: "cote", position: 0.25, cote: "gauche", couches: [{ id: "qpv", opacite: 0.5, filtre: "a = 'é,:&'" }, { id: "halle", opacite: 1, masquees: [0, 2] }] },
  };
  const fragment = encodeFragment(etat);
  assert.match(fragment, /^#couches=qpv&masquees=qpv:1&comparer=cote\/0\.25\/gauche&comparer\.couches=qpv:0\.5,halle&comparer\.masquees=halle:0\.2&comparer\.filtres=qpv:[^&]+$/);
  assert.deepEqual(resolveFragment(decodeFragment(fragment), atlas), { etat, inconnus: [] });
  const empty = { couches: [], comparer: { ...etat.comparer, couches: [] } };
  assert.deepEqual(resolveFragment(decodeFragment(encodeFragment(empty)), atlas).etat, empty);
});

test("a comparison that cannot be read is no comparison; a layer that has gone is named once", () => {
  for (const text of ["rideau/0.5/droite", "comparer=rideau/2/droite", "comparer=x/0.5/droite&comparer.couches=qpv", "comparer=rideau/0.5/haut&comparer.couches=qpv", "comparer=rideau/NaN/droite&comparer.couches=qpv",
    "comparer=&comparer.couches=qpv", "comparer.couches=qpv", "comparer=rideau/0.5/droite", "comparer=cote/1.1/gauche&comparer.couches=qpv"]) assert.deepEqual(decodeFragment(`#${text}`), {}, text);
  const { etat, inconnus } = resolveFragment(decodeFragment("#couches=partie,qpv&comparer=rideau/1/droite&comparer.couches=halle,partie"), atlas);
  assert.deepEqual([ids(etat.couches), ids(etat.comparer.couches), inconnus], ["qpv", "halle", ["couche « partie »"]]);
});

test("points drawn as one are counted one by one, and said", () => {
  const irve = { geometrie: "point", lignes: 60, localises: 60, zoom_min: 0, zoom_max: 22, singulier: "point de recharge", pluriel: "points de recharge" };
  const groupes = [{ couche: "irve", nombre: 35 }, { couche: "irve", nombre: 1200 }, { couche: "halle", nombre: 2 }];
  const regroupes = sumGroupes(groupes).get("irve");
  assert.deepEqual(regroupes, { points: 1235, groupes: 2 });
  assert.equal(formatVue(irve, { classes: [3, 2], zoom: 10, regroupes }), "1\u202f240 à l’écran · dont 1\u202f235 en 2 groupes");
  assert.equal(formatVue(irve, { classes: [3, 2], masquees: [1], zoom: 10, regroupes }), "1\u202f238 à l’écran · dont 1\u202f235 en 2 groupes · les groupes ne disent pas la classe · 1 classe masquée");
  assert.equal(formatVue(irve, { classes: [0, 0], zoom: 10 }), "rien à l’écran");
  assert.equal(tellGroupe(groupes[0], irve).replace(/[\u00a0\u202f]/g, " "), "Groupe de 35 points de recharge");
});
