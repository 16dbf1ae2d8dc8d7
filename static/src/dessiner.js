// « Dessiner »: points, lines, polygons and texts of one's own, kept in the address of the page.
import { openAtelier } from "./atelier.js";
import { showAvis } from "./avis.js";
import { createHistorique, NOMS, nameOf, readGeoJson, writeGeoJson } from "./croquis.js";
import { element } from "./dom.js";
import { listCouches } from "./etat.js";
import { formatQuantite } from "./format.js";
import { describeMesure } from "./mesurer.js";
import { renderObjet } from "./objet.js";
import { createSaisie } from "./saisie.js";
import { COULEURS, encodeDessin, fitsLink, LONGEST, typeOf } from "./traces.js";

const AIDES = {
  point: "Cliquer l’endroit du point. Au clavier : Entrée dans la carte, au centre.",
  texte: "Cliquer l’endroit du texte, puis l’écrire. Au clavier : Entrée dans la carte, au centre.",
  ligne: "Cliquer chaque sommet, deux fois le dernier pour finir. Au clavier : Entrée dans la carte pose au centre, deux fois termine.",
  polygone: "Cliquer chaque sommet, puis le premier pour fermer. Au clavier : Entrée dans la carte pose au centre, deux fois termine.",
};
const REPOS = "Choisir un outil ; ou, sur la carte, un objet, dont les sommets se tirent.";
const MOST_BYTES = 2_000_000;
const historique = createHistorique([]); // as long as the page is open

const extentOf = ({ type, coordinates }) => {
  const list = type === "Point" ? [coordinates] : coordinates.flat(type === "Polygon" ? 1 : 0);
  const [lons, lats] = [0, 1].map((at) => list.map((place) => place[at]));
  return [Math.min(...lons), Math.min(...lats), Math.max(...lons), Math.max(...lats)];
};

