import assert from "node:assert/strict";
import { test } from "node:test";
import { buildCadre, buildCommande, describeSites, readTaille } from "../src/cadre.js";
import { buildCitation, buildTitre, listSources } from "../src/citation.js";
import { listChangements, readRevisions } from "../src/revisions.js";

const atlas = {
  titre: "Atlas du Hainaut",
  themes: [
    { couches: [{ id: "qpv", titre: "QPV", revision: 4, modifiee: "2026-11-21" }, { id: "gare", titre: "Gares", revision: 7, modifiee: "2026-10-02" }] },
    { couches: [{ id: "halle", titre: "Halles", revision: 1, modifiee: "2026-01-31" }] },
  ],
};

test("a link made now has seen the data there are", () => {
  assert.deepEqual(readRevisions(atlas), { qpv: 4, gare: 7, halle: 1 });
  assert.deepEqual(listChangements(readRevisions(atlas), atlas), []);
});

test("what changed since a link is told with its date; what has gone, or was not noted, is not", () => {
  const changed = listChangements({ halle: 9, qpv: 3, disparue: 2 }, atlas);
  assert.deepEqual(changed, [{ titre: "QPV", modifiee: "2026-11-21" }, { titre: "Halles", modifiee: "2026-01-31" }]);
});

const vue = {
  couches: [{ id: "halle", opacite: 1 }, { id: "qpv", opacite: 1, masquees: [1, 2], filtre: "a = 1" }],
  comparer: null, fond: "plan", filtre: { decoupage: "bassin", code: "o" }, fiche: null,
};
const complete = {
  ...atlas,
  territoire: { nom: "Le Hainaut" },
  decoupages: [{ id: "bassin", unites: [{ code: "o", nom: "Ostrevent" }] }],
  fonds: [{ id: "communal", titre: "Fond communal" }, { id: "plan", titre: "Plan", attribution: "© IGN" }],
  themes: atlas.themes.map((theme) => ({ couches: theme.couches.map((couche) => ({ ...couche, fraicheur: couche.id === "halle" ? { source: "CAPH", millesime: "" } : { source: "ANCT", millesime: "2015 et 2024" } })) })),
};

test("a citation names what is shown, from the top, where it comes from, the last change and the address", () => {
  assert.equal(
    buildCitation(complete, vue, { adresse: "https://a.fr/#vue=1", jour: "22/11/2026" }),
    "Carte, Ostrevent : QPV, filtrée, 2 classes masquées (source : ANCT, millésime 2015 et 2024) ; Halles (source : CAPH). Fond : Plan, © IGN. Atlas du Hainaut, données du 21/11/2026, consulté le 22/11/2026, https://a.fr/#vue=1",
  );
  const empty = { ...vue, couches: [], fond: "communal", filtre: null };
  assert.equal(buildCitation(complete, empty, { adresse: "x", jour: "22/11/2026" }), "Carte, Le Hainaut : aucune couche. Atlas du Hainaut, consulté le 22/11/2026, x");
});

test("a compared set is cited too, each layer once", () => {
  const compared = { ...vue, comparer: { couches: [{ id: "gare", opacite: 1 }, { id: "qpv", opacite: 1 }] } };
  assert.deepEqual(listSources(complete, compared).map(({ titre }) => titre), ["Gares", "QPV", "Halles"]);
  assert.equal(buildTitre(complete, compared), "Ostrevent : Gares, QPV, Halles");
});

test("the code of a frame escapes what it holds and bounds its size", () => {
  const code = buildCadre("https://a.fr/integration", "#couches=qpv&fond=plan", { panneau: true, legende: true, largeur: "100%", hauteur: "600", titre: 'Carte « "A" & <B> »' });
  assert.ok(code.startsWith('<iframe src="https://a.fr/integration?panneau=oui&amp;legende=oui#couches=qpv&amp;fond=plan" title="Carte « &quot;A&quot; &amp; &lt;B&gt; »" width="100%" height="600"'));
  assert.ok(buildCadre("p", "#f", { titre: "", largeur: "1", hauteur: "1" }).startsWith('<iframe src="p#f"'));
  assert.deepEqual(["100%", " 640 px", "200", "199", "5000", "101%", "640em", '"'].map(readTaille), ["100%", "640", "200", null, null, null, null, null]);
});

test("who may frame the map is said, and how a view is kept", () => {
  assert.match(describeSites([]), /^Aucun autre site .*personne qui tient le SIG/);
  assert.match(describeSites(["https://b.fr"]), /^Sites qui peuvent la montrer : https:\/\/b\.fr\./);
  assert.equal(buildCommande("https://a.fr/#filtres=q:a!`"), 'webmap vues ajouter CODE "TITRE" "https://a.fr/#filtres=q:a%21%60"');
});
