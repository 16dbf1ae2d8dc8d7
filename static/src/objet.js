// The settings of one drawn object: name, colour, places, buffer, and for an area what it can be used for.
import { buildUrl } from "./adresses.js";
import { fetchJson } from "./api.js";
import { parseCoordonnees } from "./coordonnees.js";
import { hasZone, limitFiltre, withoutZone, writePolygon } from "./croquis.js";
import { element } from "./dom.js";
import { setReglage } from "./etat.js";
import { COULEURS, MAX_NOM } from "./traces.js";
import { fitsAddress, zoneAddress } from "./zone.js";

const LONGEST_FILTRE = 2000; // characters a link keeps of a filter
const MOST_TYPED = 300; // vertices that a person may still edit as text
const BUFFER = { min: 1, max: 50000 };

const places = ({ type, coordinates }) => (type === "Point" ? [coordinates] : type === "LineString" ? coordinates : coordinates[0].slice(0, -1));

/** The same geometry with other places (its outline, for a polygon); null when they are too few. */
function replacePlaces({ type, coordinates }, list) {
  if (type === "Point") return list.length === 1 ? { type, coordinates: list[0] } : null;
  if (type === "LineString") return list.length >= 2 ? { type, coordinates: list } : null;
  return list.length >= 3 ? { type, coordinates: [[...list, list[0]], ...coordinates.slice(1)] } : null;
}

function renderSommets(objet, onChange, tell) {
  const list = places(objet.geometrie);
  if (list.length > MOST_TYPED) return null;
  const text = element("textarea", { id: "objet-sommets", rows: Math.min(6, list.length + 1), spellcheck: "false" });
  text.value = list.map(([lon, lat]) => `${lat.toFixed(6)}, ${lon.toFixed(6)}`).join("\n");
  const apply = () => {
    const lines = text.value.split("\n").filter((line) => line.trim());
    const read = lines.map(parseCoordonnees);
    const wrong = read.indexOf(null);
    if (wrong >= 0) return tell(`Ligne ${wrong + 1} : « ${lines[wrong].slice(0, 40)} » n’est pas un couple de coordonnées.`);
    const geometrie = replacePlaces(objet.geometrie, read.map(({ lon, lat }) => [lon, lat]));
    return geometrie ? onChange({ geometrie }) : tell("Trop ou trop peu de sommets : un point en a un, une ligne deux au moins, un polygone trois.");
  };
  return element(
    "details",
    { class: "sommets" },
    element("summary", {}, list.length > 1 ? `Les ${list.length} sommets` : "La position"),
    element("label", { for: "objet-sommets", class: "petit" }, "Un par ligne : latitude, longitude, ou X, Y en Lambert-93 ou en CC."),
    text,
    element("button", { type: "button", class: "bouton", onclick: apply }, "Appliquer"),
  );
}

async function askBuffer(atlas, { geometrie }, metres) {
  const response = await fetchJson(buildUrl(atlas.urls.tampon, {}, { metres, geometrie: JSON.stringify(geometrie) }));
  return response.geometrie;
}

function renderTampon({ atlas, current, onAdd, tell }) {
  const input = element("input", { type: "number", id: "objet-tampon", ...BUFFER, step: "any", value: 300, inputmode: "decimal" });
  async function make(event) {
    event.preventDefault();
    const metres = Number(input.value);
    if (!(metres >= BUFFER.min && metres <= BUFFER.max)) return tell("Tampon : de 1 à 50 000 mètres.");
    tell("Calcul du tampon…");
    try {
      const { objet, nom } = current();
      const geometrie = await askBuffer(atlas, objet, metres);
      onAdd({ genre: "polygone", geometrie, couleur: objet.couleur, nom: `${nom} + ${metres.toLocaleString("fr-FR")} m`.replace(/[\u202f\u00a0]/gu, " ").slice(0, MAX_NOM) });
      return tell(`Tampon de ${metres.toLocaleString("fr-FR")} m ajouté : calculé par le serveur (PostGIS), sur l’ellipsoïde.`);
    } catch (error) {
      return tell(error.message);
    }
  }
  return element("form", { class: "ligne-objet", onsubmit: make }, element("label", { for: "objet-tampon" }, "Tampon, m"), input, element("button", { type: "submit", class: "bouton" }, "Créer"));
}

