import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { buildTileTemplate, buildUrl, filtreQuery, standaloneCode } from "../src/adresses.js";
import { checkColor, COULEUR_INCONNUE, lineColor, ruleFor, withOpacity } from "../src/couleur.js";
import { computeEchelle, groundFactor } from "../src/echelle.js";
import { addCouche, createEtat, findUnite, initialEtat, raiseCouche, removeCouche, setOpacite, setReglage } from "../src/etat.js";
import { buildClasses, buildCondition, buildPaquet, buildSelection, isDrawn } from "../src/demande.js";
import { probeUrl } from "../src/fonds.js";
import { foldText, formatCompte, formatQuantite, wrapText } from "../src/format.js";
import { containsPoint, distanceToShape, meetsBox, keepPieces } from "../src/geometrie.js";
import { listRenewed } from "../src/versions.js";
import { FORMES, MOTIFS } from "../src/symboles.js";

const here = new URL("../src/", import.meta.url);

test("addresses are encoded, commas kept", () => {
  assert.equal(buildUrl("/fiches/{couche}/{cle}.json", { couche: "qpv", cle: "a/b ?é" }), "/fiches/qpv/a%2Fb%20%3F%C3%A9.json");
  assert.equal(buildUrl("/cartes/{code}.html", { code: "x" }, { couches: "a,b", telecharger: true, vide: null }), "/cartes/x.html?couches=a,b&telecharger");
  const atlas = { urls: { tuiles: "/tuiles/{ids}/{z}/{x}/{y}.mvt", tuiles_versions: "/tuiles/{ids}/{versions}/{z}/{x}/{y}.mvt" }, versions: { a: "0f", b: "1e" } };
  assert.equal(buildTileTemplate(atlas, ["a", "b"], { decoupage: "bassin", code: "L'Est" }), "/tuiles/a,b/{z}/{x}/{y}.mvt?bassin=L'Est");
  assert.equal(buildTileTemplate(atlas, ["a"], null, "nom = '{z}'"), "/tuiles/a/{z}/{x}/{y}.mvt?filter=nom%20%3D%20'%7Bz%7D'");
  assert.equal(buildTileTemplate(atlas, ["b", "a"], null), "/tuiles/b,a/1e,0f/{z}/{x}/{y}.mvt");
  assert.deepEqual(filtreQuery(null), {});
});

test("layers whose version changed are asked for again, one that has gone is not", () => {
  assert.deepEqual(listRenewed({ a: "1", b: "1", c: "1" }, { a: "1", b: "2", d: "1" }), ["b"]);
  assert.deepEqual(listRenewed({ a: "1" }, {}), []);
});

test("a standalone map is of the bassin chosen, else of the whole", () => {
  const territoire = { code: "200042190" };
  assert.equal(standaloneCode({ decoupage: "bassin", code: "ostrevent" }, territoire), "ostrevent");
  assert.equal(standaloneCode({ decoupage: "commune", code: "59172" }, territoire), "200042190");
  assert.equal(standaloneCode(null, territoire), "200042190");
});

test("a download holds the classes that are drawn, and no other", () => {
  const style = { field: "etat", rules: [{ value: "existant" }, { value: "l'autre" }, { value: null }] };
  assert.equal(buildClasses(style), null);
  assert.equal(buildClasses(style, [1]), "etat IN ('existant') OR etat IS NULL OR etat NOT IN ('existant','l''autre')");
  assert.equal(buildClasses(style, [0, 2]), "etat IN ('l''autre')");
  assert.equal(buildClasses({ field: null, rules: [{ value: null }] }, [0]), null);
  assert.equal(buildCondition({ filtre: "a = 1 OR b = 2", masquees: [0, 2] }, style), "(a = 1 OR b = 2) AND (etat IN ('l''autre'))");
  assert.equal(buildCondition({ filtre: "a = 1" }, style), "a = 1");
  assert.equal(buildCondition({}, style), null);
  const couche = { zoom_min: 9, zoom_max: 14, style };
  assert.deepEqual([8.9, 9, 14.9, 15].map((zoom) => isDrawn({}, couche, zoom)), [false, true, true, false]);
  assert.equal(isDrawn({ masquees: [0, 1, 2] }, couche, 10), false);
});

