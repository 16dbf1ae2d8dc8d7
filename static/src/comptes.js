// Pure: what is in view, in words.
import { formatNombre, formatQuantite } from "./format.js";

const WHOLE_ZOOM = 14; // from there, a tile holds all that is longer than two metres; before, the smallest shapes are left out

/** « 12 à l’écran », and whatever makes that number less than the truth. `classes`: features in view by rank, from the tiles. */
export function formatVue(couche, { classes = [], masquees = [], zoom }) {
  if (couche.lignes === 0) return "aucune donnée";
  if (couche.localises === 0) return "aucun lieu localisé";
  if (zoom < couche.zoom_min) return "zoomer pour l’afficher";
  if (zoom >= couche.zoom_max + 1) return "dézoomer pour l’afficher";
  const seen = classes.reduce((sum, count) => sum + count, 0);
  const drawn = seen - masquees.reduce((sum, rank) => sum + (classes[rank] ?? 0), 0);
  const partial = couche.geometrie !== "point" && zoom < WHOLE_ZOOM && seen < couche.localises;
  const notes = [
    `${drawn === 0 ? "rien" : formatNombre(drawn)} à l’écran${partial ? " à ce zoom" : ""}`,
    masquees.length ? formatQuantite(masquees.length, "classe masquée", "classes masquées") : null,
  ];
  return notes.filter(Boolean).join(" · ");
}
