// Pure: how large what is drawn must be, on a screen or from the back of a room. Sizes in CSS pixels, distances in metres.

/** Height of a capital letter seen at arm's length or across a room, in minutes of arc: the least of ISO 9241-303 (20 to 22 preferred). */
export const LETTRE_MINUTES = 16;
/** Width of a line: that of the strokes of such a letter, an eighth of its height. */
export const TRAIT_MINUTES = LETTRE_MINUTES / 8;
const CAPITALE = 0.7; // height of a capital in its font's size: 0.70 to 0.73 in the fonts of the pages
/** The smallest text the atlas writes on a map: the names of communes. */
export const PLUS_PETIT = 12;
export const REFERENCE = 1920; // pixels of the screen that sizes and views are made for
const GROSSI_AU_PLUS = 4; // beyond, symbols and names leave no map between them
/** Until the room is measured; the page says that it is a hypothesis. */
export const SALLE = { distance: 5, largeur: 2 };
export const BORNES = { distance: [1, 50], largeur: [0.3, 20] };

/** The settings of a room, each within its bounds; `SALLE` for what is not a number. */
export function checkSalle(salle) {
  const within = (name) => {
    const value = typeof salle?.[name] === "number" ? salle[name] : NaN;
    const [low, high] = BORNES[name];
    return value >= low && value <= high ? value : SALLE[name];
  };
  return { distance: within("distance"), largeur: within("largeur") };
}

/** Pixels under an angle, on an image `largeur` wide made of `width` pixels: 2 × distance × tan(angle ÷ 2). */
export function pixelsUnder(minutes, { distance, largeur }, width) {
  const metres = 2 * distance * Math.tan((minutes * Math.PI) / 10800 / 2);
  return (metres / largeur) * width;
}

/** Size of the smallest text that is read from `distance`. */
export const computeTexte = (salle, width) => pixelsUnder(LETTRE_MINUTES, salle, width) / CAPITALE;

/** How much symbols, lines and texts grow: 1 up to 1920 pixels wide, 2 at 3840; projected, what a room asks for, up to a bound. */
export function computeFactor(width, salle = null) {
  const own = Math.min(2.2, Math.max(1, width / REFERENCE));
  if (!salle) return own;
  return Math.max(own, Math.min((GROSSI_AU_PLUS * width) / REFERENCE, computeTexte(salle, width) / PLUS_PETIT));
}

/** The distance from which the smallest text is still read, once grown as much as it can be. */
export function computePortee(salle, width) {
  return (salle.distance * computeFactor(width, salle) * PLUS_PETIT) / computeTexte(salle, width);
}
