// The filter by a unit of a découpage, and the links that follow it.
import { buildUrl, standaloneCode } from "./adresses.js";
import { buildCarte, buildCondition } from "./demande.js";
import { byId } from "./dom.js";
import { findUnite, listCouches } from "./etat.js";
import { initTravaux } from "./travaux.js";

export function initFiltre({ atlas, etat, map }) {
  const select = byId("filtre");
  const styles = new Map(listCouches(atlas).map(({ id, style }) => [id, style]));

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
    const conditions = couches.map((shown) => [shown.id, buildCondition(shown, styles.get(shown.id))]);
    byId("carte-autonome").href = buildCarte(atlas.urls.carte, code, conditions);
    byId("carte-autonome-telecharger").href = buildCarte(atlas.urls.carte, code, conditions, { telecharger: true });
    const left = couches.length - atlas.couches_au_plus;
    for (const id of ["carte-autonome", "carte-autonome-telecharger"]) byId(id).hidden = left > 0;
    byId("carte-autonome-refus").hidden = left <= 0;
    byId("carte-autonome-refus").textContent = `La carte autonome prend ${atlas.couches_au_plus} couches au plus, et ${couches.length} sont affichées : en retirer ${left}.`;
  }

  initTravaux(atlas.urls.abandon);
  etat.subscribe((state, previous) => {
    if (state === previous || state.filtre !== previous.filtre) showUnite(state);
    showLinks(state);
  });
}