function download(text) {
  const url = URL.createObjectURL(new Blob([text], { type: "application/geo+json" }));
  element("a", { href: url, download: "dessin.geojson" }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

/** `genre`: a tool to begin with. */
export function ouvrir({ atlas, etat, map, croquis }, { genre: first = null } = {}) {
  const titres = new Map(listCouches(atlas).map(({ id, titre }) => [id, titre]));
  if (historique.current() !== etat.get().dessin) historique.push(etat.get().dessin); // drawn by a link, or by a measure kept
  let [genre, outil, choisi] = [null, null, null];
  const button = (texte, onclick, more = {}) => element("button", { type: "button", class: "bouton", onclick, ...more }, texte);
  const genres = Object.keys(NOMS).map((each) => button(NOMS[each], () => take(genre === each ? null : each), { "data-genre": each, "aria-pressed": "false" }));
  const aide = element("p", { class: "petit" });
  const said = element("p", { class: "petit mesure-detail", role: "status" });
  const tell = (texte) => (said.textContent = texte);
  const finish = button("Terminer", () => outil.finish());
  const back = button("Retirer un sommet", () => outil.removeLast());
  const sketching = element("div", {}, element("p", { class: "actions" }, finish, back), createSaisie({ libelle: "Poser par des coordonnées", bouton: "Poser", onPlace: (lonLat) => outil.add(lonLat) }));
  const undo = button("Annuler", () => restore(historique.undo()), { "aria-keyshortcuts": "Control+Z" });
  const redo = button("Rétablir", () => restore(historique.redo()), { "aria-keyshortcuts": "Control+Y" });
  const list = element("ul", { class: "liste objets", "aria-label": "Objets dessinés" });
  const form = element("div", { class: "objet" });
  const lien = element("p", { class: "petit lien-dessin" });
  const file = element("input", { type: "file", class: "visually-hidden", id: "dessin-fichier", accept: ".geojson,.json,application/geo+json", onchange: importFile });
  const save = button("Exporter en GeoJSON", () => download(writeGeoJson(etat.get().dessin)));
  const clear = button("Tout effacer", () => (change([]), choose(null), tell("Dessin effacé : « Annuler » le rend.")), { class: "bouton discret" });

  function change(dessin) {
    historique.push(dessin);
    etat.update({ dessin });
  }

  const replace = (rang, changes) => change(etat.get().dessin.map((objet, index) => (index === rang ? { ...objet, ...changes } : objet)));

  function add(objet) {
    change([...etat.get().dessin, objet]);
    choose(etat.get().dessin.length - 1);
  }

  function restore(dessin) {
    if (!dessin) return;
    etat.update({ dessin });
    choose(null);
    tell(`${formatQuantite(dessin.length, "objet", "objets")} dans le dessin.`);
  }

  /** Begin to draw a kind of object; null goes back to choosing and moving. */
  function take(next) {
    [genre, outil] = [next, null];
    for (const each of genres) each.setAttribute("aria-pressed", String(each.dataset.genre === genre));
    aide.textContent = genre ? AIDES[genre] : REPOS;
    sketching.hidden = !genre;
    const many = genre === "ligne" || genre === "polygone";
    finish.hidden = back.hidden = !many;
    finish.disabled = back.disabled = true;
    if (!genre) return croquis.edit({ onModified: (rang, geometrie) => (replace(rang, { geometrie }), choose(rang), tell(describeMesure(geometrie).filter(Boolean).join(", "))), onChoose: choose });
    choose(null, { draw: true });
    const drawn = genre;
    outil = croquis.draw(typeOf(genre), {
      onSketch(geometrie, count) {
        finish.disabled = count < (drawn === "polygone" ? 3 : 2);
        back.disabled = count === 0;
        said.textContent = count ? describeMesure(geometrie).filter(Boolean).join(", ") : "";
      },
      onAbort: () => tell("Tracé abandonné."),
      onEnd(geometrie) {
        add({ genre: drawn, geometrie, couleur: 0, nom: drawn === "texte" ? "Texte" : "" });
        take(drawn === "point" ? "point" : null);
        if (drawn === "texte") document.getElementById("objet-nom")?.select();
      },
    });
    return outil;
  }

  function choose(rang, { draw = false } = {}) {
    choisi = rang;
    croquis.choose(rang);
    if (rang !== null && genre && !draw && genre !== "point") take(null);
    render();
  }

  function renderForm() {
    const { dessin } = etat.get();
    const objet = dessin[choisi];
    form.hidden = !objet;
    if (!objet) return form.replaceChildren();
    const nom = nameOf(dessin, choisi);
    const remove = () => {
      change(dessin.filter((_, index) => index !== choisi));
      choose(null);
      tell(`« ${nom} » supprimé : « Annuler » le rend.`);
      (list.querySelector("button") ?? genres[0]).focus();
    };
    const rang = choisi;
    const current = () => ({ objet: etat.get().dessin[rang], nom: nameOf(etat.get().dessin, rang) });
    // The form stays as it is while one writes in it; only new places change what it shows.
    const onChange = (changes) => {
      replace(rang, changes);
      if (changes.geometrie) return render();
      form.querySelector("h3").textContent = current().nom;
      return renderState();
    };
    const contexte = { atlas, etat, objet, nom, tell, current, titreOf: (id) => titres.get(id) ?? id, onChange, onAdd: add, onRemove: remove, onZoom: () => map.fit(extentOf(objet.geometrie), { maxZoom: 17 }) };
    return form.replaceChildren(element("h3", {}, nom), ...renderObjet(contexte).filter(Boolean));
  }

  function renderList() {
    const { dessin } = etat.get();
    const lines = dessin.map((objet, rang) => {
      const puce = element("span", { class: `puce de-${objet.genre}`, "aria-hidden": "true" });
      puce.style.setProperty("--couleur", COULEURS[objet.couleur].valeur);
      const detail = objet.geometrie.type === "Point" ? NOMS[objet.genre] : describeMesure(objet.geometrie)[0];
      const nom = nameOf(dessin, rang);
      return element("li", {}, element("button", { type: "button", class: "ligne", "aria-pressed": String(rang === choisi), onclick: () => choose(rang === choisi ? null : rang) }, puce, element("span", {}, nom, detail.replace(/[\u202f\u00a0]/gu, " ") === nom ? null : element("small", {}, detail))));
    });
    const at = [...list.querySelectorAll("button")].indexOf(document.activeElement);
    list.replaceChildren(...lines);
    if (at >= 0) list.querySelectorAll("button")[at]?.focus();
  }

  function render() {
    renderForm();
    renderState();
  }

  function renderState() {
    const encoded = encodeDessin(etat.get().dessin);
    renderList();
    aide.hidden = choisi !== null && !genre;
    undo.disabled = !historique.canUndo();
    redo.disabled = !historique.canRedo();
    save.disabled = clear.disabled = encoded === "";
    lien.classList.toggle("avertissement", !fitsLink(encoded));
    lien.textContent = fitsLink(encoded)
      ? "Le dessin est dans l’adresse de la page : « Copier le lien » le partage. Rien n’est envoyé au serveur."
      : `Ce dessin est trop grand pour un lien (${encoded.length.toLocaleString("fr-FR")} caractères pour ${LONGEST.toLocaleString("fr-FR")}) : l’exporter en GeoJSON pour le garder ou le donner.`;
  }

  async function importFile() {
    const [chosen] = file.files;
    file.value = "";
    if (!chosen) return;
    if (chosen.size > MOST_BYTES) return tell("Ce fichier dépasse 2 Mo : en garder l’essentiel.");
    try {
      const { objets, refuses } = readGeoJson(await chosen.text());
      change([...etat.get().dessin, ...objets]);
      choose(null);
      const extents = objets.map(({ geometrie }) => extentOf(geometrie));
      map.fit([0, 1, 2, 3].map((at) => Math[at < 2 ? "min" : "max"](...extents.map((extent) => extent[at]))), { maxZoom: 16 });
      tell(`${formatQuantite(objets.length, "objet importé", "objets importés")}${refuses ? `, ${formatQuantite(refuses, "objet illisible laissé", "objets illisibles laissés")} de côté` : ""}.`);
    } catch (error) {
      tell(error.message);
    }
  }

  function onKey(event) {
    if (!(event.ctrlKey || event.metaKey) || event.target.closest?.("input, textarea, select")) return;
    const key = event.key.toLowerCase();
    if (key !== "z" && key !== "y") return;
    event.preventDefault();
    if (outil?.count?.() && key === "z") outil.removeLast();
    else restore(key === "y" || event.shiftKey ? historique.redo() : historique.undo());
  }

  const snapping = element("input", { type: "checkbox", checked: true, onchange: ({ target }) => croquis.setSnapping(target.checked) });
  openAtelier("dessiner", "Dessiner", [
    element("div", { class: "genres", role: "group", "aria-label": "Ce qu’on dessine" }, genres),
    aide,
    sketching,
    said,
    element("p", { class: "actions" }, undo, redo, element("label", { class: "case" }, snapping, element("span", {}, "Accrocher à ce qui est affiché"))),
    list,
    form,
    element("p", { class: "actions fichiers" }, save, element("label", { class: "bouton", for: "dessin-fichier" }, "Importer"), file, clear),
    lien,
  ], {
    onClose() {
      document.removeEventListener("keydown", onKey);
      croquis.release();
      croquis.choose(null);
    },
  });
  document.addEventListener("keydown", onKey);
  croquis.setSnapping(true);
  render();
  take(first);
  if (!window.matchMedia("(pointer: fine)").matches && first) showAvis("dessin", AIDES[first], { seconds: 6 });
}
