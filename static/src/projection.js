// On the wall: the map, its title and its legend, drawn for the last row; a clicker goes through the named views.
import { fetchJson } from "./api.js";
import { setsOf } from "./comparer.js";
import { byId, element } from "./dom.js";
import { computeFactor, PLUS_PETIT, REFERENCE } from "./ecran.js";
import { findUnite, initialEtat } from "./etat.js";
import { buildLegende, renderLegende } from "./legende.js";
import { decodeFragment, encodeFragment, resolveFragment } from "./permalink.js";
import { readSalle } from "./salle.js";
import { actionOf, stepVue } from "./touches.js";

const COTES = { gauche: "À gauche", droite: "À droite", seule: null };
const POINTEUR_MS = 4000; // a ring left on the map would be taken for one of its signs

/** The address of the page with `?mode=projection`, or without. */
function writeMode(on) {
  const url = new URL(location.href);
  if (on) url.searchParams.set("mode", "projection");
  else url.searchParams.delete("mode");
  history.replaceState(null, "", url);
}

/** The screen stays on as long as the page is seen, where the browser knows how. */
function keepAwake() {
  let lock = null;
  let over = false;
  async function ask() {
    if (over || document.visibilityState !== "visible") return;
    try {
      lock = await navigator.wakeLock?.request("screen");
      if (over) lock?.release();
    } catch {
      lock = null; // refused, by a flat battery for one: the panel says beforehand to set the machine's own delay
    }
  }
  document.addEventListener("visibilitychange", ask);
  ask();
  return () => {
    over = true;
    document.removeEventListener("visibilitychange", ask);
    lock?.release();
  };
}

function enterFullscreen() {
  document.documentElement.requestFullscreen?.({ navigationUI: "hide" }).catch(() => {}); // the layout fills the window without it
}

