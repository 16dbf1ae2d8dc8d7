// The table under the map: rows of one shown layer, filtered as the map is, tied to it both ways.
import { buildUrl, lignesQuery } from "./adresses.js";
import { fetchJson } from "./api.js";
import { fetchChamps } from "./champs.js";
import { byId, debounce, element, link } from "./dom.js";
import { formatQuantite } from "./format.js";
import { createGrille } from "./grille.js";
import { defaultColonnes, renderCellule } from "./tableau_cellule.js";
import { createChoixLignes } from "./tableau_choix.js";
import { createLignes } from "./tableau_lignes.js";
import { createOnglets, renderColonnes, renderExports } from "./tableau_outils.js";
import { closeVolet } from "./volet.js";

export function createTableau({ atlas, etat, map, titreOf }) {
  const root = byId("tableau");
  const chosen = new Map(); // layer: {colonnes: ids, tri: [id, descending]}
  let couche = null;
  let layer = null;
  let lignes = null;
  let opener = null;
  let shown = false; // whether a first layer has been
  let followed = null; // key of the sheet this table has shown

  const status = element("p", { class: "tableau-compte", role: "status" });
  const inView = element("input", { type: "checkbox", onchange: () => load() });
  const columns = element("details", { class: "tableau-menu" });
  const files = element("details", { class: "tableau-menu" });
  const filter = element("button", { type: "button", class: "bouton", "data-action": "filtrer" }, "Filtrer");
  const centre = element("button", { type: "button", class: "bouton", onclick: () => goTo() }, "Centrer");
  const sheet = element("button", { type: "button", class: "bouton", onclick: () => openSheet(grille.activeKey()) }, "Fiche");
  const bigger = element("button", { type: "button", class: "outil petit-outil", "aria-label": "Agrandir la table", "aria-pressed": "false", onclick: toggleSize }, "⤢");
  const shut = element("button", { type: "button", class: "outil petit-outil", "aria-label": "Fermer la table", onclick: close }, "×");
  const onglets = createOnglets({ titreOf, onChoose: (id) => choose(id) });
  const grille = createGrille({
    cell: renderCellule,
    isChosen: (cle) => choix.has(cle),
    onSort: sortBy,
    onActive(cle) {
      map.surligner(cle === null ? null : { couche, cle });
      choix.show();
    },
    onToggle: (cle) => choix.toggle(cle),
    onOpen: openSheet,
    onRange: (first, last) => lignes?.want(first, last),
  });
  const choix = createChoixLignes({ atlas, etat, activeKey: () => grille.activeKey() });
  const tools = element("div", { class: "tableau-outils" }, status, element("label", { class: "case" }, inView, " Dans la vue"), filter, columns, files, centre, sheet, choix.nodes);
  root.replaceChildren(element("div", { class: "tableau-tete" }, onglets.node, bigger, shut), tools, grille.node, element("p", { class: "petit tableau-pied" }, "— : la source ne le dit pas. Entrée : la fiche. Espace : choisir la ligne. Flèches : d’une cellule à l’autre."));

  function openSheet(cle) {
    if (cle === null) return;
    followed = cle;
    etat.update({ fiche: { couche, cle } });
  }

  async function goTo() {
    const cle = grille.activeKey();
    if (cle === null) return;
    const { etendue, titre, message } = await fetchJson(buildUrl(atlas.urls.fiche, { couche, cle })).catch((error) => error);
    if (etendue) map.fit(etendue, { maxZoom: 15 });
    else if (message) status.textContent = `${message} Recommencer dans un moment.`;
    else status.textContent = `${titre} : non localisé, aucun endroit où aller.`;
  }

  function toggleSize() {
    const big = root.classList.toggle("grand");
    bigger.setAttribute("aria-pressed", String(big));
  }

  function selection() {
    const { couches, filtre } = etat.get();
    const query = lignesQuery(filtre, couches.find(({ id }) => id === couche));
    return { ...query, bbox: inView.checked ? map.etendue().map((value) => value.toFixed(6)).join(",") : null };
  }

  const current = () => chosen.get(couche);
  const fieldOf = (id) => layer.champs.find((champ) => champ.id === id);

  function sortBy(id) {
    const [field, descending] = current().tri;
    current().tri = field !== id ? [id, false] : descending ? [layer.nom, false] : [id, true];
    load();
  }

  function setColonnes(ids) {
    current().colonnes = layer.champs.map(({ id }) => id).filter((id) => ids.includes(id));
    load(true);
  }

  function tell(nombre) {
    const filtered = etat.get().couches.find(({ id }) => id === couche)?.filtre;
    const where = [filtered ? "filtre" : null, etat.get().filtre ? "territoire" : null, inView.checked ? "vue" : null].filter(Boolean);
    status.textContent = `${formatQuantite(nombre, layer.singulier, layer.pluriel)}${where.length ? ` (${where.join(", ")})` : ""}${nombre === 0 ? " : rien à montrer ici." : ""}`;
  }

  function fail(error) {
    const retry = element("button", { type: "button", class: "lien", onclick: () => load(true) }, "Réessayer");
    status.replaceChildren(`${error.message} `, retry);
  }

  /** Ask again for what is shown; `keep`: stay at the same rows. */
  function load(keep = false) {
    lignes?.stop();
    const { colonnes, tri } = current();
    const [field, descending] = tri;
    const asked = selection();
    const query = { ...asked, champs: colonnes.join(","), tri: `${descending ? "-" : ""}${field}` };
    lignes = createLignes(atlas.urls.tableau, couche, query, {
      onChange() {
        clearTimeout(slow);
        tell(lignes.nombre());
        grille.refresh();
      },
      onError(error) {
        clearTimeout(slow);
        fail(error);
      },
      onStale: () => load(true),
    });
    const sorted = (id) => (id === field ? (descending ? "descending" : "ascending") : null);
    // Longer than a glance: said, and given up on demand.
    const slow = setTimeout(() => {
      const giveUp = element("button", { type: "button", class: "lien", onclick: () => (asking.stop(), fail({ message: "Annulé." })) }, "Annuler");
      if (lignes === asking && asking.nombre() === null) status.replaceChildren("Lignes en préparation… ", giveUp);
    }, 400);
    const asking = lignes;
    const heads = colonnes.map((id) => ({ ...fieldOf(id), tri: sorted(id), triable: fieldOf(id).type !== "list", large: id === layer.nom || id === "source" }));
    grille.show(`Lignes de la couche ${titreOf(couche)}`, heads, lignes, keep);
    renderColonnes(columns, layer.champs, colonnes, setColonnes);
    renderExports(files, atlas.urls.fichier, couche, query, link);
  }

  async function choose(id) {
    [couche, layer] = [id, null];
    root.dataset.couche = id;
    lignes?.stop();
    map.surligner(null);
    onglets.show(etat.get().couches.map((each) => each.id), id);
    status.textContent = "Chargement…";
    try {
      const found = await fetchChamps(atlas, id);
      if (couche !== id) return;
      layer = found;
    } catch (error) {
      return status.replaceChildren(`${error.message} `, element("button", { type: "button", class: "lien", onclick: () => choose(id) }, "Réessayer"));
    }
    if (!chosen.has(id)) chosen.set(id, { colonnes: defaultColonnes(layer), tri: [layer.nom, false] });
    choix.open(layer, { restored: !shown });
    load();
    if (!shown && choix.first() !== null && !etat.get().fiche) reveal(choix.first());
    shown = true;
    follow(etat.get());
    return undefined;
  }

  /** The place whose sheet is open, in the table: a click on the map finds its row. */
  async function follow({ fiche }) {
    if (!fiche || fiche.cle === followed) return;
    if (fiche.couche !== couche) return;
    followed = fiche.cle;
    await reveal(fiche.cle);
  }

  async function reveal(cle) {
    const rank = await lignes.rankOf(cle).catch(() => null);
    if (rank !== null) grille.activate(rank);
  }

  function open(id, from) {
    opener = from;
    root.hidden = false;
    if (!root.getClientRects().length) closeVolet(); // a narrow screen shows one or the other
    byId("bouton-tableau").setAttribute("aria-expanded", "true");
    const wanted = id ?? atlas.themes[0].couches[0].id;
    if (wanted !== couche || !layer) choose(wanted);
    else {
      choix.open(layer);
      load(true);
    }
    if (from) grille.focus();
  }

  function close() {
    const held = root.contains(document.activeElement);
    root.hidden = true;
    lignes?.stop();
    map.surligner(null);
    byId("bouton-tableau").setAttribute("aria-expanded", "false");
    if (held) (opener?.isConnected && opener.getClientRects().length ? opener : byId("bouton-tableau")).focus();
  }

  root.addEventListener("keydown", (event) => event.key === "Escape" && close());
  const reload = debounce(() => !root.hidden && layer && load(true), 250);
  etat.subscribe((state, previous) => {
    if (root.hidden || !layer || state === previous) return;
    const filtreOf = ({ couches }) => couches.find(({ id }) => id === couche)?.filtre;
    if (state.couches !== previous.couches) onglets.show(state.couches.map(({ id }) => id), couche);
    if (state.filtre !== previous.filtre || filtreOf(state) !== filtreOf(previous) || (inView.checked && state.vue !== previous.vue)) reload();
    if (state.lignes !== previous.lignes) {
      choix.show();
      grille.mark();
    }
    if (state.fiche !== previous.fiche && state.fiche) {
      if (state.fiche.couche === couche) follow(state);
      else if (state.couches.some(({ id }) => id === state.fiche.couche)) choose(state.fiche.couche);
    }
  });
  return { open, close };
}
