// The view in words at the head of « Lieux visibles »: written again when it changes, and copied as text.
import { createDescription } from "./description.js";
import { element } from "./dom.js";
import { writeProse } from "./prose.js";

/** Return what writes `section` again; nothing moves in it while the words are the same. */
export function createLieuxProse({ atlas, map, etat, section }) {
  const paragraph = element("p", {});
  const list = element("ul", {});
  const status = element("span", { class: "petit", role: "status" });
  const copy = element("button", { type: "button", class: "bouton", onclick: copyText }, "Copier ce texte");
  const { describe } = createDescription({ atlas, etat, map, onWords: () => write() });
  let known = "";
  section.replaceChildren(element("summary", {}, "La vue en mots"), paragraph, list, element("p", { class: "actions" }, copy, status));

  async function copyText() {
    try {
      await navigator.clipboard.writeText(known);
      status.textContent = "Texte copié.";
    } catch {
      status.textContent = "La copie est refusée ici : sélectionner le texte."; // plain http
    }
  }

  function write() {
    const told = describe();
    const text = writeProse(told);
    if (text === known) return;
    known = text;
    status.textContent = "";
    paragraph.textContent = told.lieu.join(" ");
    list.replaceChildren(...told.couches.map(({ titre, phrases }) => element("li", {}, element("strong", {}, titre), ` : ${phrases.join(" ")}`)));
  }

  return write;
}
