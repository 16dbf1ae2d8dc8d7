// Pure: a drawing as a file, and as the area a layer is limited to; what was done, undone, done again.
import { COULEURS, MAX_NOM } from "./traces.js";
import { writeZone } from "./zone.js";

const MOST_OBJETS = 500;
const MOST_SOMMETS = 20000;
const GENRE_OF = { Point: "point", LineString: "ligne", Polygon: "polygone" };
const DEPTH = { Point: 0, LineString: 1, Polygon: 2 };

export const NOMS = { point: "Point", ligne: "Ligne", polygone: "Polygone", texte: "Texte" };

/** The name a reader gave, else its kind and its rank among its kind. */
export function nameOf(objets, index) {
  const { nom, genre } = objets[index];
  return nom || `${NOMS[genre]} ${objets.slice(0, index + 1).filter((objet) => objet.genre === genre).length}`;
}

/** A GeoJSON file (RFC 7946) of the drawing: WGS84, seven decimals. */
export function writeGeoJson(objets) {
  const round = (value) => (Array.isArray(value) ? value.map(round) : Number(value.toFixed(7)));
  const features = objets.map(({ genre, geometrie, couleur, nom }) => ({
    type: "Feature",
    properties: { nom, genre, couleur: COULEURS[couleur].valeur },
    geometry: { type: geometrie.type, coordinates: round(geometrie.coordinates) },
  }));
  return JSON.stringify({ type: "FeatureCollection", features }, null, 1);
}

const isPlace = (value) => Array.isArray(value) && value.length >= 2 && Number.isFinite(value[0]) && Number.isFinite(value[1]);
const inDegrees = ([lon, lat]) => Math.abs(lon) <= 180 && Math.abs(lat) <= 85;

function readNested(value, depth) {
  if (depth === 0) return isPlace(value) ? value.slice(0, 2) : null;
  const parts = Array.isArray(value) && value.length ? value.map((part) => readNested(part, depth - 1)) : [null];
  return parts.includes(null) ? null : parts;
}

function readGeometry(geometry) {
  const depth = DEPTH[geometry.type];
  const coordinates = readNested(geometry.coordinates, depth);
  if (coordinates === null) return null;
  const closed = (ring) => ring.length >= 4 && ring[0][0] === ring.at(-1)[0] && ring[0][1] === ring.at(-1)[1];
  if ((depth === 1 && coordinates.length < 2) || (depth === 2 && !coordinates.every(closed))) return null;
  return { type: geometry.type, coordinates };
}

/** A multiple geometry, a collection, as its parts. */
function* eachSimple(geometry, level = 0) {
  if (!geometry || typeof geometry !== "object" || level > 4) return;
  if (geometry.type === "GeometryCollection") for (const part of geometry.geometries ?? []) yield* eachSimple(part, level + 1);
  else if (/^Multi/.test(geometry.type) && Array.isArray(geometry.coordinates)) for (const coordinates of geometry.coordinates) yield { type: geometry.type.slice(5), coordinates };
  else yield geometry;
}

function readFeature(feature) {
  const properties = feature?.properties ?? {};
  const couleur = Math.max(0, COULEURS.findIndex(({ valeur }) => valeur === properties.couleur));
  const nom = [properties.nom, properties.name, properties.libelle].find((value) => typeof value === "string") ?? "";
  return [...eachSimple(feature?.type === "Feature" ? feature.geometry : feature)].map((geometry) => {
    const geometrie = Object.hasOwn(DEPTH, geometry.type) ? readGeometry(geometry) : null;
    const genre = geometrie && (geometrie.type === "Point" && properties.genre === "texte" && nom ? "texte" : GENRE_OF[geometrie.type]);
    return geometrie && { genre, geometrie, couleur, nom: nom.slice(0, MAX_NOM) };
  });
}

const placesOf = ({ type, coordinates }) => coordinates.flat(DEPTH[type] - 1 < 0 ? 0 : DEPTH[type] - 1);

/** `{objets, refuses}` of a GeoJSON text. Throws an Error with a French sentence when nothing can be taken of it. */
export function readGeoJson(text) {
  let content;
  try {
    content = JSON.parse(text);
  } catch {
    throw new Error("Ce fichier n’est pas du GeoJSON : choisissez un fichier .geojson ou .json.");
  }
  const features = Array.isArray(content?.features) ? content.features : [content];
  const read = features.flatMap(readFeature);
  const objets = read.filter(Boolean);
  if (objets.length === 0) throw new Error("Ce fichier ne contient ni point, ni ligne, ni polygone GeoJSON.");
  const places = objets.flatMap(({ geometrie }) => (geometrie.type === "Point" ? [geometrie.coordinates] : placesOf(geometrie)));
  if (!places.every(inDegrees)) throw new Error("Ces coordonnées ne sont pas des degrés : convertissez le fichier en WGS84 (EPSG:4326), longitude d’abord.");
  if (objets.length > MOST_OBJETS || places.length > MOST_SOMMETS) throw new Error(`Un dessin a ${MOST_OBJETS} objets et ${MOST_SOMMETS.toLocaleString("fr-FR")} sommets au plus : ce fichier en a davantage.`);
  return { objets, refuses: read.length - objets.length };
}

/** Successive states: `push(state)` after a change, `undo()` and `redo()` give the state to show, or null. */
export function createHistorique(first) {
  let past = [];
  let future = [];
  let current = first;
  return {
    push(state) {
      past = [...past, current].slice(-100);
      [current, future] = [state, []];
    },
    undo() {
      if (past.length === 0) return null;
      future = [current, ...future];
      current = past.at(-1);
      past = past.slice(0, -1);
      return current;
    },
    redo() {
      if (future.length === 0) return null;
      past = [...past, current];
      [current, ...future] = future;
      return current;
    },
    current: () => current,
    canUndo: () => past.length > 0,
    canRedo: () => future.length > 0,
  };
}

const SPATIAL = /^(?:\((?<rest>[\s\S]*)\) AND )?S_INTERSECTS\(geom,POLYGON\(\([-\d.,() ]*\)\)\)$/;

/** The polygon of a drawing as the WKT of a filter or of a zone, holes included; null when it has no surface. */
export function writePolygon({ coordinates }) {
  const rings = coordinates.map((ring) => writeZone(ring));
  return rings.includes(null) ? null : `POLYGON(${rings.map((ring) => ring.slice("POLYGON(".length, -1)).join(",")})`;
}

/** The CQL2 of a layer once limited to a polygon: what it already asked for is kept, an earlier polygon is not. */
export function limitFiltre(filtre, wkt) {
  const kept = withoutZone(filtre);
  const zone = `S_INTERSECTS(geom,${wkt})`;
  return kept ? `(${kept}) AND ${zone}` : zone;
}

/** The same without its polygon; "" when nothing is left. */
export function withoutZone(filtre) {
  const found = SPATIAL.exec(filtre ?? "");
  return found ? (found.groups.rest ?? "") : (filtre ?? "");
}

export const hasZone = (filtre) => SPATIAL.test(filtre ?? "");
