// Pure: the keys of the projection, for the keyboard and for a clicker (which sends those of slide shows).

/** What the list of shortcuts says of the projection: [keys, what they do]. */
export const RACCOURCIS_PROJECTION = [
  ["Page suivante, Page précédente", "en projection : vue nommée suivante, précédente"],
  ["B ou .", "en projection : écran noir ; une touche quelconque le rallume"],
  ["Échap", "en projection : revenir à l’atlas"],
];

const ACTIONS = { PageDown: "suivante", PageUp: "precedente", b: "noir", ".": "noir", Escape: "quitter" };
const CARTE = new Set(["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight", "+", "-", "Tab", "Shift"]);

const plain = ({ ctrlKey, altKey, metaKey }) => !ctrlKey && !altKey && !metaKey;

/** While projecting: the action of a key; "" for one the map or the browser takes; null for one that must do nothing. A key
 * pressed on a black screen only lights it again. */
export function actionOf(event, noir) {
  if (!plain(event)) return "";
  if (noir) return ["Shift", "Control", "Alt", "Meta"].includes(event.key) ? "" : "rallumer";
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  return ACTIONS[key] ?? (CARTE.has(event.key) || /^F\d+$/.test(event.key) ? "" : null);
}

/** The rank of the view to go to from `at` (-1: none of them); null at either end, where nothing happens. */
export function stepVue(at, count, action) {
  const to = action === "suivante" ? at + 1 : at < 0 ? count - 1 : at - 1;
  return to >= 0 && to < count ? to : null;
}
