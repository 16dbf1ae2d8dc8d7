// What opens the table of a layer; the table itself comes when first asked for.
import { byId } from "./dom.js";
import { loadPiece } from "./piece.js";

/** Any `[data-action=tableau]` of a layer's row or of the builder, and the button over the map: the topmost layer's. */
export function initTableaux({ atlas, etat, map, titreOf, panneau }) {
  let tableau = null;

  async function open(couche, opener) {
    tableau ??= loadPiece(() => import("./tableau.js")).then((piece) => piece?.createTableau({ atlas, etat, map, titreOf }) ?? null);
    const found = await tableau;
    if (!found) return (tableau = null);
    if (panneau.narrow() && opener) panneau.set(false);
    return found.open(couche, opener);
  }

  document.addEventListener("click", ({ target }) => {
    const button = target.closest("[data-action=tableau]");
    if (button) open(button.closest("[data-couche]").dataset.couche, button);
  });
  byId("bouton-tableau").addEventListener("click", async ({ currentTarget }) => {
    if (byId("tableau").hidden) open(etat.get().couches.at(-1)?.id ?? null, currentTarget);
    else (await tableau).close();
  });
  // Rows that a link chose are read in their table.
  const openLignes = ({ lignes }, previous) => lignes && lignes.couche !== previous?.lignes?.couche && byId("tableau").hidden && open(lignes.couche, null);
  openLignes(etat.get(), null);
  etat.subscribe((state, previous) => state !== previous && openLignes(state, previous));
}
