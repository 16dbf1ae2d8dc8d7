// The small panel of a tool over the map: one at a time, beside its buttons, at the bottom on a phone. The map stays in sight.
import { byId } from "./dom.js";

let current = null;
let onLeave = null;
let opener = null;

export const currentAtelier = () => current;

function showButtons() {
  for (const button of document.querySelectorAll("[data-outil][aria-expanded]")) button.setAttribute("aria-expanded", String(button.dataset.outil === current));
}

/** Show a tool; the one before is left first. `onClose` stops what it had begun on the map. */
export function openAtelier(name, titre, nodes, { onClose }) {
  if (current) closeAtelier({ focus: false });
  const active = document.activeElement;
  opener = active && active !== document.body ? active : byId("carte");
  [current, onLeave] = [name, onClose];
  byId("atelier-titre").textContent = titre;
  byId("atelier-corps").replaceChildren(...nodes);
  byId("atelier-corps").scrollTop = 0;
  byId("atelier").hidden = false;
  byId("atelier").dataset.outil = name;
  showButtons();
  byId("atelier-titre").focus();
}

export function closeAtelier({ focus = true } = {}) {
  if (!current) return;
  const leave = onLeave;
  const held = byId("atelier").contains(document.activeElement);
  [current, onLeave] = [null, null];
  byId("atelier").hidden = true;
  showButtons();
  leave();
  if (focus && held) (opener?.isConnected && opener.getClientRects().length ? opener : byId("carte")).focus();
}
