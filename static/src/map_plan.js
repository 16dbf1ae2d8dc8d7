// One drawn map: basemap, layers, names, on a view that another may share. The page has one; comparing adds a second.
import OlMap from "ol/Map.js";
import VectorLayer from "ol/layer/Vector.js";
import { rankOf } from "./couleur.js";
import { createEtiquettes } from "./map_etiquettes.js";
import { createFonds } from "./map_fonds.js";
import { createLecture } from "./map_lecture.js";
import { createSurbrillance } from "./map_surbrillance.js";
import { computeEmprise, createCouchesTuilees } from "./map_tuiles.js";

const TILE_ZOOM_ZERO = 156543.03392804097; // resolution of zoom 0 with 256-pixel tiles

/** The same thing over another map, from the same source: a layer belongs to one map. */
const copyLayer = (layer) => new VectorLayer({ source: layer.getSource(), style: layer.getStyle(), zIndex: layer.getZIndex(), declutter: layer.getDeclutter(), visible: layer.getVisible() });

const zoomOf = (resolution) => Math.log2(TILE_ZOOM_ZERO / resolution);

/** `couchesOf(state)`: the set of layers it draws. `onClick(event, lecture)`, `onPointer(event, lecture)`, `onDrawn()`: its events.
 * `pixelRatio`: fineness, that of the screen by default; `crossOrigin`: how images of a basemap are asked for. */
export function createPlan({ target, view, interactions, atlas, etat, reprise, couchesOf, onClick, onPointer, onLeave, onDrawn, onBusy, pixelRatio, crossOrigin }) {
  const couchesById = new Map(atlas.themes.flatMap((theme) => theme.couches).map((couche) => [couche.id, couche]));
  const map = new OlMap({ target, view, controls: [], maxTilesLoading: 24, interactions, pixelRatio });
  const shown = (id) => couchesOf(etat.get()).find((couche) => couche.id === id);
  const context = {
    zoomOf,
    selection: () => etat.get().fiche,
    filtre: () => etat.get().filtre,
    affichee: (id) => Boolean(shown(id)),
    fondType: () => atlas.fonds.find(({ id }) => id === etat.get().fond)?.type ?? "communal",
    /** The rule that draws a feature; null when none does, or when its class is masked. */
    regle(couche, properties) {
      const rank = rankOf(couche.style, properties);
      return shown(couche.id)?.masquees?.includes(rank) ? null : (couche.style.rules[rank] ?? null);
    },
  };
  const shared = { map, atlas, emprise: computeEmprise(atlas.territoire.etendue), reprise, context, couchesById, crossOrigin };
  const fonds = createFonds(shared);
  const couches = createCouchesTuilees(shared);
  const etiquettes = createEtiquettes(map, context);
  const lecture = createLecture({ view, couches, fonds, regle: context.regle });
  const choisir = createSurbrillance(map, lecture.featuresOf, "choisies");
  const own = new Set(map.getLayers().getArray());

  map.on("singleclick", (event) => onClick(event, lecture));
  map.on("pointermove", (event) => onPointer(event, lecture));
  map.getViewport().addEventListener("pointerleave", onLeave);
  map.on("postrender", ({ frameState }) => {
    if (frameState) for (const source of new Set(map.getAllLayers().map((layer) => layer.getSource()))) source?.get("requetes")?.follow(frameState);
  });
  map.on("loadstart", () => onBusy(map, true));
  map.on("loadend", () => onBusy(map, false));
  map.on("rendercomplete", () => {
    const extent = view.calculateExtent();
    const drawn = couches.featuresIn(extent, view.getZoom());
    fonds.hideNoms(etiquettes.refresh(couches.labelsIn(extent, view.getZoom()), extent, view.getZoom()));
    fonds.shiftNoms([...drawn, ...couches.groupsIn(extent, view.getZoom())], view.getResolution());
    onDrawn();
  });

  return {
    map,
    lecture,
    couches,
    /** The vector layers that others put over it: what a reader drew. */
    ajouts: () => map.getLayers().getArray().filter((layer) => layer instanceof VectorLayer && !own.has(layer)),
    /** Show what others put over another map too. */
    doubler(ajouts) {
      for (const layer of ajouts) map.addLayer(copyLayer(layer));
    },
    apply(state, previous) {
      fonds.raiseNoms(couches.apply(couchesOf(state), state.filtre));
      if (state === previous || state.fond !== previous.fond) fonds.show(atlas.fonds.find(({ id }) => id === state.fond));
      else if (["filtre", "fiche"].some((part) => state[part] !== previous[part]) || couchesOf(state) !== couchesOf(previous)) fonds.restyle();
      if (state === previous || state.lignes !== previous.lignes) choisir((state.lignes?.cles ?? []).map((cle) => ({ couche: state.lignes.couche, cle })));
      if (state.fiche !== previous.fiche || state.fond !== previous.fond) couches.restyle();
    },
    renew(ids) {
      fonds.renew(ids);
      couches.renew(ids);
      fonds.raiseNoms(couches.apply(couchesOf(etat.get()), etat.get().filtre));
    },
    restyle() {
      couches.restyle();
      fonds.restyle();
      etiquettes.restyle();
    },
  };
}
