// Pure: what a reader draws, as the `dessin=` of an address. An object is {genre, geometrie, couleur, nom}: genre "point",
// "ligne", "polygone" or "texte"; geometrie a GeoJSON Point, LineString or Polygon; couleur a rank in COULEURS.
// Written `p1:<places>:<name>`: letter of the genre, rank of the colour, places, name if any; objects are parted by commas.
// Places are differences of millionths of a degree (0.1 m), longitude then latitude, zigzag, five bits a sign of base64url, the
// sixth says that more follow (as Google's encoded polylines, with letters that an address keeps). Rings, unclosed, are parted by dots.
export const COULEURS = [
  { nom: "Noir", valeur: "#17212b" },
  { nom: "Rouge", valeur: "#b3261e" },
  { nom: "Bleu", valeur: "#1a4fd6" },
  { nom: "Vert", valeur: "#1b6e3a" },
  { nom: "Violet", valeur: "#7b2d8e" },
];
export const LONGEST = 2000; // characters an address gives to a drawing
export const MAX_NOM = 60;
const MOST = 200;
const SIGNS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const STEPS = 1e6;
const LETTERS = { point: "p", ligne: "l", polygone: "g", texte: "t" };
const GENRES = Object.fromEntries(Object.entries(LETTERS).map(([genre, letter]) => [letter, genre]));
const TYPES = { point: "Point", texte: "Point", ligne: "LineString", polygone: "Polygon" };
export const typeOf = (genre) => TYPES[genre];

/** Any geometry as lists of places: a point is one list of one, rings lose their last vertex. */
function listsOf({ type, coordinates }) {
  if (type === "Point") return [[coordinates]];
  return type === "LineString" ? [coordinates] : coordinates.map((ring) => ring.slice(0, -1));
}

function writeNumber(value) {
  let rest = value < 0 ? -2 * value - 1 : 2 * value;
  let text = "";
  do {
    const part = rest % 32;
    rest = Math.floor(rest / 32);
    text += SIGNS[part + (rest > 0 ? 32 : 0)];
  } while (rest > 0);
  return text;
}

function writeList(list) {
  let [x, y] = [0, 0];
  return list
    .map(([lon, lat]) => {
      const [i, j] = [Math.round(lon * STEPS), Math.round(lat * STEPS)];
      const text = writeNumber(i - x) + writeNumber(j - y);
      [x, y] = [i, j];
      return text;
    })
    .join("");
}

/** The drawing as text, "" when there is none; `fitsLink` says whether an address may carry it. */
export function encodeDessin(objets) {
  return objets
    .map(({ genre, geometrie, couleur, nom }) => {
      const places = listsOf(geometrie).map(writeList).join(".");
      return `${LETTERS[genre]}${couleur}:${places}${nom ? `:${encodeURIComponent(nom)}` : ""}`;
    })
    .join(",");
}

export const fitsLink = (encoded) => encoded.length <= LONGEST;

function readNumbers(text) {
  const numbers = [];
  let [value, scale] = [0, 1];
  for (const sign of text) {
    const part = SIGNS.indexOf(sign);
    if (part < 0 || scale > 2 ** 35) return null;
    value += (part % 32) * scale;
    scale *= 32;
    if (part >= 32) continue;
    numbers.push(value % 2 ? -(value + 1) / 2 : value / 2);
    [value, scale] = [0, 1];
  }
  return scale === 1 && numbers.length % 2 === 0 ? numbers : null;
}

function readList(text) {
  const numbers = readNumbers(text);
  if (!numbers?.length) return null;
  const list = [];
  let [x, y] = [0, 0];
  for (let at = 0; at < numbers.length; at += 2) {
    [x, y] = [x + numbers[at], y + numbers[at + 1]];
    if (Math.abs(x) > 180 * STEPS || Math.abs(y) > 85 * STEPS) return null;
    list.push([x / STEPS, y / STEPS]);
  }
  return list;
}

function readGeometrie(genre, text) {
  const lists = text.split(".").map(readList);
  if (lists.includes(null)) return null;
  const type = TYPES[genre];
  if (type === "Polygon") return lists.every((ring) => ring.length >= 3) ? { type, coordinates: lists.map((ring) => [...ring, ring[0]]) } : null;
  if (lists.length > 1) return null;
  if (type === "Point") return lists[0].length === 1 ? { type, coordinates: lists[0][0] } : null;
  return lists[0].length >= 2 ? { type, coordinates: lists[0] } : null;
}

function readNom(text) {
  try {
    return decodeURIComponent(text).slice(0, MAX_NOM);
  } catch {
    return "";
  }
}

/** The objects a text says, those it says badly left out; undefined when none is left. Never throws. */
export function decodeDessin(text) {
  if (text.length > 2 * LONGEST) return undefined;
  const objets = text.split(",").slice(0, MOST).map((piece) => {
    const [head, places, nom] = piece.split(":");
    const genre = GENRES[head[0]];
    const couleur = Number(head.slice(1));
    const geometrie = genre && places && /^\d$/.test(head.slice(1)) && couleur < COULEURS.length ? readGeometrie(genre, places) : null;
    return geometrie && { genre, geometrie, couleur, nom: readNom(nom ?? "") };
  });
  const read = objets.filter(Boolean);
  return read.length ? read : undefined;
}
