// The one side sheet (a bottom sheet on a phone): a sheet, a choice among several, the list of visible places.
import { byId } from "./dom.js";

let opener = null;
let current = null;
let onLeave = null;

export const currentVolet = () => current;

/** Show `nodes` under `titre`. Focus goes to the title, and comes back to where it was at closing. */
export function openVolet(name, titre, nodes, { focus = true, onClose = null } = {}) {
  const volet = byId("volet");
  const active = document.activeElement;
  if (volet.hidden || !volet.contains(active)) opener = active && active !== document.body ? active : byId("carte");
  if (onLeave && current !== name) onLeave();
  current = name;
  onLeave = onClose;
  byId("volet-titre").textContent = titre;
  byId("volet-corps").replaceChildren(...nodes);
  volet.hidden = false;
  volet.dataset.volet = name;
  if (focus) {
    byId("volet-corps").scrollTop = 0;
    byId("volet-titre").focus();
  }
}

/** Replace what is shown, if it is still shown; the focus does not move. */
export function refreshVolet(name, titre, nodes) {
  if (current !== name) return;
  byId("volet-titre").textContent = titre;
  byId("volet-corps").replaceChildren(...nodes);
}

export function closeVolet() {
  const volet = byId("volet");
  if (volet.hidden) return;
  const held = volet.contains(document.activeElement);
  volet.hidden = true;
  const leave = onLeave;
  current = null;
  onLeave = null;
  if (leave) leave();
  if (held) (opener?.isConnected && opener.getClientRects().length ? opener : byId("carte")).focus();
}

/** `onCovered({right, bottom, pied})`: how much of the map the sheet hides, at the side or, on a phone, at the bottom, and the
 * height of what then lies on it: scale bar, notices, attributions. */
export function initVolet(onCovered) {
  const volet = byId("volet");
  const scene = volet.parentElement;
  byId("volet-fermer").addEventListener("click", closeVolet);
  new ResizeObserver(() => {
    const side = volet.offsetWidth < scene.offsetWidth;
    const covered = { right: side ? volet.offsetWidth : 0, bottom: side ? 0 : volet.offsetHeight };
    scene.style.setProperty("--couvert-droite", `${covered.right}px`);
    scene.style.setProperty("--couvert-bas", `${covered.bottom}px`);
    onCovered({ ...covered, pied: scene.querySelector(".pied").offsetHeight });
  }).observe(volet);
}
