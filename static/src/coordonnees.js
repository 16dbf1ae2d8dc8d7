// Pure: coordinates as people type and read them. What is read says which system and which order it was taken for.
import { recognise } from "./projections.js";

const FRANCE = { lon: [-6, 11], lat: [41, 52] }; // where the two orders of a pair cannot be mistaken for each other
const within = (value, [low, high]) => value >= low && value <= high;
const SIGN = { N: 1, S: -1, E: 1, O: -1, W: -1 };
// 50°22'48.5"N, N 50° 22,8', 3.45 E: degrees, then minutes and seconds if any, all letters before their angle or all after
const ANGLE = String.raw`(?<degrees>[+-]?\d{1,3}(?:[.,]\d+)?)\s*[°º]?\s*(?:(?<minutes>\d{1,2}(?:[.,]\d+)?)\s*['′’](?!')\s*)?(?:(?<seconds>\d{1,2}(?:[.,]\d+)?)\s*(?:["″”]|'')\s*)?`;
const BEFORE = new RegExp(`(?<letter>[NSEOW])\\s*${ANGLE}`, "giu");
const AFTER = new RegExp(`${ANGLE}(?<letter>[NSEOW])?`, "giu");

const number = (text) => Number(String(text ?? 0).replace(",", "."));

function readAngle({ groups: { degrees, minutes, seconds, ...said } }) {
  const letter = said.letter?.toUpperCase();
  if (number(minutes) >= 60 || number(seconds) >= 60) return null;
  const size = Math.abs(number(degrees)) + number(minutes) / 60 + number(seconds) / 3600;
  return { letter, value: (degrees.startsWith("-") ? -1 : 1) * (SIGN[letter] ?? 1) * size };
}

function readSexagesimal(text) {
  if (!/[°º'′’"″”]|\d\s*[NSEOW]\b|\b[NSEOW]\s*[+-]?\d/iu.test(text)) return null;
  const parts = [...text.trim().matchAll(/^[NSEOW]/iu.test(text.trim()) ? BEFORE : AFTER)];
  if (parts.length !== 2 || parts.map(([whole]) => whole).join("").replace(/\s/g, "") !== text.replace(/[\s;]|,(?=\s)/gu, "")) return null;
  const angles = parts.map(readAngle);
  return angles.includes(null) ? null : angles;
}

/** Two numbers: « 50.38, 3.45 », « 50,38 3,45 », « 50,38 ; 3,45 », « 725 000 7 033 000 » (spaces by thousands). */
function readPair(text) {
  const bare = text
    .trim()
    .replace(/[\u00a0\u202f]/gu, " ")
    .replace(/\b(?:x|y|lat(?:itude)?|lon(?:gitude)?|m)\b\s*[:=]?/giu, " ")
    .trim();
  const split = [/^([+-]?\d+(?:\.\d+)?)\s*[,;\s]\s*([+-]?\d+(?:\.\d+)?)$/u, /^([+-]?\d+(?:,\d+)?)\s*[;\s]\s*([+-]?\d+(?:,\d+)?)$/u, /^([+-]?\d+,\d+)\s*,\s*([+-]?\d+,\d+)$/u];
  const thousands = /^(\d{1,3}(?: \d{3})+(?:[.,]\d+)?)\s*[;,\s]\s*(\d{1,3}(?: \d{3})+(?:[.,]\d+)?)$/u;
  for (const form of split) {
    const found = form.exec(bare);
    if (found) return [number(found[1]), number(found[2])];
  }
  // Spaces by thousands: the second number is the one of seven digits of a northing.
  const grouped = thousands.exec(bare) ?? /^(\d{1,3} \d{3}|\d{1,3} \d{3} \d{3})[ ;,]+(\d \d{3} \d{3})$/u.exec(bare);
  return grouped ? [number(grouped[1].replaceAll(" ", "")), number(grouped[2].replaceAll(" ", ""))] : null;
}

const place = (lon, lat, systeme, ordre) => (Math.abs(lon) <= 180 && Math.abs(lat) <= 85 ? { lon, lat, systeme, ordre } : null);

function fromDegrees(first, second) {
  const latitudeFirst = within(first, FRANCE.lat) && within(second, FRANCE.lon);
  const longitudeFirst = within(second, FRANCE.lat) && within(first, FRANCE.lon);
  if (longitudeFirst && !latitudeFirst) return place(first, second, "WGS84", "longitude puis latitude");
  return place(second, first, "WGS84", "latitude puis longitude");
}

function fromMetres(first, second) {
  for (const [x, y, ordre] of [[first, second, "X puis Y"], [second, first, "Y puis X"]]) {
    const projection = recognise([x, y]);
    if (!projection) continue;
    const [lon, lat] = projection.inverse([x, y]);
    return place(lon, lat, `${projection.nom} (EPSG:${projection.code})`, ordre);
  }
  return null;
}

/** `{lon, lat, systeme, ordre}` of a text that says a place by numbers, else null. Never throws. */
export function parseCoordonnees(text) {
  if (typeof text !== "string" || text.length > 100) return null;
  const angles = readSexagesimal(text);
  if (angles) {
    const [first, second] = angles;
    if (!first.letter && !second.letter) return fromDegrees(first.value, second.value);
    const kinds = angles.map(({ letter }) => (letter ? ("NS".includes(letter) ? "lat" : "lon") : null));
    if (kinds[0] === kinds[1]) return null;
    const latFirst = kinds[0] === "lat" || kinds[1] === "lon";
    return latFirst ? place(second.value, first.value, "WGS84", "latitude puis longitude") : place(first.value, second.value, "WGS84", "longitude puis latitude");
  }
  const pair = readPair(text);
  if (!pair) return null;
  return pair.every((value) => Math.abs(value) <= 180) ? fromDegrees(...pair) : fromMetres(...pair);
}

function sexagesimal(value, [positive, negative]) {
  const tenths = Math.round(Math.abs(value) * 36000);
  const [degrees, minutes, seconds] = [Math.floor(tenths / 36000), Math.floor(tenths / 600) % 60, (tenths % 600) / 10];
  const pad = (part) => String(part).padStart(2, "0");
  return `${degrees}°${pad(minutes)}′${pad(Math.floor(seconds))},${Math.round((seconds % 1) * 10)}″ ${value < 0 ? negative : positive}`;
}

const decimal = new Intl.NumberFormat("fr-FR", { minimumFractionDigits: 5, maximumFractionDigits: 5 });
const metre = new Intl.NumberFormat("fr-FR", { maximumFractionDigits: 0 });

/** A place in each system: `{id, nom, texte (to read), brut (to paste elsewhere)}`. */
export function writeCoordonnees([lon, lat], projections) {
  return [
    { id: "wgs84", nom: "WGS84, latitude ; longitude", texte: `${decimal.format(lat)} ; ${decimal.format(lon)}`, brut: `${lat.toFixed(6)}, ${lon.toFixed(6)}` },
    { id: "dms", nom: "WGS84, degrés minutes secondes", texte: `${sexagesimal(lat, "NS")} ${sexagesimal(lon, "EO")}`, brut: `${sexagesimal(lat, "NS")} ${sexagesimal(lon, "EO")}` },
    ...projections.map(({ code, nom, forward }) => {
      const [x, y] = forward([lon, lat]);
      return { id: String(code), nom: `${nom} (EPSG:${code}), X ; Y`, texte: `${metre.format(x)} ; ${metre.format(y)}`, brut: `${x.toFixed(2)}, ${y.toFixed(2)}` };
    }),
  ];
}
