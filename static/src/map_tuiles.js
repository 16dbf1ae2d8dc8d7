// Vector tiles: sources that several layers share, and one OpenLayers layer per layer of the atlas.
import MVT from "ol/format/MVT.js";
import VectorTileLayer from "ol/layer/VectorTile.js";
import TileState from "ol/TileState.js";
import { transformExtent } from "ol/proj.js";
import VectorTileSource from "ol/source/VectorTile.js";
import TileGrid from "ol/tilegrid/TileGrid.js";
import { buildTileTemplate } from "./adresses.js";
import { createRequetes } from "./map_requetes.js";
import { buildStyleFunction } from "./map_style.js";

const HALF_WORLD = 20037508.342789244;
const TILE_SIZE = 512;
const PER_TILE = 25; // layers one address asks for: the server refuses more than 30 (MAX_LAYERS)
const BOTTOM = 10; // level of the lowest layer: the basemap is below
const MAX_ZOOM = 16; // deeper than that, tiles of this level are magnified: 4096 steps make 15 cm
const LABELS = "_etiquette"; // the labels of a layer in a tile are a layer of that name
const format = new MVT();

const CLIPPED = 1 / 64; // of a tile: how far beyond its edge the server cuts (tile.sql)

const resolutions = Array.from({ length: MAX_ZOOM + 1 }, (_, zoom) => (2 * HALF_WORLD) / TILE_SIZE / 2 ** zoom);

/** The territory and its own width around it, EPSG:3857: nothing is asked for beyond. */
export function computeEmprise(etendue) {
  const [west, south, east, north] = transformExtent(etendue, "EPSG:4326", "EPSG:3857");
  const margin = Math.max(east - west, north - south);
  return [west - margin, south - margin, east + margin, north + margin];
}

/** One address per tile for all `ids`; `cql2` filters a layer alone. Tiles are fetched by our own loader, which knows how to try again. */
export function createTileSource(ids, filtre, { atlas, emprise, reprise }, cql2, onGone = () => {}) {
  const source = new VectorTileSource({
    tileGrid: new TileGrid({ extent: emprise, origin: [-HALF_WORLD, HALF_WORLD], resolutions, tileSize: TILE_SIZE }),
    format,
    url: buildTileTemplate(atlas, ids, filtre, cql2),
    wrapX: false,
    transition: 0,
    tileLoadFunction(tile, url) {
      tile.setLoader(async function load(extent, resolution, projection, insist = false) {
        const again = (insist) => !source.get("abandonnee") && load(extent, resolution, projection, insist);
        try {
          const bytes = await requetes.fetch(url, { tile, again, insist }, refus);
          if (!bytes) return;
          const late = tile.getState() === TileState.ERROR; // OpenLayers had done without it
          tile.setFeatures(bytes.byteLength ? format.readFeatures(bytes, { extent, featureProjection: projection }) : []);
          reprise.success();
          if (late) source.changed();
        } catch {
          if (tile.getState() !== TileState.ERROR) tile.onError();
          reprise.failure(() => again(true));
        }
      });
    },
  });
  const requetes = createRequetes(source);
  source.set("requetes", requetes);
  // A filter that is refused is told by its panel, a layer that is no more by `onGone`: asking again would not help.
  function refus(status) {
    if (status !== 400 && status !== 404) throw new Error(String(status));
    if (status === 404) onGone();
    return new ArrayBuffer(0);
  }
  return source;
}

export function createTileLayer(couche, source, context) {
  return new VectorTileLayer({
    source,
    className: "ol-layer",
    // Polygons and lines are painted once per tile; points and texts at each frame, always sharp.
    renderMode: couche.geometrie === "point" ? "vector" : "hybrid",
    declutter: "etiquettes",
    renderBuffer: 120,
    minZoom: couche.zoom_min > 0 ? couche.zoom_min - 0.001 : undefined,
    maxZoom: couche.zoom_max < 22 ? couche.zoom_max + 0.999 : undefined,
    updateWhileAnimating: false,
    style: buildStyleFunction(couche, context),
    properties: { couche: couche.id },
  });
}

