// The buttons of the tools. What a tool needs is fetched when it is first opened.
import { closeAtelier, currentAtelier } from "./atelier.js";
import { removeAvis, showAvis } from "./avis.js";
import { byId } from "./dom.js";
import { closeVolet } from "./volet.js";

const CHARGEURS = {
  mesurer: () => import("./mesurer.js"),
  dessiner: () => import("./dessiner.js"),
  reperer: () => import("./reperer.js"),
  localiser: () => import("./localiser.js"),
};

/** `contexte`: {atlas, etat, map, panneau}. Returns `ouvrir(name, options)`, which opens a tool from elsewhere in the page. */
export function initOutils(contexte) {
  const { etat, map, panneau } = contexte;

  async function ouvrir(name, options = {}) {
    let tool;
    let croquis;
    try {
      [tool, croquis] = await Promise.all([CHARGEURS[name](), map.croquis()]);
    } catch {
      return showAvis("outil", "Cet outil n’a pas pu être chargé : vérifiez la connexion, puis recommencez.", { kind: "alerte" });
    }
    removeAvis("outil");
    if (panneau.narrow()) {
      panneau.set(false);
      if (name !== "localiser") closeVolet();
    }
    return tool.ouvrir({ ...contexte, croquis }, options);
  }

  for (const button of document.querySelectorAll("[data-outil]")) {
    const { outil, genre } = button.dataset;
    button.addEventListener("click", () => (currentAtelier() === outil && !genre ? closeAtelier() : ouvrir(outil, { genre })));
  }
  byId("atelier-fermer").addEventListener("click", () => closeAtelier());
  // Before the page's own Escape: what is begun on the map is given up first, then the tool, then the rest.
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.defaultPrevented || !currentAtelier()) return;
    if (event.target.closest?.(".recherche, .volet")) return;
    event.preventDefault();
    if (!map.giveUp()) closeAtelier();
  }, true);
  // On a phone both lie at the bottom: the sheet asked for last is the one that is seen.
  const giveWay = () => panneau.narrow() && closeAtelier({ focus: false });
  byId("bouton-lieux").addEventListener("click", giveWay);
  etat.subscribe(({ dessin, fiche }, previous) => {
    if (fiche && fiche !== previous.fiche) giveWay();
    if (dessin.length || previous.dessin.length) map.croquis().then((croquis) => croquis.show(dessin), () => showAvis("outil", "Le dessin n’a pas pu être montré : rechargez la page.", { kind: "alerte" }));
  });
  return ouvrir;
}
