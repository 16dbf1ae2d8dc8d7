// Names of polygons and lines: one per feature in view, on its largest piece. Tiles would repeat it in each piece.
import Feature from "ol/Feature.js";
import { getArea } from "ol/extent.js";
import Point from "ol/geom/Point.js";
import VectorLayer from "ol/layer/Vector.js";
import VectorSource from "ol/source/Vector.js";
import Style from "ol/style/Style.js";
import { meetsBox } from "./geometrie.js";
import { buildText, screenFactor, screenKey } from "./map_style.js";

const MAX_NAMES = 400;

function place(feature) {
  const flat = feature.getType().endsWith("Polygon") ? feature.getFlatInteriorPoint() : feature.getFlatMidpoint();
  return new Point([flat[0], flat[1]]);
}

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

  /** `candidates`: what createCouchesTuilees().featuresIn gave for the view. */
  function refresh(candidates, extent, zoom) {
    const largest = new Map();
    for (const { couche, feature } of candidates) {
      const { label } = couche.style;
      if (couche.geometrie === "point" || !label || zoom < label.zoom_min) continue;
      const texte = feature.get(label.field);
      if (texte === undefined || texte === null || texte === "" || !context.regle(couche, feature.getProperties())) continue;
      // Pieces of one name are one name, in whatever number of rows and tiles they come.
      const key = `${couche.id} ${texte}`;
      const size = getArea(feature.getExtent());
      if ((largest.get(key)?.size ?? -1) >= size || !meetsBox(feature.getType(), feature.getFlatCoordinates(), feature.getEnds(), extent)) continue;
      largest.set(key, { size, feature, label, texte: String(texte) });
    }
    const names = [...largest.values()].sort((a, b) => b.size - a.size).slice(0, MAX_NAMES);
    const next = names.map(({ texte, feature }) => `${texte}@${feature.getExtent().join()}`).join();
    if (next === signature) return;
    signature = next;
    source.clear(true);
    source.addFeatures(names.map(({ feature, label, texte }) => new Feature({ geometry: place(feature), label, texte })));
  }

  return { refresh, restyle: () => layer.changed() };
}
