// The layers panel: written by the server, wired here. The set it shows and changes is `couches` of the state.
import { buildUrl, lignesQuery } from "./adresses.js";
import { fetchJson } from "./api.js";
import { initArbre } from "./arbre.js";
import { showAvis } from "./avis.js";
import { formatVue, sumGroupes } from "./comptes.js";
import { byId } from "./dom.js";
import { addCouche, listCouches, moveCouche, orderCouches, raiseCouche, removeCouche, restoreCouches, setOpacite, setReglage } from "./etat.js";
import { formatNombre, formatQuantite } from "./format.js";
import { initOrdre } from "./ordre.js";

export function initCouches({ atlas, etat, map }) {
  const couchesById = new Map(listCouches(atlas).map((couche) => [couche.id, couche]));
  const list = byId("affichees");
  const rows = new Map([...document.querySelectorAll(".couche")].map((row) => [row.dataset.couche, row]));
  const items = new Map([...list.children].map((item) => [item.dataset.couche, item]));
  const ordreOf = (id) => couchesById.get(id)?.ordre ?? 0;
  let isolee = null; // {id, aside, cote}: a layer shown alone, those put aside, the compared side it was done on

  const update = (couches) => etat.update({ couches });
  const announce = (text) => (byId("ordre-annonce").textContent = text);

  function announcePlace(id) {
    const { couches } = etat.get();
    const place = couches.length - couches.findIndex((couche) => couche.id === id);
    announce(`${couchesById.get(id).titre} : ${place} sur ${couches.length}.`);
  }

  async function zoom(id) {
    try {
      const { bounds } = await fetchJson(buildUrl(atlas.urls.etendue, { couche: id }));
      map.fit(bounds);
    } catch (error) {
      showAvis("etendue", `L’étendue de la couche n’a pas pu être lue. ${error.message}`, { kind: "alerte", seconds: 8 });
    }
  }

  function isolate(id) {
    const { couches, comparer } = etat.get();
    if (isolee?.id === id) return restore();
    const aside = isolee ? restoreCouches(isolee.aside, couches) : couches;
    isolee = { id, aside, cote: comparer?.cote };
    update(couches.filter((couche) => couche.id === id));
  }

  function restore() {
    const { id, aside } = isolee;
    isolee = null;
    update(restoreCouches(aside, etat.get().couches));
    items.get(id).querySelector("[data-action=isoler]").focus();
  }

  /** What was taken off had the focus: it goes to the next of the list, else to the title. */
  function retire(id) {
    const next = items.get(id).nextElementSibling;
    const all = isolee?.id === id ? restoreCouches(isolee.aside, etat.get().couches) : etat.get().couches;
    update(removeCouche(all, id));
    announce(`${couchesById.get(id).titre} : retirée de la carte.`);
    (next && !next.hidden ? next.querySelector("[data-action=retirer]") : list.closest("details").querySelector("summary")).focus();
  }

  function move(id, change) {
    update(change(etat.get().couches));
    announcePlace(id);
  }

  const actions = {
    zoomer: zoom,
    isoler: isolate,
    retirer: retire,
    monter: (id) => move(id, (couches) => moveCouche(couches, id, 1)),
    descendre: (id) => move(id, (couches) => moveCouche(couches, id, -1)),
    dessus: (id) => move(id, (couches) => raiseCouche(couches, id)),
  };

  list.addEventListener("click", ({ target }) => {
    const button = target.closest("button[data-action]");
    if (button) actions[button.dataset.action]?.(button.closest("li[data-couche]").dataset.couche);
  });
  list.addEventListener("input", ({ target }) => {
    const id = target.closest("li[data-couche]").dataset.couche;
    if (target.name === "opacite") update(setOpacite(etat.get().couches, id, Number(target.value) / 100));
    if (target.name !== "classe") return;
    const boxes = [...items.get(id).querySelectorAll("[name=classe]")];
    update(setReglage(etat.get().couches, id, "masquees", boxes.filter((box) => !box.checked).map((box) => Number(box.value))));
  });
  for (const [id, row] of rows) {
    row.querySelector("[name=couche]").addEventListener("change", ({ target }) => {
      const { couches } = etat.get();
      update(target.checked ? addCouche(couches, couchesById.get(id), ordreOf) : removeCouche(couches, id));
    });
  }
  byId("tout-retirer").addEventListener("click", () => {
    isolee = null;
    update([]);
    list.closest("details").querySelector("summary").focus();
  });
  byId("isolement-fin").addEventListener("click", restore);
  initOrdre(list, byId("panneau"), {
    onOrder(ids, id) {
      update(orderCouches(etat.get().couches, ids));
      announcePlace(id);
    },
  });
  initArbre({ atlas });

  function updateItem(item, couche, filtre) {
    const { id, opacite, masquees } = couche;
    const opacity = Math.round(opacite * 100);
    item.querySelector("[name=opacite]").value = String(opacity);
    item.querySelector("output").textContent = `${opacity} %`;
    item.querySelector("[data-action=export]").href = buildUrl(atlas.urls.export, { couche: id }, lignesQuery(filtre, couche));
    item.querySelector("[data-action=isoler]").setAttribute("aria-pressed", String(isolee?.id === id));
    for (const box of item.querySelectorAll("[name=classe]")) box.checked = !masquees?.includes(Number(box.value));
  }

  /** The shown ones first, in order; nodes that are in place are not touched, and the focus stays where it is. */
  function updateOrder(couches) {
    const held = document.activeElement;
    const wanted = couches.toReversed().map(({ id }) => items.get(id));
    for (const item of items.values()) item.hidden = !wanted.includes(item);
    wanted.forEach((item, index) => {
      if (list.children[index] !== item) list.insertBefore(item, list.children[index]);
    });
    if (held === document.activeElement || !list.contains(held)) return;
    held.focus({ preventScroll: true });
    held.scrollIntoView({ block: "nearest" });
  }

  etat.subscribe(({ couches, filtre, comparer }) => {
    const shown = new Set(couches.map(({ id }) => id));
    if (isolee && (!shown.has(isolee.id) || isolee.cote !== comparer?.cote)) isolee = null; // another list: nothing to come back to
    updateOrder(couches);
    for (const couche of couches) updateItem(items.get(couche.id), couche, filtre);
    for (const [id, row] of rows) {
      row.querySelector("[name=couche]").checked = shown.has(id);
      row.classList.toggle("affichee-ici", shown.has(id));
    }
    for (const theme of atlas.themes) {
      const count = theme.couches.filter(({ id }) => shown.has(id)).length;
      document.querySelector(`[data-theme="${CSS.escape(theme.id)}"]`).textContent = count ? `${count}/${theme.couches.length}` : "";
    }
    byId("affichees-nombre").textContent = String(couches.length);
    byId("comparer").hidden = Boolean(comparer);
    byId("affichees-vide").hidden = couches.length > 0;
    byId("tout-retirer").hidden = couches.length === 0;
    byId("isolement").hidden = !isolee;
    if (isolee) byId("isolement-texte").textContent = `${formatQuantite(isolee.aside.filter(({ id }) => !shown.has(id)).length, "autre couche est mise", "autres couches sont mises")} de côté.`;
  });

  return {
    /** Say beside each shown layer how much of it is in view; `comptes`: layer id -> features by class; `groupes`: the groups of points. */
    showComptes(comptes, zoom, groupes) {
      const regroupes = sumGroupes(groupes);
      for (const { id, masquees } of etat.get().couches) {
        const classes = comptes.get(id);
        const item = items.get(id);
        item.querySelector(".compte-vue").textContent = formatVue(couchesById.get(id), { classes, masquees, zoom, regroupes: regroupes.get(id) });
        item.querySelectorAll(".compte-classe").forEach((node, rank) => (node.textContent = classes ? formatNombre(classes[rank]) : ""));
      }
    },
  };
}

/** On a narrow screen the panel is a drawer over the map; elsewhere a column that can be folded away. */
export function initPanneau() {
  const root = document.querySelector(".atlas");
  const button = byId("bascule-panneau");
  const narrow = window.matchMedia("(max-width: 47.99em), (max-height: 26em)");

  function set(open, focus = false) {
    root.dataset.panneau = open ? "ouvert" : "ferme";
    button.setAttribute("aria-expanded", String(open));
    if (focus && open) byId("panneau").focus();
    if (focus && !open) button.focus();
  }

  const atOnce = () => !narrow.matches && root.dataset.integration === undefined; // in another site's page the map comes first
  set(atOnce());
  narrow.addEventListener("change", () => set(atOnce()));
  button.addEventListener("click", () => set(root.dataset.panneau !== "ouvert", narrow.matches));
  return {
    narrow: () => narrow.matches,
    isOpen: () => root.dataset.panneau === "ouvert",
    set,
  };
}