/** What a polygon holds, as a page or as a PDF; too long for an address, it is posted. */
function renderContenu(atlas, wkt, nom) {
  const asked = [["Ce que cette zone contient", "bouton principal", atlas.urls.polygone], ["En PDF", "bouton", `${atlas.urls.polygone}.pdf`, `${nom}, PDF`]];
  if (fitsAddress(wkt)) return element("p", { class: "actions" }, asked.map(([text, kind, page, travail]) => element("a", { class: kind, href: zoneAddress(page, wkt), "data-travail": travail }, text)));
  const buttons = asked.map(([text, kind, formaction, travail]) => element("button", { type: "submit", class: kind, formaction, "data-travail": travail }, text));
  return element("form", { class: "actions", method: "post", action: atlas.urls.polygone }, element("input", { type: "hidden", name: "wkt", value: wkt }), buttons);
}

function renderZone({ atlas, etat, objet, nom, titreOf, tell }) {
  const wkt = writePolygon(objet.geometrie);
  if (!wkt) return [];
  const { couches } = etat.get();
  const limit = () => {
    const { filtre } = etat.get().couches.find(({ id }) => id === select.value) ?? {};
    const text = limitFiltre(filtre, wkt);
    if (text.length > LONGEST_FILTRE) return tell("Cette zone a trop de sommets pour filtrer une couche : la simplifier, ou compter ce qu’elle contient.");
    etat.update({ couches: setReglage(etat.get().couches, select.value, "filtre", text) });
    return tell(`La couche « ${titreOf(select.value)} » est limitée à cette zone, sur la carte et dans le lien.`);
  };
  const free = () => {
    etat.update({ couches: etat.get().couches.reduce((all, { id, filtre }) => (hasZone(filtre) ? setReglage(all, id, "filtre", withoutZone(filtre)) : all), etat.get().couches) });
    tell("Plus aucune couche n’est limitée à une zone dessinée.");
  };
  const select = element("select", { id: "objet-couche" }, couches.toReversed().map(({ id }) => element("option", { value: id }, titreOf(id))));
  const limiter = couches.length
    ? element("div", { class: "ligne-objet large" }, element("label", { for: "objet-couche" }, "Limiter une couche à cette zone"), select, element("button", { type: "button", class: "bouton", onclick: limit }, "Limiter"))
    : null;
  return [
    renderContenu(atlas, wkt, nom),
    limiter,
    couches.some(({ filtre }) => hasZone(filtre)) ? element("p", { class: "actions" }, element("button", { type: "button", class: "bouton discret", onclick: free }, "Ne plus limiter de couche")) : null,
  ];
}

/** The form of an object. `current()`: the object and its name as they are now; `onChange(changes)`, `onAdd(objet)`, `onRemove()`, `onZoom()`; `tell(sentence)` is read aloud. */
export function renderObjet(contexte) {
  const { objet, nom, onChange, onRemove, onZoom, tell } = contexte;
  const name = element("input", { type: "text", id: "objet-nom", maxlength: MAX_NOM, value: objet.nom, placeholder: nom, onchange: ({ target }) => onChange({ nom: target.value.trim() }) });
  const colour = element("select", { id: "objet-couleur", onchange: ({ target }) => onChange({ couleur: Number(target.value) }) }, COULEURS.map((couleur, rang) => element("option", { value: rang, selected: rang === objet.couleur }, couleur.nom)));
  return [
    element("div", { class: "ligne-objet" }, element("label", { for: "objet-nom" }, objet.genre === "texte" ? "Texte" : "Nom"), name),
    element("div", { class: "ligne-objet" }, element("label", { for: "objet-couleur" }, "Couleur"), colour),
    ...(objet.geometrie.type === "Polygon" ? renderZone(contexte) : []),
    renderTampon(contexte),
    renderSommets(objet, onChange, tell),
    element("p", { class: "actions" }, element("button", { type: "button", class: "bouton discret", onclick: onZoom }, "Zoomer"), element("button", { type: "button", class: "bouton discret", onclick: onRemove }, "Supprimer")),
  ].filter(Boolean);
}
