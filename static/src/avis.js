// Short notices over the map: a sentence each, kept by a name so that the same one is never shown twice.
import { byId, element } from "./dom.js";

const shown = new Map();

export function removeAvis(name) {
  shown.get(name)?.remove();
  shown.delete(name);
}

/** `text`: a sentence, or an element that holds more than one. `kind`: "info" or "alerte" (the word is written too: colour says nothing alone). `seconds`: leave by itself. */
export function showAvis(name, text, { kind = "info", seconds = 0, closable = true } = {}) {
  removeAvis(name);
  const line = element(
    "div",
    { class: `avis ${kind}` },
    element("div", {}, text),
    closable ? element("button", { type: "button", class: "outil petit-outil", "aria-label": "Fermer cet avis", onclick: () => removeAvis(name) }, "×") : null,
  );
  shown.set(name, line);
  byId("avis").append(line);
  if (seconds > 0) setTimeout(() => shown.get(name) === line && removeAvis(name), seconds * 1000);
}
