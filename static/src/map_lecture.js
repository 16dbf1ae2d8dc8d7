// What a drawn map shows, read from its tiles in memory: under a click, in view, how many of each class. Never from pixels.
import { checkColor, rankOf, ruleFor } from "./couleur.js";
import { distanceToShape, meetsBox } from "./geometrie.js";
import { groupRadius, screenFactor } from "./map_style.js";

const inBox = (feature, extent) => meetsBox(feature.getType(), feature.getFlatCoordinates(), feature.getEnds(), extent);

function describe({ couche, feature }) {
  const rank = rankOf(couche.style, feature.getProperties());
  return {
    couche: couche.id,
    cle: String(feature.get("cle")),
    nom: String(feature.get("nom") ?? feature.get("cle")),
    approximatif: Boolean(feature.get("approximatif")) && !feature.get("schematique"),
    schematique: Boolean(feature.get("schematique")),
    couleur: checkColor(couche.style.rules[rank]?.color),
    rang: rank, // of its class in the legend
  };
}

/** `regle(couche, properties)`: the rule that draws a feature, null when none does. */
export function createLecture({ view, couches, fonds, regle }) {
  let part = [0, 1]; // of the width, from the left: what a curtain leaves of this map

  function extentSeen() {
    const [west, south, east, north] = view.calculateExtent(); // what no sheet covers
    return [west + (east - west) * part[0], south, west + (east - west) * part[1], north];
  }

  /** Drawn features only, one per key, however many tiles hold a piece of it. */
  function collect(candidates, keep) {
    const found = new Map();
    for (const candidate of candidates) {
      const id = `${candidate.couche.id} ${candidate.feature.get("cle")}`;
      if (!found.has(id) && regle(candidate.couche, candidate.feature.getProperties()) && keep(candidate)) found.set(id, candidate);
    }
    return [...found.values()].map(describe);
  }

  /** Groups of points in a box, one each: two tiles tell the same of one they share. */
  function groupsIn(extent) {
    const found = new Map();
    for (const { couche, feature } of couches.groupsIn(extent, view.getZoom())) {
      const place = feature.getFlatCoordinates().slice(0, 2);
      const key = `${couche.id} ${place.map((metres) => Math.round(metres / view.getResolution() / 2))} ${feature.get("nombre")}`;
      if (inBox(feature, extent)) found.set(key, { couche: couche.id, nombre: feature.get("nombre"), place });
    }
    return [...found.values()];
  }

  return {
    setPart: (next) => (part = next),
    pickAt(coordinate) {
      const resolution = view.getResolution();
      const factor = screenFactor();
      const reach = 50 * factor * resolution;
      const box = [coordinate[0] - reach, coordinate[1] - reach, coordinate[0] + reach, coordinate[1] + reach];
      const elements = collect(couches.featuresIn(box, view.getZoom()), ({ couche, feature }) => {
        const rule = ruleFor(couche.style, feature.getProperties());
        const tolerance = (couche.geometrie === "point" ? rule.size + 5 : couche.geometrie === "line" ? rule.width / 2 + 6 : 3) * factor;
        return distanceToShape(feature.getType(), feature.getFlatCoordinates(), feature.getEnds(), ...coordinate) <= tolerance * resolution;
      });
      const distance = ({ place: [x, y] }) => Math.hypot(x - coordinate[0], y - coordinate[1]);
      const groupe = groupsIn(box).filter((each) => distance(each) <= (groupRadius(each.nombre, factor) + 5 * factor) * resolution).sort((a, b) => distance(a) - distance(b))[0];
      return { elements, groupe: groupe ?? null, unites: fonds.unitesAt(coordinate) };
    },
    /** Commune and bassin under the middle of what is seen. */
    unitesAuCentre: () => fonds.unitesAt(view.getCenter()),
    /** What the tiles in memory hold, in view, of these places. */
    featuresOf(places) {
      if (!view.getCenter()) return [];
      const wanted = new Set(places.map(({ couche, cle }) => `${couche} ${cle}`));
      return couches
        .featuresIn(view.calculateExtent(), view.getZoom())
        .filter(({ couche, feature }) => wanted.has(`${couche.id} ${feature.get("cle")}`))
        .map(({ feature }) => feature);
    },
    /** Points in view that are drawn as one, the largest groups first: {couche, nombre, place, commune: its name or null}. */
    groupes() {
      if (!view.getCenter()) return [];
      return groupsIn(extentSeen())
        .map((each) => ({ ...each, commune: fonds.unitesAt(each.place).commune?.nom ?? null }))
        .sort((a, b) => b.nombre - a.nombre);
    },
    visibles() {
      if (!view.getCenter()) return [];
      const extent = extentSeen();
      return collect(couches.featuresIn(extent, view.getZoom()), ({ feature }) => inBox(feature, extent));
    },
    /** Layer id -> features in view by rank of their class, those of masked classes too: `[3, 0, 8]`. */
    compter() {
      const comptes = new Map();
      if (!view.getCenter()) return comptes;
      const extent = extentSeen();
      const seen = new Map();
      for (const { couche, feature } of couches.featuresIn(extent, view.getZoom())) {
        if (!comptes.has(couche.id)) {
          comptes.set(couche.id, new Array(couche.style.rules.length).fill(0));
          seen.set(couche.id, new Set());
        }
        const [cle, keys] = [feature.get("cle"), seen.get(couche.id)];
        const rank = rankOf(couche.style, feature.getProperties());
        if (rank < 0 || keys.has(cle) || !inBox(feature, extent)) continue;
        keys.add(cle);
        comptes.get(couche.id)[rank] += 1;
      }
      return comptes;
    },
  };
}