/** The set of shown layers: those present at the start, or at a change of filter, share one source. */
export function createCouchesTuilees({ map, atlas, emprise, reprise, context, couchesById }) {
  const layers = new Map();
  const sourceOf = new Map();
  const drawnBy = new Map(); // layer id -> the settings it was last drawn with
  const cql2Of = new Map(); // the filter a layer's source was made with
  // A layer that changes its source would keep the tiles of the old one among its features: another takes its place, and the
  // old one stays on screen until the new one is drawn.
  const retired = [];
  let filtre;

  map.on("rendercomplete", () => {
    for (const layer of retired.splice(0)) map.removeLayer(layer);
  });

  function drop(id) {
    const layer = layers.get(id);
    map.removeLayer(layer);
    layers.delete(id);
    drawnBy.delete(id);
  }

  /** A tile of several layers is refused when one of them is no more: the others will be asked for without it. */
  function forget(source, ids) {
    if (source.get("abandonnee")) return;
    source.set("abandonnee", true);
    for (const id of ids) if (sourceOf.get(id) === source) sourceOf.delete(id);
    reprise.gone(ids);
  }

  function assignSources(shown, current) {
    const changed = JSON.stringify(current) !== JSON.stringify(filtre);
    if (changed) {
      for (const source of sourceOf.values()) source.set("abandonnee", true);
      sourceOf.clear();
      filtre = current;
    }
    const missing = shown.filter((couche) => !sourceOf.has(couche.id) || cql2Of.get(couche.id) !== couche.filtre);
    const whole = missing.filter((couche) => !couche.filtre);
    const groups = missing.filter((couche) => couche.filtre).map((couche) => [couche]);
    for (let at = 0; at < whole.length; at += PER_TILE) groups.push(whole.slice(at, at + PER_TILE));
    for (const group of groups) {
      const ids = group.map(({ id }) => id);
      const source = createTileSource(ids, filtre, { atlas, emprise, reprise }, group[0].filtre, () => forget(source, ids));
      for (const couche of group) {
        if (cql2Of.get(couche.id)) sourceOf.get(couche.id)?.set("abandonnee", true); // its own, not shared
        sourceOf.set(couche.id, source);
        cql2Of.set(couche.id, couche.filtre);
      }
    }
  }

  function collect(extent, zoom, part) {
    const byCouche = new Map();
    const seen = new Set();
    for (const layer of layers.values()) {
      const couche = couchesById.get(layer.get("couche"));
      if (zoom < couche.zoom_min || zoom >= couche.zoom_max + 1) continue;
      byCouche.set(couche.id + part, []);
    }
    for (const layer of layers.values()) {
      if (!byCouche.has(layer.get("couche") + part) || seen.has(layer.getSource())) continue;
      seen.add(layer.getSource());
      for (const feature of layer.getFeaturesInExtent(extent)) {
        const own = feature.get("layer");
        if (!byCouche.has(own)) continue;
        // A source shared before one of its layers was filtered still holds that layer whole.
        if (layers.get(own.slice(0, own.length - part.length))?.getSource() === layer.getSource()) byCouche.get(own).push(feature);
      }
    }
    const order = [...layers.values()].sort((a, b) => b.getZIndex() - a.getZIndex()).map((layer) => layer.get("couche"));
    return order.flatMap((id) => (byCouche.get(id + part) ?? []).map((feature) => ({ couche: couchesById.get(id), feature })));
  }

  return {
    /** Draw these layers in this order, bottom first. Returns the level where the names of the basemap belong. */
    apply(shown, current) {
      assignSources(shown, current);
      for (const id of [...layers.keys()]) if (!shown.some((couche) => couche.id === id)) drop(id);
      const firstSymbols = shown.findIndex(({ id }) => couchesById.get(id).geometrie === "point");
      shown.forEach(({ id, opacite, masquees }, index) => {
        const source = sourceOf.get(id);
        if (layers.has(id) && layers.get(id).getSource() !== source) {
          retired.push(layers.get(id));
          layers.delete(id);
        }
        if (!layers.has(id)) {
          layers.set(id, createTileLayer(couchesById.get(id), source, context));
          map.addLayer(layers.get(id));
        }
        const layer = layers.get(id);
        layer.setOpacity(opacite);
        layer.setZIndex(BOTTOM + index);
        if (drawnBy.has(id) && drawnBy.get(id) !== masquees) layer.changed();
        drawnBy.set(id, masquees);
      });
      return BOTTOM + (firstSymbols < 0 ? shown.length : firstSymbols) - 0.5;
    },
    restyle() {
      for (const layer of layers.values()) layer.changed();
    },
    /** Forget where the tiles of layers whose data changed came from: `apply` asks for the new ones. */
    renew(ids) {
      for (const id of ids) sourceOf.delete(id);
    },
    /** Whether a segment is one that a tile was cut along, and no one drew. */
    isTileEdge(x1, y1, x2, y2) {
      const size = TILE_SIZE * resolutions[Math.min(MAX_ZOOM, Math.max(0, Math.floor(Math.log2(resolutions[0] / map.getView().getResolution()) + 1e-6)))];
      const along = (value, other) => Math.abs(value - other) < size / 8192 && [CLIPPED, 1 - CLIPPED].some((part) => Math.abs(((((value + HALF_WORLD) / size) % 1) + 1) % 1 - part) < 1 / 8192);
      return along(x1, x2) || along(y1, y2);
    },
    /** Features of the shown layers meeting a box, topmost layer first, as the tiles in memory give them; groups of points are none. */
    featuresIn: (extent, zoom) => collect(extent, zoom, "").filter(({ feature }) => !feature.get("nombre")),
    /** Points that the tiles of this zoom drew as one. */
    groupsIn: (extent, zoom) => collect(extent, zoom, "").filter(({ feature }) => feature.get("nombre")),
    /** The places of their labels. */
    labelsIn: (extent, zoom) => collect(extent, zoom, LABELS),
  };
}