/** `gesture`: a key or a click asked for it, so that the browser grants the full screen at once; else at the first one. */
export function openProjection({ atlas, etat, map, openFragment, gesture, onClose }) {
  const root = document.querySelector(".atlas");
  const opener = document.activeElement;
  const salle = readSalle();
  const titre = element("h1", { id: "projection-titre", "aria-live": "polite" });
  const legende = element("aside", { class: "projection projection-legende", "aria-label": "Légende" });
  const anneau = element("div", { class: "projection projection-anneau", "aria-hidden": "true", hidden: true });
  const noir = element("div", { class: "projection projection-noir", id: "projection-noir", role: "status", hidden: true }, element("span", { class: "visually-hidden" }, "Écran noir. Une touche le rallume."));
  const nodes = [element("header", { class: "projection projection-tete" }, titre), legende, anneau, noir];
  const over = new AbortController();
  const listen = (target, type, listener) => target.addEventListener(type, listener, { capture: true, signal: over.signal });
  let vues = [];
  let at = -1; // the rank of the named view shown, -1 before the first
  let resting = 0;
  let written = ""; // the legend in place

  /** As many whole groups and classes as there is room for; what is left is counted, never cut through. */
  function fitLegende() {
    const lines = [...legende.querySelectorAll("li")];
    let hidden = 0;
    const rest = element("p", { class: "projection-suite" });
    while (legende.scrollHeight > legende.clientHeight && lines.length > 1) {
      const line = lines.pop();
      const group = line.closest(".legende-groupe");
      line.remove();
      if (!group.querySelector("li")) group.remove();
      hidden += 1;
      rest.textContent = `… et ${hidden} de plus`;
      legende.append(rest);
    }
  }

  function showLegende(state) {
    const sets = state.comparer ? setsOf(state) : { seule: state.couches };
    const parts = Object.entries(COTES).filter(([cote]) => sets[cote]).map(([cote, nom]) => [nom, buildLegende(atlas, { ...state, couches: sets[cote] })]);
    const { attribution = "" } = atlas.fonds.find(({ id }) => id === state.fond) ?? {};
    const text = JSON.stringify([parts, attribution, window.innerWidth, window.innerHeight]);
    if (text === written) return; // at each move of the map
    written = text;
    const blocks = parts.flatMap(([nom, groups]) => [nom ? element("h2", { class: "projection-cote" }, nom) : "", ...renderLegende(groups, nom ? "h3" : "h2")]);
    legende.replaceChildren(...blocks, attribution ? element("p", { class: "projection-fond" }, attribution) : "");
    legende.hidden = !parts.some(([, groups]) => groups.length > 0);
    fitLegende();
  }

  function show(state) {
    titre.textContent = vues[at]?.titre ?? findUnite(atlas, state.filtre)?.unite.nom ?? atlas.titre;
    showLegende(state);
  }

  function scale() {
    root.style.setProperty("--texte-projete", `${Math.ceil(PLUS_PETIT * computeFactor(window.innerWidth, salle))}px`);
    show(etat.get());
  }

  /** On a screen finer than usual, as much nearer: the same wall shows the same land. */
  function goTo(rank) {
    at = rank;
    openFragment(`#${vues[at].fragment}`, initialEtat(atlas), Math.log2(Math.max(1, window.innerWidth / REFERENCE)));
    show(etat.get());
  }

  function go(action) {
    const to = stepVue(at, vues.length, action);
    if (to !== null) goTo(to);
  }

  async function readVues() {
    ({ vues } = await fetchJson(atlas.urls.vues, over.signal));
    const shown = encodeFragment(etat.get());
    const rank = vues.findIndex(({ fragment }) => encodeFragment({ ...initialEtat(atlas), ...resolveFragment(decodeFragment(fragment), atlas).etat }) === shown);
    if (rank >= 0 && at < 0) goTo(rank);
  }

  const actions = {
    suivante: () => go("suivante"),
    precedente: () => go("precedente"),
    noir: () => (noir.hidden = false),
    rallumer: () => (noir.hidden = true),
    quitter: close,
  };

  function onKey(event) {
    const action = actionOf(event, !noir.hidden);
    if (action === "") return;
    event.preventDefault();
    event.stopImmediatePropagation(); // no panel, no other shortcut answers on the wall
    actions[action]?.();
  }

  function rest() {
    anneau.hidden = true;
    root.classList.add("pointeur-au-repos");
  }

  function onPointer({ clientX, clientY }) {
    anneau.hidden = false;
    anneau.style.transform = `translate(${clientX}px, ${clientY}px) translate(-50%, -50%)`;
    root.classList.remove("pointeur-au-repos");
    clearTimeout(resting);
    resting = setTimeout(rest, POINTEUR_MS);
  }

  function close() {
    over.abort();
    unsubscribe();
    clearTimeout(resting);
    awake();
    if (document.fullscreenElement) document.exitFullscreen().catch(() => {});
    for (const node of nodes) node.remove();
    root.classList.remove("projection", "pointeur-au-repos");
    root.style.removeProperty("--texte-projete");
    map.setSalle(null);
    writeMode(false);
    onClose();
    (opener?.isConnected && opener !== document.body && opener.getClientRects().length ? opener : byId("carte")).focus();
  }

  const awake = keepAwake();
  root.classList.add("projection");
  root.append(...nodes);
  writeMode(true);
  byId("carte").focus();
  map.setSalle(salle);
  scale();
  const unsubscribe = etat.subscribe(show);
  // Before the keys: that which opens the full screen is also the first one of the talk.
  if (gesture) enterFullscreen();
  else for (const type of ["keydown", "pointerdown"]) document.addEventListener(type, enterFullscreen, { once: true, capture: true, signal: over.signal });
  listen(document, "keydown", onKey);
  listen(document, "pointermove", onPointer);
  listen(document, "fullscreenchange", () => document.fullscreenElement || close()); // Escape is the browser's in full screen
  listen(document, "contextmenu", (event) => event.preventDefault());
  listen(noir, "click", actions.rallumer);
  listen(window, "resize", scale);
  readVues().catch(() => {}); // without them there is nothing to go through, and nothing pops up on the wall
  return { close };
}
