// Which rows of a layer are kept: the little that is there at start. The builder and its language come when first asked for.
import { loadPiece } from "./piece.js";

/** Opens the builder from any `[data-action=filtrer]` of a layer's row; follows the filters of the state. */
export function initFiltreLignes({ atlas, etat, titreOf, panneau }) {
  let suivi = null;

  document.addEventListener("click", async ({ target }) => {
    const button = target.closest("[data-action=filtrer]");
    if (!button) return;
    const piece = await loadPiece(() => import("./constructeur.js"));
    if (piece && panneau.narrow()) panneau.set(false); // the builder opens under it
    piece?.openConstructeur({ atlas, etat, titreOf, couche: button.closest("[data-couche]").dataset.couche });
  });

  etat.subscribe(async ({ couches }) => {
    if (!suivi && !couches.some(({ filtre }) => filtre)) return;
    suivi ??= loadPiece(() => import("./suivi_filtres.js")).then((piece) => piece?.createSuivi({ atlas, etat, titreOf }) ?? null);
    const found = await suivi;
    if (found) found.refresh();
    else suivi = null;
  });
}
