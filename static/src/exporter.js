// « Exporter ce qui est à l’écran »: which layers, where, as what; the number of rows is asked of the server before the link is given.
import { fetchJson } from "./api.js";
import { buildAnnonce, buildCondition, buildPaquet, buildSelection, describeEmprise, isDrawn } from "./demande.js";
import { debounce, element } from "./dom.js";
import { findUnite, listCouches } from "./etat.js";
import { formatQuantite } from "./format.js";
import { currentVolet, openVolet } from "./volet.js";

const NAME = "export";
const TITRE = "Exporter ce qui est à l’écran";
let refresh = null; // of the panel last opened

export function openExport(page) {
  const panel = createPanel(page);
  const first = refresh === null;
  refresh = panel.refresh;
  openVolet(NAME, TITRE, panel.nodes);
  if (first) page.etat.subscribe(() => currentVolet() === NAME && refresh());
  else refresh();
}

const select = (id, options) => element("select", { id }, options.map(([value, text]) => element("option", { value }, text)));
const field = (control, label) => element("p", { class: "champ" }, element("label", { for: control.id }, label), control);
const radio = (value, text, checked) =>
  element("label", { class: "choix-ligne" }, element("input", { type: "radio", name: "etendue", value, checked }), element("span", {}, text));

function createPanel({ atlas, etat, map }) {
  const couchesById = new Map(listCouches(atlas).map((couche) => [couche.id, couche]));
  const chosen = new Map(); // layer -> whether the reader ticked it, once they touched it
  const rows = new Map();
  let asked = null; // what aborts the counts being asked
  let known = ""; // what they are asked of

  const list = element("ul", { class: "couches" });
  const emprise = element("small", { class: "petit" });
  const etendue = element(
    "fieldset",
    {},
    element("legend", {}, "Étendue"),
    radio("ecran", element("span", {}, "Ce que montre la carte, même sous ce volet ", emprise), true),
    radio("tout", "Toute l’étendue", false),
  );
  const format = select("export-format", atlas.formats.map(({ id, titre }) => [id, titre]));
  const systeme = select("export-systeme", Object.entries(atlas.systemes));
  format.value = "gpkg";
  const note = element("p", { class: "petit" });
  const territoire = element("p", { class: "petit" });
  const total = element("p", { class: "export-total", role: "status" });
  const links = element("div", { class: "export-liens" });

  const readFormat = () => atlas.formats.find(({ id }) => id === format.value);
  const isChosen = (shown) => chosen.get(shown.id) ?? isDrawn(shown, couchesById.get(shown.id), map.vue().zoom);

  function createRow({ id }) {
    const box = element("input", { type: "checkbox", name: "export-couche", value: id });
    const compte = element("span", { class: "petit compte" });
    box.addEventListener("change", () => {
      chosen.set(id, box.checked);
      update();
    });
    return { box, compte, node: element("li", {}, element("label", { class: "choix-ligne" }, box, element("span", {}, couchesById.get(id).titre)), compte) };
  }

  /** The rows of what is shown, top layer first; they are made again only when the layers change, so that the focus stays. */
  function listRows(couches) {
    const shown = [...couches].reverse();
    if (shown.map(({ id }) => id).join() !== [...rows.keys()].join()) {
      rows.clear();
      for (const couche of shown) rows.set(couche.id, createRow(couche));
      list.replaceChildren(...[...rows.values()].map(({ node }) => node));
    }
    return shown;
  }

  function tellEmpty({ id }) {
    const drawn = map.visibles().some(({ couche, schematique }) => couche === id && schematique);
    return drawn ? "0 ligne : ce qui est dessiné est schématique et n’a pas d’emplacement. Prendre toute l’étendue." : "0 ligne ici : déplacer la carte ou prendre toute l’étendue.";
  }

  async function count(shown, selection, signal) {
    const condition = buildCondition(shown, couchesById.get(shown.id).style);
    try {
      const annonce = await fetchJson(buildAnnonce(atlas.urls.annonce, shown.id, selection, condition), signal);
      const limited = condition ? " (filtre de la couche compris)" : "";
      return { ...shown, condition, annonce, texte: annonce.nombre ? formatQuantite(annonce.nombre, "ligne", "lignes") + limited : tellEmpty(shown) };
    } catch (error) {
      if (signal.aborted) throw error;
      return { ...shown, condition, annonce: null, texte: error.message };
    }
  }

  function buildLinks(found, selection) {
    const { id, titre } = readFormat();
    if (id === "gpkg" && found.length > 1) {
      const address = buildPaquet(atlas.urls.paquet, found.map((each) => [each.id, each.condition]), selection);
      return [[address, `Télécharger les ${found.length} couches en un GeoPackage`]];
    }
    return found.map((each) => [each.annonce.liens[id], `${couchesById.get(each.id).titre} : ${formatQuantite(each.annonce.nombre, "ligne", "lignes")}, ${titre}`]);
  }

  function showFound(counted, selection) {
    for (const { id, texte } of counted) rows.get(id).compte.textContent = texte;
    const found = counted.filter(({ annonce }) => annonce?.nombre > 0);
    const lignes = found.reduce((sum, { annonce }) => sum + annonce.nombre, 0);
    total.textContent = `${formatQuantite(found.length, "couche", "couches")}, ${formatQuantite(lignes, "ligne", "lignes")}`;
    links.replaceChildren(...buildLinks(found, selection).map(([href, text]) => element("p", {}, element("a", { class: "bouton", href, download: true, "data-travail": text.replace(/^Télécharger les /, "") }, text))));
  }

  async function ask(selection, couches) {
    asked?.abort();
    asked = new AbortController();
    const { signal } = asked;
    try {
      const counted = await Promise.all(couches.map((shown) => count(shown, selection, signal)));
      if (!signal.aborted) showFound(counted, selection);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
  const askSoon = debounce(ask, 250);

  /** What was counted no longer holds: no link until it is counted again. */
  function update() {
    const { couches, filtre } = etat.get();
    const { wgs84 } = readFormat();
    const onScreen = etendue.querySelector("input").checked;
    const box = map.emprise();
    const found = findUnite(atlas, filtre);
    emprise.textContent = `(${describeEmprise(box)})`;
    systeme.disabled = wgs84;
    if (wgs84) systeme.value = "CRS84";
    note.textContent = wgs84 ? "Ce format est toujours en WGS84." : "";
    territoire.textContent = found ? `Limité à ${found.unite.nom}, comme la carte.` : "";
    const shown = listRows(couches);
    const kept = shown.filter(isChosen);
    const selection = buildSelection({ emprise: onScreen ? box : null, filtre, systeme: systeme.value });
    const now = JSON.stringify([selection, kept, format.value, shown.length]);
    if (now === known) return;
    known = now;
    for (const couche of shown) {
      const { box: tick, compte } = rows.get(couche.id);
      tick.checked = isChosen(couche);
      const hidden = isDrawn(couche, couchesById.get(couche.id), map.vue().zoom) ? "" : "rien n’en est dessiné à ce zoom";
      compte.textContent = tick.checked ? "comptage…" : hidden;
    }
    asked?.abort();
    links.replaceChildren();
    total.textContent = kept.length ? "Comptage…" : "Aucune couche choisie : en cocher une ici, ou en afficher une.";
    if (kept.length) askSoon(selection, kept);
  }

  for (const control of [etendue, format, systeme]) control.addEventListener("change", update);
  const couches = element("fieldset", {}, element("legend", {}, "Couches affichées"), list);
  const form = element("form", { class: "export", onsubmit: (event) => event.preventDefault() }, couches, etendue, territoire, field(format, "Format"), field(systeme, "Système de coordonnées"), note, total, links);
  return { nodes: [form], refresh: update };
}
