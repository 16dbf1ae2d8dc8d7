// Snapping to what is shown: the vertices and edges of the vector tiles in view, and of the drawing.
import Collection from "ol/Collection.js";
import Feature from "ol/Feature.js";
import { unByKey } from "ol/Observable.js";
import LineString from "ol/geom/LineString.js";
import MultiPoint from "ol/geom/MultiPoint.js";
import Snap from "ol/interaction/Snap.js";
import { keepPieces } from "./geometrie.js";

const REACH = 12; // pixels
const MOST = 1500; // features; beyond, zooming in brings them back

/** `source`: the drawing. `on()` and `off()`; `snap(coordinate)` for what no pointer brings. */
export function createAccroche(map, couches, source) {
  const targets = new Collection();
  const snaps = [new Snap({ features: targets, pixelTolerance: REACH }), new Snap({ source, pixelTolerance: REACH })];
  let key = null;

  function toFeatures({ feature }) {
    const flat = feature.getFlatCoordinates();
    if (feature.getType().endsWith("Point")) return [new Feature(new MultiPoint(flat, "XY"))];
    return keepPieces(flat, feature.getEnds(), couches.isTileEdge).map((piece) => new Feature(new LineString(piece, "XY")));
  }

  function refresh() {
    const found = couches.featuresIn(map.getView().calculateExtent(), map.getView().getZoom());
    targets.clear();
    targets.extend(found.length > MOST ? [] : found.flatMap(toFeatures));
  }

  return {
    on() {
      if (key) return;
      refresh();
      key = map.on("moveend", refresh);
      for (const each of snaps) map.addInteraction(each);
    },
    off() {
      if (!key) return;
      unByKey(key);
      key = null;
      for (const each of snaps) map.removeInteraction(each);
      targets.clear();
    },
    snap(coordinate) {
      if (!key) return coordinate;
      const pixel = map.getPixelFromCoordinate(coordinate);
      for (const each of snaps) {
        const found = each.snapTo(pixel, coordinate, map);
        if (found?.vertex) return found.vertex.slice(0, 2);
      }
      return coordinate;
    },
  };
}
