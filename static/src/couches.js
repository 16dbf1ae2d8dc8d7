// The layers panel: written by the server, wired here.
import { buildUrl, filtreQuery } from "./adresses.js";
import { byId } from "./dom.js";
import { addCouche, listCouches, raiseCouche, removeCouche, setOpacite } from "./etat.js";

export function initCouches({ atlas, etat }) {
  const couchesById = new Map(listCouches(atlas).map((couche) => [couche.id, couche]));
  const rows = new Map([...document.querySelectorAll("[data-couche]")].map((row) => [row.dataset.couche, row]));
  const ordreOf = (id) => couchesById.get(id)?.ordre ?? 0;

  for (const [id, row] of rows) {
    row.querySelector("[name=couche]").addEventListener("change", ({ target }) => {
      const { couches } = etat.get();
      etat.update({ couches: target.checked ? addCouche(couches, couchesById.get(id), ordreOf) : removeCouche(couches, id) });
    });
    row.querySelector("[name=opacite]").addEventListener("input", ({ target }) => {
      const couches = addCouche(etat.get().couches, couchesById.get(id), ordreOf);
      etat.update({ couches: setOpacite(couches, id, Number(target.value) / 100) });
    });
    row.querySelector("[data-action=dessus]").addEventListener("click", () => {
      etat.update({ couches: raiseCouche(addCouche(etat.get().couches, couchesById.get(id), ordreOf), id) });
    });
  }

  function updateRow(row, id, shown, filtre) {
    const opacity = Math.round((shown?.opacite ?? 1) * 100);
    row.querySelector("[name=couche]").checked = Boolean(shown);
    row.classList.toggle("affichee", Boolean(shown));
    row.querySelector("[name=opacite]").value = String(opacity);
    row.querySelector("output").textContent = `${opacity} %`;
    row.querySelector("[data-action=export]").href = buildUrl(atlas.urls.export, { couche: id }, filtreQuery(filtre));
  }

  etat.subscribe(({ couches, filtre }) => {
    const shown = new Map(couches.map((couche) => [couche.id, couche]));
    for (const [id, row] of rows) updateRow(row, id, shown.get(id), filtre);
    for (const theme of atlas.themes) {
      const count = theme.couches.filter(({ id }) => shown.has(id)).length;
      document.querySelector(`[data-theme="${CSS.escape(theme.id)}"]`).textContent = count ? `${count}/${theme.couches.length}` : "";
    }
  });

  return {
    /** Say beside a shown layer that the present zoom hides it. */
    showZoom(zoom) {
      for (const { id } of etat.get().couches) {
        const couche = couchesById.get(id);
        rows.get(id).querySelector(".hors-zoom").hidden = zoom >= couche.zoom_min && zoom < couche.zoom_max + 1;
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
