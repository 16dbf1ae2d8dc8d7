// Files that take time: any `a[data-travail]` or `button[data-travail]` is made in sight, with a way to give up. The little that is there at start.
import { loadPiece } from "./piece.js";

/** What a click asks for: a link, or a form that posts to the address of its button. */
function readDemande({ href, form, formAction, dataset }) {
  return form ? { href: formAction, titre: dataset.travail, corps: new FormData(form) } : { href, titre: dataset.travail };
}

/** A click with a key asks the browser for a tab or a file of its own: left to it, as is everything when the piece does not come. */
export function initTravaux(abandon) {
  document.addEventListener("click", async (event) => {
    const asked = event.target.closest("[data-travail]");
    if (!asked || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    const demande = readDemande(asked);
    const piece = await loadPiece(() => import("./travail.js"));
    piece?.emporter({ ...demande, abandon });
  });
}
