import assert from "node:assert/strict";
import { test } from "node:test";
import { tellNombre, tellUnite } from "../src/champs.js";

const atlas = {
  decoupages: [
    { id: "commune", unites: [{ code: "1", nom: "Denain" }, { code: "2", nom: "Le Quesnoy" }, { code: "3", nom: "Les Moëres" }, { code: "4", nom: "La Sentinelle" }] },
    { id: "bassin", unites: [{ code: "a", nom: "Amandinois" }, { code: "b", nom: "Bassin minier" }] },
  ],
};

test("a place is said without guessing an article", () => {
  const told = (decoupage, code) => tellUnite(atlas, { decoupage, code });
  assert.deepEqual(["1", "2", "3", "4"].map((code) => told("commune", code)), [" à Denain", " au Quesnoy", " aux Moëres", " à La Sentinelle"]);
  assert.deepEqual(["a", "b", "c"].map((code) => told("bassin", code)), [" dans l’Amandinois", " dans «\u00a0Bassin minier\u00a0»", ""]);
  assert.equal(tellUnite(atlas, null), "");
});

test("the result is a sentence", () => {
  const layer = { singulier: "borne rapide", pluriel: "bornes rapides" };
  assert.equal(tellNombre(12, layer, " dans l’Amandinois", "puissance au moins 50 kW"), "12 bornes rapides dans l’Amandinois : puissance au moins 50 kW");
  assert.equal(tellNombre(1, layer, "", ""), "1 borne rapide");
});
