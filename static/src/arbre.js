// The tree of all layers: found by a few letters, themes opened where something is found.
import { byId } from "./dom.js";
import { foldText, formatQuantite } from "./format.js";

/** Whether a layer answers to what was typed: every word begins a word of its title, theme, legend or kind. */
export function matchesCouche(couche, theme, text) {
  const words = foldText([couche.titre, couche.singulier, theme, ...couche.legende.map(({ label }) => label)].filter(Boolean).join(" ")).split(" ");
  return foldText(text).split(" ").every((typed) => words.some((word) => word.startsWith(typed)));
}

export function initArbre({ atlas }) {
  const input = byId("arbre-texte");
  const themes = atlas.themes.map((theme) => ({ ...theme, node: document.querySelector(`[data-theme="${CSS.escape(theme.id)}"]`).closest(".theme") }));
  let opened = null; // what was open before the search, put back after it

  function search() {
    const text = input.value;
    const searching = foldText(text) !== "";
    opened ??= searching ? themes.map(({ node }) => node.open) : null;
    let found = 0;
    themes.forEach(({ titre, couches, node }, index) => {
      let here = 0;
      for (const couche of couches) {
        const fits = !searching || matchesCouche(couche, titre, text);
        node.querySelector(`[data-couche="${CSS.escape(couche.id)}"]`).hidden = !fits;
        here += fits ? 1 : 0;
      }
      node.hidden = here === 0;
      node.open = searching ? here > 0 : (opened?.[index] ?? node.open);
      found += here;
    });
    if (!searching) opened = null;
    const none = `Aucune couche pour « ${text} ». La recherche en haut du panneau trouve les lieux.`;
    byId("arbre-etat").textContent = searching ? (found ? formatQuantite(found, "couche trouvée", "couches trouvées") : none) : "";
  }

  input.addEventListener("input", search);
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || input.value === "") return;
    event.preventDefault(); // the panel stays: only the search is given up
    input.value = "";
    search();
  });
}
