// A place typed as coordinates: what a keyboard does where a mouse clicks. Any system that the search box knows.
import { parseCoordonnees } from "./coordonnees.js";
import { element } from "./dom.js";

let rank = 0;

/** A small form: `onPlace(lonLat, read)` when the text is a place, else a sentence under it. */
export function createSaisie({ libelle, bouton, onPlace }) {
  const id = `saisie-${(rank += 1)}`;
  const input = element("input", { type: "text", id, maxlength: 100, autocomplete: "off", spellcheck: "false", placeholder: "50,38 ; 3,45", "aria-describedby": `${id}-note` });
  const note = element("p", { class: "petit", id: `${id}-note`, role: "status" });
  const submit = (event) => {
    event.preventDefault();
    const read = parseCoordonnees(input.value);
    input.setAttribute("aria-invalid", String(!read));
    note.textContent = read ? `Lu en ${read.systeme}, ${read.ordre}.` : "Attendu deux nombres : latitude et longitude, ou X et Y en Lambert-93 ou en CC.";
    if (!read) return;
    input.value = "";
    onPlace([read.lon, read.lat], read);
  };
  return element("form", { class: "saisie", onsubmit: submit }, element("label", { for: id }, libelle), element("span", { class: "saisie-ligne" }, input, element("button", { type: "submit", class: "bouton" }, bouton)), note);
}
