// The map: view, events, and what the rest of the page may ask of it. Only the map*.js files know OpenLayers.
import OlMap from "ol/Map.js";
import View from "ol/View.js";
import { defaults as defaultInteractions } from "ol/interaction/defaults.js";
import { fromLonLat, toLonLat, transformExtent } from "ol/proj.js";
import { checkColor, ruleFor } from "./couleur.js";
import { distanceToShape, meetsBox } from "./geometrie.js";
import { createEtiquettes } from "./map_etiquettes.js";
import { createFonds } from "./map_fonds.js";
import { screenFactor } from "./map_style.js";
import { computeEmprise, createCouchesTuilees } from "./map_tuiles.js";

const MIN_ZOOM = 7;
const MAX_ZOOM = 20;
const TILE_ZOOM_ZERO = 156543.03392804097; // resolution of zoom 0 with 256-pixel tiles

const zoomOf = (resolution) => Math.log2(TILE_ZOOM_ZERO / resolution);

/** `onMove`, `onPick(found)`, `onHover(found, pixel)`, `onComplete`: see carte.js. */
export function createMap({ target, atlas, etat, reprise, reducedMotion, onMove, onPick, onHover, onComplete, onBusy }) {
  const couchesById = new Map(atlas.themes.flatMap((theme) => theme.couches).map((couche) => [couche.id, couche]));
  const emprise = computeEmprise(atlas.territoire.etendue);
  const duration = reducedMotion ? 0 : 250;
  const view = new View({ extent: emprise, constrainOnlyCenter: true, minZoom: MIN_ZOOM, maxZoom: MAX_ZOOM, enableRotation: false });
  const map = new OlMap({
    target,
    view,
    controls: [],
    maxTilesLoading: 24,
    interactions: defaultInteractions({ altShiftDragRotate: false, pinchRotate: false, zoomDuration: duration, zoomDelta: 1 }),
  });
  const context = {
    zoomOf,
    selection: () => etat.get().fiche,
    filtre: () => etat.get().filtre,
    fondType: () => atlas.fonds.find(({ id }) => id === etat.get().fond)?.type ?? "communal",
  };
  const shared = { map, atlas, emprise, reprise, context, couchesById };
  const fonds = createFonds(shared);
  const couches = createCouchesTuilees(shared);
  const refreshEtiquettes = createEtiquettes(map);

  function currentVue() {
    const [lon, lat] = toLonLat(view.getCenter() ?? [0, 0]);
    return { zoom: view.getZoom(), lat, lon };
  }

  function describe({ couche, feature }) {
    return {
      couche: couche.id,
      cle: String(feature.get("cle")),
      nom: String(feature.get("nom") ?? feature.get("cle")),
      approximatif: Boolean(feature.get("approximatif")) && !feature.get("schematique"),
      schematique: Boolean(feature.get("schematique")),
      couleur: checkColor(ruleFor(couche.style, feature.getProperties())?.color),
    };
  }

  /** Drawn features only, one per key, however many tiles hold a piece of it. */
  function collect(candidates, keep) {
    const found = new Map();
    for (const candidate of candidates) {
      const id = `${candidate.couche.id} ${candidate.feature.get("cle")}`;
      if (!found.has(id) && ruleFor(candidate.couche.style, candidate.feature.getProperties()) && keep(candidate)) found.set(id, candidate);
    }
    return [...found.values()].map(describe);
  }

  function pickAt(coordinate) {
    const resolution = view.getResolution();
    const factor = screenFactor();
    const reach = 50 * factor * resolution;
    const box = [coordinate[0] - reach, coordinate[1] - reach, coordinate[0] + reach, coordinate[1] + reach];
    const elements = collect(couches.featuresIn(box, view.getZoom()), ({ couche, feature }) => {
      const rule = ruleFor(couche.style, feature.getProperties());
      const tolerance = (couche.geometrie === "point" ? rule.size + 5 : couche.geometrie === "line" ? rule.width / 2 + 6 : 3) * factor;
      return distanceToShape(feature.getType(), feature.getFlatCoordinates(), feature.getEnds(), ...coordinate) <= tolerance * resolution;
    });
    return { elements, unites: fonds.unitesAt(coordinate) };
  }

  function visibles() {
    if (!map.getSize() || !view.getCenter()) return [];
    const extent = view.calculateExtent(map.getSize());
    return collect(couches.featuresIn(extent, view.getZoom()), ({ feature }) => meetsBox(feature.getType(), feature.getFlatCoordinates(), feature.getEnds(), extent));
  }

  function fit(etendue, { animate = true, maxZoom = 16 } = {}) {
    if (!map.getSize()?.[0]) map.updateSize();
    const extent = transformExtent(etendue, "EPSG:4326", "EPSG:3857");
    const margin = Math.round(Math.min(40 * screenFactor(), (map.getSize()?.[0] ?? 400) / 12));
    view.fit(extent, { size: map.getSize(), padding: [margin, margin, margin + 12, margin], maxZoom, duration: animate ? duration : 0 });
  }

  map.on("moveend", () => onMove(currentVue()));
  map.on("singleclick", (event) => onPick(pickAt(event.coordinate)));
  map.on("loadstart", () => onBusy(true));
  map.on("loadend", () => onBusy(false));
  map.on("rendercomplete", () => {
    const extent = view.calculateExtent(map.getSize());
    refreshEtiquettes(couches.featuresIn(extent, view.getZoom()), extent, view.getZoom());
    onComplete();
  });
  let hovering = 0;
  map.on("pointermove", (event) => {
    if (event.dragging || event.originalEvent.pointerType === "touch") return onHover(null);
    cancelAnimationFrame(hovering);
    hovering = requestAnimationFrame(() => onHover(pickAt(event.coordinate), event.pixel));
  });
  map.getViewport().addEventListener("pointerleave", () => {
    cancelAnimationFrame(hovering);
    onHover(null);
  });

  return {
    apply(state, previous) {
      couches.apply(state.couches, state.filtre);
      if (state === previous || state.fond !== previous.fond) fonds.show(atlas.fonds.find(({ id }) => id === state.fond));
      else if (state.filtre !== previous.filtre) fonds.restyle();
      if (state.fiche !== previous.fiche) couches.restyle();
    },
    restyle() {
      couches.restyle();
      fonds.restyle();
    },
    goTo({ zoom, lat, lon }) {
      view.setCenter(fromLonLat([lon, lat]));
      view.setZoom(zoom);
    },
    fit,
    zoomBy: (delta) => view.animate({ zoom: view.getConstrainedZoom(view.getZoom() + delta), duration }),
    pickCentre: () => onPick(pickAt(view.getCenter())),
    vue: currentVue,
    resolution: () => view.getResolution(),
    visibles,
  };
}
