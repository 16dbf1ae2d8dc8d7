import assert from "node:assert/strict";
import { test } from "node:test";
import { createHistorique, hasZone, limitFiltre, nameOf, readGeoJson, withoutZone, writeGeoJson, writePolygon } from "../src/croquis.js";
import { decodeFragment, encodeFragment, resolveFragment } from "../src/permalink.js";
import { decodeDessin, encodeDessin, fitsLink, LONGEST } from "../src/traces.js";

const RING = [[3.4, 50.3], [3.5, 50.3], [3.5, 50.4], [3.4, 50.3]];
const HOLE = [[3.46, 50.32], [3.47, 50.32], [3.47, 50.33], [3.46, 50.32]];
const DESSIN = [
  { genre: "point", geometrie: { type: "Point", coordinates: [3.391234, 50.328765] }, couleur: 0, nom: "" },
  { genre: "texte", geometrie: { type: "Point", coordinates: [-1.5, 48] }, couleur: 1, nom: "Îlot « A », 50 % : à voir" },
  { genre: "ligne", geometrie: { type: "LineString", coordinates: [[3.4, 50.3], [3.5, 50.4]] }, couleur: 2, nom: "" },
  { genre: "polygone", geometrie: { type: "Polygon", coordinates: [RING, HOLE] }, couleur: 4, nom: "Zone" },
];

