// The sheet of a place: labels, values, and where each thing comes from.
import { buildUrl } from "./adresses.js";
import { fetchJson } from "./api.js";
import { element, link } from "./dom.js";
import { closeVolet, openVolet, refreshVolet } from "./volet.js";

const PRECISIONS = {
  exacte: "position exacte",
  quartier: "position approximative : connue au quartier",
  commune: "position approximative : connue à la commune",
  schematique: "cellule schématique, pas une limite administrative",
};
const ETATS = { existant: "existant", en_cours: "en cours", programme: "programmé", projet: "en projet", hypothese: "hypothèse" };

function definition(libelle, valeur, note) {
  const missing = valeur === null || valeur === undefined || valeur === "";
  return [
    element("dt", {}, libelle),
    element("dd", missing ? { class: "manquant" } : {}, missing ? "non renseigné" : String(valeur), note ? element("small", { class: "note" }, String(note)) : null),
  ];
}

function renderSource(source) {
  if (!source) return null;
  const parts = [source.producteur, source.millesime && `millésime ${source.millesime}`, source.ligne && (/^[\d\s,;–-]+$/.test(source.ligne) ? `ligne ${source.ligne}` : source.ligne), source.licence && `licence ${source.licence}`];
  return element(
    "footer",
    { class: "fiche-source" },
    element("h3", {}, "Source"),
    element("p", {}, source.url ? link(source.url, source.nom ?? source.url) : (source.nom ?? "non renseignée")),
    element("p", { class: "petit" }, parts.filter(Boolean).join(" · ")),
  );
}

/** What is around: a button opens the sheet of each, a press on the map stays where it is. */
function renderVoisinage(voisinage, onChoose) {
  if (!voisinage) return null;
  const line = (voisin) =>
    element("li", {}, element("button", { type: "button", class: "ligne", onclick: () => onChoose(voisin) }, element("span", { class: "relation" }, voisin.relation), element("span", {}, voisin.nom, element("small", {}, voisin.singulier))));
  return element(
    "section",
    { class: "voisinage" },
    element("h3", {}, "Autour"),
    voisinage.lignes.length ? element("ul", { class: "liste" }, voisinage.lignes.map(line)) : null,
    voisinage.absence ? element("p", { class: "petit" }, voisinage.absence) : null,
    voisinage.regle ? element("p", { class: "petit" }, voisinage.regle) : null,
  );
}

export function renderFiche(fiche, { onZoom, onChoose }) {
  const place = fiche.etendue ? null : element("p", { class: "etiquette" }, "non localisé");
  return [
    element("p", { class: "petit fiche-couche" }, fiche.couche_titre ?? fiche.couche),
    fiche.avertissement ? element("p", { class: "avertissement" }, fiche.avertissement) : null,
    place,
    fiche.etendue ? element("p", { class: "actions" }, element("button", { type: "button", class: "bouton", onclick: () => onZoom(fiche) }, "Zoomer dessus")) : null,
    element("dl", { class: "fiche" }, (fiche.lignes ?? []).flatMap(({ libelle, valeur, note }) => definition(libelle, valeur, note))),
    element(
      "dl",
      { class: "fiche fiche-etat" },
      definition("Localisation", fiche.localisation || (fiche.etendue ? PRECISIONS[fiche.precision] : "non localisé")),
      fiche.precision && fiche.etendue ? definition("Précision", PRECISIONS[fiche.precision] ?? fiche.precision) : null,
      fiche.etat ? definition("État", ETATS[fiche.etat] ?? fiche.etat) : null,
    ),
    renderVoisinage(fiche.voisinage, onChoose),
    renderSource(fiche.source),
    fiche.liens?.length ? element("ul", { class: "liens" }, fiche.liens.map(({ libelle, href }) => element("li", {}, link(href, libelle)))) : null,
  ].filter(Boolean);
}

/** Follows `fiche` in the state. `placed`: the link gave a view; without one, its sheet brings the map to its place. */
export function initFiche({ atlas, etat, map, placed }) {
  let controller = null;

  const zoom = (fiche) => map.fit(fiche.etendue, { maxZoom: 15 });

  async function show({ couche, cle }, focus) {
    controller?.abort();
    controller = new AbortController();
    const { signal } = controller;
    const leave = () => {
      controller?.abort();
      if (etat.get().fiche) etat.update({ fiche: null });
    };
    openVolet("fiche", "Fiche", [element("p", { class: "petit", role: "status" }, "Chargement…")], { focus, onClose: leave });
    try {
      const fiche = await fetchJson(buildUrl(atlas.urls.fiche, { couche, cle }), signal);
      if (signal.aborted) return;
      refreshVolet("fiche", fiche.titre ?? cle, renderFiche(fiche, { onZoom: zoom, onChoose: ({ couche: other, cle: key }) => etat.update({ fiche: { couche: other, cle: key } }) }));
      if (!fiche.etendue) return;
      const [west, south, east, north] = fiche.etendue;
      if (!focus && !placed) zoom(fiche);
      else if (focus && west === east && south === north) map.keepInSight([west, south]);
    } catch (error) {
      if (signal.aborted) return;
      const retry = element("button", { type: "button", class: "bouton", onclick: () => show({ couche, cle }, true) }, "Réessayer");
      refreshVolet("fiche", "Fiche indisponible", [element("p", { class: "avertissement", role: "alert" }, error.message), retry]);
    }
  }

  let first = true;
  etat.subscribe((state, previous) => {
    const [now, before] = [JSON.stringify(state.fiche), JSON.stringify(previous.fiche)];
    const opening = first && state.fiche;
    first = false;
    if (now === before && !opening) return;
    if (state.fiche) show(state.fiche, !opening);
    else if (document.querySelector('#volet[data-volet="fiche"]:not([hidden])')) closeVolet();
  });
}
