// The map: view, events, and what the rest of the page may ask of it. Only the map*.js files know OpenLayers.
import View from "ol/View.js";
import { defaults as defaultInteractions } from "ol/interaction/defaults.js";
import { fromLonLat, toLonLat, transformExtent } from "ol/proj.js";
import { createPlan } from "./map_plan.js";
import { screenFactor, setSalle } from "./map_style.js";
import { createSurbrillance } from "./map_surbrillance.js";
import { computeEmprise } from "./map_tuiles.js";

const MIN_ZOOM = 7;
const MAX_ZOOM = 20;
const STRIP = 100; // pixels

/** `onMove`, `onPick(found)`, `onHover(found, pixel)`, `onComplete`: see carte.js. */
export function createMap({ target, atlas, etat, reprise, reducedMotion, onMove, onPick, onHover, onComplete, onBusy }) {
  const duration = reducedMotion ? 0 : 250;
  const view = new View({ extent: computeEmprise(atlas.territoire.etendue), constrainOnlyCenter: true, minZoom: MIN_ZOOM, maxZoom: MAX_ZOOM, enableRotation: false });
  let tenu = null; // the tool that holds the map: a click is its own and asks nothing of the layers
  let croquis = null;
  let hovering = 0;
  const loading = new Set(); // the maps that wait for tiles
  let second = null; // the same view, drawn with other layers beside it or under a curtain
  const planOf = (plan) => ({
    view,
    atlas,
    etat,
    reprise,
    interactions: defaultInteractions({ altShiftDragRotate: false, pinchRotate: false, zoomDuration: duration, zoomDelta: 1 }),
    onClick(event, lecture) {
      if (tenu) return tenu.onClick?.(toLonLat(event.coordinate), map.getPixelFromCoordinate(event.coordinate));
      picked = event.coordinate;
      onPick(lecture.pickAt(event.coordinate));
    },
    onPointer(event, lecture) {
      if (tenu) tenu.onMove?.(toLonLat(event.coordinate));
      if (event.dragging || tenu || event.originalEvent.pointerType === "touch") return onHover(null);
      const { offsetLeft, offsetTop } = event.map.getTargetElement();
      const pixel = [event.pixel[0] + offsetLeft, event.pixel[1] + offsetTop];
      cancelAnimationFrame(hovering);
      hovering = requestAnimationFrame(() => onHover(lecture.pickAt(event.coordinate), pixel));
    },
    onLeave() {
      cancelAnimationFrame(hovering);
      onHover(null);
    },
    onBusy(each, busy) {
      if (busy) loading.add(each);
      else loading.delete(each);
      onBusy(loading.size > 0);
    },
    onDrawn: onComplete,
    ...plan,
  });
  const plan = createPlan(planOf({ target, couchesOf: ({ couches }) => couches }));
  const { map, lecture } = plan;
  const surligner = createSurbrillance(map, lecture.featuresOf);

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

  let picked = null; // the place of the last click, kept in sight as long as its sheet grows and no one moves the map

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

  let covered = { right: 0, bottom: 0 };
  let beside = false;
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

  map.on("moveend", () => {
    onMove(currentVue());
    tenu?.onMove?.(toLonLat(view.getCenter()));
  });
  map.on("pointerdrag", () => (picked = null));

  function hold(outil) {
    tenu = outil;
    for (const each of [map, second?.map]) each?.getTargetElement().classList.toggle("tenue", Boolean(outil));
  }

  /** What is shown on either map, to be snapped to. */
  const featuresIn = (...box) => [plan, second].flatMap((each) => each?.couches.featuresIn(...box) ?? []);

  function restyle() {
    plan.restyle();
    second?.restyle();
  }

  return {
    /** Ask for the tiles of today: the data of these layers changed. */
    renew(ids) {
      plan.renew(ids);
      second?.renew(ids);
    },
    apply(state, previous) {
      plan.apply(state, previous);
      second?.apply(state, previous);
    },
    restyle,
    /** Draw for the back of a room, {distance, largeur} in metres; null: for who sits at the screen. */
    setSalle(salle) {
      setSalle(salle);
      restyle();
    },
    goTo({ zoom, lat, lon }) {
      const [x, y] = fromLonLat([lon, lat]);
      view.setZoom(zoom);
      const [dx, dy] = offset();
      view.setCenter([x - dx, y - dy]);
    },
    fit,
    /** Point out a place of a shown layer, or nothing (null). */
    surligner,
    /** What is seen of the map, WGS84. */
    etendue: () => transformExtent(view.calculateExtent(), "EPSG:3857", "EPSG:4326"),
    /** A sheet covers this much of the map: the view is what is left of it. */
    setCovered({ right, bottom: height, pied }) {
      // A sheet that leaves no more than a strip leaves nothing to read: the view stays all that it will uncover.
      const bottom = (map.getSize()?.[1] ?? 0) - height < STRIP ? 0 : height;
      covered = { right, bottom };
      foot = bottom > 0 ? pied : 0;
      const again = view.getAnimating() && fitting;
      view.cancelAnimations();
      view.padding = [0, beside ? 0 : right, bottom, 0];
      if (again) fit(...again);
      if (right + bottom === 0) picked = null;
      if (picked) reveal(picked);
    },
    zoomBy,
    /** What is put over the layers by hand, fetched when it is first asked for. */
    croquis() {
      croquis ??= import("./map_croquis.js").then(({ createCroquis }) => {
        const made = createCroquis({ map, couches: { ...plan.couches, featuresIn }, hold });
        second?.doubler(plan.ajouts());
        made.setSecond(second?.map ?? null);
        return made;
      });
      croquis.catch(() => (croquis = null)); // no network just then: the next one who asks tries again
      return croquis;
    },
    /** Whether a tool had begun something, which it has now given up. */
    giveUp: () => Boolean(tenu?.giveUp?.()),
    /** A place whose sheet has just been read: out from under it, now and as it grows. */
    keepInSight(lonLat) {
      picked = fromLonLat(lonLat);
      if (!view.getAnimating()) reveal(picked);
    },
    pickCentre: (beside = false) => (tenu ? tenu.atCentre() : onPick((beside ? second : plan).lecture.pickAt(view.getCenter()))),
    vue: currentVue,
    emprise: emprise84,
    resolution: () => view.getResolution(),
    facteur: screenFactor,
    ajouts: plan.ajouts,
    visibles: () => (map.getSize() ? lecture.visibles() : []),
    groupes: () => (map.getSize() ? lecture.groupes() : []),
    /** Near enough for a group of points to part; again, if it does not. */
    openGroupe({ place }) {
      picked = null;
      view.animate({ center: place, zoom: view.getConstrainedZoom(view.getZoom() + 2), duration });
    },
    compter: () => (map.getSize() ? lecture.compter() : new Map()),
    unitesAuCentre: lecture.unitesAuCentre,
    /** Two maps side by side stand beside the sheet, and not under it. */
    setBeside(next) {
      beside = next;
      view.padding = [0, beside ? 0 : covered.right, covered.bottom, 0];
    },
    /** The part of the width, from the left, that a curtain leaves of this map; all of it without one. */
    setPart: lecture.setPart,
    /** Draw the same view a second time, with the layers that `couchesOf(state)` gives. */
    openSecond(element, couchesOf) {
      second = createPlan(planOf({ target: element, couchesOf }));
      second.map.on("pointerdrag", () => (picked = null));
      second.doubler(plan.ajouts());
      second.apply(etat.get(), etat.get());
      hold(tenu);
      croquis?.then((made) => made.setSecond(second?.map ?? null));
      return { visibles: second.lecture.visibles, compter: second.lecture.compter, setPart: second.lecture.setPart };
    },
    closeSecond() {
      loading.delete(second.map);
      onBusy(loading.size > 0);
      const { map: closed } = second;
      second = null;
      croquis?.then((made) => made.setSecond(null));
      closed.setTarget(null);
      closed.dispose();
    },
  };
}
