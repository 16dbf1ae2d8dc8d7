import assert from "node:assert/strict";
import { test } from "node:test";
import { parseCoordonnees, writeCoordonnees } from "../src/coordonnees.js";
import { formatLongueur, formatSurface, measureLength, measurePolygon } from "../src/mesure.js";
import { projectionsAt } from "../src/projections.js";

const near = (found, lon, lat, tolerance = 1e-9) => {
  assert.ok(found, "nothing was read");
  assert.ok(Math.abs(found.lon - lon) < tolerance && Math.abs(found.lat - lat) < tolerance, JSON.stringify(found));
};

test("degrees, in either order, with a point or a comma", () => {
  for (const text of ["50.38, 3.45", "50.38 3.45", "50,38 3,45", "50,38 ; 3,45", "50,38, 3,45", " lat 50.38 lon 3.45 "]) {
    near(parseCoordonnees(text), 3.45, 50.38);
    assert.equal(parseCoordonnees(text).ordre, "latitude puis longitude", text);
  }
  for (const text of ["3.45 50.38", "3,45;50,38", "-1.5 48.2"]) assert.equal(parseCoordonnees(text).ordre, "longitude puis latitude", text);
  near(parseCoordonnees("-1.5 48.2"), -1.5, 48.2);
});

test("degrees, minutes and seconds", () => {
  const [lon, lat] = [3 + 27 / 60, 50 + 22 / 60 + 48 / 3600];
  for (const text of ["50°22'48\"N 3°27'00\"E", "50° 22′ 48″ N, 3° 27′ 0″ E", "N 50°22'48\" E 3°27'", "3°27′E 50°22′48″N", "50°22,8' N 3°27,0' E", "50°22'48'' 3°27'0''"]) near(parseCoordonnees(text), lon, lat);
  near(parseCoordonnees("48°N 1°30'O"), -1.5, 48);
  for (const text of ["50°61'N 3°E", "50°N 3°N", "50°22'48\"N", "50°N 3°E et plus"]) assert.equal(parseCoordonnees(text), null, text);
});

test("metres, told apart by their ranges", () => {
  for (const text of ["732000 7031000", "732 000 7 031 000", "732000,5 ; 7031000", "X=732000 Y=7031000", "7031000 732000"]) assert.equal(parseCoordonnees(text)?.systeme, "Lambert-93 (EPSG:2154)", text);
  assert.equal(parseCoordonnees("7031000 732000").ordre, "Y puis X");
  for (const text of ["1732000 9231000", "1 732 000 ; 9 231 000"]) assert.equal(parseCoordonnees(text)?.systeme, "CC50 (EPSG:3950)", text);
  assert.equal(parseCoordonnees("1650000 5200000")?.systeme, "CC46 (EPSG:3946)");
  for (const text of ["59172", "59172 59220", "12 rue de la Paix", "8 mai 1945", "1e5 2e5", "", "50.38", "500000 500000", "9".repeat(101), null]) assert.equal(parseCoordonnees(text), null, String(text));
});

test("a place is written in each system, and read back from what is copied", () => {
  const [lon, lat] = [3.391234, 50.328765];
  const written = writeCoordonnees([lon, lat], projectionsAt(lat));
  assert.deepEqual(written.map(({ id }) => id), ["wgs84", "dms", "2154", "3950"]);
  assert.equal(written[0].texte, "50,32877 ; 3,39123");
  assert.equal(written[1].texte, "50°19′43,6″ N 3°23′28,4″ E");
  for (const { brut, nom } of written) near(parseCoordonnees(brut), lon, lat, nom.includes("minutes") ? 2e-5 : 1e-6);
  assert.match(writeCoordonnees([-0.00001, 59.9999999], [])[1].texte, /^60°00′00,0″ N 0°00′00,0″ O$/);
});

test("measures are said in French, closed or open rings alike", () => {
  const ring = [[3.4, 50.3], [3.5, 50.3], [3.5, 50.4]];
  const { surface, perimetre } = measurePolygon([ring]);
  assert.equal(measurePolygon([[...ring, ring[0]]]).surface, surface);
  assert.ok(Math.abs(perimetre - measureLength([...ring, ring[0]])) < 1e-6);
  assert.equal(measurePolygon([[...ring].reverse()]).surface, surface);
  assert.ok(Math.abs(measurePolygon([ring, ring]).surface) < 1e-6);
  const plain = (text) => text.replace(/[\u202f\u00a0]/g, " ");
  assert.deepEqual([3.14159, 842.4, 1234.5, 123456].map(formatLongueur).map(plain), ["3,1 m", "842 m", "1,23 km", "123,5 km"]);
  assert.deepEqual([9876.5, 12345, 3729e5].map(formatSurface).map(plain), ["9 877 m²", "1,23 ha", "372,90 km²"]);
});
