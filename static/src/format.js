// Pure: numbers and short sentences in French.
const nombre = new Intl.NumberFormat("fr-FR");

export const formatNombre = (value) => nombre.format(value);

const degres = new Intl.NumberFormat("fr-FR", { minimumFractionDigits: 3, maximumFractionDigits: 3 });

/** « 3,227° ». */
export const formatDegres = (value) => `${degres.format(value)}°`;

/** « 21/11/2026 » for « 2026-11-21 ». */
export const formatDate = (iso) => iso.split("-").reverse().join("/");

/** « 1 lieu », « 11 lieux ». */
export function formatQuantite(count, singulier, pluriel) {
  return `${formatNombre(count)} ${Math.abs(count) < 2 ? singulier : pluriel}`;
}

/** The count of a layer in its panel: rows without a place are always said. */
export function formatCompte({ geometrie, lignes, localises }) {
  if (lignes === 0) return "aucune donnée";
  const absents = lignes - localises;
  if (absents > 0) {
    return `${formatQuantite(lignes, "ligne", "lignes")}, dont ${formatQuantite(absents, "non localisée", "non localisées")}`;
  }
  const noms = { point: ["lieu", "lieux"], line: ["tracé", "tracés"], polygon: ["périmètre", "périmètres"] };
  return formatQuantite(lignes, ...(noms[geometrie] ?? ["ligne", "lignes"]));
}

/** Text without accents, case, or punctuation, for comparing what a person typed. */
export function foldText(text) {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().replace(/œ/g, "oe").replace(/[^a-z0-9]+/g, " ").trim();
}

/** Break a long name for the map: lines of about `width` letters, cut at spaces. */
export function wrapText(text, width = 22) {
  const lines = [];
  for (const word of String(text).split(/\s+/)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines.slice(0, 4).join("\n") + (lines.length > 4 ? "…" : "");
}