test("a package is asked with the condition of each layer", () => {
  const selection = buildSelection({ emprise: [3.1, 50, 3.2, 50.1], filtre: { decoupage: "bassin", code: "nord" }, systeme: "EPSG:2154" });
  assert.equal(buildPaquet("/exports/paquet.gpkg", [["a", null], ["b", "x > 1"]], selection), "/exports/paquet.gpkg?couches=a,b&bbox=3.1,50,3.2,50.1&bassin=nord&crs=EPSG%3A2154&filter.b=x%20%3E%201");
  assert.deepEqual(buildSelection({ emprise: null, filtre: null, systeme: "CRS84" }), { bbox: null, crs: null });
});

test("a bad colour becomes grey, never black", () => {
  assert.equal(checkColor("#d33b0"), COULEUR_INCONNUE);
  assert.equal(checkColor("#D33B0A"), "#d33b0a");
  assert.equal(checkColor(null, "#112233"), "#112233");
  assert.equal(withOpacity("#ff8000", 0.5), "rgba(255,128,0,0.5)");
  assert.equal(lineColor({ color: "#ffffff", stroke: "#6a1b9a" }), "#6a1b9a");
  assert.equal(lineColor({ color: "#d35400", stroke: "#000000" }), "#d35400");
  assert.equal(withOpacity("#ff8000", 7), "rgba(255,128,0,1)");
});

test("the first rule wins, as on the server", () => {
  const style = { field: "type", rules: [{ label: "a", value: "1" }, { label: "reste", value: null }] };
  assert.equal(ruleFor(style, { type: 1 }).label, "a");
  assert.equal(ruleFor(style, {}).label, "reste");
  assert.equal(ruleFor({ field: "type", rules: [{ label: "a", value: "1" }] }, { type: "2" }), null);
});

test("symbols and hatches are those of the server's legend", () => {
  const python = readFileSync(new URL("../../webmap/catalog/style.py", import.meta.url), "utf8");
  const names = (kind) => new RegExp(`${kind} = Literal\\[(.*?)\\]`, "s").exec(python)[1].match(/\w+/g);
  assert.deepEqual(Object.keys(FORMES).sort(), names("Symbol").filter((name) => name !== "circle").sort());
  assert.deepEqual(Object.keys(MOTIFS).sort(), names("Hatch").filter((name) => name !== "none").sort());
  for (const [name, points] of Object.entries(FORMES)) {
    const block = new RegExp(`"${name}": \\(([^"}]*)`).exec(python)[1];
    assert.deepEqual(points.flat(), block.match(/-?\d+(\.\d+)?/g).map(Number), name);
  }
});

test("the scale bar is true on the ellipsoid at this latitude", () => {
  // One degree of longitude at 50.38° N is 71 140 m (WGS84), and 111 319.49 map metres of EPSG:3857.
  assert.ok(Math.abs(groundFactor(50.38) * 111319.4908 - 71140) < 25);
  const { metres, width, texte } = computeEchelle(100, 50.38, 180);
  assert.deepEqual([metres, texte], [10000, "10 km"]);
  assert.ok(width <= 180 && Math.abs(width * 100 * groundFactor(50.38) - metres) < 1e-6);
  assert.equal(computeEchelle(0.5, 50.38, 160).texte, "50 m");
  assert.equal(computeEchelle(NaN, 50, 100), null);
});

test("counts say what has no place", () => {
  assert.equal(formatCompte({ geometrie: "point", lignes: 11, localises: 11 }), "11 lieux");
  assert.equal(formatCompte({ geometrie: "polygon", lignes: 13, localises: 0 }), "13 lignes, dont 13 non localisées");
  assert.equal(formatCompte({ geometrie: "point", lignes: 2, localises: 1 }), "2 lignes, dont 1 non localisée");
  assert.equal(formatCompte({ geometrie: "point", lignes: 0, localises: 0 }), "aucune donnée");
  assert.equal(formatQuantite(1, "lieu", "lieux"), "1 lieu");
  assert.equal(foldText("  Rœulx-l'Évêque "), "roeulx l eveque");
  assert.equal(wrapText("Forêts de Raismes et plaine alluviale de la Scarpe", 20), "Forêts de Raismes et\nplaine alluviale de\nla Scarpe");
});

