// Pure: the state of the page in the fragment, and back. Whatever is in the address, nothing here throws.
// #vue=11.5/50.38/3.4&couches=qpv,halle:0.6&fond=communal&filtre=bassin:nord&fiche=qpv:QN05950M
// `couches` goes from the bottom to the top; opacity is written only when it is not 1. What a layer hides or keeps is apart:
// &masquees=qpv:0.2 (classes of the legend, by rank) &filtres=irve:puissance>50 (CQL2, encoded)
// &revisions=qpv:3 comes last: the state of the data that was seen, for whoever opens the link later (revisions.js).
// &comparer=rideau/0.5/droite: a second set of layers is shown, under a curtain ("rideau") that stands at 0.5 of the width or side by
// side ("cote"), on that side; its layers follow, written as those above: &comparer.couches=… &comparer.masquees=… &comparer.filtres=…
// &lignes=irve:A,B are rows chosen in the table of a layer, by key: at most MAX_LIGNES.
// What the reader drew is &dessin=, at most 2 000 characters; how it is written is in traces.js.
import { decodeDessin, encodeDessin, fitsLink } from "./traces.js";

/** Characters, # included, of the longest fragment that is written; `webmap vues` keeps no longer one either. */
export const MAX_FRAGMENT = 8000;
export const MAX_LIGNES = 50;
const LONGEST_LIGNES = 1500; // characters
const MAX_FILTRE = 2000;
const MAX_CLASSES = 64;
const IDENTIFIER = /^[a-z][a-z0-9_]{0,39}$/;
const round = (value, digits) => Number(value.toFixed(digits));

const encodeList = (name, couches, valueOf) => {
  const pieces = couches.map((couche) => [couche.id, valueOf(couche)]).filter(([, value]) => value);
  return pieces.length ? [`${name}=${pieces.map(([id, value]) => `${id}:${value}`).join(",")}`] : [];
};

const encodeCouches = (prefix, couches) => [
  `${prefix}couches=${couches.map(({ id, opacite }) => (opacite < 1 ? `${id}:${round(opacite, 2)}` : id)).join(",")}`,
  ...encodeList(`${prefix}masquees`, couches, ({ masquees }) => masquees?.join(".")),
  ...encodeList(`${prefix}filtres`, couches, ({ filtre }) => filtre && encodeURIComponent(filtre)),
];

const encodeLignes = ({ couche, cles }) => `${encodeURIComponent(couche)}:${cles.map(encodeURIComponent).join(",")}`;

/** Whether a link may carry these chosen rows. */
export const fitsLignes = (lignes) => lignes.cles.length <= MAX_LIGNES && encodeLignes(lignes).length <= LONGEST_LIGNES;

/** The layers of the set being worked on, then those of the compared one that it does not hold. */
export const listShown = ({ couches, comparer }) => [...couches, ...(comparer?.couches ?? []).filter(({ id }) => !couches.some((couche) => couche.id === id))];

/** `revisions`: {layer: revision} of the data the link was made on, written when given, for the layers of both compared sets. */
export function encodeFragment({ vue, couches, comparer, fond, filtre, fiche, lignes, dessin }, revisions = null) {
  const parts = [];
  if (vue) parts.push(`vue=${round(vue.zoom, 2)}/${round(vue.lat, 5)}/${round(vue.lon, 5)}`);
  if (couches) parts.push(...encodeCouches("", couches));
  if (comparer) {
    parts.push(`comparer=${comparer.mode}/${round(comparer.position, 3)}/${comparer.cote}`, ...encodeCouches("comparer.", comparer.couches));
  }
  if (fond) parts.push(`fond=${encodeURIComponent(fond)}`);
  if (filtre) parts.push(`filtre=${encodeURIComponent(filtre.decoupage)}:${encodeURIComponent(filtre.code)}`);
  if (fiche) parts.push(`fiche=${encodeURIComponent(fiche.couche)}:${encodeURIComponent(fiche.cle)}`);
  if (lignes) parts.push(`lignes=${encodeLignes(lignes)}`);
  const drawn = encodeDessin(dessin ?? []);
  if (drawn && fitsLink(drawn)) parts.push(`dessin=${drawn}`);
  if (couches && revisions) parts.push(...encodeList("revisions", listShown({ couches, comparer }), ({ id }) => revisions[id]?.toString()));
  return `#${parts.join("&")}`;
}

