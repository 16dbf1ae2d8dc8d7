// Pure: a view of the map in French sentences, for who does not see it, a caption, or a copied image. Every number is one it was given.
import { formatNombre, formatQuantite } from "./format.js";

const LISTED = 6; // communes told by name
const WHOLE_ZOOM = 14; // from there tiles hold the smallest shapes (comptes.js)
const KM_BY_DEGREE = 111.32; // of latitude, and of longitude at the equator

const quote = (text) => `«\u00a0${text}\u00a0»`;
const sum = (numbers) => numbers.reduce((total, each) => total + each, 0);
const enumerate = (names) => (names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} et ${names.at(-1)}`);

/** « 32 km », « 1,4 km », « 850 m »: two figures, which is all that « environ » promises. */
export function formatDistance(km) {
  const [value, unit] = km < 1 ? [km * 1000, "m"] : [km, "km"];
  return `${formatNombre(Number(value.toPrecision(2)))}\u00a0${unit}`;
}

/** West, south, east, north in degrees to « environ 32 km d’ouest en est et 18 km du nord au sud ». */
export function describeTaille([west, south, east, north]) {
  const width = (east - west) * KM_BY_DEGREE * Math.cos((((south + north) / 2) * Math.PI) / 180);
  return `environ ${formatDistance(width)} d’ouest en est et ${formatDistance((north - south) * KM_BY_DEGREE)} du nord au sud`;
}

/** Where one is: size, commune and bassin at the middle, communes whose centre is in view (`communes`, of `total`). */
function tellLieu({ emprise, centre, communes, total }) {
  const phrases = [`La vue couvre ${describeTaille(emprise)}.`];
  const here = ["commune", "bassin"].map((decoupage) => centre[decoupage]).filter(Boolean);
  const schematic = here.some(({ schematique }) => schematique) ? ", d’après des cellules schématiques" : "";
  phrases.push(here.length ? `En son milieu : ${enumerate(here.map(({ nom, code }) => nom ?? code))}${schematic}.` : "Son milieu n’est dans aucune commune chargée.");
  const names = [...communes].sort((a, b) => (b.population ?? 0) - (a.population ?? 0)).slice(0, LISTED).map(({ nom }) => nom);
  const told = communes.length > LISTED ? (communes.some(({ population }) => population) ? `, dont les plus peuplées : ${enumerate(names)}` : "") : communes.length ? ` : ${enumerate(names)}` : "";
  if (communes.length === 0) phrases.push("Aucune commune n’y a son centre.");
  else if (communes.length === total) phrases.push(`Les ${formatNombre(total)} communes y ont leur centre.`);
  else phrases.push(`${formatQuantite(communes.length, "commune y a son centre", "communes y ont leur centre")}${told}.`);
  return phrases;
}

/** How many of a layer are drawn, class by class; `null` counts: nothing was read of it. */
function tellNombres(couche, zoom) {
  const { singulier, pluriel, classes, masquees, regroupes = { points: 0, groupes: 0 } } = couche;
  if (couche.lignes === 0) return ["aucune donnée dans l’atlas."];
  if (couche.localises === 0) return [`${formatQuantite(couche.lignes, "ligne", "lignes")}, sans emplacement connu : rien n’en est dessiné.`];
  if (zoom < couche.zoom_min) return ["rien n’en est dessiné à cette échelle, il faut zoomer."];
  if (zoom >= couche.zoom_max + 1) return ["rien n’en est dessiné à cette échelle, il faut dézoomer."];
  const drawn = classes.map(({ nombre }, rank) => (masquees.includes(rank) ? 0 : nombre));
  const total = sum(drawn) + regroupes.points;
  const several = classes.length > 1 && sum(drawn) > 0;
  const kinds = classes.map(({ label }, rank) => [label, drawn[rank]]).filter(([, nombre]) => nombre > 0);
  const together = regroupes.points ? `, dont ${formatNombre(regroupes.points)} en ${formatQuantite(regroupes.groupes, "groupe", "groupes")} que zoomer sépare` : "";
  const detail = several ? ` : ${kinds.map(([label, nombre]) => `${quote(label)}, ${formatNombre(nombre)}`).join(" ; ")}` : "";
  return [`${total === 0 ? `aucun objet (${singulier}) dans la vue` : `${formatQuantite(total, singulier, pluriel)} dans la vue`}${together}${detail}.`];
}

function tellReserves(couche, zoom) {
  const { classes, masquees, approximatifs, schematiques, lignes, localises } = couche;
  const drawable = localises > 0 && zoom >= couche.zoom_min && zoom < couche.zoom_max + 1;
  const seen = sum(classes.map(({ nombre }) => nombre));
  const hidden = masquees.map((rank) => classes[rank]).filter(Boolean);
  return [
    drawable && hidden.length ? `Masqué par le lecteur : ${hidden.map(({ label, nombre }) => `${quote(label)} (${formatNombre(nombre)} dans la vue)`).join(", ")}.` : null,
    couche.filtre ? `Filtre : ${couche.filtre}.` : null,
    drawable && approximatifs ? `${formatQuantite(approximatifs, "a une position approximative", "ont une position approximative")}.` : null,
    drawable && schematiques ? `${formatQuantite(schematiques, "a un contour schématique", "ont un contour schématique")}, pas une limite.` : null,
    localises > 0 && lignes > localises ? `${formatQuantite(lignes - localises, "ligne de la couche est", "lignes de la couche sont")} sans emplacement, donc sur aucune carte.` : null,
    drawable && couche.geometrie !== "point" && zoom < WHOLE_ZOOM && seen < localises ? "À cette échelle, les plus petites formes ne sont pas dessinées." : null,
    drawable && seen + (couche.regroupes?.points ?? 0) > 0 && couche.avertissement ? `Attention : ${couche.avertissement.replace(/\.$/, "")}.` : null,
    couche.fraicheur ? `Données : ${couche.fraicheur}.` : null,
  ].filter(Boolean);
}

/**
 * {titre, lieu, couches: [{titre, phrases}]}, the topmost layer first, as the list of layers reads. `view`: {emprise, zoom, centre,
 * communes, total, fond, filtre: {nom, decoupage} or null, cote: compared side or null, couches: [{titre, singulier, pluriel, geometrie,
 * classes: [{label, nombre}], regroupes: {points, groupes} or none, masquees, approximatifs, schematiques, lignes, localises, zoom_min, zoom_max, filtre, avertissement, fraicheur}]}.
 */
export function buildProse(view) {
  const { couches, filtre, fond, cote, zoom } = view;
  const lieu = [
    ...tellLieu(view),
    filtre ? `Les couches sont limitées à un territoire : ${filtre.nom} (${filtre.decoupage}).` : null,
    fond ? `Fond de carte : ${fond}.` : null,
    cote ? `Deux jeux de couches sont comparés ; ceci décrit celui de ${cote}.` : null,
    couches.length === 0 ? "Aucune couche n’est affichée." : `${formatQuantite(couches.length, "couche affichée", "couches affichées")}${couches.length > 1 ? ", de la plus haute à la plus basse" : ""} :`,
  ].filter(Boolean);
  return { lieu, couches: couches.map((couche) => ({ titre: couche.titre, phrases: [...tellNombres(couche, zoom), ...tellReserves(couche, zoom)] })) };
}

/** The same as one text: a caption, an alternative, what is copied. */
export const writeProse = ({ lieu, couches }) => [lieu.join(" "), ...couches.map(({ titre, phrases }) => `${titre} : ${phrases.join(" ")}`)].join("\n");
