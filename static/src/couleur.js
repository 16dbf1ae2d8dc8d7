// Pure: colours. OpenLayers paints an unreadable colour black without a word, so nothing unchecked reaches it.
const HEX = /^#[0-9a-f]{6}$/i;
export const COULEUR_INCONNUE = "#8a8f98";
/** Opacity of the white edging that parts what is drawn from what is under it: enough for 3:1 with each class over black itself. */
export const LISERE = 0.9;

export const checkColor = (color, fallback = COULEUR_INCONNUE) => (typeof color === "string" && HEX.test(color) ? color.toLowerCase() : fallback);

export function withOpacity(color, opacity) {
  const hex = checkColor(color);
  const channel = (start) => Number.parseInt(hex.slice(start, start + 2), 16);
  const alpha = Number.isFinite(opacity) ? Math.min(1, Math.max(0, opacity)) : 1;
  return `rgba(${channel(1)},${channel(3)},${channel(5)},${alpha})`;
}

/** Relative lightness of a checked colour, 0 black to 1 white. */
function lightness(hex) {
  const [red, green, blue] = [1, 3, 5].map((start) => Number.parseInt(hex.slice(start, start + 2), 16) / 255);
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** The colour of a hollow symbol's line: its own, unless too pale to be seen on white; then its outline's. */
export function lineColor({ color, stroke }) {
  return lightness(checkColor(color)) > 0.72 ? checkColor(stroke) : checkColor(color);
}

/** The rank of the first rule that takes these properties, as `Style.rule_for` does on the server; -1: not drawn. */
export function rankOf(style, properties) {
  const value = style.field === null || style.field === undefined ? null : properties[style.field];
  return style.rules.findIndex((rule) => {
    if (rule.value === null || rule.value === undefined) return true;
    return value !== null && value !== undefined && String(value) === rule.value;
  });
}

/** The rule itself; null: not drawn. */
export const ruleFor = (style, properties) => style.rules[rankOf(style, properties)] ?? null;
