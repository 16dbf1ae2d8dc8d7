// « Coordonnées »: what is under the pointer in a system of one's choice, a point in all of them, and other sites at that point.
import { openAtelier } from "./atelier.js";
import { writeCoordonnees } from "./coordonnees.js";
import { element, link } from "./dom.js";
import { projectionsAt } from "./projections.js";
import { createSaisie } from "./saisie.js";

let systeme = "wgs84"; // as long as the page is open

/** Sites that show the same place, opened by a click and never before. */
export function buildLiens([lon, lat]) {
  const [x, y] = [lon.toFixed(6), lat.toFixed(6)];
  return [
    { libelle: "Panoramax : photos de rue", href: `https://api.panoramax.xyz/?focus=map&map=17/${y}/${x}` },
    { libelle: "cartes.gouv.fr (IGN)", href: `https://cartes.gouv.fr/explorer-les-cartes/?c=${x},${y}&z=17` },
    { libelle: "Remonter le temps (IGN)", href: `https://remonterletemps.ign.fr/comparer/?lon=${x}&lat=${y}&z=17&layer1=10&layer2=19&mode=split-h` },
  ];
}

async function copy(button, text, status) {
  try {
    await navigator.clipboard.writeText(text);
    status.textContent = `Copié : ${text}`;
  } catch {
    status.textContent = `À copier : ${text}`; // no clipboard on plain http
  }
  button.focus();
}

function renderPoint(lonLat, projections, nom, status) {
  const rows = writeCoordonnees(lonLat, projections).map(({ nom: systemeNom, texte, brut }) => [
    element("dt", {}, systemeNom),
    element("dd", {}, element("span", { class: "coordonnee" }, texte), element("button", { type: "button", class: "bouton discret", "aria-label": `Copier en ${systemeNom}`, onclick: ({ currentTarget }) => copy(currentTarget, brut, status) }, "Copier")),
  ]);
  return [
    element("h3", {}, nom || "Point choisi"),
    element("dl", { class: "coordonnees" }, rows.flat()),
    element("h3", {}, "Ce point ailleurs"),
    element("ul", { class: "liens" }, buildLiens(lonLat).map(({ libelle, href }) => element("li", {}, link(href, libelle)))),
    element("p", { class: "petit" }, "Ces sites s’ouvrent dans un autre onglet ; rien ne leur est demandé avant."),
  ];
}

/** `lonLat` and `nom`: a point found elsewhere, shown at once. */
export function ouvrir({ atlas, croquis, map }, { lonLat = null, nom = "" } = {}) {
  const [, south, , north] = atlas.territoire.etendue;
  const projections = projectionsAt((south + north) / 2);
  const status = element("p", { class: "petit", role: "status" });
  const lecture = element("output", { class: "coordonnee lecture" });
  const point = element("div", {}, element("p", { class: "petit" }, "Cliquer un point de la carte. Au clavier : dans la carte, flèches pour viser, Entrée pour le point du centre."));
  const options = writeCoordonnees([3, 50], projections).map(({ id, nom: texte }) => element("option", { value: id, selected: id === systeme }, texte));
  const select = element("select", { id: "coordonnees-systeme", onchange: () => ((systeme = select.value), read(croquis.centre())) }, options);

  function read(place) {
    if (place) lecture.textContent = writeCoordonnees(place, projections).find(({ id }) => id === systeme).texte;
  }

  function choose(place, titre = "") {
    croquis.mark("point", place);
    point.replaceChildren(...renderPoint(place, projections, titre, status));
    status.textContent = "";
    read(place);
  }

  const nodes = [
    element("p", { class: "ligne-systeme" }, element("label", { for: "coordonnees-systeme" }, "Sous le pointeur, en"), select),
    lecture,
    point,
    status,
    createSaisie({
      libelle: "Aller à des coordonnées",
      bouton: "Aller",
      onPlace(place) {
        choose(place);
        map.fit([...place, ...place], { maxZoom: 16 });
      },
    }),
  ];
  openAtelier("reperer", "Coordonnées", nodes, {
    onClose() {
      croquis.release();
      croquis.mark("point", null);
    },
  });
  croquis.pick({ onPick: (place) => choose(place), onMove: read });
  read(croquis.centre());
  if (lonLat) choose(lonLat, nom);
}
