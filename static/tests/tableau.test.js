import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultColonnes, formatCellule, tellAbsence } from "../src/tableau_cellule.js";
import { buildCles, toggleLigne } from "../src/tableau_choix.js";

test("a value is written as French readers write it", () => {
  assert.equal(formatCellule({ type: "number" }, 1200.5), "1\u202f200,5");
  assert.equal(formatCellule({ type: "integer" }, 0), "0");
  assert.equal(formatCellule({ type: "integer", unite: null }, 2017), "2017");
  assert.equal(formatCellule({ type: "integer", unite: "habitants" }, 20622), "20\u202f622");
  assert.equal(formatCellule({ type: "date" }, "2025-01-31"), "31/01/2025");
  assert.equal(formatCellule({ type: "boolean" }, false), "non");
  assert.equal(formatCellule({ type: "list" }, ["a", "b"]), "a, b");
  assert.equal(formatCellule({ type: "text", valeurs: { x: "Un mot" } }, "x"), "Un mot");
  assert.equal(formatCellule({ type: "text", valeurs: { x: "Un mot" } }, "inconnu"), "inconnu");
});

test("what is missing says so, and why when it is known", () => {
  for (const value of [null, undefined, "", [], { absent: "secret" }]) assert.equal(formatCellule({ type: "text" }, value), null);
  assert.equal(tellAbsence({ id: "nom" }, null), "non renseigné");
  assert.equal(tellAbsence({ id: "precision" }, null), "non localisé");
  assert.equal(tellAbsence({ id: "tp6021" }, { absent: "secret" }), "secret statistique");
});

test("a table opens with the name, what rows are compared by, and the source", () => {
  const champ = (id, type = "text", remplis = 1, valeurs = null) => ({ id, type, remplis, valeurs });
  const texts = Array.from({ length: 9 }, (_, at) => champ(`t${at}`));
  const champs = [champ("nom"), ...texts, champ("vide", "number", 0), champ("oui", "boolean"), champ("rang", "integer"), champ("classe", "text", 1, { a: "A" }), champ("precision"), champ("source"), champ("millesime")];
  assert.deepEqual(defaultColonnes({ nom: "nom", champs }), ["nom", "t0", "t1", "t2", "t3", "t4", "rang", "classe", "precision", "source", "millesime"]);
});

test("a row is chosen, then let go; another layer starts again; the link has room or the choice is refused", () => {
  const one = toggleLigne(null, "qpv", "A");
  assert.deepEqual(one, { couche: "qpv", cles: ["A"] });
  assert.deepEqual(toggleLigne(one, "qpv", "A").cles, []);
  assert.deepEqual(toggleLigne(one, "halle", "B"), { couche: "halle", cles: ["B"] });
  const full = { couche: "qpv", cles: Array.from({ length: 50 }, (_, at) => String(at)) };
  assert.equal(toggleLigne(full, "qpv", "A"), null);
  assert.equal(toggleLigne(full, "qpv", "7").cles.length, 49);
  assert.equal(buildCles({ cle: "code", champs: [{ id: "code", type: "text" }] }, ["L'a", "b"]), "code IN ('L''a','b')");
  assert.equal(buildCles({ cle: "n", champs: [{ id: "n", type: "integer" }] }, ["1", "2"]), "n IN (1,2)");
});
