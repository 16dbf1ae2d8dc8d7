// Pure: what of the shown layers will not be read from the back of the room, and what to do about it. Fetched on demand.
import { checkColor } from "./couleur.js";
import { computeFactor, computePortee, LETTRE_MINUTES, pixelsUnder, PLUS_PETIT, TRAIT_MINUTES } from "./ecran.js";
import { listCouches } from "./etat.js";
import { formatNombre } from "./format.js";
import { buildLegende } from "./legende.js";
import { closest, compose, contrastOf, shadesOf } from "./vision.js";

const CONTRASTE = 3; // WCAG 2.2, 1.4.11: graphical objects
const ECART = 10; // CIEDE2000; 1 is just seen side by side, and a legend is never beside what it explains
const INTERLIGNE = 1.4;
const CLASSES = 7; // more are not kept in mind between the legend and the map
const PAPIER = "#e9edf0"; // what lies around and under everything: css/carte.css, .scene
const PAIRES_DITES = 4;
// Colours told apart by every eye (Okabe and Ito, 2008), for a class that finds no shade of its own.
const REMPLACANTES = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000"];

const un = (value) => formatNombre(Math.round(value * 10) / 10);
const downTo = (value) => formatNombre(Math.floor(value * 10) / 10); // what falls short never reads as what is asked for
const upTo = (value) => Math.ceil(value * 10) / 10;

/** The colours that may be under a layer; null under images, whose colours nobody knows. */
function papersOf(atlas, fond) {
  const { type } = atlas.fonds.find(({ id }) => id === fond) ?? {};
  if (type === "xyz") return null;
  const bassins = type === "communal" ? (listCouches(atlas).find(({ id }) => id === "bassin")?.style?.rules ?? []) : [];
  return [PAPIER, ...bassins.map(({ color }) => compose(color, 0.13, PAPIER))];
}

/** The inks that carry a rule: its edge for a surface, its stroke for a line, both for a symbol. */
function inksOf(rule, geometrie, opacite) {
  const fill = [rule.color, rule.opacity * opacite];
  const stroke = [rule.stroke, opacite];
  if (geometrie === "line") return [[rule.color, opacite]];
  return geometrie === "point" || rule.width === 0 ? [fill, stroke] : [stroke];
}

const leastContrast = ([color, opacity], papers) => Math.min(...papers.map((paper) => contrastOf(compose(color, opacity, paper), paper)));

function checkContraste(rules, { geometrie, opacite, papers }) {
  return rules.flatMap((rule) => {
    const inks = inksOf(rule, geometrie, opacite);
    const contrast = Math.max(...inks.map((ink) => leastContrast(ink, papers)));
    if (contrast >= CONTRASTE) return [];
    const [[color, opacity]] = inks;
    const better = opacity < 0.6 ? null : shadesOf(color).find((shade) => leastContrast([shade, opacity], papers) >= CONTRASTE);
    const name = geometrie === "polygon" && rule.width > 0 ? "stroke" : "color";
    return {
      sorte: "contraste",
      phrase: `« ${rule.label} » se détache mal du fond : contraste ${downTo(contrast)} pour 1, il en faut ${CONTRASTE}.`,
      remede: better ? `Dans son style, ${name} = "${better}".` : opacite < 1 ? "Remonter l’opacité de la couche." : "Dans son style, foncer la couleur ou remonter l’opacité.",
    };
  });
}

/** What tells two classes apart without colour. */
const signOf = (rule, geometrie) => [geometrie === "point" ? rule.symbol : rule.hatch, ...rule.dash].join();

function checkClasses(rules, { geometrie, opacite, papers }) {
  const paper = papers?.[0] ?? "#ffffff";
  const seen = (color, rule) => compose(color, geometrie === "line" ? opacite : rule.opacity * opacite, paper);
  const apart = (rule, color, other) => {
    const fill = closest(seen(color, rule), seen(other.color, other));
    const edge = geometrie === "line" ? fill : closest(checkColor(rule.stroke), checkColor(other.stroke));
    return edge.ecart > fill.ecart ? edge : fill;
  };
  const same = (rule, other) => signOf(rule, geometrie) === signOf(other, geometrie);
  const better = (rule) => {
    const rivals = rules.filter((other) => other !== rule && same(rule, other));
    return [...shadesOf(rule.color), ...REMPLACANTES].find(
      (color) => rivals.every((other) => apart(rule, color, other).ecart >= ECART) && (geometrie === "polygon" || !papers || leastContrast([color, opacite], papers) >= CONTRASTE),
    );
  };
  const pairs = rules.flatMap((rule, at) => rules.slice(at + 1).filter((other) => same(rule, other)).map((other) => ({ rule, other, ...apart(rule, rule.color, other) })));
  const close = pairs.filter(({ ecart }) => ecart < ECART).sort((a, b) => a.ecart - b.ecart);
  const told = close.slice(0, PAIRES_DITES).map(({ rule, other, oeil, ecart }) => {
    const color = better(other);
    return {
      sorte: "classes",
      phrase: `« ${rule.label} » et « ${other.label} » se confondent${oeil ? ` pour un œil ${oeil}` : ""} : écart ${downTo(ecart)}, il en faut ${ECART}.`,
      remede: color ? `Dans le style, color = "${color}" pour « ${other.label} » ; ou une autre ${geometrie === "point" ? "forme" : "trame"}.` : `Leur donner ${geometrie === "point" ? "des formes" : "des trames"} différentes, ou en masquer une.`,
    };
  });
  if (close.length <= PAIRES_DITES) return told;
  return [...told, { sorte: "classes", phrase: `${close.length - PAIRES_DITES} autres paires de classes sont trop proches.`, remede: `Moins de classes : ${CLASSES} au plus se retiennent.` }];
}

