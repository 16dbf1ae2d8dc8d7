// Pieces of the page fetched when they are first used: what is said when one does not come, because the server is down.
import { removeAvis, showAvis } from "./avis.js";

/** `load`: () => import("./x.js"). Null, and a notice, when it did not come; asking again tries again. */
export async function loadPiece(load) {
  try {
    const piece = await load();
    removeAvis("piece");
    return piece;
  } catch {
    showAvis("piece", "Cette partie de l’atlas n’a pas pu être chargée : le serveur ne répond pas. Recommencer dans un moment.", { kind: "alerte" });
    return null;
  }
}
