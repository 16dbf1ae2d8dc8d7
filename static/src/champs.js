// What a layer's rows hold: asked for once, when a filter or a table needs it.
import { buildUrl, lignesQuery } from "./adresses.js";
import { fetchJson } from "./api.js";
import { findUnite } from "./etat.js";
import { formatQuantite } from "./format.js";

const known = new Map();

/** {singulier, pluriel, nom, champs: [{id, libelle, type, unite, note, valeurs, remplis}]} of a layer. */
export async function fetchChamps(atlas, couche) {
  if (!known.has(couche)) known.set(couche, fetchJson(buildUrl(atlas.urls.champs, { couche })));
  try {
    return await known.get(couche);
  } catch (error) {
    known.delete(couche); // asked for again next time
    throw error;
  }
}

/** The values a field of texts holds most. */
export const fetchValeurs = (atlas, couche, champ) => fetchJson(buildUrl(atlas.urls.valeurs, { couche, champ }));

/** Exactly how many rows a filter keeps, in the unit of the page. */
export async function fetchNombre(atlas, { id, filtre }, unite, signal) {
  return (await fetchJson(buildUrl(atlas.urls.annonce, { couche: id }, lignesQuery(unite, { filtre })), signal)).nombre;
}

/** « dans l’Est », « à Commune », « dans « Nord » »: no article is known, so none is guessed. */
export function tellUnite(atlas, filtre) {
  const found = findUnite(atlas, filtre);
  if (!found) return "";
  const { decoupage, unite } = found;
  if (decoupage.id === "commune") return /^Les? /.test(unite.nom) ? ` ${unite.nom.replace(/^Le(s?) /, "au$1 ").replace(/^aus /, "aux ")}` : ` à ${unite.nom}`;
  return /^[aeiouyéèêâîô]/i.test(unite.nom) ? ` dans l’${unite.nom}` : ` dans «\u00a0${unite.nom}\u00a0»`;
}

/** « 12 points de recharge dans l’Est : puissance nominale au moins 50 kW ». */
export function tellNombre(nombre, { singulier, pluriel }, lieu, condition) {
  return `${formatQuantite(nombre, singulier, pluriel)}${lieu}${condition ? ` : ${condition}` : ""}`;
}
