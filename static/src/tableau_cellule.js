// Pure but for the nodes: a value of a row as a cell of a table, and the columns a layer opens with.
import { element } from "./dom.js";

export const ABSENCES = { secret: "secret statistique", non_disponible: "non disponible à la source" };
const OWN = 7; // columns of its own a layer opens with
const nombre = new Intl.NumberFormat("fr-FR", { maximumFractionDigits: 6 });

/** Why a value is not there: told by the producer, or by what the field means. */
export function tellAbsence({ id }, value) {
  if (value?.absent) return ABSENCES[value.absent] ?? "absent";
  return id === "precision" ? "non localisé" : "non renseigné";
}

/** « 1 200,5 », « 31/01/2025 », « oui », « Accès libre »; null when there is nothing. */
export function formatCellule({ type, unite, valeurs }, value) {
  if (value === null || value === undefined || value === "" || value.absent || (Array.isArray(value) && value.length === 0)) return null;
  if (Array.isArray(value)) return value.join(", ");
  if (typeof value === "boolean") return value ? "oui" : "non";
  if (type === "integer" && !unite) return String(value); // a year or a rank, which counts nothing: as on the sheet
  if (typeof value === "number") return nombre.format(value);
  if (type === "date") return String(value).slice(0, 10).split("-").reverse().join("/");
  return valeurs?.[value] ?? String(value);
}

export function renderCellule(colonne, value) {
  const text = formatCellule(colonne, value);
  if (text !== null) return text;
  const absence = tellAbsence(colonne, value);
  if (value?.absent) return element("span", { class: "manquant" }, absence);
  return element("span", { class: "manquant", title: absence }, element("span", { "aria-hidden": "true" }, "—"), element("span", { class: "visually-hidden" }, absence));
}

/** The name, what rows of the layer say of their own, then where they are and where it is written. */
export function defaultColonnes({ nom, champs }) {
  const common = new Set(["code_insee", "precision", "etat", "source", "source_ligne", "source_url", "millesime"]);
  // Numbers, dates and classes are what rows are compared by; texts next.
  const rank = ({ type, valeurs }) => (type === "boolean" ? 2 : type === "text" && !valeurs ? 1 : 0);
  const filled = champs.filter(({ id, remplis }) => !common.has(id) && id !== nom && remplis > 0);
  const kept = new Set(filled.toSorted((a, b) => rank(a) - rank(b)).slice(0, OWN));
  const own = filled.filter((champ) => kept.has(champ));
  return [nom, ...own.map(({ id }) => id), "precision", "source", "millesime"].filter((id, at, all) => all.indexOf(id) === at);
}
