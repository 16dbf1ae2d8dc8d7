// The builder: rows of field, operator and value, the same thing as CQL2 text, and what it keeps, said at once.
import { buildUrl, lignesQuery } from "./adresses.js";
import { fetchChamps, fetchNombre, tellNombre, tellUnite } from "./champs.js";
import { createCondition } from "./condition.js";
import { buildCql2, describeFiltre, readCql2 } from "./cql2.js";
import { debounce, element, link } from "./dom.js";
import { addCouche, listCouches, setReglage } from "./etat.js";
import { currentVolet, openVolet, refreshVolet } from "./volet.js";

const FORMATS = [["csv", "CSV"], ["xlsx", "XLSX"], ["geojson", "GeoJSON"], ["gpkg", "GeoPackage"]];
const MAX_CONDITIONS = 12;
const MAX_TEXT = 2000; // what a link carries

const button = (texte, onclick, attributes = {}) => element("button", { type: "button", class: "bouton", onclick, ...attributes }, texte);

/** One opening of the panel on one layer. */
function createPanel({ atlas, etat, couche, layer }) {
  const { champs } = layer;
  const current = () => etat.get().couches.find(({ id }) => id === couche.id)?.filtre ?? "";
  let model = readCql2(current(), champs);
  let controller = null;
  const result = element("p", { class: "constructeur-resultat", role: "status" });
  const rows = element("div", { class: "conditions" });
  const links = element("div", {});
  const text = element("textarea", { id: "cql2", rows: "4", spellcheck: "false", maxlength: MAX_TEXT, "aria-describedby": "cql2-erreur" });
  const problem = element("p", { class: "erreur", id: "cql2-erreur", role: "alert" });

  async function tell(filtre) {
    controller?.abort();
    controller = new AbortController();
    const { signal } = controller;
    const unite = etat.get().filtre;
    const lieu = tellUnite(atlas, unite);
    const condition = filtre && (model ? describeFiltre(model, champs) : "filtre écrit ci-dessous");
    try {
      const nombre = await fetchNombre(atlas, { id: couche.id, filtre }, unite, signal);
      if (signal.aborted) return false;
      result.textContent = tellNombre(nombre, layer, lieu, condition);
      problem.textContent = "";
      return true;
    } catch (error) {
      if (signal.aborted) return false;
      if (error.status === 400) problem.textContent = error.message;
      result.textContent = error.status === 400 ? "Le filtre écrit n’est pas compris : la carte garde le précédent." : error.message;
      return false;
    }
  }

  function showLinks(filtre) {
    const query = lignesQuery(etat.get().filtre, { filtre });
    const files = FORMATS.map(([format, name]) => link(buildUrl(atlas.urls.fichier, { couche: couche.id, format }, query), name));
    const table = element("button", { type: "button", class: "bouton", "data-action": "tableau", "data-couche": couche.id }, "Voir en table");
    links.replaceChildren(element("p", { class: "actions" }, table), element("p", { class: "fichiers" }, element("span", { class: "petit" }, "Exporter :"), files));
  }

  function keep(filtre) {
    const { couches } = etat.get();
    const ordres = new Map(listCouches(atlas).map(({ id, ordre }) => [id, ordre]));
    etat.update({ couches: setReglage(addCouche(couches, couche, (id) => ordres.get(id) ?? 0), couche.id, "filtre", filtre) });
  }

  /** The rows changed: the text, the map and the sentence follow. */
  const apply = debounce(() => {
    const filtre = buildCql2(model, champs);
    text.value = filtre;
    if (filtre.length > MAX_TEXT) {
      result.textContent = "Filtre trop long pour tenir dans un lien : retirez une condition, ou raccourcissez une valeur.";
      return;
    }
    if (filtre !== current()) keep(filtre);
    showLinks(filtre);
    tell(filtre);
  }, 300);

  /** The text changed: it is kept when the server reads it, and the rows follow when they can say it. */
  async function applyText() {
    const filtre = text.value.trim();
    model = readCql2(filtre, champs);
    if (!(await tell(filtre))) return;
    keep(filtre);
    showLinks(filtre);
    renderRows();
  }

  function add() {
    const first = champs.find(({ id, remplis }) => id === layer.nom && remplis) ?? champs[0];
    model.conditions.push({ champ: first.id, operateur: null, valeur: "" });
    renderRows();
    rows.querySelector(".condition:last-of-type select").focus();
  }

  function removeAt(index) {
    model.conditions.splice(index, 1);
    renderRows();
    (rows.querySelectorAll(".condition select")[0] ?? rows.querySelector("button")).focus();
    apply();
  }

  function renderLien() {
    const choice = (value, words) =>
      element("label", {}, element("input", { type: "radio", name: "lien", value, checked: model.lien === value, onchange: () => ((model.lien = value), apply()) }), ` ${words}`);
    return element("fieldset", { class: "lien-conditions" }, element("legend", { class: "visually-hidden" }, "Lien entre les conditions"), choice("et", "toutes (et)"), choice("ou", "au moins une (ou)"));
  }

  function renderRows() {
    if (!model) {
      const start = () => {
        model = { lien: "et", conditions: [] };
        renderRows();
        apply();
      };
      rows.replaceChildren(element("p", { class: "petit" }, "Ce filtre dit plus que des lignes ne savent dire : il se modifie en texte, ci-dessous."), button("Repartir de zéro", start));
      return;
    }
    const { conditions } = model;
    const lines = conditions.map((condition, index) =>
      createCondition({ atlas, couche: couche.id, nomChamp: layer.nom, champs, condition, number: index + 1, onChange: apply, onRemove: () => removeAt(index) }),
    );
    const adding = conditions.length < MAX_CONDITIONS ? button(conditions.length ? "Ajouter une condition" : "Ajouter une première condition", add) : null;
    rows.replaceChildren(...[conditions.length > 1 ? renderLien() : null, ...lines, element("p", { class: "actions" }, adding)].filter(Boolean));
  }

  text.value = current();
  renderRows();
  showLinks(current());
  tell(current());
  const nodes = [
    result,
    rows,
    element("p", { class: "petit" }, "Une ligne sans valeur n’est retenue que par « n’est pas renseigné »."),
    links,
    element(
      "details",
      { class: "constructeur-texte", open: model === null },
      element("summary", {}, "Le filtre en texte (CQL2)"),
      element("label", { for: "cql2", class: "petit" }, "Celui des exports et de l’API : paramètre filter."),
      text,
      problem,
      element("p", { class: "actions" }, button("Appliquer le texte", applyText)),
    ),
  ];
  return {
    nodes,
    /** Another filter, or another territory, came from elsewhere. */
    follow() {
      if (current() !== text.value.trim()) {
        model = readCql2(current(), champs);
        text.value = current();
        renderRows();
      }
      showLinks(current());
      tell(current());
    },
  };
}

/** Show the builder of one layer in the side sheet. */
export async function openConstructeur({ atlas, etat, titreOf, couche: id }) {
  const titre = `Filtrer : ${titreOf(id)}`;
  const couche = listCouches(atlas).find((each) => each.id === id);
  openVolet("filtrage", titre, [element("p", { class: "petit", role: "status" }, "Chargement…")]);
  let layer;
  try {
    layer = await fetchChamps(atlas, id);
  } catch (error) {
    return refreshVolet("filtrage", titre, [element("p", { class: "avertissement", role: "alert" }, error.message), button("Réessayer", () => openConstructeur({ atlas, etat, titreOf, couche: id }))]);
  }
  if (currentVolet() !== "filtrage") return undefined;
  const panel = createPanel({ atlas, etat, couche, layer });
  refreshVolet("filtrage", titre, panel.nodes);
  const key = ({ couches, filtre }) => JSON.stringify([couches.find((each) => each.id === id)?.filtre, filtre]);
  let open = true;
  etat.subscribe((state, previous) => {
    open &&= panel.nodes[0].isConnected;
    if (open && state !== previous && key(state) !== key(previous)) panel.follow();
  });
}