function checkTailles(rules, { geometrie, factor, salle, width, label }) {
  const [letter, stroke] = [LETTRE_MINUTES, TRAIT_MINUTES].map((minutes) => pixelsUnder(minutes, salle, width) / factor);
  const found = [];
  if (label && label.size < PLUS_PETIT) {
    found.push({ sorte: "texte", phrase: `Ses noms sont trop petits : ${un(label.size)} px, il en faut ${PLUS_PETIT}.`, remede: `Dans son style, [label] size = ${PLUS_PETIT}.` });
  }
  for (const rule of rules) {
    if (geometrie === "point" && rule.size * 2 < letter) {
      found.push({ sorte: "symbole", phrase: `« ${rule.label} » : symbole de ${un(rule.size * 2)} px, il en faut ${un(upTo(letter))}.`, remede: `Dans son style, size = ${upTo(letter / 2)}.` });
    }
    if (geometrie !== "point" && rule.width > 0 && rule.width < stroke) {
      found.push({ sorte: "trait", phrase: `« ${rule.label} » : trait de ${un(rule.width)} px, il en faut ${un(upTo(stroke))}.`, remede: `Dans son style, width = ${upTo(stroke)}.` });
    }
  }
  return found;
}

function checkEnsemble(atlas, etat, salle, { width, height }) {
  const found = [];
  const portee = computePortee(salle, width);
  if (portee < salle.distance - 0.05) {
    found.push({
      sorte: "distance",
      phrase: `À ${un(salle.distance)} m d’une image large de ${un(salle.largeur)} m, les noms ne se lisent pas : on les lit jusqu’à ${un(portee)} m.`,
      remede: `Rapprocher le dernier rang, ou élargir l’image à ${un(upTo((salle.largeur * salle.distance) / portee))} m.`,
    });
  }
  const texte = PLUS_PETIT * computeFactor(width, salle);
  const lines = buildLegende(atlas, etat).reduce((sum, { id, entrees }) => sum + entrees.length + (entrees.length > 1 || id === "signes" ? 1 : 0), 0);
  const places = Math.floor((height - 3 * texte) / (INTERLIGNE * texte));
  if (lines > places) {
    found.push({ sorte: "legende", phrase: `La légende a au moins ${lines} lignes, et il y a place pour ${places} : la fin n’en sera pas montrée.`, remede: "Retirer des couches, ou masquer des classes." });
  }
  return found;
}

/** {ensemble, couches: [{id, titre, problemes}], fondInconnu}: each problem is {sorte, phrase, remede}; null for a layer with
 * nothing to draw. `ecran` in pixels, `salle` in
 * metres. Beyond the distance at which the smallest names are read, layers are judged at that distance: the first line says so. */
export function checkLisibilite(atlas, etat, salle, ecran) {
  const byId = new Map(listCouches(atlas).map((couche) => [couche.id, couche]));
  const papers = papersOf(atlas, etat.fond);
  const { width } = ecran;
  const seats = { ...salle, distance: Math.min(salle.distance, computePortee(salle, width)) };
  const couches = etat.couches.toReversed().map(({ id, opacite, masquees = [] }) => {
    const { titre, geometrie, style, localises } = byId.get(id);
    if (localises === 0) return { id, titre, problemes: null };
    const rules = style.rules.filter((_, rank) => !masquees.includes(rank));
    const context = { geometrie, opacite, papers, salle: seats, width, factor: computeFactor(width, salle), label: style.label };
    const problemes = [...checkTailles(rules, context), ...(papers ? checkContraste(rules, context) : []), ...checkClasses(rules, context)];
    return { id, titre, problemes };
  });
  return { ensemble: checkEnsemble(atlas, etat, salle, ecran), couches, fondInconnu: papers === null };
}
