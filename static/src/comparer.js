// Two sets of layers of one view, under a curtain or side by side. Fetched when it is first asked for; state: see etat.js.
import { byId, element } from "./dom.js";
import { swapComparer } from "./etat.js";
import { formatQuantite } from "./format.js";

const COTES = { gauche: "Gauche", droite: "Droite" };
const STEP = 0.02;

/** Pure: where the curtain goes for a key, null when the key is not its own. */
export function stepRideau(position, { key, shiftKey }) {
  const far = shiftKey || key.startsWith("Page") ? 5 : 1;
  const to = { ArrowLeft: position - STEP * far, ArrowRight: position + STEP * far, PageUp: position - STEP * far, PageDown: position + STEP * far, Home: 0, End: 1 }[key];
  return to === undefined ? null : Math.round(Math.min(1, Math.max(0, to)) * 1000) / 1000;
}

/** Pure: {gauche, droite}, the layers of each side. */
export function setsOf({ couches, comparer }) {
  const other = comparer.cote;
  return { [other]: comparer.couches, [other === "droite" ? "gauche" : "droite"]: couches };
}

const editedSide = ({ comparer }) => (comparer.cote === "droite" ? "gauche" : "droite");

/** Draw the second map and its tools until `comparer` leaves the state. `window.atlas` reads what it returns. */
export function openComparer({ etat, map, onChange }) {
  const scene = document.querySelector(".scene");
  const update = (changes) => etat.update({ comparer: { ...etat.get().comparer, ...changes } });

  const carte = element("div", {
    id: "carte-b", class: "carte", tabindex: "0", role: "application",
    "aria-label": "Seconde carte, de la même vue. Flèches pour se déplacer, plus et moins pour zoomer, Entrée pour interroger le centre.",
    onkeydown: (event) => event.key === "Enter" && event.target === carte && map.pickCentre(true),
  });
  const rideau = element("div", {
    id: "rideau", class: "rideau", role: "separator", tabindex: "0", "aria-orientation": "vertical", "aria-valuemin": 0, "aria-valuemax": 100,
    "aria-label": "Rideau entre les deux cartes", "aria-controls": "carte carte-b",
  }, element("span", { class: "rideau-poignee", "aria-hidden": "true" }, "◂▸"));
  const puces = Object.fromEntries(Object.keys(COTES).map((cote) => [cote, element("button", { type: "button", class: "bouton puce-cote", onclick: () => edit(cote) })]));

  const radio = (name, value, text, checked, onChoose) =>
    element("label", {}, element("input", { type: "radio", name, value, checked, onchange: onChoose }), ` ${text}`);
  const modes = element("div", { role: "radiogroup", "aria-label": "Présentation", class: "choix" },
    radio("comparer-mode", "rideau", "Rideau", false, () => update({ mode: "rideau" })),
    radio("comparer-mode", "cote", "Côte à côte", false, () => update({ mode: "cote" })));
  const cotes = element("div", { role: "radiogroup", "aria-label": "Couches à modifier", class: "choix" },
    Object.entries(COTES).map(([cote, text]) => radio("comparer-cote", cote, text, false, () => edit(cote))));
  const panel = element("div", { class: "comparaison", role: "group", "aria-label": "Comparaison" },
    element("p", {}, element("strong", {}, "Comparaison")), modes,
    element("p", { class: "petit" }, "La liste ci-dessous est celle du côté :"), cotes,
    element("p", { class: "actions" },
      element("button", { type: "button", class: "bouton discret", onclick: () => update({ couches: etat.get().couches }) }, "Mettre les mêmes des deux côtés"),
      element("button", { type: "button", class: "bouton", id: "comparer-fin", onclick: finish }, "Terminer, garder ce côté")));

  function edit(cote) {
    if (editedSide(etat.get()) !== cote) etat.update(swapComparer(etat.get()));
  }

  function finish() {
    etat.update({ comparer: null });
    byId("comparer").focus();
  }

  const pied = element("div", { class: "puces", role: "group", "aria-label": "Côté à modifier" }, puces.gauche, puces.droite);
  scene.querySelector("#carte").after(carte, rideau);
  scene.querySelector(".pied").prepend(pied);
  byId("comparer-zone").append(panel);
  const second = map.openSecond(carte, ({ comparer, couches }) => comparer?.couches ?? couches);

  function moveTo(clientX) {
    const box = scene.getBoundingClientRect();
    const width = box.width - (Number.parseFloat(getComputedStyle(scene).getPropertyValue("--couvert-droite")) || 0);
    update({ position: Math.round(Math.min(1, Math.max(0, (clientX - box.left) / width)) * 1000) / 1000 });
  }
  rideau.addEventListener("pointerdown", (event) => {
    rideau.setPointerCapture(event.pointerId);
    event.preventDefault();
    rideau.focus({ preventScroll: true });
  });
  rideau.addEventListener("pointermove", (event) => rideau.hasPointerCapture(event.pointerId) && moveTo(event.clientX));
  rideau.addEventListener("keydown", (event) => {
    const position = stepRideau(etat.get().comparer.position, event);
    if (position === null) return;
    event.preventDefault();
    update({ position });
  });

  function show(state) {
    const { mode, position, cote } = state.comparer;
    const percent = Math.round(position * 100);
    const [left, right] = mode === "rideau" ? [[0, position], [position, 1]] : [[0, 1], [0, 1]];
    scene.dataset.comparer = mode;
    scene.dataset.cote = cote;
    scene.style.setProperty("--rideau", String(position));
    rideau.hidden = mode !== "rideau";
    rideau.setAttribute("aria-valuenow", String(percent));
    rideau.setAttribute("aria-valuetext", `${percent} % à gauche`);
    map.setPart(cote === "droite" ? left : right);
    map.setBeside(mode === "cote");
    second.setPart(cote === "droite" ? right : left);
    for (const [side, couches] of Object.entries(setsOf(state))) {
      puces[side].textContent = `${COTES[side]} · ${formatQuantite(couches.length, "couche", "couches")}`;
      puces[side].setAttribute("aria-pressed", String(side !== cote));
      puces[side].title = side === cote ? "Modifier les couches de ce côté" : "C’est ce côté que la liste modifie";
    }
    for (const input of panel.querySelectorAll("input")) input.checked = input.value === (input.name === "comparer-mode" ? mode : editedSide(state));
  }

  return {
    show(state) {
      show(state);
      onChange();
    },
    visibles: second.visibles,
    close() {
      map.closeSecond();
      for (const node of [carte, rideau, panel, pied]) node.remove();
      delete scene.dataset.comparer;
      delete scene.dataset.cote;
      map.setPart([0, 1]);
      map.setBeside(false);
      onChange();
    },
  };
}
