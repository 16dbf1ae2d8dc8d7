import assert from "node:assert/strict";
import { test } from "node:test";
import { buildProse, describeTaille, formatDistance, writeProse } from "../src/prose.js";

const COUCHE = {
  titre: "Halles", singulier: "halle", pluriel: "halles", geometrie: "point", classes: [{ label: "Halle", nombre: 2 }], masquees: [], approximatifs: 0,
  schematiques: 0, lignes: 2, localises: 2, zoom_min: 0, zoom_max: 22, filtre: null, avertissement: null, fraicheur: "millésime 2024",
};
const VUE = { emprise: [3, 50, 3.1, 50.05], zoom: 12, centre: {}, communes: [], total: 47, fond: null, filtre: null, cote: null, couches: [] };
const tell = (couche, vue = {}) => buildProse({ ...VUE, ...vue, couches: [{ ...COUCHE, ...couche }] }).couches[0].phrases.join(" ");
const where = (vue) => buildProse({ ...VUE, ...vue }).lieu.join(" ");

test("zero, one, many, missing", () => {
  assert.equal(tell({ classes: [{ label: "Halle", nombre: 0 }] }), "aucun objet (halle) dans la vue. Données : millésime 2024.");
  assert.equal(tell({ classes: [{ label: "Halle", nombre: 1 }] }), "1 halle dans la vue. Données : millésime 2024.");
  assert.equal(tell({}), "2 halles dans la vue. Données : millésime 2024.");
  assert.equal(tell({ lignes: 0, localises: 0, fraicheur: "" }), "aucune donnée dans l’atlas.");
  assert.equal(tell({ lignes: 3, localises: 0, fraicheur: "" }), "3 lignes, sans emplacement connu : rien n’en est dessiné.");
  assert.equal(tell({ lignes: 5, fraicheur: "" }), "2 halles dans la vue. 3 lignes de la couche sont sans emplacement, donc sur aucune carte.");
  assert.equal(tell({ zoom_min: 13, fraicheur: "" }), "rien n’en est dessiné à cette échelle, il faut zoomer.");
  assert.equal(tell({ zoom_max: 11, fraicheur: "" }), "rien n’en est dessiné à cette échelle, il faut dézoomer.");
});

test("classes are told one by one, masked ones apart", () => {
  const classes = [{ label: "Existante", nombre: 1200 }, { label: "Projet", nombre: 0 }, { label: "Autre", nombre: 3 }];
  const text = tell({ classes, lignes: 1300, localises: 1300, fraicheur: "" });
  assert.equal(text, "1\u202f203 halles dans la vue : «\u00a0Existante\u00a0», 1\u202f200 ; «\u00a0Autre\u00a0», 3.");
  const masked = tell({ classes, masquees: [0], lignes: 1300, localises: 1300, fraicheur: "" });
  assert.equal(masked, "3 halles dans la vue : «\u00a0Autre\u00a0», 3. Masqué par le lecteur : «\u00a0Existante\u00a0» (1\u202f200 dans la vue).");
});

test("points drawn as one are told, and their warning with them", () => {
  const text = tell({ classes: [{ label: "Halle", nombre: 0 }], regroupes: { points: 1200, groupes: 1 }, avertissement: "Liste partielle.", fraicheur: "" });
  assert.equal(text, "1\u202f200 halles dans la vue, dont 1\u202f200 en 1 groupe que zoomer sépare. Attention : Liste partielle.");
});

test("what makes the map less than sure is said", () => {
  const text = tell({ approximatifs: 1, filtre: "nom contient « a »", avertissement: "Liste partielle." });
  assert.equal(text, "2 halles dans la vue. Filtre : nom contient « a ». 1 a une position approximative. Attention : Liste partielle. Données : millésime 2024.");
  assert.match(tell({ geometrie: "polygon", localises: 9, lignes: 9, schematiques: 2 }), /2 ont un contour schématique, pas une limite\. À cette échelle, les plus petites formes ne sont pas dessinées\./);
  assert.doesNotMatch(tell({ geometrie: "polygon", localises: 9, lignes: 9 }, { zoom: 14 }), /plus petites/);
});

