// Pure: what a view is called, where its data come from, and the line to copy to cite it.
import { findUnite, listCouches } from "./etat.js";
import { formatDate, formatQuantite } from "./format.js";
import { listShown } from "./permalink.js";

const NAMED = 3; // layers in a title; more are counted

/** The shown layers, top of the map first: {titre, source, millesime, notes: what makes them less than the whole layer}. */
export function listSources(atlas, etat) {
  const byId = new Map(listCouches(atlas).map((couche) => [couche.id, couche]));
  return listShown(etat).toReversed().map(({ id, masquees = [], filtre }) => {
    const { titre, fraicheur, localises } = byId.get(id);
    const notes = [localises === 0 ? "aucun lieu localisé" : null, filtre ? "filtrée" : null, masquees.length ? formatQuantite(masquees.length, "classe masquée", "classes masquées") : null];
    return { titre, source: fraicheur.source, millesime: fraicheur.millesime, notes: notes.filter(Boolean) };
  });
}

/** The last change of the data shown (AAAA-MM-JJ), or null when nothing is shown. */
export function lastChange(atlas, etat) {
  const shown = new Set(listShown(etat).map(({ id }) => id));
  const dates = listCouches(atlas).filter(({ id }) => shown.has(id)).map(({ modifiee }) => modifiee);
  return dates.sort().at(-1) ?? null;
}

const nameOf = (atlas, { filtre }) => findUnite(atlas, filtre)?.unite.nom ?? atlas.territoire.nom;

/** « Territoire : Halles, QPV et 2 autres couches ». */
export function buildTitre(atlas, etat) {
  const titres = listSources(atlas, etat).map(({ titre }) => titre);
  const more = titres.length - NAMED;
  if (titres.length === 0) return nameOf(atlas, etat);
  const named = more > 0 ? `${titres.slice(0, NAMED).join(", ")} et ${formatQuantite(more, "autre couche", "autres couches")}` : titres.join(", ");
  return `${nameOf(atlas, etat)} : ${named}`;
}

export function describeSource({ titre, source, millesime, notes }) {
  return `${[titre, ...notes].join(", ")} (source : ${source}${millesime ? `, millésime ${millesime}` : ""})`;
}

/** « Fond : Plan IGN, © IGN »; nothing for a basemap the atlas draws itself. */
export function describeFond(atlas, { fond }) {
  const { titre, attribution } = atlas.fonds.find(({ id }) => id === fond) ?? {};
  return attribution ? `Fond : ${titre}, ${attribution}` : "";
}

/** The citation of a view, written as those of the pages of units. `jour`: the day it is consulted, as it is read. */
export function buildCitation(atlas, etat, { adresse, jour }) {
  const sources = listSources(atlas, etat).map(describeSource).join(" ; ") || "aucune couche";
  const fond = describeFond(atlas, etat);
  const change = lastChange(atlas, etat);
  const dates = [change ? `données du ${formatDate(change)}` : null, `consulté le ${jour}`].filter(Boolean);
  return `Carte, ${nameOf(atlas, etat)} : ${sources}. ${fond ? `${fond}. ` : ""}${[atlas.titre, ...dates, adresse].join(", ")}`;
}
