// What a reader puts over the map: a drawing, a measure, a mark. Fetched when it is first needed. Places are [lon, lat] outside.
import Feature from "ol/Feature.js";
import GeoJSON from "ol/format/GeoJSON.js";
import Circle from "ol/geom/Circle.js";
import Point from "ol/geom/Point.js";
import Draw from "ol/interaction/Draw.js";
import Interaction from "ol/interaction/Interaction.js";
import Modify from "ol/interaction/Modify.js";
import VectorLayer from "ol/layer/Vector.js";
import { fromLonLat, toLonLat } from "ol/proj.js";
import VectorSource from "ol/source/Vector.js";
import { createAccroche } from "./map_accroche.js";
import { buildEsquisse, buildMarque, buildTrace } from "./map_croquis_style.js";

const format = new GeoJSON({ dataProjection: "EPSG:4326", featureProjection: "EPSG:3857" });
const LEAST = { LineString: 2, Polygon: 3 };
const toGeometrie = (geometry) => format.writeGeometryObject(geometry);
const reader = (geometrie) => format.readGeometry(geometrie);

/** `hold(outil)`: while a tool is held, clicks are its own: {onClick, onMove, atCentre, giveUp}; null lets the map go. */
export function createCroquis({ map, couches, hold }) {
  const [traces, esquisse, marques] = [new VectorSource({ wrapX: false }), new VectorSource({ wrapX: false }), new VectorSource({ wrapX: false })];
  let choisi = null;
  let busy = []; // interactions of the tool at work
  let snapping = true;
  const layer = new VectorLayer({ source: traces, zIndex: 900, style: (feature) => buildTrace(feature.get("objet"), feature.get("rang") === choisi), declutter: "croquis", updateWhileInteracting: true, updateWhileAnimating: true });
  map.addLayer(layer);
  map.addLayer(new VectorLayer({ source: esquisse, zIndex: 910, style: buildEsquisse, updateWhileAnimating: true }));
  map.addLayer(new VectorLayer({ source: marques, zIndex: 920, style: buildMarque, updateWhileAnimating: true }));
  const accroche = createAccroche(map, couches, traces);
  const centre = () => map.getView().getCenter();
  // The second map of a comparison, of the same view: what happens on it is told to the tool, which works on the first one.
  let second = null;
  const passage = new Interaction({ handleEvent: pass });
  const copie = new VectorLayer({ zIndex: 930, style: buildEsquisse, updateWhileInteracting: true, updateWhileAnimating: true });
  const bare = new Set(map.getInteractions().getArray());

  function pass(event) {
    const own = Object.create(event, { map: { value: map } });
    [own.coordinate, own.pixel] = [event.coordinate, map.getPixelFromCoordinate(event.coordinate)];
    const tools = map.getInteractions().getArray().filter((each) => !bare.has(each)).reverse(); // the last one is told first
    const goes = tools.every((each) => each.handleEvent(own) && !own.propagationStopped);
    if (own.propagationStopped) event.stopPropagation();
    return goes;
  }

  function release() {
    for (const interaction of busy) map.removeInteraction(interaction);
    busy = [];
    copie.setSource(null);
    accroche.off();
    hold(null);
  }

  function use(interaction) {
    map.addInteraction(interaction);
    busy.push(interaction);
    copie.setSource(interaction.getOverlay().getSource());
    if (snapping) accroche.on(); // after the others: a snap is told first
  }

  /** One object: `onSketch(geometrie, count of vertices)` at each move, `onEnd(geometrie)` once. Returns what a keyboard needs. */
  function draw(type, { onSketch, onEnd, onAbort }) {
    release();
    const interaction = new Draw({ type, stopClick: true, style: buildEsquisse, snapTolerance: 12 });
    let sketch = null;
    const count = () => (sketch ? (type === "Polygon" ? sketch.getCoordinates()[0].length - 2 : sketch.getCoordinates().length - 1) : 0);
    const tell = () => sketch && onSketch(toGeometrie(sketch), count());
    interaction.on("drawstart", ({ feature }) => {
      if (type === "Point") return;
      sketch = feature.getGeometry();
      sketch.on("change", tell);
    });
    interaction.on("drawabort", () => {
      sketch = null;
      onAbort?.();
    });
    interaction.on("drawend", ({ feature }) => {
      sketch = null;
      setTimeout(() => onEnd(toGeometrie(feature.getGeometry()))); // once OpenLayers is done with this click
    });
    use(interaction);

    function add(coordinate) {
      if (type === "Point") return onEnd(toGeometrie(new Point(coordinate)));
      const last = sketch && (type === "Polygon" ? sketch.getCoordinates()[0] : sketch.getCoordinates()).at(type === "Polygon" ? -3 : -2);
      if (last && Math.hypot(last[0] - coordinate[0], last[1] - coordinate[1]) < map.getView().getResolution()) return outil.finish();
      interaction.appendCoordinates([coordinate]);
      return tell();
    }

    const outil = {
      add: (lonLat) => add(fromLonLat(lonLat)),
      count,
      removeLast() {
        interaction.removeLastPoint();
        tell();
      },
      finish: () => count() >= LEAST[type] && interaction.finishDrawing(),
      giveUp() {
        if (!sketch) return false;
        interaction.abortDrawing();
        return true;
      },
    };
    hold({ atCentre: () => add(accroche.snap(centre())), giveUp: outil.giveUp });
    return outil;
  }

  return {
    draw,
    release,
    /** The drawing as it is; vertices may be moved while `edit` holds the map. */
    show(objets) {
      traces.clear();
      traces.addFeatures(objets.map((objet, rang) => new Feature({ geometry: reader(objet.geometrie), objet, rang })));
    },
    choose(rang) {
      choisi = rang;
      traces.changed(); // and not the layer: a second map draws it from this source too
    },
    /** Move vertices by dragging, choose by a click: `onModified(rang, geometrie)`, `onChoose(rang or null)`. */
    edit({ onModified, onChoose }) {
      release();
      const modify = new Modify({ source: traces, pixelTolerance: 12 });
      modify.on("modifyend", ({ features }) => {
        const changed = features.getArray().find((feature) => JSON.stringify(toGeometrie(feature.getGeometry())) !== JSON.stringify(toGeometrie(reader(feature.get("objet").geometrie))));
        if (changed) onModified(changed.get("rang"), toGeometrie(changed.getGeometry()));
      });
      use(modify);
      const at = (pixel) => map.forEachFeatureAtPixel(pixel, (feature) => feature.get("rang"), { layerFilter: (each) => each === layer, hitTolerance: 8 }) ?? null;
      hold({ onClick: (_, pixel) => onChoose(at(pixel)), atCentre: () => onChoose(at(map.getPixelFromCoordinate(centre()))) });
    },
    /** Take places: `onPick(lonLat)` at a click or at the centre, `onMove(lonLat or null)` under the pointer. */
    pick({ onPick, onMove }) {
      release();
      hold({ onClick: (lonLat) => onPick(lonLat), onMove, atCentre: () => onPick(toLonLat(centre())) });
    },
    setSnapping(on) {
      snapping = on;
      if (on && busy.length) accroche.on();
      else accroche.off();
    },
    /** A finished measure, kept in sight; null takes it off. */
    showEsquisse(geometrie) {
      esquisse.clear();
      if (geometrie) esquisse.addFeature(new Feature(reader(geometrie)));
    },
    /** The mark of a name ("point", "position"), with a circle of so many true metres; null takes it off. */
    mark(name, lonLat, { metres = 0 } = {}) {
      for (const feature of marques.getFeatures()) if (feature.get("marque") === name) marques.removeFeature(feature);
      if (!lonLat) return;
      const place = fromLonLat(lonLat);
      if (metres) marques.addFeature(new Feature({ geometry: new Circle(place, metres / Math.cos((lonLat[1] * Math.PI) / 180)), marque: name }));
      marques.addFeature(new Feature({ geometry: new Point(place), marque: name }));
    },
    centre: () => toLonLat(centre()),
    /** Draw on this other map too, of the same view; null: no longer. */
    setSecond(next) {
      second?.removeInteraction(passage);
      second?.removeLayer(copie);
      second = next;
      second?.addInteraction(passage);
      second?.addLayer(copie);
    },
  };
}
