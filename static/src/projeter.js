// The two ways to the wall: the mode itself and the check before it. Both are fetched when asked for.
import { byId } from "./dom.js";
import { loadPiece } from "./piece.js";

/** `openFragment(fragment)`: show a named view as a fresh page would. */
export function initProjeter({ atlas, etat, map, openFragment }) {
  let mode = null;

  async function project({ gesture }) {
    if (mode) return;
    mode = { close() {} }; // until the piece of script is here, a second press asks nothing more
    const piece = await loadPiece(() => import("./projection.js"));
    mode = piece && piece.openProjection({ atlas, etat, map, openFragment, gesture, onClose: () => (mode = null) });
  }

  byId("projeter").addEventListener("click", () => project({ gesture: true }));
  byId("lisible").addEventListener("click", async () => {
    const piece = await loadPiece(() => import("./lisibilite_volet.js"));
    piece?.openLisibilite({ atlas, etat, project: () => project({ gesture: true }) });
  });
  if (new URLSearchParams(location.search).get("mode") === "projection") project({ gesture: false });
  return { active: () => mode !== null, project: () => project({ gesture: true }) };
}
