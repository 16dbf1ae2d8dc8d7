// Names of polygons and lines, at the places the tiles give (tile_labels.sql): each name once, whatever its rows and pieces.
import Feature from "ol/Feature.js";
import { containsXY } from "ol/extent.js";
import Point from "ol/geom/Point.js";
import VectorLayer from "ol/layer/Vector.js";
import VectorSource from "ol/source/Vector.js";
import Style from "ol/style/Style.js";
import { buildText, screenFactor, screenKey } from "./map_style.js";

const MAX_NAMES = 400;

export function createEtiquettes(map, context) {
  const source = new VectorSource();
  const kept = new Map();
  let signature = "";
  const layer = new VectorLayer({
    source,
    declutter: "etiquettes",
    zIndex: 900,
    style(feature) {
      const { label, texte } = feature.getProperties();
      const key = [label.size, label.color, texte, screenKey()].join("|");
      if (!kept.has(key)) kept.set(key, new Style({ text: buildText(label, texte, screenFactor()) }));
      return kept.get(key);
    },
  });
  map.addLayer(layer);

  let written = new Set();

  /** `candidates`: the places of labels that createCouchesTuilees().labelsIn gave for the view. Returns the names written, as « couche nom ». */
  function refresh(candidates, extent, zoom) {
    const largest = new Map();
    for (const { couche, feature } of candidates) {
      const { label } = couche.style;
      if (!label || zoom < label.zoom_min) continue;
      const texte = feature.get(label.field);
      if (texte === undefined || texte === null || texte === "" || !context.regle(couche, feature.getProperties())) continue;
      const [x, y] = feature.getFlatCoordinates();
      const key = `${couche.id} ${texte}`;
      const size = feature.get("_taille");
      if ((largest.get(key)?.size ?? -1) >= size || !containsXY(extent, x, y)) continue;
      largest.set(key, { size, x, y, label, texte: String(texte) });
    }
    const names = [...largest].sort(([, a], [, b]) => b.size - a.size).slice(0, MAX_NAMES);
    const next = names.map(([key, { x, y }]) => `${key}@${x},${y}`).join();
    if (next === signature) return written;
    signature = next;
    written = new Set(names.map(([key]) => key));
    source.clear(true);
    source.addFeatures(names.map(([, { x, y, label, texte }]) => new Feature({ geometry: new Point([x, y]), label, texte })));
    return written;
  }

  return { refresh, restyle: () => layer.changed() };
}
