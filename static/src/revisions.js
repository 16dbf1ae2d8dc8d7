// Pure: the data a link was made on, beside the data there are.
import { listCouches } from "./etat.js";

/** {layer: revision}: what a link made now notes. */
export const readRevisions = (atlas) =>
  Object.fromEntries(listCouches(atlas).filter(({ revision }) => Number.isInteger(revision)).map(({ id, revision }) => [id, revision]));

/** The layers whose data are no longer those the link noted (`seen`: {layer: revision}), in the order of the tree. One that has
 * gone is not among them: it is named with all that the atlas no longer has. */
export const listChangements = (seen, atlas) =>
  listCouches(atlas).filter(({ id, revision }) => Object.hasOwn(seen, id) && seen[id] !== revision).map(({ titre, modifiee }) => ({ titre, modifiee }));
