// The style model of a layer (webmap/catalog/style.py) as OpenLayers styles. Every style is built once and kept.
import Fill from "ol/style/Fill.js";
import Icon from "ol/style/Icon.js";
import Stroke from "ol/style/Stroke.js";
import Style from "ol/style/Style.js";
import Text from "ol/style/Text.js";
import { checkColor, LISERE, lineColor, withOpacity } from "./couleur.js";
import { computeFactor } from "./ecran.js";
import { formatNombre, wrapText } from "./format.js";
import { FORMES, MOTIFS } from "./symboles.js";

const FONT = "system-ui, 'Segoe UI', Roboto, 'Liberation Sans', sans-serif";
const SELECTION = "#ffd400";
const DASHED = [6, 4];
const BLANC = withOpacity("#ffffff", LISERE);

let salle = null; // the room it is projected in, {distance, largeur} in metres

export const setSalle = (next) => (salle = next);
export const projected = () => salle !== null;

/** How much symbols, lines and texts grow: see ecran.js. */
export const screenFactor = () => computeFactor(window.innerWidth, salle);

/** What every kept style depends on, whatever it draws. */
export const screenKey = () => `${screenFactor()}${projected() ? " projection" : ""}`;

function newCanvas(width, height, ratio) {
  const canvas = document.createElement("canvas");
  canvas.width = Math.ceil(width * ratio);
  canvas.height = Math.ceil(height * ratio);
  const context = canvas.getContext("2d");
  context.scale(ratio, ratio);
  return [canvas, context];
}

/** A fill of colour and hatch, 16 px square (32, 64… as all grows) so that it joins itself at the borders of 512 px tiles. */
export function buildHatch(kind, color, opacity, stroke, strokeOpacity = 0.75) {
  const motif = MOTIFS[kind];
  if (!motif) return withOpacity(color, opacity);
  const [canvas, context] = newCanvas(16, 16, 2 ** Math.max(0, Math.floor(Math.log2(screenFactor() / 0.75))));
  context.fillStyle = withOpacity(color, opacity);
  context.fillRect(0, 0, 16, 16);
  context.strokeStyle = withOpacity(stroke, strokeOpacity);
  context.lineWidth = kind === "dots" ? 2.4 : 1.3;
  context.lineCap = kind === "dots" ? "round" : "square";
  context.stroke(new Path2D(motif));
  return context.createPattern(canvas, "repeat");
}

function tracePath(context, symbol, size, centre) {
  context.beginPath();
  const shape = FORMES[symbol];
  if (!shape) context.arc(centre, centre, size, 0, 2 * Math.PI);
  else shape.forEach(([x, y], index) => context[index ? "lineTo" : "moveTo"](centre + x * size, centre + y * size));
  context.closePath();
}

/** A symbol as the legend draws it, on a white casing; hollow with a dashed ring when the position is approximate. */
function buildSymbol(rule, factor, { approximatif, choisi }) {
  const size = rule.size * factor;
  const width = Math.max(1, rule.width * factor);
  const half = size * 1.25 + width + 7 * factor;
  const ratio = Math.max(1, window.devicePixelRatio || 1);
  const [canvas, context] = newCanvas(half * 2, half * 2, ratio);
  context.lineJoin = "round";
  if (choisi) {
    context.beginPath();
    context.arc(half, half, half - 2 * factor, 0, 2 * Math.PI);
    for (const [color, line] of [["#1d1d1f", 4], [SELECTION, 2.4]]) {
      context.strokeStyle = color;
      context.lineWidth = line * factor;
      context.stroke();
    }
  }
  const core = approximatif ? size * 0.62 : size;
  tracePath(context, rule.symbol, core, half);
  context.strokeStyle = BLANC;
  context.lineWidth = width + 3 * factor;
  context.stroke();
  context.fillStyle = approximatif ? "#ffffff" : withOpacity(rule.color, rule.opacity);
  if (!approximatif && rule.opacity < 1) {
    context.save();
    context.fillStyle = "rgba(255,255,255,.75)";
    context.fill();
    context.restore();
  }
  context.fill();
  context.strokeStyle = approximatif ? lineColor(rule) : checkColor(rule.stroke);
  context.lineWidth = approximatif ? Math.max(2 * factor, width) : width;
  context.setLineDash(rule.dash.map((part) => part * factor));
  context.stroke();
  if (approximatif) {
    const ring = size + 2.5 * factor;
    context.beginPath();
    context.arc(half, half, ring, 0, 2 * Math.PI);
    context.strokeStyle = "rgba(255,255,255,.85)";
    context.lineWidth = 3.2 * factor;
    context.stroke();
    const step = (2 * Math.PI * ring) / 20;
    context.setLineDash([step * 1.1, step * 0.9]);
    context.strokeStyle = checkColor(rule.stroke);
    context.lineWidth = 1.6 * factor;
    context.stroke();
  }
  return new Icon({ img: canvas, scale: 1 / ratio, declutterMode: "obstacle" });
}

export function buildText(label, text, factor, offset = 0, weight = 600) {
  // Below a symbol, the first line stays where it is and the others follow under it.
  return new Text({
    text: wrapText(text),
    font: `${projected() ? 700 : weight} ${Math.ceil(label.size * factor)}px ${FONT}`,
    fill: new Fill({ color: projected() ? "#000000" : checkColor(label.color, "#1d1d1f") }),
    stroke: new Stroke({ color: projected() ? "#ffffff" : "rgba(255,255,255,.92)", width: 3.5 * factor }),
    offsetY: offset,
    textBaseline: offset ? "top" : "middle",
    overflow: true,
    padding: [1, 2, 1, 2],
  });
}

