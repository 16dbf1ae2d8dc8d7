// What lies under the layers: our own communes and bassins in pale colours, or images of a configured service.
import Feature from "ol/Feature.js";
import Point from "ol/geom/Point.js";
import TileLayer from "ol/layer/Tile.js";
import VectorLayer from "ol/layer/Vector.js";
import VectorTileLayer from "ol/layer/VectorTile.js";
import { fromLonLat } from "ol/proj.js";
import VectorSource from "ol/source/Vector.js";
import XYZ from "ol/source/XYZ.js";
import Fill from "ol/style/Fill.js";
import Stroke from "ol/style/Stroke.js";
import Style from "ol/style/Style.js";
import { ruleFor } from "./couleur.js";
import { containsPoint } from "./geometrie.js";
import { buildHatch, buildText, groupRadius, projected, screenFactor, screenKey } from "./map_style.js";
import { createTileSource } from "./map_tuiles.js";

const PALE = "#eef1f4";
const OUTLINE = "#7b8794";
const COMMUNE_LABEL = { size: 12, color: "#3c4757" };
const ABOVE_SYMBOLS = 899; // and below map_etiquettes.js, whose names come first
const UNDER_SYMBOL = 12; // half a symbol of the usual size, with its ring
const BASSIN_LABEL = { size: 17, color: "#2b3a4d" };

/** Styles of the communal basemap: pale bassins, thin communes; over images, outlines only; nothing for « Sans fond ». */
function createFondStyle(couchesById, context) {
  const kept = new Map();
  const bassinStyle = couchesById.get("bassin")?.style;

  function build(layer, color, schematique, mode, choisi) {
    const factor = screenFactor();
    const dash = schematique ? [5, 4] : undefined;
    if (layer === "bassin") {
      const fill = mode === "communal" ? new Fill({ color: buildHatch(schematique ? "diagonal" : "none", color, 0.13, OUTLINE, 0.16) }) : undefined;
      return new Style({ fill, stroke: new Stroke({ color: mode === "communal" ? "#5d6b7a" : "#ffffff", width: (choisi ? 4 : 2) * factor, lineDash: dash }), zIndex: 1 });
    }
    const stroke = choisi ? new Stroke({ color: "#1d1d1f", width: 3 * factor }) : new Stroke({ color: mode === "communal" ? (projected() ? "#5d6b7a" : "#a3adb8") : "rgba(255,255,255,.85)", width: (projected() ? 1.2 : 1) * factor, lineDash: dash });
    return new Style({ stroke, zIndex: choisi ? 2 : 0 });
  }

  return (feature) => {
    const mode = context.fondType();
    if (mode === "aucun") return undefined;
    const layer = feature.get("layer");
    const [filtre, fiche, cle] = [context.filtre(), context.selection(), String(feature.get("cle"))];
    const choisi = (filtre?.decoupage === layer && filtre.code === cle) || (fiche?.couche === layer && fiche.cle === cle);
    const color = (layer === "bassin" && bassinStyle && ruleFor(bassinStyle, feature.getProperties())?.color) || PALE;
    const key = [layer, color, Boolean(feature.get("schematique")), mode, choisi, screenKey()].join();
    if (!kept.has(key)) kept.set(key, build(layer, color, Boolean(feature.get("schematique")), mode, choisi));
    return kept.get(key);
  };
}

/** Names of communes and bassins, one point each: tiles would repeat a name in each piece of a commune. */
function createNomsSource(atlas) {
  const source = new VectorSource();
  for (const { id, unites } of atlas.decoupages) {
    if (id !== "commune" && id !== "bassin") continue;
    const first = [...unites].sort((a, b) => (b.population ?? 0) - (a.population ?? 0)); // the largest keep their names
    for (const { nom, centre, etendue } of first) {
      const at = centre ?? (etendue && [(etendue[0] + etendue[2]) / 2, (etendue[1] + etendue[3]) / 2]);
      if (at) source.addFeature(new Feature({ geometry: new Point(fromLonLat(at)), nom, decoupage: id }));
    }
  }
  return source;
}

/** A name that its own layer writes is not written twice; `written`: what map_etiquettes.js wrote. */
export function markWritten(source, written) {
  for (const name of source.getFeatures()) {
    const ecrit = written.has(`${name.get("decoupage")} ${name.get("nom")}`);
    if (ecrit !== Boolean(name.get("ecrit"))) name.set("ecrit", ecrit);
  }
}

/** At a screen, names make way for each other only: symbols may lie over a name, never hide it altogether. On a wall (`mural`) both
 * are too large for that: names lie above symbols, a commune's under one that is at its middle (`couvert`), and make way for those of the layers. */
