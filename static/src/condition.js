// One row of the builder: a field, an operator in words, a value by the type of the field.
import { fetchValeurs } from "./champs.js";
import { isComplete, needsValue, operateursOf, readNombre } from "./cql2.js";
import { element } from "./dom.js";

const COMMUNS = new Set(["code_insee", "precision", "etat", "source", "source_ligne", "source_url", "millesime"]);

const option = ([value, words], chosen) => element("option", { value, selected: value === chosen }, words);

function renderChamps(champs, chosen) {
  const options = (list) => list.map(({ id, libelle, remplis }) => option([id, remplis ? libelle : `${libelle} (jamais renseigné)`], chosen));
  const own = champs.filter(({ id }) => !COMMUNS.has(id));
  const shared = champs.filter(({ id }) => COMMUNS.has(id));
  return [element("optgroup", { label: "De la couche" }, options(own)), element("optgroup", { label: "Source, lieu et état" }, options(shared))];
}

/** Suggests the values there are, once the control is reached. */
function suggest(input, atlas, couche, champ) {
  const list = element("datalist", { id: `valeurs-${champ}-${Math.random().toString(36).slice(2, 8)}` });
  input.setAttribute("list", list.id);
  input.addEventListener(
    "focus",
    async () => {
      const { valeurs } = await fetchValeurs(atlas, couche, champ).catch(() => ({ valeurs: [] }));
      list.replaceChildren(...valeurs.map(({ valeur }) => element("option", { value: valeur })));
    },
    { once: true },
  );
  return list;
}

function createValeur({ atlas, couche, field, condition, label, onInput }) {
  const attributes = { "aria-label": label, class: "valeur" };
  const set = ({ target }) => {
    condition.valeur = target.value;
    onInput();
  };
  const choices = field.valeurs ?? (field.type === "boolean" ? { true: "oui", false: "non" } : null);
  if (choices) {
    if (!(condition.valeur in choices)) condition.valeur = "";
    return [element("select", { ...attributes, onchange: set }, option(["", "choisir…"], condition.valeur), Object.entries(choices).map((choice) => option(choice, condition.valeur)))];
  }
  if (field.type === "date") return [element("input", { ...attributes, type: "date", value: condition.valeur, onchange: set })];
  const input = element("input", { ...attributes, type: "text", value: condition.valeur, maxlength: "200", autocomplete: "off", oninput: set });
  if (field.type === "number" || field.type === "integer") {
    input.setAttribute("inputmode", "decimal");
    input.addEventListener("change", () => input.setAttribute("aria-invalid", String(input.value !== "" && readNombre(input.value) === null)));
    return [input, field.unite ? element("span", { class: "unite" }, field.unite) : null];
  }
  return [input, suggest(input, atlas, couche, field.id)];
}

/** The row of `condition`, which it changes in place, calling `onChange`. */
export function createCondition({ atlas, couche, champs, condition, number, onChange, onRemove }) {
  const row = element("fieldset", { class: "condition" }, element("legend", { class: "visually-hidden" }, `Condition ${number}`));

  function render() {
    const field = champs.find(({ id }) => id === condition.champ);
    const operateurs = operateursOf(field);
    if (!(condition.operateur in operateurs)) condition.operateur = Object.keys(operateurs)[0];
    const help = element("p", { class: "petit condition-note" }, field.note ?? "");
    const hint = () => {
      const wrong = condition.valeur !== "" && !isComplete(condition, champs);
      help.textContent = wrong ? "Un nombre est attendu, par exemple 12,5." : (field.note ?? "");
      onChange();
    };
    const champ = element("select", { "aria-label": `Champ de la condition ${number}`, class: "champ" }, renderChamps(champs, field.id));
    champ.addEventListener("change", () => {
      Object.assign(condition, { champ: champ.value, valeur: "" });
      render();
      row.querySelector(".champ").focus();
      onChange();
    });
    const operateur = element("select", { "aria-label": `Opérateur de la condition ${number}`, class: "operateur" }, Object.entries(operateurs).map((each) => option(each, condition.operateur)));
    operateur.addEventListener("change", () => {
      condition.operateur = operateur.value;
      render();
      row.querySelector(".operateur").focus();
      onChange();
    });
    const valeur = needsValue(condition.operateur) ? createValeur({ atlas, couche, field, condition, label: `Valeur de la condition ${number}`, onInput: hint }) : [];
    const remove = element("button", { type: "button", class: "outil petit-outil", "aria-label": `Retirer la condition ${number}`, onclick: onRemove }, "×");
    row.replaceChildren(row.firstChild, champ, remove, element("div", { class: "condition-valeur" }, operateur, valeur), help);
  }

  render();
  return row;
}