test("where: size, middle, communes, territory, compared side", () => {
  assert.match(describeTaille([3, 50, 3.1, 50.05]), /^environ 7,2\u00a0km d’ouest en est et 5,6\u00a0km du nord au sud$/);
  assert.equal(formatDistance(0.8531), "850\u00a0m");
  assert.match(where({}), /Son milieu n’est dans aucune commune chargée\. Aucune commune n’y a son centre\. Aucune couche n’est affichée\.$/);
  const communes = ["A", "B", "C", "D", "E", "F", "G"].map((nom, at) => ({ nom, population: at }));
  assert.match(where({ communes: communes.slice(0, 1) }), /1 commune y a son centre : A\./);
  assert.match(where({ communes: communes.slice(0, 2) }), /2 communes y ont leur centre : B et A\./);
  assert.match(where({ communes }), /7 communes y ont leur centre, dont les plus peuplées : G, F, E, D, C et B\./);
  assert.match(where({ communes: communes.map(({ nom }) => ({ nom, population: null })) }), /7 communes y ont leur centre\. /);
  assert.match(where({ communes, total: 7 }), /Les 7 communes y ont leur centre\./);
  const centre = { commune: { nom: "Denain", schematique: true }, bassin: { nom: "Bassin minier" } };
  assert.match(where({ centre }), /En son milieu : Denain et Bassin minier, d’après des cellules schématiques\./);
  assert.match(where({ filtre: { nom: "Ostrevent", decoupage: "bassin de vie" } }), /limitées à un territoire : Ostrevent \(bassin de vie\)\./);
  assert.match(where({ cote: "gauche" }), /ceci décrit celui de gauche\./);
});

/** Small numbers from a seed: the same views at every run. */
function* draw(seed) {
  for (let state = seed; ; ) yield (state = (state * 1103515245 + 12345) % 2147483648) / 2147483648;
}

test("every count of the text is one that was given, for 300 drawn views", () => {
  const next = draw(7);
  const pick = (below) => Math.floor(next.next().value * below);
  for (let round = 0; round < 300; round += 1) {
    const classes = Array.from({ length: 1 + pick(4) }, (_, rank) => ({ label: "abc"[rank] ?? "d", nombre: pick(3) === 0 ? 0 : pick(4000) }));
    const masquees = classes.map((_, rank) => rank).filter(() => pick(3) === 0);
    const drawn = classes.map(({ nombre }, rank) => (masquees.includes(rank) ? 0 : nombre));
    const total = drawn.reduce((sum, each) => sum + each, 0);
    const localises = pick(4) === 0 ? 0 : classes.reduce((sum, { nombre }) => sum + nombre, 0) + pick(5);
    const lignes = localises + pick(4);
    const [approximatifs, schematiques] = [pick(3), pick(3)];
    const couche = { ...COUCHE, classes, masquees, localises, lignes, approximatifs, schematiques, fraicheur: "" };
    const text = tell(couche);
    const told = [...text.matchAll(/\d[\d\u202f]*/g)].map(([number]) => Number(number.replaceAll("\u202f", "")));
    const given = new Set([total, lignes, lignes - localises, approximatifs, schematiques, ...classes.map(({ nombre }) => nombre)]);
    assert.deepEqual(told.filter((number) => !given.has(number)), [], text);
    if (localises === 0) continue;
    const head = /^(\d[\d\u202f]*) halles?/.exec(text)?.[1].replaceAll("\u202f", "") ?? "0";
    assert.equal(Number(head), total, text);
    for (const rank of masquees) assert.ok(text.includes(`(${classes[rank].nombre.toLocaleString("fr-FR")} dans la vue)`), text);
  }
});

test("one text for a caption: where, then a line a layer", () => {
  const text = writeProse(buildProse({ ...VUE, couches: [COUCHE, { ...COUCHE, titre: "Gares", singulier: "gare", pluriel: "gares" }] }));
  const [first, ...lines] = text.split("\n");
  assert.match(first, /2 couches affichées, de la plus haute à la plus basse :$/);
  assert.deepEqual(lines, ["Halles : 2 halles dans la vue. Données : millésime 2024.", "Gares : 2 gares dans la vue. Données : millésime 2024."]);
});
