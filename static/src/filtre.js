// The filter by a unit of a découpage, and the links that follow it.
import { buildUrl, standaloneCode } from "./adresses.js";
import { byId } from "./dom.js";
import { findUnite } from "./etat.js";

export function initFiltre({ atlas, etat, map }) {
  const select = byId("filtre");

  select.addEventListener("change", () => {
    const cut = select.value.indexOf(":");
    const filtre = cut < 0 ? null : { decoupage: select.value.slice(0, cut), code: select.value.slice(cut + 1) };
    etat.update({ filtre });
    const etendue = findUnite(atlas, filtre)?.unite.etendue ?? (filtre ? null : atlas.territoire.etendue);
    if (etendue) map.fit(etendue);
  });
  byId("filtre-retirer").addEventListener("click", () => {
    etat.update({ filtre: null });
    select.focus();
  });

  function showUnite({ filtre }) {
    const found = findUnite(atlas, filtre);
    select.value = found ? `${filtre.decoupage}:${filtre.code}` : "";
    byId("filtre-suite").hidden = !found;
    if (!found) return;
    byId("filtre-territoire").href = buildUrl(atlas.urls.territoire, filtre);
    const warning = found.decoupage.avertissement ? ` ${found.decoupage.avertissement}` : "";
    byId("filtre-avertissement").textContent = `La carte et les exports sont limités à ${found.unite.nom} ; les effectifs de « Toutes les couches » sont ceux de tout le territoire.${warning}`;
  }

  function showLinks({ filtre, couches }) {
    const code = standaloneCode(filtre, atlas.territoire);
    const query = { couches: couches.map(({ id }) => id).join(",") || null };
    byId("carte-autonome").href = buildUrl(atlas.urls.carte, { code }, query);
    byId("carte-autonome-telecharger").href = buildUrl(atlas.urls.carte, { code }, { ...query, telecharger: true });
  }

  etat.subscribe((state, previous) => {
    if (state === previous || state.filtre !== previous.filtre) showUnite(state);
    showLinks(state);
  });
}
