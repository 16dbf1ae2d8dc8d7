import assert from "node:assert/strict";
import { test } from "node:test";
import { buildCql2, describeFiltre, isComplete, needsValue, operateursOf, readCql2, readNombre } from "../src/cql2.js";

const champs = [
  { id: "nom", libelle: "Nom", type: "text" },
  { id: "in", libelle: "Mot réservé", type: "text" },
  { id: "acces", libelle: "Condition d’accès", type: "text", valeurs: { libre: "Accès libre", "l'un": "L’un" } },
  { id: "puissance", libelle: "Puissance nominale", type: "number", unite: "kW" },
  { id: "places", libelle: "Places", type: "integer" },
  { id: "jour", libelle: "Mise en service", type: "date" },
  { id: "gratuit", libelle: "Recharge gratuite", type: "boolean" },
  { id: "codes", libelle: "Communes", type: "list" },
];
const TEXTS = ["L’été à Rœulx", "d'Hélène", "''", "%", "_", "\\", "100 %\\_", "Étang AND Mare OR (x)", 'a"b', "＼", "日本 🚲", "a\nb", "NULL", " x "];
const VALUES = { text: TEXTS, list: TEXTS, number: ["0", "12,5", "-3", "1200", "1e-7"], integer: ["7", "-1"], date: ["2025-01-31"], boolean: ["true", "false"] };

/** Every field, operator and value: what a person may build. */
function* conditions() {
  for (const champ of champs) {
    for (const operateur of Object.keys(operateursOf(champ))) {
      const values = champ.valeurs ? Object.keys(champ.valeurs) : VALUES[champ.type];
      for (const valeur of needsValue(operateur) ? values : [""]) yield { champ: champ.id, operateur, valeur };
    }
  }
}

test("what the rows write, they read again", () => {
  const all = [...conditions()];
  assert.ok(all.length > 150);
  all.forEach((condition, index) => {
    for (const [lien, others] of [["et", []], ["et", [all[(index * 7) % all.length]]], ["ou", [all[(index * 11) % all.length], all[(index * 3) % all.length]]]]) {
      const filtre = { lien, conditions: [condition, ...others] };
      const text = buildCql2(filtre, champs);
      const read = readCql2(text, champs);
      assert.ok(read, text);
      assert.equal(buildCql2(read, champs), text);
      assert.deepEqual(read, filtre, text);
    }
  });
});

test("the text is what exports and the API read", () => {
  const write = (champ, operateur, valeur) => buildCql2({ lien: "et", conditions: [{ champ, operateur, valeur }] }, champs);
  assert.equal(write("puissance", "min", "1 200,5"), "puissance >= 1200.5");
  assert.equal(write("nom", "est", "l'été"), "nom = 'l''été'");
  assert.equal(write("nom", "contient", "50 %"), "CASEI(ACCENTI(nom)) LIKE CASEI(ACCENTI('%50 \\%%'))");
  assert.equal(write("in", "vide", ""), '"in" IS NULL');
  assert.equal(write("jour", "moins", "2025-01-31"), "jour < DATE('2025-01-31')");
  assert.equal(write("codes", "sans", "59172"), "NOT A_CONTAINS(codes, ('59172'))");
  assert.equal(write("puissance", "min", "douze"), "");
  assert.equal(write("parti", "est", "x"), "");
});

test("what rows cannot say stays a text", () => {
  const kept = ["nom = 'a' AND (places > 1 OR places < 0)", "nom = 'a' AND places = 1 OR places = 2", "nom IN ('a', 'b')", "S_INTERSECTS(geom, POINT(3 50))",
    "nom LIKE 'a_b%'", "CASEI(nom) LIKE '%a%'", "parti = 'x'", "places = 'x'", "nom = 3", "nom", "nom = 'a", "é§", "nom = nom", "NOT nom = 'a'", "nom = 'a' AND", "gratuit > TRUE"];
  for (const text of kept) assert.equal(readCql2(text, champs), null, text);
  assert.deepEqual(readCql2("  ", champs), { lien: "et", conditions: [] });
  assert.deepEqual(readCql2("places>=2 and gratuit = true", champs).conditions.map(({ valeur }) => valeur), ["2", "true"]);
});

test("numbers as they are written in French", () => {
  assert.deepEqual(["12,5", "1 200", "1\u202f200", "−3", "12.5", "", "x", "1e3", "1,2,3"].map(readNombre), [12.5, 1200, 1200, -3, 12.5, null, null, 1000, null]);
});

test("the filter is said in French", () => {
  const conditions = [{ champ: "puissance", operateur: "min", valeur: "50" }, { champ: "acces", operateur: "est", valeur: "libre" }, { champ: "jour", operateur: "moins", valeur: "2025-01-31" }, { champ: "nom", operateur: "est", valeur: "" }];
  assert.equal(describeFiltre({ lien: "et", conditions }, champs), "puissance nominale au moins 50\u00a0kW et condition d’accès est «\u00a0Accès libre\u00a0» et mise en service avant le 31/01/2025");
  assert.equal(isComplete(conditions[3], champs), false);
});
