// Which rows of a layer are kept: the little that is there at start. The builder and its language come when first asked for.

/** Opens the builder from any `[data-action=filtrer]` of a layer's row; follows the filters of the state. */
export function initFiltreLignes({ atlas, etat, titreOf }) {
  let suivi = null;

  document.addEventListener("click", async ({ target }) => {
    const button = target.closest("[data-action=filtrer]");
    if (!button) return;
    const { openConstructeur } = await import("./constructeur.js");
    openConstructeur({ atlas, etat, titreOf, couche: button.closest("[data-couche]").dataset.couche });
  });

  etat.subscribe(async ({ couches }) => {
    if (!suivi && !couches.some(({ filtre }) => filtre)) return;
    suivi ??= import("./suivi_filtres.js").then(({ createSuivi }) => createSuivi({ atlas, etat, titreOf }));
    (await suivi).refresh();
  });
}
