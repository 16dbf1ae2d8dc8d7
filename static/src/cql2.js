// Pure: rows of « champ, opérateur, valeur » as CQL2 text (OGC 21-065), the language of exports and of the API, and back.
// A filter is {lien: "et" | "ou", conditions: [{champ, operateur, valeur: text}]}; what nests or calculates stays a text.
const COMPARE = { est: "=", pas: "<>", min: ">=", max: "<=", plus: ">", moins: "<" };
const WITHOUT_VALUE = { rempli: "IS NOT NULL", vide: "IS NULL" };
const PRESENCE = { rempli: "est renseigné", vide: "n’est pas renseigné" };
const KINDS = {
  text: { contient: "contient", sans: "ne contient pas", commence: "commence par", est: "est", pas: "n’est pas" },
  mots: { est: "est", pas: "n’est pas" },
  number: { min: "au moins", max: "au plus", plus: "plus de", moins: "moins de", est: "est égal à", pas: "n’est pas égal à" },
  date: { min: "à partir du", max: "jusqu’au", plus: "après le", moins: "avant le", est: "le", pas: "pas le" },
  boolean: { est: "est" },
  list: { contient: "contient", sans: "ne contient pas" },
};
const RESERVED = /^(and|or|not|like|between|in|is|true|false|null)$/i;
// `unaccent` turns these into signs that mean something in a pattern: the text is then compared with its accents.
const UNSAFE = /[\u2216\ufe30-\uff65]/u;
const TOKEN = /\s*(?:('(?:[^']|'')*')|"([^"]+)"|((?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|([^\W\d][\w:.]*)|(<=|>=|<>|[=<>(),+-]))/uy;

const kindOf = (champ) => (champ.valeurs ? "mots" : champ.type === "integer" ? "number" : champ.type);

/** The operators of a field and their words, in the order they are offered: {id: "au moins", …}. */
export const operateursOf = (champ) => ({ ...KINDS[kindOf(champ)], ...PRESENCE });

export const needsValue = (operateur) => !(operateur in WITHOUT_VALUE);

/** « 12,5 », « 1 200 » or « 12.5 » as a number; null when it is none. */
export function readNombre(text) {
  const written = String(text).trim().replace(/[\s\u00a0\u202f]/g, "").replace(",", ".").replace("−", "-");
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(written) && Number.isFinite(Number(written)) ? Number(written) : null;
}

/** Whether a condition says enough to be written. */
export function isComplete({ champ, operateur, valeur }, champs) {
  const field = champs.find(({ id }) => id === champ);
  if (!field || !(operateur in operateursOf(field))) return false;
  if (!needsValue(operateur)) return true;
  if (kindOf(field) === "number") return readNombre(valeur) !== null;
  if (kindOf(field) === "date") return /^\d{4}-\d\d-\d\d$/.test(valeur);
  return String(valeur ?? "") !== "";
}

const quoteFr = (text) => `«\u00a0${text}\u00a0»`;
const quote = (text) => `'${text.replaceAll("'", "''")}'`;
const nameOf = (id) => (RESERVED.test(id) ? `"${id}"` : id);

function writePattern(name, operateur, valeur) {
  const fold = (text) => (UNSAFE.test(valeur) ? `CASEI(${text})` : `CASEI(ACCENTI(${text}))`);
  const pattern = `${operateur === "commence" ? "" : "%"}${valeur.replace(/[\\%_]/g, "\\$&")}%`;
  return `${fold(name)} ${operateur === "sans" ? "NOT LIKE" : "LIKE"} ${fold(quote(pattern))}`;
}

function writeCondition({ champ, operateur, valeur }, field) {
  const name = nameOf(champ);
  const kind = kindOf(field);
  if (!needsValue(operateur)) return `${name} ${WITHOUT_VALUE[operateur]}`;
  if (kind === "list") return `${operateur === "sans" ? "NOT " : ""}A_CONTAINS(${name}, (${quote(valeur)}))`;
  if (!(operateur in COMPARE)) return writePattern(name, operateur, valeur);
  const literals = { number: () => String(readNombre(valeur)), date: () => `DATE('${valeur}')`, boolean: () => (valeur === "true" ? "TRUE" : "FALSE") };
  return `${name} ${COMPARE[operateur]} ${(literals[kind] ?? (() => quote(valeur)))()}`;
}

/** The CQL2 of the conditions that are complete; "" when there is none. */
export function buildCql2({ lien, conditions }, champs) {
  return conditions
    .filter((condition) => isComplete(condition, champs))
    .map((condition) => writeCondition(condition, champs.find(({ id }) => id === condition.champ)))
    .join(lien === "ou" ? " OR " : " AND ");
}

function tokenize(text) {
  const tokens = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.trimEnd().length) {
    const found = TOKEN.exec(text);
    if (!found) return null;
    const [, literal, quoted, number, word, sign] = found;
    if (literal !== undefined) tokens.push({ kind: "text", value: literal.slice(1, -1).replaceAll("''", "'") });
    else if (quoted !== undefined) tokens.push({ kind: "name", value: quoted });
    else if (number !== undefined) tokens.push({ kind: "number", value: number });
    else tokens.push({ kind: word === undefined ? "sign" : "word", value: word ?? sign });
  }
  return tokens;
}