test("layers are shown in their order, raised and removed", () => {
  const ordre = { bas: 1, milieu: 5, haut: 9 };
  const ordreOf = (id) => ordre[id];
  let couches = [{ id: "bas", opacite: 1 }, { id: "haut", opacite: 1 }];
  couches = addCouche(couches, { id: "milieu", ordre: 5 }, ordreOf);
  assert.deepEqual(couches.map(({ id }) => id), ["bas", "milieu", "haut"]);
  assert.equal(addCouche(couches, { id: "milieu", ordre: 5 }, ordreOf), couches);
  assert.deepEqual(raiseCouche(couches, "bas").map(({ id }) => id), ["milieu", "haut", "bas"]);
  assert.equal(setOpacite(couches, "bas", 0.3)[0].opacite, 0.3);
  assert.deepEqual(setReglage(couches, "bas", "masquees", [1])[0].masquees, [1]);
  assert.equal("filtre" in setReglage(setReglage(couches, "bas", "filtre", "a = 1"), "bas", "filtre", "")[0], false);
  assert.equal(removeCouche(couches, "bas").length, 2);
});

test("the state starts from what the server shows, and is never changed in place", () => {
  const atlas = { themes: [{ couches: [{ id: "b", ordre: 2, affichee: true }, { id: "a", ordre: 1, affichee: true }, { id: "c", ordre: 0, affichee: false }] }], fonds: [{ id: "communal" }],
    decoupages: [{ id: "bassin", unites: [{ code: "x", nom: "X" }] }] };
  const etat = createEtat(initialEtat(atlas));
  const before = etat.get();
  let heard = 0;
  etat.subscribe(() => (heard += 1));
  etat.update({ fond: "autre" });
  assert.deepEqual([before.couches.map(({ id }) => id), before.fond, etat.get().fond, heard], [["a", "b"], "communal", "autre", 2]);
  assert.equal(findUnite(atlas, { decoupage: "bassin", code: "x" }).unite.nom, "X");
  assert.equal(findUnite(atlas, { decoupage: "bassin", code: "y" }), null);
});

test("what is under the pointer and what is in view", () => {
  const square = [0, 0, 10, 0, 10, 10, 0, 10, 0, 0];
  const hole = [4, 4, 4, 6, 6, 6, 6, 4, 4, 4];
  const [flat, ends] = [[...square, ...hole], [10, 20]];
  assert.equal(containsPoint(flat, ends, 1, 1), true);
  assert.equal(containsPoint(flat, ends, 5, 5), false);
  assert.equal(distanceToShape("Polygon", flat, ends, 5, 5), 1);
  assert.equal(distanceToShape("Polygon", flat, ends, 13, 5), 3);
  assert.equal(distanceToShape("LineString", [0, 0, 10, 0], null, 5, 2), 2);
  assert.equal(distanceToShape("Point", [3, 4], null, 0, 0), 5);
  assert.equal(meetsBox("LineString", [0, 0, 10, 10], null, [6, 0, 10, 3]), false);
  assert.equal(meetsBox("LineString", [0, 0, 10, 10], null, [4, 4, 5, 9]), true);
  assert.equal(meetsBox("Polygon", flat, ends, [1, 1, 2, 2]), true);
  assert.equal(meetsBox("Polygon", flat, ends, [20, 20, 30, 30]), false);
  assert.equal(meetsBox("MultiPoint", [50, 50, 1, 1], null, [0, 0, 2, 2]), true);
});

test("a basemap is tried on the tile of the territory", () => {
  assert.equal(probeUrl("https://x/{z}/{x}/{y}", [3.22729, 50.22465, 3.58092, 50.53361]), "https://x/12/2086/1382");
});

test("only map*.js know OpenLayers, nothing writes HTML, modules stay short", () => {
  for (const name of readdirSync(here)) {
    const text = readFileSync(new URL(name, here), "utf8");
    assert.ok(text.split("\n").length <= 251, `${name} is longer than 250 lines`);
    if (!name.startsWith("map")) assert.doesNotMatch(text, /from "ol\//, name);
    assert.doesNotMatch(text, /innerHTML|outerHTML|insertAdjacentHTML|document\.write|console\.log|\beval\(|new Function/, name);
  }
});

test("what a tile was cut along is no edge to snap to", () => {
  const square = [0, 0, 10, 0, 10, 10, 0, 10, 0, 0];
  assert.deepEqual(keepPieces(square, [10], () => false), [square]);
  assert.deepEqual(keepPieces(square, [10], (x1, y1, x2) => x1 === 10 && x2 === 10), [[0, 0, 10, 0], [10, 10, 0, 10, 0, 0]]);
  assert.deepEqual(keepPieces(square, [10], () => true), []);
  assert.deepEqual(keepPieces([0, 0, 1, 1, 5, 5, 6, 6], [4, 8], () => false), [[0, 0, 1, 1], [5, 5, 6, 6]]);
});
