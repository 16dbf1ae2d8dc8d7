// What a click found: nothing (the commune), one place (its sheet), several (a list to choose from).
import { buildUrl } from "./adresses.js";
import { element, link } from "./dom.js";
import { formatQuantite } from "./format.js";
import { closeVolet, openVolet } from "./volet.js";

/** One button for one place; `notes` is written small below the name. */
export function renderElement(found, notes, onChoose) {
  const sign = element("span", { class: `puce${found.approximatif ? " approximative" : ""}`, "aria-hidden": "true" });
  sign.style.setProperty("--couleur", found.couleur);
  const small = [...notes, found.approximatif ? "position approximative" : null].filter(Boolean).join(" · ");
  return element(
    "li",
    {},
    element(
      "button",
      { type: "button", class: "ligne", onclick: () => onChoose(found) },
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

export function initChoix({ atlas, etat, titreOf }) {
  const choose = ({ couche, cle }) => etat.update({ fiche: { couche, cle } });

  return function onPick({ elements, unites }) {
    if (elements.length === 1) return choose(elements[0]);
    if (elements.length > 1) {
      const list = element("ul", { class: "liste" }, elements.map((found) => renderElement(found, [titreOf(found.couche)], choose)));
      return openVolet("choix", `${formatQuantite(elements.length, "lieu", "lieux")} ici`, [list]);
    }
    const lines = renderUnites(unites, atlas);
    if (lines.length === 0) return closeVolet();
    const schematic = Object.values(unites).some((unite) => unite.schematique);
    const warning = schematic ? element("p", { class: "avertissement" }, atlas.avertissement_contours ?? "cellules schématiques, pas des limites administratives") : null;
    const nodes = [element("p", { class: "petit" }, "Aucun lieu des couches affichées à cet endroit."), element("dl", { class: "fiche" }, lines), warning];
    return openVolet("ici", unites.commune?.nom ?? "Ici", nodes.filter(Boolean));
  };
}
