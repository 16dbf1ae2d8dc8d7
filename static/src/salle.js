// The room one projects in: given once, kept by this browser.
import { checkSalle } from "./ecran.js";

const KEY = "salle";

/** {distance, largeur} in metres; `connue` is false while it is a hypothesis. */
export function readSalle() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY));
    return { ...checkSalle(kept), connue: kept !== null };
  } catch {
    return { ...checkSalle(null), connue: false }; // storage refused, or another's text
  }
}

export function keepSalle({ distance, largeur }) {
  try {
    localStorage.setItem(KEY, JSON.stringify({ distance, largeur }));
  } catch {
    // Storage refused: it holds for this page only, and the page says nothing it cannot change.
  }
}
