// « Mesurer »: a distance or an area, told at each move, on the ellipsoid.
import { closeAtelier, openAtelier } from "./atelier.js";
import { element } from "./dom.js";
import { formatLongueur, formatSurface, measurePolygon, measureSegments } from "./mesure.js";
import { createSaisie } from "./saisie.js";

const AIDES = {
  LineString: "Cliquer chaque sommet, deux fois le dernier pour finir. Au clavier : Entrée dans la carte pose au centre, deux fois termine.",
  Polygon: "Cliquer chaque sommet, puis le premier pour fermer. Au clavier : Entrée dans la carte pose au centre, deux fois termine.",
};
const RIEN = "—";

/** The sentence of a geometry: `[main, detail]`. */
export function describeMesure(geometrie) {
  if (geometrie.type === "LineString") {
    const segments = measureSegments(geometrie.coordinates).filter((metres) => metres > 0.01); // the last one follows the pointer
    const total = segments.reduce((sum, segment) => sum + segment, 0);
    return [formatLongueur(total), segments.length > 1 ? `dernier segment : ${formatLongueur(segments.at(-1))}` : ""];
  }
  const { surface, perimetre } = measurePolygon(geometrie.coordinates);
  return [formatSurface(surface), `périmètre : ${formatLongueur(perimetre)}`];
}

export function ouvrir({ croquis, etat }) {
  let type = "LineString";
  let outil = null;
  let done = null;
  const valeur = element("output", { class: "mesure-valeur" }, RIEN);
  const detail = element("p", { class: "petit mesure-detail" }, "");
  const said = element("p", { class: "visually-hidden", role: "status" });
  const aide = element("p", { class: "petit" });
  const action = (texte, onclick) => element("button", { type: "button", class: "bouton", onclick }, texte);
  const finish = action("Terminer", () => outil.finish());
  const back = action("Retirer un sommet", () => outil.removeLast());
  const again = action("Recommencer", start);
  const keep = action("Garder dans le dessin", () => {
    const genre = type === "Polygon" ? "polygone" : "ligne";
    etat.update({ dessin: [...etat.get().dessin, { genre, geometrie: done, couleur: 0, nom: valeur.textContent.replace(/[\u00a0\u202f]/gu, " ") }] });
    start();
  });

  function show(geometrie, count) {
    const enough = geometrie && count > 0;
    const [main, more] = enough ? describeMesure(geometrie) : [RIEN, ""];
    valeur.textContent = main;
    detail.textContent = more;
    finish.hidden = Boolean(done);
    back.hidden = Boolean(done);
    again.hidden = !done;
    keep.hidden = !done;
    finish.disabled = count < (type === "Polygon" ? 3 : 2);
    back.disabled = count === 0;
  }

  function start() {
    done = null;
    croquis.showEsquisse(null);
    outil = croquis.draw(type, {
      onSketch: show,
      onAbort: () => show(null, 0),
      onEnd(geometrie) {
        done = geometrie;
        croquis.release();
        croquis.showEsquisse(geometrie);
        show(geometrie, Infinity);
        said.textContent = `Mesure terminée : ${valeur.textContent}, ${detail.textContent}`;
      },
    });
    aide.textContent = AIDES[type];
    show(null, 0);
  }

  const choice = (value, texte) => {
    const input = element("input", { type: "radio", name: "mesure", value, checked: value === type, onchange: () => ((type = value), start()) });
    return element("label", { class: "pastille" }, input, element("span", {}, texte));
  };
  const nodes = [
    element("div", { class: "pastilles", role: "radiogroup", "aria-label": "Ce qui est mesuré" }, choice("LineString", "Distance"), choice("Polygon", "Surface")),
    element("div", { class: "mesure" }, valeur, detail),
    said,
    element("p", { class: "actions" }, finish, back, keep, again),
    aide,
    createSaisie({ libelle: "Sommet par ses coordonnées", bouton: "Poser", onPlace: (lonLat) => (done && start(), outil.add(lonLat)) }),
    element("p", { class: "petit note-outil" }, "Mesuré sur l’ellipsoïde WGS84, par le plus court chemin d’un sommet au suivant."),
  ];
  openAtelier("mesurer", "Mesurer", nodes, {
    onClose() {
      croquis.release();
      croquis.showEsquisse(null);
    },
  });
  start();
  return closeAtelier;
}
