// « Lisible du fond de la salle ? »: the room, then what will not be read from its last row, in the side sheet.
import { element } from "./dom.js";
import { BORNES, checkSalle, computeFactor, LETTRE_MINUTES, PLUS_PETIT } from "./ecran.js";
import { formatNombre, formatQuantite } from "./format.js";
import { checkLisibilite } from "./lisibilite.js";
import { keepSalle, readSalle } from "./salle.js";
import { openVolet } from "./volet.js";

const SOURCE = `Une capitale doit avoir au moins ${LETTRE_MINUTES} minutes d’angle de haut, soit la distance divisée par 215 (ISO 9241-303) ; un trait, le huitième. Contraste 3 pour 1 avec le fond (WCAG 2.2, 1.4.11). Écart de couleur CIEDE2000 d’au moins 10 entre deux classes de même dessin, pour un œil ordinaire et trois daltonismes (Machado et al., 2009) ; ce seuil de 10 est celui de l’atlas.`;

const renderProblem = ({ sorte, phrase, remede }) => element("li", { "data-sorte": sorte }, phrase, element("small", { class: "remede" }, remede));

function renderCouche({ id, titre, problemes }) {
  const count = problemes === null ? "aucun lieu localisé" : problemes.length ? formatQuantite(problemes.length, "point à revoir", "points à revoir") : "se lit";
  const list = problemes?.length ? element("ul", {}, problemes.map(renderProblem)) : null;
  return element("section", { class: "lisibilite-couche", "data-couche": id }, element("h3", {}, titre, " ", element("span", { class: "petit" }, count)), list);
}

function renderCheck(atlas, etat, salle) {
  const { width, height } = window.screen;
  const both = [...etat.couches, ...(etat.comparer?.couches ?? [])]; // a layer on both sides of a comparison is judged once
  const shown = { ...etat, couches: both.filter(({ id }, at) => both.findIndex((couche) => couche.id === id) === at) };
  const { ensemble, couches, fondInconnu } = checkLisibilite(atlas, shown, salle, { width, height });
  const factor = computeFactor(width, salle);
  return [
    element("p", {}, `La carte sera grossie ${formatNombre(Math.round(factor * 10) / 10)} fois : noms les plus petits à ${Math.ceil(PLUS_PETIT * factor)} pixels sur un écran large de ${formatNombre(width)}.`),
    ensemble.length ? element("ul", { class: "lisibilite-ensemble" }, ensemble.map(renderProblem)) : null,
    fondInconnu ? element("p", { class: "avertissement" }, "Le contraste n’est pas vérifié : les couleurs de ce fond d’images ne sont pas connues.") : null,
    couches.length ? couches.map(renderCouche) : element("p", {}, "Aucune couche affichée."),
  ].flat().filter(Boolean);
}

function renderField(name, text, salle, onInput) {
  const [min, max] = BORNES[name];
  const id = `salle-${name}`;
  return element("p", {}, element("label", { for: id }, text), element("input", { id, name, type: "number", min, max, step: "any", value: salle[name], inputmode: "decimal", oninput: onInput }));
}

/** Follows the state and the room as long as it is open. `project`: start projecting. */
export function openLisibilite({ atlas, etat, project }) {
  let salle = readSalle();
  const hypothese = element("p", { class: "petit" }, "Hypothèse d’une petite salle de réunion : à remplacer par les mesures de la vôtre.");
  const result = element("div", { class: "lisibilite", role: "status" });
  const refresh = () => {
    hypothese.hidden = salle.connue;
    result.replaceChildren(...renderCheck(atlas, etat.get(), salle));
  };
  const fields = element("form", { class: "salle", onsubmit: (event) => event.preventDefault() });
  const onInput = () => {
    const asked = Object.fromEntries([...fields.querySelectorAll("input")].filter((input) => input.validity.valid).map(({ name, valueAsNumber }) => [name, valueAsNumber]));
    salle = { ...checkSalle({ ...salle, ...asked }), connue: true };
    keepSalle(salle);
    refresh();
  };
  fields.append(
    renderField("distance", "Du dernier rang à l’image (mètres)", salle, onInput),
    renderField("largeur", "Largeur de l’image projetée (mètres)", salle, onInput),
    hypothese,
  );
  const sleep = "wakeLock" in navigator ? null : element("p", { class: "avertissement" }, "Ce navigateur ne peut pas empêcher la mise en veille : réglez-la sur cette machine avant de projeter.");
  let key = "";
  const unsubscribe = etat.subscribe(({ couches, fond, comparer }) => {
    const next = JSON.stringify([couches, fond, comparer]);
    if (next !== key) refresh();
    key = next;
  });
  openVolet("lisibilite", "Lisible du fond de la salle ?", [fields, result, sleep,
    element("p", { class: "actions" }, element("button", { type: "button", class: "bouton", onclick: project }, "Projeter")),
    element("p", { class: "petit" }, SOURCE)].filter(Boolean), { onClose: unsubscribe });
}
