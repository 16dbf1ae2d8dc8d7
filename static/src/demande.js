// Pure: what a download asks for, so that it holds what is on screen and nothing else.
import { buildUrl, filtreQuery } from "./adresses.js";
import { formatDegres } from "./format.js";

const quote = (text) => `'${text.replaceAll("'", "''")}'`;

/** CQL2 of the classes of a legend that are drawn, `masquees` being the ranks of those that are not; null: all of them. */
export function buildClasses(style, masquees = []) {
  if (!masquees.length || !style?.field) return null;
  const others = style.rules.findIndex(({ value }) => value === null || value === undefined);
  const named = style.rules.map(({ value }, rank) => ({ value, rank })).filter(({ rank }) => rank !== others);
  const all = named.map(({ value }) => quote(value)).join(",");
  const kept = named.filter(({ rank }) => !masquees.includes(rank)).map(({ value }) => quote(value));
  const ways = kept.length ? [`${style.field} IN (${kept.join(",")})`] : [];
  if (others >= 0 && !masquees.includes(others)) ways.push(`${style.field} IS NULL`, `${style.field} NOT IN (${all})`);
  return ways.join(" OR ");
}

/** Whether a shown layer draws anything at this zoom: not hidden by it, nor every class of its legend off. */
export function isDrawn({ masquees = [] }, { zoom_min: first, zoom_max: last, style }, zoom) {
  return zoom >= first && zoom < last + 1 && (!style || style.rules.some((_, rank) => !masquees.includes(rank)));
}

/** CQL2 of what a shown layer keeps: its own filter, and the classes of its legend that are drawn. */
export function buildCondition(shown, style) {
  const conditions = [shown.filtre, buildClasses(style, shown.masquees)].filter(Boolean);
  return conditions.length > 1 ? conditions.map((condition) => `(${condition})`).join(" AND ") : (conditions[0] ?? null);
}

/** What selects rows in every layer: the box, the unit, the coordinate system. */
export const buildSelection = ({ emprise, filtre, systeme }) => ({
  bbox: emprise?.join(",") ?? null,
  ...filtreQuery(filtre),
  crs: systeme === "CRS84" ? null : systeme,
});

/** The address that announces what a download of one layer holds. */
export const buildAnnonce = (template, couche, selection, condition) => buildUrl(template, { couche }, { ...selection, filter: condition });

/** Several layers and what each keeps, as query parameters; `conditions` are [layer, CQL2 or null]. */
function couchesQuery(conditions, selection = {}) {
  const filters = conditions.filter(([, condition]) => condition).map(([couche, condition]) => [`filter.${couche}`, condition]);
  return { couches: conditions.map(([couche]) => couche).join(","), ...selection, ...Object.fromEntries(filters) };
}

/** Several layers in one GeoPackage. */
export const buildPaquet = (template, conditions, selection) => buildUrl(template, {}, couchesQuery(conditions, selection));

/** The standalone map of a unit: the layers shown, with what each keeps; those of the server when none is. */
export const buildCarte = (template, code, conditions, more = {}) => buildUrl(template, { code }, { ...(conditions.length ? couchesQuery(conditions) : {}), ...more });

/** « de 3,22 à 3,58 de longitude, de 50,22 à 50,53 de latitude ». */
export function describeEmprise([west, south, east, north]) {
  return `de ${formatDegres(west)} à ${formatDegres(east)} de longitude, de ${formatDegres(south)} à ${formatDegres(north)} de latitude`;
}
