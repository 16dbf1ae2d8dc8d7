// What the map shows now, in sentences: gathers what prose.js writes from. Fetched when it is first asked for.
import { fetchChamps } from "./champs.js";
import { sumGroupes } from "./comptes.js";
import { describeFiltre, readCql2 } from "./cql2.js";
import { findUnite, listCouches } from "./etat.js";
import { buildProse } from "./prose.js";

const within = ([lon, lat], [west, south, east, north]) => lon >= west && lon <= east && lat >= south && lat <= north;

/** `map`: what is read of a drawn map, the page's or a picture's. `onWords()` when the words of a filter have come, after the text was
 * first read without them. Returns {describe, settle}. */
export function createDescription({ atlas, etat, map, onWords = () => {} }) {
  const couchesById = new Map(listCouches(atlas).map((couche) => [couche.id, couche]));
  const communes = atlas.decoupages.find(({ id }) => id === "commune")?.unites ?? [];
  const words = new Map(); // layer and filter: its words
  const coming = [];

  /** The filter as it is written, until the names of the fields have come; for good when they do not. */
  function tellFiltre({ id, filtre }) {
    if (!filtre) return null;
    const key = `${id} ${filtre}`;
    if (!words.has(key)) {
      words.set(key, filtre);
      const asked = fetchChamps(atlas, id).then(
        ({ champs }) => {
          const rows = readCql2(filtre, champs);
          if (rows) words.set(key, describeFiltre(rows, champs));
          onWords();
        },
        () => words.delete(key),
      );
      coming.push(asked);
    }
    return words.get(key) ?? filtre;
  }

  function readCouche(shown, comptes, visibles, regroupes) {
    const couche = couchesById.get(shown.id);
    const counts = comptes.get(shown.id) ?? [];
    const mine = visibles.filter(({ couche: id }) => id === shown.id);
    return {
      ...couche,
      classes: couche.style.rules.map(({ label }, rank) => ({ label, nombre: counts[rank] ?? 0 })),
      masquees: shown.masquees ?? [],
      regroupes: regroupes.get(shown.id),
      approximatifs: mine.filter(({ approximatif }) => approximatif).length,
      schematiques: mine.filter(({ schematique }) => schematique).length,
      filtre: tellFiltre(shown),
      fraicheur: couche.fraicheur.court,
    };
  }

  /** {lieu, couches} of buildProse. */
  function describe() {
    const { couches, filtre, fond, comparer } = etat.get();
    const [emprise, comptes, visibles, unite] = [map.etendue(), map.compter(), map.visibles(), findUnite(atlas, filtre)];
    const regroupes = sumGroupes(map.groupes());
    return buildProse({
      emprise,
      zoom: map.vue().zoom,
      centre: map.unitesAuCentre(),
      communes: communes.filter(({ centre }) => centre && within(centre, emprise)),
      total: communes.length,
      fond: atlas.fonds.find(({ id }) => id === fond)?.titre ?? null,
      filtre: unite && { nom: unite.unite.nom, decoupage: unite.decoupage.titre.toLowerCase() },
      cote: comparer ? (comparer.cote === "droite" ? "gauche" : "droite") : null,
      couches: couches.toReversed().map((shown) => readCouche(shown, comptes, visibles, regroupes)),
    });
  }

  /** Resolves once the words of all the filters told so far have come, or will not. */
  return { describe, settle: () => Promise.all(coming) };
}
