// Files that take time: any `a[data-travail]` is made in sight, with a way to give up. The little that is there at start.
import { loadPiece } from "./piece.js";

/** A click with a key asks the browser for a tab or a file of its own: left to it, as is everything when the piece does not come. */
export function initTravaux({ atlas }) {
  document.addEventListener("click", async (event) => {
    const link = event.target.closest("a[data-travail]");
    if (!link || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    const piece = await loadPiece(() => import("./travail.js"));
    piece?.emporter({ href: link.href, titre: link.dataset.travail, abandon: atlas.urls.abandon });
  });
}
