// « Emporter en image »: the map on its sheet as a PNG, to the clipboard or to a file.
import { describeFond, describeSource, lastChange, listSources } from "./citation.js";
import { setsOf } from "./comparer.js";
import { createDescription } from "./description.js";
import { byId, element } from "./dom.js";
import { computeEchelle } from "./echelle.js";
import { listCouches } from "./etat.js";
import { probe, probeUrl } from "./fonds.js";
import { formatDate, formatNombre, formatQuantite } from "./format.js";
import { buildLegende, parseDrawing } from "./legende.js";
import { copyText } from "./lien.js";
import { drawCarte } from "./map_image.js";
import { listShown } from "./permalink.js";
import { fontOf, paintPlanche, planPlanche } from "./planche.js";
import { writeProse } from "./prose.js";

const A4 = { width: 1754, height: 1240, ratio: 1.5 }; // pixels of 297 × 210 mm at 150 dots an inch; 8 pt letters
const RESOLUTION_ZERO = 156543.03392804097;
const COTES = ["droite", "gauche"]; // the other side of the left map, then of the right one
const LONGEST_ADDRESS = 300; // characters that a picture spends on an address no one clicks

/** The parts of the map, in its box: one, or the two that are compared; `cote` is the one that is not told of. */
function listParts(etat, width) {
  if (!etat.comparer) return [{ couches: etat.couches, x: 0, width, from: 0, to: width }];
  const { gauche, droite } = setsOf(etat);
  const { mode, position } = etat.comparer;
  if (mode === "cote") return [gauche, droite].map((couches, rank) => ({ couches, cote: COTES[rank], x: (rank * width) / 2, width: width / 2, from: (rank * width) / 2, to: ((rank + 1) * width) / 2 }));
  return [{ couches: gauche, cote: COTES[0], x: 0, width, from: 0, to: width * position }, { couches: droite, cote: COTES[1], x: 0, width, from: width * position, to: width }];
}

function listGroupes(atlas, etat, zoom) {
  if (!etat.comparer) return buildLegende(atlas, { couches: etat.couches, vue: { zoom } });
  const sides = { gauche: "À GAUCHE", droite: "À DROITE" };
  return Object.entries(setsOf(etat)).sort().reverse().flatMap(([cote, couches]) => [{ id: cote, titre: sides[cote], entrees: [] }, ...buildLegende(atlas, { couches, vue: { zoom } })]);
}

/** The drawn parts in words, a line each: what each of them shows, and not what the screen does. */
async function tellParts(atlas, etat, parts, lus) {
  const texts = parts.map(async ({ couches, cote }, rank) => {
    const state = { ...etat, couches, comparer: etat.comparer && { ...etat.comparer, cote } };
    const { describe, settle } = createDescription({ atlas, etat: { get: () => state }, map: lus[rank] });
    describe();
    await settle();
    return writeProse(describe());
  });
  return (await Promise.all(texts)).join("\n").split("\n");
}

/** What is written under the map: sources, the map in words with the warnings of its layers, dates, address. */
function listNotes(atlas, etat, { jour, adresse, mots }) {
  const sources = listSources(atlas, etat).map(describeSource).join(" ; ");
  const change = lastChange(atlas, etat);
  const fond = describeFond(atlas, etat);
  return [
    sources ? `${sources}.` : "Aucune couche affichée.",
    fond ? `${fond}.` : null,
    listShown(etat).some(({ id }) => id === etat.lignes?.couche) ? `Entouré de tirets bleus : ${formatQuantite(etat.lignes.cles.length, "ligne choisie", "lignes choisies")} (${listCouches(atlas).find(({ id }) => id === etat.lignes.couche)?.titre}).` : null,
    ...mots,
    [atlas.titre, change ? `données du ${formatDate(change)}` : null, `image du ${jour}`, adresse].filter(Boolean).join(", "),
  ].filter(Boolean);
}

async function loadImages(groupes) {
  const drawings = new Set(groupes.flatMap(({ entrees }) => entrees.map(({ svg }) => svg)));
  const load = async (svg) => {
    const image = new Image();
    image.src = `data:image/svg+xml,${encodeURIComponent(new XMLSerializer().serializeToString(parseDrawing(svg)))}`;
    await image.decode();
    return [svg, image];
  };
  return new Map(await Promise.all([...drawings].map(load)));
}