function pointStyles(rule, factor, signs) {
  return [new Style({ image: buildSymbol(rule, factor, signs), zIndex: signs.choisi ? 1 : 0 })];
}

function lineStyles(rule, factor, { approximatif, choisi }) {
  const width = Math.max(1, rule.width * factor);
  const dash = rule.dash.length ? rule.dash.map((part) => part * factor) : approximatif ? DASHED : undefined;
  const casing = new Stroke({ color: choisi ? "#1d1d1f" : BLANC, width: width + (choisi ? 7 : 2.5) * factor });
  const glow = choisi ? [new Style({ stroke: new Stroke({ color: SELECTION, width: width + 4 * factor }) })] : [];
  const line = new Stroke({ color: checkColor(rule.color), width, lineDash: dash, lineCap: dash ? "butt" : "round" });
  // The casings of all lines lie under all lines: a line cut in many pieces has no white joints.
  return [new Style({ stroke: casing, zIndex: choisi ? 0 : -1 }), ...glow, new Style({ stroke: line })];
}

/** Over images, whose colours nobody knows, an outline has an edging too; over our plain grounds it needs none. */
function polygonStyles(rule, factor, { schematique, choisi, image }) {
  const hatch = schematique && rule.hatch === "none" ? "diagonal" : rule.hatch;
  const dash = rule.dash.length ? rule.dash.map((part) => part * factor) : schematique ? DASHED : undefined;
  const fill = buildHatch(hatch, rule.color, rule.opacity, rule.stroke, schematique ? 0.35 : 0.75);
  const outline = new Style({ fill: new Fill({ color: fill }), stroke: new Stroke({ color: checkColor(rule.stroke), width: rule.width * factor, lineDash: dash }) });
  const casing = new Style({ stroke: new Stroke({ color: BLANC, width: (rule.width + 2.5) * factor }), zIndex: -1 });
  if (!choisi) return image && rule.width > 0 ? [casing, outline] : [outline];
  const around = [["#1d1d1f", 6], [SELECTION, 3.5]].map(([color, width]) => new Style({ stroke: new Stroke({ color, width: (rule.width + width) * factor }) }));
  return [...around, outline];
}

/** How far a group of points reaches from its middle, in pixels: the more of them, the larger. On a wall no more than its number needs, or
 * it would lie over its neighbours, which may be 64 pixels away. */
export function groupRadius(nombre, factor) {
  const number = 12 * factor * 0.36 * formatNombre(nombre).length;
  return Math.min((10 + 3.5 * Math.log10(nombre)) * factor, Math.max(28, number));
}

/** Points drawn as one: their number in a disc under a double ring, which no symbol of a layer has. One image: a number is never without its disc. */
function groupStyles(rule, factor, nombre) {
  const radius = groupRadius(nombre, factor);
  const half = radius + 5 * factor;
  const ratio = Math.max(1, window.devicePixelRatio || 1);
  const [canvas, context] = newCanvas(half * 2, half * 2, ratio);
  const ring = (at, width, color) => {
    context.beginPath();
    context.arc(half, half, at, 0, 2 * Math.PI);
    Object.assign(context, { strokeStyle: color, lineWidth: width * factor });
    context.stroke();
  };
  context.beginPath();
  context.arc(half, half, radius + 4.5 * factor, 0, 2 * Math.PI);
  context.fillStyle = "#ffffff";
  context.fill();
  ring(radius + 3.5 * factor, 1.4, "#17212b");
  ring(radius, 2.6, lineColor(rule));
  Object.assign(context, { font: `700 ${Math.ceil(12 * factor)}px ${FONT}`, textAlign: "center", textBaseline: "middle", fillStyle: "#17212b" });
  context.fillText(formatNombre(nombre), half, half + factor);
  return [new Style({ image: new Icon({ img: canvas, scale: 1 / ratio, declutterMode: "obstacle" }), zIndex: 2 })];
}

const BUILDERS = { point: pointStyles, line: lineStyles, polygon: polygonStyles };

/** The OpenLayers style function of one layer; `context`: see map_plan.js. */
export function buildStyleFunction(couche, context) {
  const kept = new Map();
  const build = BUILDERS[couche.geometrie] ?? polygonStyles;
  const { label } = couche.style;
  return (feature, resolution) => {
    if (feature.get("layer") !== couche.id) return undefined;
    const properties = feature.getProperties();
    if (properties.nombre) {
      const key = ["groupe", properties.nombre, screenKey(), window.devicePixelRatio].join();
      if (!kept.has(key)) kept.set(key, groupStyles(couche.style.rules[0], screenFactor(), properties.nombre));
      return kept.get(key);
    }
    const rule = context.regle(couche, properties);
    if (rule === null) return undefined;
    const factor = screenFactor();
    const selection = context.selection();
    const signs = {
      approximatif: Boolean(properties.approximatif),
      schematique: Boolean(properties.schematique),
      image: context.fondType() === "xyz",
      choisi: selection?.couche === couche.id && selection.cle === String(properties.cle),
    };
    const key = [couche.style.rules.indexOf(rule), screenKey(), window.devicePixelRatio, ...Object.values(signs)].join();
    if (!kept.has(key)) kept.set(key, build(rule, factor, signs));
    const styles = kept.get(key);
    const text = label && couche.geometrie === "point" && context.zoomOf(resolution) >= label.zoom_min ? properties[label.field] : null;
    if (text === null || text === undefined || text === "") return styles;
    const textKey = `${key}|${text}`;
    if (!kept.has(textKey)) kept.set(textKey, new Style({ text: buildText(label, text, factor, (rule.size + 5) * factor) }));
    return [...styles, kept.get(textKey)];
  };
}