function createNoms(source, context, mural) {
  const kept = new Map();
  return new VectorLayer({
    source,
    declutter: mural ? "etiquettes" : "noms",
    zIndex: mural ? ABOVE_SYMBOLS : 0,
    style(feature, resolution) {
      if (projected() !== mural || feature.get("ecrit")) return undefined;
      if (context.fondType() !== "communal" && context.fondType() !== "xyz") return undefined;
      const bassin = feature.get("decoupage") === "bassin";
      const zoom = context.zoomOf(resolution);
      if (bassin ? zoom >= 10 || context.affichee("bassin") : zoom < 10) return undefined; // the layer writes its own names
      const offset = mural && !bassin ? (feature.get("couvert") ?? 0) : 0;
      const key = `${feature.get("nom")}|${bassin}|${offset}|${screenKey()}`;
      if (!kept.has(key)) kept.set(key, new Style({ text: buildText(bassin ? BASSIN_LABEL : COMMUNE_LABEL, feature.get("nom"), screenFactor(), offset, bassin ? 700 : 500) }));
      return kept.get(key);
    },
  });
}

export function createFonds({ map, atlas, emprise, reprise, context, couchesById, crossOrigin }) {
  const ids = ["commune", "bassin"].filter((id) => atlas.decoupages.some((decoupage) => decoupage.id === id));
  const createCommunal = () => new VectorTileLayer({
    source: createTileSource(ids, null, { atlas, emprise, reprise }),
    renderMode: "hybrid",
    zIndex: 0,
    style: createFondStyle(couchesById, context),
  });
  let communal = createCommunal();
  const images = new TileLayer({ zIndex: -1, visible: false });
  const source = createNomsSource(atlas);
  const noms = [false, true].map((mural) => createNoms(source, context, mural));
  if (ids.length > 0) map.addLayer(communal);
  map.addLayer(images);
  for (const layer of noms) map.addLayer(layer);

  return {
    show(fond) {
      const xyz = fond?.type === "xyz";
      images.setVisible(xyz);
      images.setSource(xyz ? new XYZ({ url: fond.url, maxZoom: fond.zoom_max ?? 19, crossOrigin }) : null);
      communal.changed();
      for (const layer of noms) layer.changed();
    },
    hideNoms: (written) => markWritten(source, written),
    /** On a wall, tell the names that a symbol covers; `drawn`: what createCouchesTuilees() gave for the view, groups of points included. */
    shiftNoms(drawn, resolution) {
      if (!projected()) return;
      const factor = screenFactor();
      const halfOf = (feature) => (feature.get("nombre") ? groupRadius(feature.get("nombre"), factor) + 5 * factor : UNDER_SYMBOL * factor);
      const symbols = drawn.filter(({ couche, feature }) => couche.geometrie === "point" && (feature.get("nombre") || context.regle(couche, feature.getProperties())));
      for (const name of source.getFeatures()) {
        const [x, y] = name.getGeometry().getCoordinates();
        const covers = (feature) => {
          const [[left, bottom], reach] = [feature.getExtent(), halfOf(feature) * resolution];
          return Math.abs(left - x) < 2 * reach && Math.abs(bottom - y) < reach;
        };
        const couvert = Math.max(0, ...symbols.filter(({ feature }) => covers(feature)).map(({ feature }) => halfOf(feature)));
        if (couvert !== (name.get("couvert") ?? 0)) name.set("couvert", couvert);
      }
    },
    /** Draw the communes of today; another layer, since this one would keep the old among its features. */
    renew(changed) {
      if (!ids.some((id) => changed.includes(id))) return;
      map.removeLayer(communal);
      communal = createCommunal();
      map.addLayer(communal);
    },
    /** Names lie above surfaces and lines, below the first layer of symbols: a hatch never covers a name, a name never a symbol. */
    raiseNoms: (zIndex) => noms[0].setZIndex(zIndex),
    restyle() {
      communal.changed();
      for (const layer of noms) layer.changed();
    },
    /** The communes and bassins under a coordinate: `{commune: {code, nom, schematique}, bassin: …}`. */
    unitesAt([x, y]) {
      const found = {};
      for (const feature of communal.getFeaturesInExtent([x, y, x, y])) {
        if (!containsPoint(feature.getFlatCoordinates(), feature.getEnds(), x, y)) continue;
        found[feature.get("layer")] = { code: String(feature.get("cle")), nom: feature.get("nom"), schematique: Boolean(feature.get("schematique")) };
      }
      return found;
    },
  };
}
