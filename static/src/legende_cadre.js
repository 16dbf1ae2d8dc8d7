// The legend over the map, in the page of another site (`legende=oui`). Fetched only there.
import { buildLegende, renderLegende } from "./legende.js";

const NARROW = 480; // in a frame no wider, the legend is folded at first: it would hide the map

export function openLegende(details, { atlas, etat }) {
  const list = details.querySelector("div");
  let shown = "";
  details.open = window.innerWidth > NARROW;
  details.hidden = false;
  etat.subscribe((state) => {
    const groups = buildLegende(atlas, state);
    const now = JSON.stringify(groups.map(({ id, entrees }) => [id, entrees.length, entrees[0].label]));
    if (now === shown) return;
    shown = now;
    list.replaceChildren(...renderLegende(groups));
  });
}
