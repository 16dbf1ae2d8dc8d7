// The map: view, events, and what the rest of the page may ask of it. Only the map*.js files know OpenLayers.
import OlMap from "ol/Map.js";
import View from "ol/View.js";
import { defaults as defaultInteractions } from "ol/interaction/defaults.js";
import { fromLonLat, toLonLat, transformExtent } from "ol/proj.js";
import { checkColor, ruleFor } from "./couleur.js";
import { distanceToShape, meetsBox } from "./geometrie.js";
import { createDessin } from "./map_dessin.js";
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
    affichee: (id) => etat.get().couches.some((couche) => couche.id === id),
    fondType: () => atlas.fonds.find(({ id }) => id === etat.get().fond)?.type ?? "communal",
  };
  const shared = { map, atlas, emprise, reprise, context, couchesById };
  const fonds = createFonds(shared);
  const couches = createCouchesTuilees(shared);
  const refreshEtiquettes = createEtiquettes(map);

  /** From the middle of what a sheet leaves uncovered (OpenLayers' centre) to the middle of the whole map. */
  function offset() {
    const [, right, bottom] = view.padding ?? [0, 0, 0];
    return [(right * view.getResolution()) / 2, (-bottom * view.getResolution()) / 2];
  }

  /** Of the whole map, sheet or no sheet: a link opens on what was seen. */
  function currentVue() {
    const [[x, y], [dx, dy]] = [view.getCenter() ?? [0, 0], offset()];
    const [lon, lat] = toLonLat([x + dx, y + dy]);
    return { zoom: view.getZoom(), lat, lon };
  }

  /** West, south, east, north of the whole map, in degrees. */
  function emprise84() {
    const [[x, y], [dx, dy]] = [view.getCenter(), offset()];
    const [halfWidth, halfHeight] = map.getSize().map((pixels) => (pixels * view.getResolution()) / 2);
    const box = [x + dx - halfWidth, y + dy - halfHeight, x + dx + halfWidth, y + dy + halfHeight];
    return transformExtent(box, "EPSG:3857", "EPSG:4326").map((degree) => Number(degree.toFixed(6)));
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

  let picked = null; // the place of the last click, kept in sight as long as its sheet grows and no one moves the map

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
    const extent = view.calculateExtent(); // what no sheet covers
    return collect(couches.featuresIn(extent, view.getZoom()), ({ feature }) => meetsBox(feature.getType(), feature.getFlatCoordinates(), feature.getEnds(), extent));
  }

  let fitting = null; // what an animated fit is on its way to

  function fit(etendue, { animate = true, maxZoom = 16 } = {}) {
    fitting = [etendue, { maxZoom }];
    picked = null;
    if (!map.getSize()?.[0]) map.updateSize();
    const extent = transformExtent(etendue, "EPSG:4326", "EPSG:3857");
    const margin = Math.round(Math.min(40 * screenFactor(), (map.getSize()?.[0] ?? 400) / 12));
    view.fit(extent, { padding: [margin, margin, margin + 12, margin], maxZoom, duration: animate ? duration : 0, callback: (arrived) => arrived && (fitting = null) });
  }

  let zooming = null; // where the zoom buttons are going: clicks that come before it is reached add up

  function zoomBy(delta) {
    const zoom = view.getConstrainedZoom((zooming ?? view.getZoom()) + delta);
    view.cancelAnimations();
    zooming = zoom;
    view.animate({ zoom, duration }, () => zooming === zoom && (zooming = null));
  }

  let foot = 0; // pixels of scale bar and notices that lie on a bottom sheet

  /** Move the map just enough for a place the sheet has covered to come out from under it. */
  function reveal([x, y]) {
    const [west, south, east, north] = view.calculateExtent();
    const resolution = view.getResolution();
    const margin = 60 * screenFactor() * resolution;
    const [right, bottom] = [Math.min(margin, (east - west) / 2), Math.min(margin + foot * resolution, (north - south) / 2)];
    const [dx, dy] = [Math.max(0, x - east + right), Math.min(0, y - south - bottom)];
    const [cx, cy] = view.getCenter();
    if (dx !== 0 || dy !== 0) view.animate({ center: [cx + dx, cy + dy], duration });
  }

  let dessin = null; // while a zone is drawn, a click is a vertex and asks nothing of the map
  map.on("moveend", () => onMove(currentVue()));
  map.on("singleclick", (event) => {
    if (dessin?.active()) return;
    picked = event.coordinate;
    onPick(pickAt(event.coordinate));
  });
  map.on("pointerdrag", () => (picked = null));
  map.on("loadstart", () => onBusy(true));
  map.on("loadend", () => onBusy(false));
  map.on("rendercomplete", () => {
    const extent = view.calculateExtent();
    refreshEtiquettes(couches.featuresIn(extent, view.getZoom()), extent, view.getZoom());
    onComplete();
  });
  let hovering = 0;
  map.on("pointermove", (event) => {
    if (event.dragging || dessin?.active() || event.originalEvent.pointerType === "touch") return onHover(null);
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
      else if (["filtre", "fiche", "couches"].some((part) => state[part] !== previous[part])) fonds.restyle();
      if (state.fiche !== previous.fiche) couches.restyle();
    },
    restyle() {
      couches.restyle();
      fonds.restyle();
    },
    goTo({ zoom, lat, lon }) {
      const [x, y] = fromLonLat([lon, lat]);
      view.setZoom(zoom);
      const [dx, dy] = offset();
      view.setCenter([x - dx, y - dy]);
    },
    fit,
    /** A sheet covers this much of the map: the view is what is left of it. */
    setCovered({ right, bottom, pied }) {
      foot = bottom > 0 ? pied : 0;
      const again = view.getAnimating() && fitting;
      view.cancelAnimations();
      view.padding = [0, right, bottom, 0];
      if (again) fit(...again);
      if (right + bottom === 0) picked = null;
      if (picked) reveal(picked);
    },
    zoomBy,
    createDessin: (events) => (dessin = createDessin(map, events)),
    /** A place whose sheet has just been read: out from under it, now and as it grows. */
    keepInSight(lonLat) {
      picked = fromLonLat(lonLat);
      if (!view.getAnimating()) reveal(picked);
    },
    pickCentre: () => onPick(pickAt(view.getCenter())),
    vue: currentVue,
    emprise: emprise84,
    resolution: () => view.getResolution(),
    visibles,
  };
}