function decodeText(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

function decodePair(text) {
  const cut = text.indexOf(":");
  if (cut < 1) return null;
  const [left, right] = [decodeText(text.slice(0, cut)), decodeText(text.slice(cut + 1))];
  return left && right && IDENTIFIER.test(left) && right.length <= 200 ? [left, right] : null;
}

function decodeLignes(text) {
  const cut = text.indexOf(":");
  const couche = text.slice(0, Math.max(cut, 0));
  if (!IDENTIFIER.test(couche)) return undefined;
  const cles = [...new Set(text.slice(cut + 1).split(",").map(decodeText))].filter((cle) => cle && cle.length <= 200);
  const lignes = { couche, cles: cles.slice(0, MAX_LIGNES) };
  return cles.length && fitsLignes(lignes) ? lignes : undefined;
}

function decodeVue(text) {
  const pieces = text.split("/");
  if (pieces.length !== 3 || pieces.some((piece) => piece.trim() === "")) return null;
  const [zoom, lat, lon] = pieces.map(Number);
  const fits = zoom >= 0 && zoom <= 24 && Math.abs(lat) <= 85 && Math.abs(lon) <= 180;
  return fits ? { zoom, lat, lon } : null;
}

function decodeCouches(text) {
  const couches = new Map();
  for (const piece of text.split(",").slice(0, 200)) {
    const [id, opacity] = piece.split(":");
    const name = decodeText(id)?.slice(0, 60);
    if (!name) continue;
    const opacite = opacity === undefined ? 1 : Number(opacity);
    couches.delete(name);
    couches.set(name, { id: name, opacite: opacite > 0 && opacite <= 1 ? opacite : 1 });
  }
  return couches.size > 0 || text === "" ? [...couches.values()] : null;
}

/** {layer: value} of `a:…,b:…`; what `read` refuses (null) is left out; nothing when nothing is left. */
function decodeByCouche(text, read) {
  const found = {};
  for (const piece of text.split(",").slice(0, 200)) {
    const cut = piece.indexOf(":");
    const id = piece.slice(0, Math.max(cut, 0));
    const value = IDENTIFIER.test(id) ? read(piece.slice(cut + 1)) : null;
    if (value !== null) found[id] = value;
  }
  return Object.keys(found).length ? found : undefined;
}

function readClasses(text) {
  const classes = [...new Set(text.split(".").filter((piece) => /^\d{1,2}$/.test(piece)).map(Number))];
  return classes.length && classes.every((rank) => rank < MAX_CLASSES) ? classes.sort((a, b) => a - b) : null;
}

function readFiltre(text) {
  const filtre = decodeText(text);
  return filtre && filtre.length <= MAX_FILTRE ? filtre : null;
}

function decodeComparer(text) {
  const [mode, at, cote] = text.split("/");
  const position = /^\d(\.\d{1,6})?$/.test(at ?? "") ? Number(at) : NaN;
  return ["rideau", "cote"].includes(mode) && position <= 1 && ["gauche", "droite"].includes(cote) ? { mode, position, cote } : null;
}

const readRevision = (text) => (/^\d{1,15}$/.test(text) ? Number(text) : null);

/** Only what the fragment says, and says well: a part that is absent or unreadable is left out. */
export function decodeFragment(fragment) {
  const state = {};
  const other = {};
  for (const part of String(fragment ?? "").replace(/^#/, "").split("&")) {
    const cut = part.indexOf("=");
    const [written, text] = cut < 0 ? [part, ""] : [part.slice(0, cut), part.slice(cut + 1)];
    const name = written === "f" ? "filtre" : written; // the short form, for links written by hand
    if (name === "vue") state.vue = decodeVue(text) ?? state.vue;
    const seconde = name.startsWith("comparer.");
    const [set, of] = seconde ? [other, name.slice("comparer.".length)] : [state, name];
    if (of === "couches" && cut > 0) set.couches = decodeCouches(text) ?? set.couches;
    if (of === "masquees") set.masquees = decodeByCouche(text, readClasses);
    if (of === "filtres") set.filtres = decodeByCouche(text, readFiltre);
    if (name === "comparer") state.comparer = decodeComparer(text) ?? state.comparer;
    if (name === "revisions") state.revisions = decodeByCouche(text, readRevision);
    if (name === "dessin") state.dessin = decodeDessin(text);
    if (name === "lignes") state.lignes = decodeLignes(text);
    if (name === "fond") state.fond = decodeText(text) || undefined;
    const pair = name === "filtre" || name === "fiche" ? decodePair(text) : null;
    if (pair && name === "filtre") state.filtre = { decoupage: pair[0], code: pair[1] };
    if (pair && name === "fiche") state.fiche = { couche: pair[0], cle: pair[1] };
  }
  if (state.comparer && other.couches) Object.assign(state.comparer, withoutEmpty(other));
  else delete state.comparer; // a mode without layers, or layers without a mode
  return withoutEmpty(state);
}

const withoutEmpty = (state) => Object.fromEntries(Object.entries(state).filter(([, value]) => value !== undefined));

/** The layers of a decoded set that this atlas has, with what each hides and keeps. */
const resolveCouches = ({ couches, masquees = {}, filtres = {} }, known) =>
  couches
    .filter(({ id }) => known.has(id))
    .map((couche) => ({ ...couche, ...(masquees[couche.id] && { masquees: masquees[couche.id] }), ...(filtres[couche.id] && { filtre: filtres[couche.id] }) }));

/** Match a decoded fragment with what this atlas has: `{etat, inconnus}`, the unknown named for a notice; what a layer hides and
 * keeps joins it in `couches`. */
export function resolveFragment(decoded, atlas) {
  const couches = new Set(atlas.themes.flatMap((theme) => theme.couches.map((couche) => couche.id)));
  const inconnus = [];
  const etat = {};
  if (decoded.vue) etat.vue = decoded.vue;
  if (decoded.dessin) etat.dessin = decoded.dessin;
  const sets = [decoded, decoded.comparer].filter((set) => set?.couches);
  inconnus.push(...new Set(sets.flatMap((set) => set.couches).filter(({ id }) => !couches.has(id)).map(({ id }) => `couche « ${id} »`)));
  if (decoded.couches) etat.couches = resolveCouches(decoded, couches);
  if (decoded.comparer) {
    const { mode, position, cote } = decoded.comparer;
    etat.comparer = { mode, position, cote, couches: resolveCouches(decoded.comparer, couches) };
  }
  if (decoded.fond) {
    if (atlas.fonds.some((fond) => fond.id === decoded.fond)) etat.fond = decoded.fond;
    else inconnus.push(`fond « ${decoded.fond.slice(0, 60)} »`);
  }
  if (decoded.filtre) {
    const decoupage = atlas.decoupages.find(({ id }) => id === decoded.filtre.decoupage);
    if (decoupage?.unites.some(({ code }) => code === decoded.filtre.code)) etat.filtre = decoded.filtre;
    else inconnus.push(`territoire « ${decoded.filtre.code.slice(0, 60)} »`);
  }
  if (decoded.fiche) {
    if (couches.has(decoded.fiche.couche)) etat.fiche = decoded.fiche;
    else inconnus.push(`fiche de la couche « ${decoded.fiche.couche} »`);
  }
  if (decoded.lignes) {
    if (couches.has(decoded.lignes.couche)) etat.lignes = decoded.lignes;
    else inconnus.push(`lignes de la couche « ${decoded.lignes.couche} »`);
  }
  return { etat, inconnus };
}
