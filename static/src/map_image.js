// The map drawn apart from the page, at any size and fineness, for a picture. Fetched when a first one is asked for.
import View from "ol/View.js";
import { fromLonLat, transformExtent } from "ol/proj.js";
import UrlTile from "ol/source/UrlTile.js";
import { element } from "./dom.js";
import { createPlan } from "./map_plan.js";

const PATIENCE = 30000; // ms for the tiles to come

const opacityOf = ({ style }) => (style.opacity === "" ? 1 : Number(style.opacity));

/** One canvas of all those of a map, each where its own style puts it. */
function compose(map, width, height, ratio) {
  const canvas = element("canvas", { width: Math.round(width * ratio), height: Math.round(height * ratio) });
  const context = canvas.getContext("2d");
  for (const each of map.getViewport().querySelectorAll(".ol-layers canvas")) {
    if (each.width === 0) continue;
    context.globalAlpha = opacityOf(each) * opacityOf(each.parentNode);
    const matrix = /^matrix\(([^)]*)\)$/.exec(each.style.transform)?.[1].split(",").map(Number) ?? [1 / ratio, 0, 0, 1 / ratio, 0, 0];
    context.setTransform(...matrix.map((value) => value * ratio));
    context.drawImage(each, 0, 0);
  }
  return canvas;
}

/** The rows chosen in a table, which the map points out in an SVG over its canvases: drawn as the style sheet draws them. */
function paintChoix(canvas, map, ratio) {
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.lineJoin = "round";
  for (const path of map.getViewport().querySelectorAll(".surbrillance path")) {
    const { stroke, strokeWidth, strokeDasharray } = getComputedStyle(path);
    Object.assign(context, { strokeStyle: stroke, lineWidth: Number.parseFloat(strokeWidth) });
    context.setLineDash(strokeDasharray === "none" ? [] : strokeDasharray.split(",").map(Number.parseFloat));
    context.stroke(new Path2D(path.getAttribute("d")));
  }
  return canvas;
}

/** The sources of tiles of a map, its own. */
const listSources = (map) => [...new Set(map.getAllLayers().map((layer) => layer.getSource()))].filter((source) => source instanceof UrlTile);

/** What is on the picture, as the page reads its own map: the canvas keeps none of it. */
function readPlan({ lecture }, view, part) {
  lecture.setPart(part);
  const [west, south, east, north] = transformExtent(view.calculateExtent(), "EPSG:3857", "EPSG:4326");
  const width = east - west;
  const emprise = [west + width * part[0], south, west + width * part[1], north];
  const [comptes, visibles, groupes, unites, zoom] = [lecture.compter(), lecture.visibles(), lecture.groupes(), lecture.unitesAuCentre(), view.getZoom()];
  return { etendue: () => emprise, compter: () => comptes, visibles: () => visibles, groupes: () => groupes, unitesAuCentre: () => unites, vue: () => ({ zoom }) };
}

/**
 * Draw the layers that `couchesOf(etat)` gives, `width` by `height` CSS pixels at `ratio` pixels each, around `vue` ({lon, lat} and
 * `resolution` in EPSG:3857 metres by CSS pixel). Returns {canvas, lu}: `lu` reads what is drawn in `part` of the width. Images of a basemap are asked for so that they may be copied (CORS). Rejects with a
 * sentence when a tile does not come: a picture with a hole would be believed; or as soon as `signal` is aborted, and asks for no more.
 * `onTuile(came)`: a tile is asked for (false), or has come (true).
 */
export async function drawCarte({ atlas, etat, couchesOf, ajouts, vue, width, height, ratio, part, signal, onTuile }) {
  signal.throwIfAborted();
  const target = element("div", { class: "hors-ecran", "aria-hidden": "true" });
  target.style.width = `${width}px`;
  target.style.height = `${height}px`;
  document.body.append(target);
  const view = new View({ center: fromLonLat([vue.lon, vue.lat]), resolution: vue.resolution });
  const nothing = () => {};
  let plan = null;
  let timer = null;
  try {
    await new Promise((resolve, reject) => {
      const fail = () => reject(new Error("Le serveur n’a pas donné toute la carte : l’image aurait des trous. Réessayer dans un instant."));
      timer = setTimeout(fail, PATIENCE);
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      plan = createPlan({
        target, view, atlas, couchesOf, pixelRatio: ratio, crossOrigin: "anonymous", interactions: [],
        etat: { get: () => etat }, reprise: { failure: fail, success: nothing },
        onClick: nothing, onPointer: nothing, onLeave: nothing, onBusy: nothing, onDrawn: resolve,
      });
      plan.doubler(ajouts);
      plan.apply(etat, etat);
      for (const source of listSources(plan.map)) {
        source.on("tileloadstart", () => onTuile(false));
        source.on("tileloadend", () => onTuile(true));
      }
    });
    plan.map.renderSync(); // the names, which are placed once the tiles are there
    return { canvas: paintChoix(compose(plan.map, width, height, ratio), plan.map, ratio), lu: readPlan(plan, view, part) };
  } finally {
    clearTimeout(timer);
    if (plan) for (const source of listSources(plan.map)) source.set("abandonnee", true); // what was still to come
    plan?.map.setTarget(null);
    plan?.map.dispose();
    target.remove();
  }
}
