// The tools of the table: a tab for each shown layer, the columns to choose, the files of what is shown.
import { buildUrl } from "./adresses.js";
import { element } from "./dom.js";

const FORMATS = [["csv", "CSV"], ["xlsx", "XLSX (tableur)"], ["geojson", "GeoJSON"], ["gpkg", "GeoPackage (QGIS)"]];

/** Tabs, the topmost layer first; arrows go from one to the next. */
export function createOnglets({ titreOf, onChoose }) {
  const list = element("div", { role: "tablist", "aria-label": "Couches affichées", class: "onglets" });
  list.addEventListener("keydown", (event) => {
    const tabs = [...list.children];
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const next = tabs[(tabs.indexOf(document.activeElement) + step + tabs.length) % tabs.length];
    next.focus();
    next.click();
    event.preventDefault();
  });
  return {
    node: list,
    show(ids, current) {
      const focused = list.contains(document.activeElement);
      const all = ids.includes(current) ? ids : [...ids, current];
      const tab = (id) =>
        element("button", { type: "button", role: "tab", class: "onglet", "aria-selected": String(id === current), "aria-controls": "tableau", tabindex: id === current ? "0" : "-1", onclick: () => id !== current && onChoose(id) }, titreOf(id));
      list.replaceChildren(...all.toReversed().map(tab));
      const selected = list.querySelector('[aria-selected="true"]');
      selected.scrollIntoView({ block: "nearest", inline: "nearest" });
      if (focused) selected.focus();
    },
  };
}

/** A menu closes by Escape, and by a press anywhere else. */
function closeOnLeave(details) {
  details.ontoggle = () => {
    const leave = ({ target }) => !details.contains(target) && (details.open = false);
    if (details.open) document.addEventListener("pointerdown", leave);
    details.leave &&= document.removeEventListener("pointerdown", details.leave);
    details.leave = details.open ? leave : null;
  };
  details.onkeydown = (event) => {
    if (event.key !== "Escape" || !details.open) return;
    event.stopPropagation();
    details.open = false;
    details.querySelector("summary").focus();
  };
}

export function renderColonnes(details, champs, chosen, onChange) {
  if (details.open && details.contains(document.activeElement)) return; // being used: its boxes are right already
  const change = () => {
    const ids = [...details.querySelectorAll("input:checked")].map(({ value }) => value);
    if (ids.length) onChange(ids);
  };
  const box = ({ id, libelle, remplis }) =>
    element("li", {}, element("label", { class: "case" }, element("input", { type: "checkbox", value: id, checked: chosen.includes(id), onchange: change }), ` ${libelle}`, remplis ? null : element("small", {}, " (jamais renseigné)")));
  details.replaceChildren(element("summary", { class: "bouton" }, "Colonnes"), element("ul", { class: "menu" }, champs.map(box)));
  closeOnLeave(details);
}

/** The rows and columns of the table, in its order, as files. */
export function renderExports(details, template, couche, query, link) {
  const files = FORMATS.map(([format, name]) => element("li", {}, link(buildUrl(template, { couche, format }, query), name, { download: "", "data-travail": `${name} de la table` })));
  details.replaceChildren(element("summary", { class: "bouton" }, "Exporter"), element("ul", { class: "menu" }, files));
  closeOnLeave(details);
}