/** Split at the AND or the OR that stand outside parentheses; null when both do. */
function splitConditions(tokens) {
  const pieces = [[]];
  const links = new Set();
  let depth = 0;
  for (const token of tokens) {
    const word = token.kind === "word" ? token.value.toUpperCase() : token.kind === "sign" ? token.value : "";
    depth += word === "(" ? 1 : word === ")" ? -1 : 0;
    if (depth === 0 && (word === "AND" || word === "OR")) {
      links.add(word);
      pieces.push([]);
    } else pieces.at(-1).push(token);
  }
  return links.size > 1 ? null : { lien: links.has("OR") ? "ou" : "et", pieces };
}

const unfold = (pattern) => pattern.replace(/\\([\\%_])/g, "$1");

function readPattern(champ, negated, pattern) {
  const body = /^(%?)((?:[^\\%_]|\\[\\%_])*)%$/su.exec(pattern);
  if (!body || (negated && !body[1])) return null;
  return { champ, operateur: negated ? "sans" : body[1] ? "contient" : "commence", valeur: unfold(body[2]) };
}

/** One condition, from the shape of its tokens: N a name, T a text, D a number, other words and signs as they are. */
function readCondition(tokens) {
  const kinds = { name: "N", text: "T", number: "D" };
  const known = /^(NOT|LIKE|IS|NULL|CASEI|ACCENTI|A_CONTAINS|DATE|TRUE|FALSE|BETWEEN|IN)$/i;
  const shape = tokens.map(({ kind, value }) => kinds[kind] ?? (kind === "sign" ? value : known.test(value) ? value.toUpperCase() : "N")).join(" ");
  const names = tokens.filter(({ kind, value }) => kind === "name" || (kind === "word" && !known.test(value)));
  const champ = names[0]?.value;
  const text = tokens.find(({ kind }) => kind === "text")?.value;
  const presence = /^N IS (NOT )?NULL$/.exec(shape);
  if (presence) return { champ, operateur: presence[1] ? "rempli" : "vide", valeur: "" };
  const list = /^(NOT )?A_CONTAINS \( N , \( T \) \)$/.exec(shape);
  if (list) return { champ, operateur: list[1] ? "sans" : "contient", valeur: text };
  const pattern = /^CASEI \( (?:ACCENTI \( N \) \) (NOT )?LIKE CASEI \( ACCENTI \( T \) \)|N \) (NOT )?LIKE CASEI \( T \))$/.exec(shape);
  if (pattern) return readPattern(champ, Boolean(pattern[1] ?? pattern[2]), text);
  const compared = /^N (=|<>|<=|>=|<|>) (?:(T)|([+-] )?(D)|(TRUE|FALSE)|(DATE) \( T \))$/.exec(shape);
  if (!compared) return null;
  const [, sign, isText, minus, isNumber, flag, isDate] = compared;
  const operateur = Object.keys(COMPARE).find((id) => COMPARE[id] === sign);
  if (isText) return { champ, operateur, valeur: text, kinds: ["text", "mots"] };
  if (isDate) return { champ, operateur, valeur: text, kinds: ["date"] };
  if (flag) return { champ, operateur, valeur: flag.toLowerCase(), kinds: ["boolean"] };
  const value = Number(tokens.find(({ kind }) => kind === "number" && isNumber).value);
  return { champ, operateur, valeur: String(minus?.trim() === "-" ? -value : value).replace(".", ","), kinds: ["number"] };
}

/** The filter a text says, as rows that would write it again; null when rows cannot say it. */
export function readCql2(text, champs) {
  if (!text?.trim()) return { lien: "et", conditions: [] };
  const split = splitConditions(tokenize(text) ?? [{ kind: "sign", value: "?" }]);
  if (!split) return null;
  const conditions = [];
  for (const piece of split.pieces) {
    const { kinds, ...condition } = readCondition(piece) ?? {};
    const field = champs.find(({ id }) => id === condition.champ);
    if (!field || !isComplete(condition, champs) || (kinds && !kinds.includes(kindOf(field)))) return null;
    conditions.push(condition);
  }
  return { lien: split.lien, conditions };
}

/** « puissance nominale au moins 50 kW et condition d’accès est « Accès libre » ». */
export function describeFiltre({ lien, conditions }, champs) {
  return conditions
    .filter((condition) => isComplete(condition, champs))
    .map(({ champ, operateur, valeur }) => {
      const field = champs.find(({ id }) => id === champ);
      const words = `${field.libelle[0].toLowerCase()}${field.libelle.slice(1)} ${operateursOf(field)[operateur]}`;
      if (!needsValue(operateur)) return words;
      const told = {
        number: () => `${readNombre(valeur).toLocaleString("fr-FR")}${field.unite ? `\u00a0${field.unite}` : ""}`,
        date: () => valeur.split("-").reverse().join("/"),
        boolean: () => (valeur === "true" ? "oui" : "non"),
        mots: () => quoteFr(field.valeurs[valeur] ?? valeur),
      };
      return `${words} ${(told[kindOf(field)] ?? (() => quoteFr(valeur)))()}`;
    })
    .join(lien === "ou" ? " ou " : " et ");
}
