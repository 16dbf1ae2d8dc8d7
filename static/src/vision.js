// Pure: what eyes make of two colours. Colour science is culori's; what is ours is which eyes are asked.
import { converter, differenceCiede2000, filterDeficiencyDeuter, filterDeficiencyProt, filterDeficiencyTrit, formatHex, modeLab65, modeLch65, modeLrgb, modeRgb, modeXyz65, parse, useMode, wcagContrast } from "culori/fn";
import { checkColor } from "./couleur.js";

for (const mode of [modeRgb, modeLrgb, modeXyz65, modeLab65, modeLch65]) useMode(mode);

const difference = differenceCiede2000();
const toRgb = converter("rgb");
const toLch = converter("lch65");
/** Dichromats, as Machado, Oliveira and Fernandes simulate them (2009), severity 1. */
const EYES = [
  ["", (colour) => colour],
  ["deutéranope", filterDeficiencyDeuter(1)],
  ["protanope", filterDeficiencyProt(1)],
  ["tritanope", filterDeficiencyTrit(1)],
];

/** WCAG 2.2 contrast of two colours, 1 to 21. */
export const contrastOf = (one, other) => wcagContrast(one, other);

/** A colour seen through its opacity on another. */
export function compose(color, opacity, under) {
  const [over, below] = [parse(checkColor(color)), parse(checkColor(under))];
  const mix = (channel) => over[channel] * opacity + below[channel] * (1 - opacity);
  return formatHex({ mode: "rgb", r: mix("r"), g: mix("g"), b: mix("b") });
}

/** The eye to which two colours are closest, and how close: {oeil: "" | "deutéranope"…, ecart: CIEDE2000}. */
export function closest(one, other) {
  const seen = EYES.map(([oeil, see]) => ({ oeil, ecart: difference(see(toRgb(one)), see(toRgb(other))) }));
  return seen.reduce((least, each) => (each.ecart < least.ecart ? each : least));
}

/** The same hue at other lightnesses, the nearest first. */
export function shadesOf(color) {
  const { l, c, h } = toLch(checkColor(color));
  const lightnesses = Array.from({ length: 15 }, (_, index) => 15 + 5 * index).sort((a, b) => Math.abs(a - l) - Math.abs(b - l));
  return lightnesses.map((lightness) => formatHex({ mode: "lch65", l: lightness, c, h }));
}