/** A basemap whose server does not let its images be copied would make the whole picture unreadable: ours is drawn instead. */
async function chooseFond(atlas, etat) {
  const fond = atlas.fonds.find(({ id }) => id === etat.fond);
  if (fond?.type !== "xyz" || (await probe(probeUrl(fond.url, atlas.territoire.etendue), true))) return { etat, refus: "" };
  const ours = atlas.fonds.find(({ type }) => type === "communal") ?? atlas.fonds.find(({ type }) => type === "aucun");
  return { etat: { ...etat, fond: ours?.id ?? null }, refus: `Le fond « ${fond.titre} » ne se laisse pas copier dans une image : elle est faite avec « ${ours?.titre ?? "aucun fond"} ».` };
}

function measureOn(context, factor) {
  return (text, style) => {
    context.font = fontOf(style, factor);
    return context.measureText(text).width;
  };
}

/** `taille`: "ecran", "double" or "a4". Returns {canvas, mots: the picture in words, told: what is missing, in sentences}. `suivi`: {signal, onTuile} of drawCarte. */
async function paint({ atlas, etat: current, map, lien }, { titre, taille, jour }, suivi) {
  const { etat, refus } = await chooseFond(atlas, current.get());
  const factor = map.facteur();
  const carte = byId("carte"); // side by side, two maps stand beside the sheet of this panel: they are drawn as without it
  const shown = { width: (etat.comparer?.mode === "cote" ? carte.parentElement : carte).clientWidth, height: carte.clientHeight };
  const ratio = { ecran: Math.max(1, window.devicePixelRatio), double: 2, a4: A4.ratio / factor }[taille];
  const feuille = taille === "a4" ? { width: A4.width / ratio, height: A4.height / ratio } : null;
  const adresse = lien.address() ?? "";
  const foot = { jour, adresse: adresse.length <= LONGEST_ADDRESS && adresse ? adresse : new URL("/", location.href).href };
  const pen = element("canvas").getContext("2d");
  const planOf = (zoom, mots, lignes = null) => planPlanche({ titre, groupes: listGroupes(atlas, etat, zoom), notes: listNotes(atlas, etat, { ...foot, mots }), lignes, carte: shown, feuille, factor, measure: measureOn(pen, factor) });
  // Whatever the sheet, all that is on screen is on it: the zoom follows, and the legend is that of this zoom.
  const fitting = ({ carte }) => map.resolution() * (feuille ? Math.max(shown.width / carte.width, shown.height / carte.height) : 1);
  const zoomOf = (resolution) => Math.log2(RESOLUTION_ZERO / resolution);
  // On paper the words take room from the map they tell of: those of the screen say how much, those of the picture are written there.
  const first = await tellParts(atlas, etat, listParts(etat, 1), [map, map]);
  const room = planOf(zoomOf(fitting(planOf(map.vue().zoom, first))), first);
  const vue = { ...map.vue(), resolution: fitting(room) };
  const parts = listParts(etat, room.carte.width);
  const drawn = await Promise.all(parts.map(({ couches, width, x, from, to }) => drawCarte({ atlas, etat, couchesOf: () => couches, ajouts: map.ajouts(), vue, width, height: room.carte.height, ratio, part: [(from - x) / width, (to - x) / width], ...suivi })));
  const mots = await tellParts(atlas, etat, parts, drawn.map(({ lu }) => lu));
  suivi.signal.throwIfAborted();
  const plan = planOf(zoomOf(vue.resolution), mots, feuille && room.pied.lines.length);
  const canvas = element("canvas", { width: Math.round(plan.width * ratio), height: Math.round(plan.height * ratio) });
  const context = canvas.getContext("2d");
  context.scale(ratio, ratio);
  const images = await loadImages(listGroupes(atlas, etat, zoomOf(vue.resolution)));
  const echelle = computeEchelle(vue.resolution, vue.lat, Math.min(180 * factor, plan.carte.width / 3));
  paintPlanche(context, plan, { cartes: parts.map((part, rank) => ({ ...part, canvas: drawn[rank].canvas })), images, echelle, factor });
  const missing = [plan.manquent ? `${formatQuantite(plan.manquent, "ligne de légende manque", "lignes de légende manquent")}` : "", plan.coupees ? "des sources, ou une part de la carte en mots, manquent" : ""].filter(Boolean);
  const short = missing.length ? `La feuille est trop petite : ${missing.join(" ; ")}. Choisir « Comme à l’écran », ou retirer des couches.` : "";
  return { canvas, mots, told: [refus, short].filter(Boolean).join(" ") };
}

const toBlob = (canvas) => new Promise((resolve, reject) => canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("Le navigateur n’a pas pu écrire cette image : choisir une taille plus petite."))), "image/png"));