test("a drawing goes through an address and back", () => {
  assert.deepEqual(decodeDessin(encodeDessin(DESSIN)), DESSIN);
  assert.equal(encodeDessin([DESSIN[0]]).length, 14);
  const fragment = encodeFragment({ vue: { zoom: 12, lat: 50.3, lon: 3.4 }, couches: [], dessin: DESSIN });
  assert.match(fragment, /^[\w#&=/:.,%~!'()*-]+$/);
  assert.deepEqual(decodeFragment(fragment).dessin, DESSIN);
  const atlas = { themes: [], fonds: [], decoupages: [] };
  assert.deepEqual(resolveFragment(decodeFragment(fragment), atlas).etat.dessin, DESSIN);
  assert.ok(!encodeFragment({ couches: [], dessin: [] }).includes("dessin"));
});

test("any places, to a tenth of a metre", () => {
  let seed = 7;
  const random = (low, high) => low + (high - low) * ((seed = (seed * 16807) % 2147483647) / 2147483647);
  for (let i = 0; i < 300; i += 1) {
    const coordinates = Array.from({ length: 2 + (i % 9) }, () => [random(-180, 180), random(-85, 85)]);
    const [read] = decodeDessin(encodeDessin([{ genre: "ligne", geometrie: { type: "LineString", coordinates }, couleur: 0, nom: "" }]));
    coordinates.forEach(([lon, lat], at) => {
      assert.ok(Math.abs(read.geometrie.coordinates[at][0] - lon) <= 5.1e-7);
      assert.ok(Math.abs(read.geometrie.coordinates[at][1] - lat) <= 5.1e-7);
    });
  }
});

test("what an address says badly is left out, without a throw", () => {
  const good = encodeDessin([DESSIN[0]]);
  for (const bad of ["", "p", "p9:AA", "x0:AAAA", "p0:!!", "p0:A", "p0:g", "l0:AA", "g0:AAAAAA", "p0:____________AA", "p0:AAAA", ":::", "p0:AA:%E0%A4%A"]) {
    assert.doesNotThrow(() => decodeDessin(bad), bad);
    assert.equal(decodeDessin(`${bad},${good}`)?.at(-1)?.genre, "point", bad);
  }
  assert.equal(decodeDessin("p0:________"), undefined);
  assert.equal(decodeDessin("p0:A".repeat(3000)), undefined);
});

test("what an address cannot carry is left out of it", () => {
  const coordinates = Array.from({ length: 800 }, (_, i) => [3 + i / 1000, 50 + ((i * 37) % 100) / 1000]);
  const long = [{ genre: "ligne", geometrie: { type: "LineString", coordinates }, couleur: 0, nom: "" }];
  assert.ok(!fitsLink(encodeDessin(long)));
  const fragment = encodeFragment({ couches: [], dessin: long });
  assert.ok(!fragment.includes("dessin"));
  assert.ok(fitsLink("a".repeat(LONGEST)));
});

test("a file of the drawing is GeoJSON that comes back", () => {
  const text = writeGeoJson(DESSIN);
  assert.equal(JSON.parse(text).features[1].properties.nom, DESSIN[1].nom);
  assert.deepEqual(readGeoJson(text), { objets: DESSIN, refuses: 0 });
});

test("the files of others are read: multiple geometries, collections, names", () => {
  const multi = { type: "Feature", properties: { name: "Bois" }, geometry: { type: "MultiPolygon", coordinates: [[RING], [HOLE]] } };
  const several = { type: "GeometryCollection", geometries: [{ type: "Point", coordinates: [3, 50, 12] }, { type: "LineString", coordinates: [[3, 50]] }] };
  const { objets, refuses } = readGeoJson(JSON.stringify({ type: "FeatureCollection", features: [multi, { type: "Feature", properties: null, geometry: several }, null] }));
  assert.deepEqual(objets.map(({ genre, nom }) => [genre, nom]), [["polygone", "Bois"], ["polygone", "Bois"], ["point", ""]]);
  assert.equal(refuses, 1);
});

test("a file that cannot be taken is refused in French", () => {
  for (const text of ["", "{", "[]", "3", "null", '{"type":"Topology"}', '{"type":"FeatureCollection","features":[]}', '{"type":"Polygon","coordinates":[[[3,50],[4,50],[3,51]]]}', '{"type":"__proto__","coordinates":[]}']) {
    assert.throws(() => readGeoJson(text), /Ce fichier/, text);
  }
  assert.throws(() => readGeoJson('{"type":"Point","coordinates":[725000,7030000]}'), /WGS84/);
  assert.throws(() => readGeoJson(JSON.stringify({ type: "LineString", coordinates: Array.from({ length: 20001 }, () => [3, 50]) })), /20\s?000 sommets/);
});

test("a layer is limited to one polygon, and keeps what it asked for", () => {
  const wkt = writePolygon(DESSIN[3].geometrie);
  assert.match(wkt, /^POLYGON\(\(3.4 50.3,.*\),\(3.46 .*\)\)$/);
  const limited = limitFiltre("", wkt);
  assert.equal(limited, `S_INTERSECTS(geom,${wkt})`);
  assert.equal(limitFiltre(limited, wkt), limited);
  const both = limitFiltre("a = 1 OR b = '(é)'", wkt);
  assert.equal(both, `(a = 1 OR b = '(é)') AND S_INTERSECTS(geom,${wkt})`);
  assert.equal(limitFiltre(both, wkt), both);
  assert.deepEqual([withoutZone(both), withoutZone(limited), withoutZone("a = 1"), withoutZone(undefined)], ["a = 1 OR b = '(é)'", "", "a = 1", ""]);
  assert.deepEqual([hasZone(both), hasZone("a = 1")], [true, false]);
});

test("undo and redo", () => {
  const history = createHistorique("a");
  assert.equal(history.undo(), null);
  history.push("b");
  history.push("c");
  assert.deepEqual([history.undo(), history.undo(), history.undo(), history.redo()], ["b", "a", null, "b"]);
  history.push("d");
  assert.deepEqual([history.redo(), history.undo(), history.canRedo(), history.canUndo()], [null, "b", true, true]);
});

test("an object without a name has its kind and its rank", () => {
  const two = [...DESSIN, DESSIN[0]];
  assert.deepEqual(two.map((_, index) => nameOf(two, index)), ["Point 1", DESSIN[1].nom, "Ligne 1", "Zone", "Point 2"]);
});
