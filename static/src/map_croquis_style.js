// How what a reader draws looks: a dark or coloured line on a white casing, legible on any basemap.
import CircleStyle from "ol/style/Circle.js";
import Fill from "ol/style/Fill.js";
import Stroke from "ol/style/Stroke.js";
import Style from "ol/style/Style.js";
import { withOpacity } from "./couleur.js";
import { buildText, screenFactor } from "./map_style.js";
import { COULEURS } from "./traces.js";

const WHITE = "rgba(255,255,255,.92)";
const INK = "#17212b";
const SELECTION = "#ffd400";

const stroke = (color, width, lineDash) => new Style({ stroke: new Stroke({ color, width: width * screenFactor(), lineDash }) });
const dot = (radius, fill, line, width, zIndex) =>
  new Style({ image: new CircleStyle({ declutterMode: "none", radius: radius * screenFactor(), fill: fill && new Fill({ color: fill }), stroke: new Stroke({ color: line, width: width * screenFactor() }) }), zIndex });

function buildLabel({ nom, genre }, color) {
  const offset = genre === "point" ? 9 * screenFactor() : 0;
  return new Style({ text: buildText({ size: genre === "texte" ? 15 : 13, color }, nom, screenFactor(), offset), zIndex: 2 });
}

/** The styles of one object of the drawing; a chosen one has a yellow edge between dark lines, as a chosen place has. */
export function buildTrace(objet, choisi) {
  const color = COULEURS[objet.couleur].valeur;
  const styles = [];
  if (objet.genre === "point" || objet.genre === "texte") {
    const radius = objet.genre === "point" ? 6 : 2.5;
    if (choisi) styles.push(dot(radius + 5, null, INK, 4.5), dot(radius + 5, null, SELECTION, 2.5));
    styles.push(dot(radius, color, WHITE, 2));
  } else {
    if (choisi) styles.push(stroke(INK, 9), stroke(SELECTION, 7));
    styles.push(stroke(WHITE, 5.5), stroke(color, 3));
    if (objet.genre === "polygone") styles.push(new Style({ fill: new Fill({ color: withOpacity(color, 0.12) }) }));
  }
  return objet.nom ? [...styles, buildLabel(objet, color)] : styles;
}

/** What is being drawn or measured: dashed, with its vertices. */
export function buildEsquisse(feature) {
  const geometry = feature.getGeometry();
  if (geometry.getType() === "Point") return [dot(6, WHITE, INK, 2.5)];
  const fill = geometry.getType() === "Polygon" ? [new Style({ fill: new Fill({ color: "rgba(255,255,255,.35)" }) })] : [];
  return [...fill, stroke(WHITE, 5.5), stroke(INK, 2.5, [7, 4])];
}

const MARQUES = {
  point: [dot(9, null, WHITE, 6), dot(9, null, INK, 3), dot(2.5, INK, WHITE, 1)],
  position: [dot(8, "#1a4fd6", "#ffffff", 3)],
};
const AROUND = new Style({ fill: new Fill({ color: "rgba(26,79,214,.12)" }), stroke: new Stroke({ color: "#1a4fd6", width: 1.5 }) });

/** A chosen point, or where the reader is, with the circle of what is not known of it. */
export const buildMarque = (feature) => (feature.getGeometry().getType() === "Circle" ? AROUND : MARQUES[feature.get("marque")]);
