// Keyboard shortcuts of the page: one table, one listener, one dialog that lists them. Single letters can be turned off (WCAG 2.1.4).
import { byId, element } from "./dom.js";
import { RACCOURCIS_PROJECTION } from "./touches.js";

const KEPT = "webmap.raccourcis"; // « non » in the reader's browser: letters do nothing
const TYPED = "input:not([type=checkbox], [type=radio], [type=range], [type=button]), textarea, select, [contenteditable], [role=combobox]";
const ALWAYS = [
  ["Tab, Maj + Tab", "d’une commande à l’autre"],
  ["Flèches", "déplacer la carte, quand elle a le focus"],
  ["+ et −", "zoomer, dézoomer, quand la carte a le focus"],
  ["Entrée", "interroger le centre de la carte"],
  ["Échap", "fermer le volet, la table, le panneau ou cette aide"],
];

/** Pure: whether a press of this key is a shortcut, given where the focus is. */
export const isRaccourci = ({ ctrlKey, metaKey, altKey, defaultPrevented, isComposing }, typing) => !(ctrlKey || metaKey || altKey || defaultPrevented || isComposing || typing);

/** Whether the reader keeps single-letter shortcuts on: asked by whatever else listens to letters. */
export function raccourcisActifs() {
  try {
    return localStorage.getItem(KEPT) !== "non";
  } catch {
    return true; // a browser that keeps nothing
  }
}

function keepActifs(actifs) {
  try {
    localStorage.setItem(KEPT, actifs ? "oui" : "non");
  } catch {
    // for this page only: nothing is kept
  }
}

const ligne = (touches, texte) => element("div", {}, element("dt", {}, element("kbd", {}, touches)), element("dd", {}, texte));

/** `raccourcis`: [{touche, texte, action}]; `?` shows them all, and so does the button of the panel. */
export function initRaccourcis(raccourcis) {
  let actifs = raccourcisActifs();
  const interrupteur = element("input", { type: "checkbox", id: "raccourcis-actifs", onchange: setActifs });
  const fermer = element("button", { type: "button", class: "bouton", onclick: () => dialog.close() }, "Fermer");
  const all = [...raccourcis, { touche: "?", texte: "cette liste", action: open }];
  const dialog = element(
    "dialog",
    { class: "raccourcis", "aria-labelledby": "raccourcis-titre" },
    element("h2", { id: "raccourcis-titre", tabindex: "-1", autofocus: true }, "Raccourcis clavier"),
    element("dl", {}, all.map(({ touche, texte }) => ligne(touche, texte)), [...ALWAYS, ...RACCOURCIS_PROJECTION].map(([touches, texte]) => ligne(touches, texte))),
    element("label", { class: "case" }, interrupteur, " Raccourcis à une seule touche"),
    element("p", { class: "petit" }, "À désactiver avec une commande vocale ou une aide au clavier ; ce navigateur s’en souvient. Ils ne font rien dans un champ de texte."),
    element("p", { class: "actions" }, fermer),
  );
  interrupteur.checked = actifs;
  document.body.append(dialog);

  function setActifs() {
    actifs = interrupteur.checked;
    keepActifs(actifs);
  }

  function open() {
    dialog.showModal(); // the focus goes in, and comes back at closing
  }

  byId("raccourcis").addEventListener("click", open);
  document.addEventListener("keydown", (event) => {
    if (!actifs || dialog.open || event.repeat || !isRaccourci(event, event.target.matches?.(TYPED))) return;
    const found = all.find(({ touche }) => touche === event.key.toLowerCase());
    if (!found) return;
    event.preventDefault();
    found.action();
  });
}
