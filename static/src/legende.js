// The legend of what is shown, for whatever leaves the panel: the wall, an image. `buildLegende` is pure; the rest is DOM.
import { element } from "./dom.js";
import { listCouches } from "./etat.js";

/** What cannot be drawn in this view has no legend: no place known, or a zoom the layer is not made for. */
function drawable(couche, vue) {
  return couche.localises > 0 && (!vue || (vue.zoom >= couche.zoom_min && vue.zoom < couche.zoom_max + 1));
}

/** [{id, titre, entrees: [{label, svg}]}] of the shown layers, from the top of the map to the bottom, without the masked classes;
 * last, under the id "signes", the signs that some of them carry. `svg` is the server's own drawing (webmap/catalog/style.py). */
export function buildLegende(atlas, { couches, vue = null }) {
  const byId = new Map(listCouches(atlas).map((couche) => [couche.id, couche]));
  const shown = couches.toReversed().map((each) => ({ ...each, couche: byId.get(each.id) })).filter(({ couche }) => couche && drawable(couche, vue));
  const groups = shown
    .map(({ couche, masquees = [] }) => ({ id: couche.id, titre: couche.titre, entrees: couche.legende.filter((_, rank) => !masquees.includes(rank)) }))
    .filter(({ entrees }) => entrees.length > 0);
  const drawn = new Set(groups.map(({ id }) => id));
  const { approximatif, groupe, schematique } = atlas.signes;
  const signes = [
    shown.some(({ couche }) => drawn.has(couche.id) && couche.groupe_zoom !== null && (!vue || Math.floor(vue.zoom - 1 + 1e-6) <= couche.groupe_zoom)) ? groupe : null, // tiles are 512 pixels wide
    shown.some(({ couche }) => drawn.has(couche.id) && couche.geometrie === "point" && couche.exactes < couche.localises) ? approximatif : null,
    schematique, // sent only while cells stand in the place of contours
  ].filter(Boolean);
  return signes.length ? [...groups, { id: "signes", titre: "Signes", entrees: signes }] : groups;
}

/** An SVG element of our own server's text; nothing (null) of text that is not a drawing. */
export function parseDrawing(svg) {
  const text = svg.includes("xmlns=") ? svg : svg.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"');
  const { documentElement } = new DOMParser().parseFromString(text, "image/svg+xml");
  return documentElement.localName === "svg" ? document.importNode(documentElement, true) : null;
}

/** The groups as lists under their titles, of level `niveau` in the page; a layer of one class says its name once. */
export function renderLegende(groups, niveau = "h3") {
  return groups.map(({ id, titre, entrees }) => {
    const alone = entrees.length === 1 && id !== "signes";
    const lines = entrees.map(({ label, svg }) => element("li", {}, parseDrawing(svg), element("span", {}, alone ? titre : label)));
    const list = element("ul", { class: "legende", "aria-label": titre }, lines);
    return element("section", { class: "legende-groupe", "data-couche": id }, alone ? null : element(niveau, {}, titre), list);
  });
}
