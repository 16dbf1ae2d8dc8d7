// Pure: what is in view, in words.
import { formatNombre, formatQuantite } from "./format.js";

const WHOLE_ZOOM = 14; // from there, a tile holds all that is longer than two metres; before, the smallest shapes are left out

/** Layer id -> {points, groupes} of the groups of points in view. */
export function sumGroupes(groupes) {
  const sums = new Map();
  for (const { couche, nombre } of groupes) {
    const { points, groupes: count } = sums.get(couche) ?? { points: 0, groupes: 0 };
    sums.set(couche, { points: points + nombre, groupes: count + 1 });
  }
  return sums;
}

/** « Groupe de 35 points de recharge »: no gender is known, so none is guessed. */
export const tellGroupe = ({ nombre }, { singulier, pluriel }) => `Groupe de ${formatQuantite(nombre, singulier, pluriel)}`;

/** « 12 à l’écran », and whatever makes that number less than the truth. `classes`: features in view by rank, from the tiles. */
export function formatVue(couche, { classes = [], masquees = [], zoom, regroupes = { points: 0, groupes: 0 } }) {
  if (couche.lignes === 0) return "aucune donnée";
  if (couche.localises === 0) return "aucun lieu localisé";
  if (zoom < couche.zoom_min) return "zoomer pour l’afficher";
  if (zoom >= couche.zoom_max + 1) return "dézoomer pour l’afficher";
  const seen = classes.reduce((sum, count) => sum + count, 0);
  const drawn = seen - masquees.reduce((sum, rank) => sum + (classes[rank] ?? 0), 0) + regroupes.points;
  const partial = couche.geometrie !== "point" && zoom < WHOLE_ZOOM && seen < couche.localises;
  const notes = [
    `${drawn === 0 ? "rien" : formatNombre(drawn)} à l’écran${partial ? " à ce zoom" : ""}`,
    regroupes.points ? `dont ${formatNombre(regroupes.points)} en ${formatQuantite(regroupes.groupes, "groupe", "groupes")}` : null,
    regroupes.points && masquees.length ? "les groupes ne disent pas la classe" : null,
    masquees.length ? formatQuantite(masquees.length, "classe masquée", "classes masquées") : null,
  ];
  return notes.filter(Boolean).join(" · ");
}