function download(blob) {
  const url = URL.createObjectURL(blob);
  element("a", { href: url, download: `carte_${new Date().toLocaleDateString("sv-SE")}.png` }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60000);
}

/** The panel: title, size, two ways out, then the picture that was made. `suggest(titre)`: a title as long as none was typed. */
export function createImagePanel(page, { jour }) {
  const titre = element("input", { type: "text", id: "image-titre", maxlength: 160, autocomplete: "off" });
  const sizes = [["ecran", "Comme à l’écran"], ["double", "Comme à l’écran, deux fois plus fine"], ["a4", "A4 en paysage, 150 points par pouce"]];
  const taille = element("select", { id: "image-taille" }, sizes.map(([value, text]) => element("option", { value }, text)));
  const status = element("p", { role: "status" });
  const apercu = element("div", {});
  const progress = element("progress", { "aria-label": "Avancement de l’image" });
  const cancel = element("button", { type: "button", class: "bouton", "aria-label": "Annuler l’image", onclick: () => controller.abort() }, "Annuler");
  const travail = element("p", { class: "travail", hidden: true }, progress, cancel);
  const buttons = [["Copier l’image", copy], ["Télécharger (PNG)", save]].map(([text, action]) => element("button", { type: "button", class: "bouton", onclick: () => run(action) }, text));
  let suggested = "";
  let controller = null;

  async function make() {
    const { signal } = controller;
    let [asked, come] = [1, 0]; // once all tiles came, painting is left
    const onTuile = (came) => {
      if (came) come += 1;
      else asked += 1;
      Object.assign(progress, { max: asked, value: come });
    };
    const { canvas, mots, told } = await paint(page, { titre: titre.value.trim() || suggested, taille: taille.value, jour }, { signal, onTuile });
    const blob = await toBlob(canvas);
    signal.throwIfAborted();
    const size = `${formatNombre(canvas.width)} × ${formatNombre(canvas.height)} pixels, ${formatNombre(Math.ceil(blob.size / 1024))} ko`;
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", `Aperçu de l’image : ${titre.value}`);
    canvas.setAttribute("aria-describedby", "image-mots");
    const copier = element("button", { type: "button", class: "bouton", "aria-live": "polite", onclick: async () => (copier.textContent = (await copyText(mots.join("\n"))) ? "Copié" : "La copie est refusée ici : sélectionner le texte") }, "Copier ce texte");
    apercu.replaceChildren(canvas, element("details", {}, element("summary", {}, "L’image en mots, pour qui ne la voit pas"), element("div", { id: "image-mots" }, mots.map((line) => element("p", {}, line))), copier));
    return { blob, told: `${size}. ${told}`.trim() };
  }

  async function copy() {
    const made = make();
    try {
      // The promise itself: a browser only lets a page write right after a click, and the picture takes a second.
      await navigator.clipboard.write([new ClipboardItem({ "image/png": made.then(({ blob }) => blob) })]);
      return `Image copiée : ${(await made).told}`;
    } catch {
      const { blob, told } = await made;
      download(blob);
      return `Le navigateur n’ouvre pas le presse-papiers : l’image est téléchargée, ${told}`;
    }
  }

  async function save() {
    const { blob, told } = await make();
    download(blob);
    return `Image téléchargée : ${told}`;
  }

  async function run(action) {
    controller = new AbortController();
    for (const button of buttons) button.disabled = true;
    apercu.replaceChildren();
    progress.removeAttribute("value");
    travail.hidden = false;
    status.textContent = "Image en préparation…";
    try {
      status.textContent = await action();
    } catch (error) {
      status.textContent = controller.signal.aborted ? "Image annulée." : error.message;
    }
    for (const button of buttons) button.disabled = false;
    if (travail.contains(document.activeElement)) buttons[0].focus();
    travail.hidden = true;
  }

  const field = (control, label) => element("p", {}, element("label", { for: control.id }, label), control);
  const node = element("section", { class: "image-carte", "aria-labelledby": "image-carte-titre" },
    element("h3", { id: "image-carte-titre" }, "Emporter en image"), field(titre, "Titre"), field(taille, "Taille"),
    element("p", { class: "petit" }, "Avec la légende, l’échelle, le nord, les sources, la carte en mots et la date des données."),
    element("p", { class: "actions" }, buttons), status, travail, apercu);
  return {
    node,
    suggest(text) {
      if (titre.value === suggested) titre.value = text;
      suggested = text;
    },
  };
}
