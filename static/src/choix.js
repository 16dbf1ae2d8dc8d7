// What a click found: nothing (the commune), one place (its sheet), several (a list to choose from).
import { buildUrl } from "./adresses.js";
import { element, link } from "./dom.js";
import { listCouches } from "./etat.js";
import { formatQuantite } from "./format.js";
import { closeVolet, openVolet } from "./volet.js";

/** The symbol of the class of a place, as the legend draws it: our own SVG, which the server wrote in the page. */
function createVignette(svg) {
  const drawn = new DOMParser().parseFromString(svg, "text/html").querySelector("svg");
  return drawn && element("span", { class: "vignette", "aria-hidden": "true" }, drawn);
}

function createPuce(found) {
  const sign = element("span", { class: `puce${found.approximatif ? " approximative" : ""}`, "aria-hidden": "true" });
  sign.style.setProperty("--couleur", found.couleur);
  return sign;
}

/** Arrows go from one place of a list to the next, as in a menu; Tab still does. */
function moveByArrows(event) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const buttons = [...event.currentTarget.querySelectorAll(".ligne")];
  const next = step && buttons[buttons.indexOf(document.activeElement) + step];
  if (!next) return;
  next.focus();
  event.preventDefault();
}

/** One button for one place; `notes` is written small below the name; `onPoint(place | null)` as it is pointed at. */
export function renderElement(found, notes, onChoose, { svg = null, onPoint = () => {} } = {}) {
  const sign = (svg && createVignette(svg)) ?? createPuce(found);
  const small = [...notes, found.approximatif ? "position approximative" : null].filter(Boolean).join(" · ");
  return element(
    "li",
    {},
    element(
      "button",
      {
        type: "button",
        class: "ligne",
        onclick: () => onChoose(found),
        onmouseenter: () => onPoint(found),
        onfocus: () => onPoint(found),
        onmouseleave: () => onPoint(null),
        onblur: () => onPoint(null),
      },
      sign,
      element("span", {}, found.nom, small ? element("small", {}, small) : null),
    ),
  );
}

function renderUnites(unites, atlas) {
  const lines = [];
  for (const [decoupage, singulier] of [["commune", "Commune"], ["bassin", "Bassin de vie"]]) {
    const unite = unites[decoupage];
    if (!unite) continue;
    lines.push(element("dt", {}, singulier), element("dd", {}, link(buildUrl(atlas.urls.territoire, { decoupage, code: unite.code }), unite.nom ?? unite.code)));
  }
  return lines;
}

/** `onPoint` shows on the map which place a line of the list is; `onGroupe` opens points that are drawn as one. */
export function initChoix({ atlas, etat, titreOf, onPoint, onGroupe }) {
  const couches = new Map(listCouches(atlas).map((couche) => [couche.id, couche]));
  const choose = ({ couche, cle }) => etat.update({ fiche: { couche, cle } });

  return function onPick({ elements, groupe, unites }) {
    if (groupe) return onGroupe(groupe);
    if (elements.length === 1) return choose(elements[0]);
    if (elements.length > 1) {
      const line = (found) => {
        const { legende } = couches.get(found.couche);
        const entree = legende[found.rang];
        const notes = [titreOf(found.couche), legende.length > 1 ? entree?.label : null];
        return renderElement(found, notes, choose, { svg: entree?.svg, onPoint });
      };
      const list = element("ul", { class: "liste", onkeydown: moveByArrows }, elements.map(line));
      return openVolet("choix", `${formatQuantite(elements.length, "lieu", "lieux")} ici`, [list], { onClose: () => onPoint(null) });
    }
    const lines = renderUnites(unites, atlas);
    if (lines.length === 0) return closeVolet();
    const schematic = Object.values(unites).some((unite) => unite.schematique);
    const warning = schematic ? element("p", { class: "avertissement" }, atlas.avertissement_contours ?? "cellules schématiques, pas des limites administratives") : null;
    const nodes = [element("p", { class: "petit" }, "Aucun lieu des couches affichées à cet endroit."), element("dl", { class: "fiche" }, lines), warning];
    return openVolet("ici", unites.commune?.nom ?? "Ici", nodes.filter(Boolean));
  };
}
