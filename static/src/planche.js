// The sheet around the map of a picture: title, legend, scale, north, sources. `planPlanche` is pure; `paintPlanche` paints on a canvas.
// Lengths are CSS pixels of a screen of ordinary size; `factor` enlarges letters on a wall, as the map does.

export const POLICE = "system-ui, 'Segoe UI', Roboto, 'Liberation Sans', sans-serif";
const [MARGE, VIGNETTE, COLONNE] = [16, 32, 230];
const CORPS = { titre: [20, 26, 650], groupe: [13, 19, 650], entree: [12, 17, 400], pied: [10.5, 15, 400] }; // size, line height, weight
const MOST_COLUMNS = 3;
const MOST_NOTES = 0.35; // of the height of a sheet of paper: the map comes first
const NARROW = 640; // width of a map under which the legend is below it

export const fontOf = (style, factor) => `${CORPS[style][2]} ${CORPS[style][0] * factor}px ${POLICE}`;

/** Cut a text into lines of a width; `measure(text, style)` gives a width. A word longer than a line (an address) is cut anywhere. */
export function wrapLines(text, width, style, measure) {
  const lines = [""];
  for (const word of text.split(" ")) {
    const longer = lines.at(-1) ? `${lines.at(-1)} ${word}` : word;
    if (measure(longer, style) <= width) lines[lines.length - 1] = longer;
    else if (measure(word, style) <= width) lines.push(word);
    else {
      if (lines.at(-1)) lines.push("");
      for (const sign of word) {
        if (measure(lines.at(-1) + sign, style) > width) lines.push("");
        lines[lines.length - 1] += sign;
      }
    }
  }
  return lines.filter(Boolean);
}

/** The lines of a legend: a title stays with its first class, a layer of one class says its name once. */
function listLines(groupes, width, factor, measure) {
  return groupes.flatMap(({ id, titre, entrees }) => {
    const alone = entrees.length === 1 && id !== "signes";
    const heading = alone ? [] : [{ style: "groupe", lines: wrapLines(titre, width, "groupe", measure), svg: null }];
    const entries = entrees.map(({ label, svg }) => ({ style: "entree", lines: wrapLines(alone ? titre : label, width - VIGNETTE * factor, "entree", measure), svg }));
    return [...heading, ...entries].map((line) => ({ ...line, height: (line.lines.length * CORPS[line.style][1] + (line.style === "groupe" ? 8 : 4)) * factor }));
  });
}

/** Columns of lines no higher than `height`; what is left over when `most` columns are full. */
export function flowLines(lines, height, most) {
  const columns = [];
  let used = Infinity;
  for (const [rank, line] of lines.entries()) {
    const needed = line.height + (line.style === "groupe" ? (lines[rank + 1]?.height ?? 0) : 0);
    if (used + needed > height && (used > 0 || columns.length === 0)) {
      if (columns.length === most) return { columns, left: lines.length - rank };
      columns.push([]);
      used = 0;
    }
    columns.at(-1).push(line);
    used += line.height;
  }
  return { columns, left: 0 };
}

const higher = (columns) => Math.max(0, ...columns.map((column) => column.reduce((sum, { height }) => sum + height, 0)));

/** The lines of the notes; on a sheet (`height`), as many as fit, or `lignes`, and always the last note: dates and address. */
function listNotes(notes, width, height, factor, measure, lignes) {
  const lines = notes.map((note) => wrapLines(note, width, "pied", measure));
  const most = lignes ?? (height ? Math.floor((MOST_NOTES * height) / (CORPS.pied[1] * factor)) : Infinity);
  if (lines.flat().length <= most) return { foot: lines.flat(), coupees: false };
  return { foot: [...lines.slice(0, -1).flat().slice(0, Math.max(0, most - lines.at(-1).length - 1)), "… La suite des sources et des mots est dans l’atlas.", ...lines.at(-1)], coupees: true };
}

/**
 * Where everything goes. `carte`: {width, height} of the map, which the sheet grows around; or `feuille`: {width, height} of the
 * sheet, which the map fills, but for `lignes` of notes when so many are kept for them. Returns {width, height, titre, carte, colonnes, pied}, boxes with their lines; `manquent`, the lines of
 * legend that a sheet has no room for, and `coupees`, whether notes are missing too.
 */
export function planPlanche({ titre, groupes, notes, lignes = null, carte, feuille, factor, measure }) {
  const [marge, colonne] = [MARGE * factor, COLONNE * factor];
  const lines = listLines(groupes, colonne, factor, measure);
  const below = !feuille && carte.width < NARROW * factor;
  const across = (number) => number * (colonne + marge);
  const most = feuille ? MOST_COLUMNS : 2;

  function layout(number) {
    const width = feuille ? feuille.width : Math.max(carte.width, 300 * factor) + 2 * marge + (below ? 0 : across(number));
    const inner = width - 2 * marge;
    const head = wrapLines(titre, inner, "titre", measure);
    const { foot, coupees } = listNotes(notes, inner, feuille?.height, factor, measure, lignes);
    const [top, bottom] = [marge + head.length * CORPS.titre[1] * factor + marge / 2, (lignes ?? foot.length) * CORPS.pied[1] * factor + 1.5 * marge];
    const box = feuille ? { width: inner - across(number), height: feuille.height - top - bottom } : carte;
    return { width, inner, head, foot, coupees, top, bottom, box };
  }

  let number = lines.length > 0 && !below ? 1 : 0;
  while (number > 0 && number < most && flowLines(lines, layout(number).box.height, number).left > 0) number += 1;
  const { width, inner, head, foot, coupees, top, bottom, box } = layout(number);
  const wide = Math.max(1, Math.floor((inner + marge) / (colonne + marge)));
  const tall = feuille ? box.height : below ? Math.max(...lines.map(({ height }) => height), (higher([lines]) / wide) * 1.25) : Math.max(box.height, (higher([lines]) / Math.max(1, number)) * 1.15);
  const { columns, left } = flowLines(lines, tall, below || !feuille ? Infinity : number);
  const start = below ? { x: marge, y: top + box.height + marge } : { x: marge + box.width + marge, y: top };
  const body = below ? box.height + (lines.length ? marge + higher(columns) : 0) : feuille ? box.height : Math.max(box.height, higher(columns));
  const height = feuille ? feuille.height : top + body + bottom;
  return {
    width,
    height,
    titre: { x: marge, y: marge, lines: head },
    carte: { x: marge, y: top, ...box },
    colonnes: columns.map((column, rank) => ({ x: start.x + across(rank), y: start.y, lines: column })),
    manquent: left,
    coupees,
    pied: { x: marge, y: top + body + marge, lines: foot },
  };
}

function paintText(context, lines, x, y, style, factor) {
  context.font = fontOf(style, factor);
  lines.forEach((line, rank) => context.fillText(line, x, y + rank * CORPS[style][1] * factor));
}

function paintColumn(context, { x, y, lines }, images, factor) {
  let at = y;
  for (const { style, lines: words, svg, height } of lines) {
    if (svg) context.drawImage(images.get(svg), x, at, 24 * factor, 16 * factor);
    paintText(context, words, x + (svg ? VIGNETTE * factor : 0), at + (style === "groupe" ? 4 * factor : 0), style, factor);
    at += height;
  }
}

/** The bar in its box, at the foot of the map; an arrow to the north, which is up, at its head. */
function paintSigns(context, { x, y, width, height }, echelle, factor) {
  const plate = (left, top, wide, tall) => {
    context.fillStyle = "rgba(255,255,255,.9)";
    context.fillRect(left, top, wide, tall);
    context.fillStyle = "#17212b";
  };
  if (echelle) {
    const [wide, tall] = [echelle.width + 16 * factor, 30 * factor];
    const [left, top] = [x + 8 * factor, y + height - tall - 8 * factor];
    plate(left, top, wide, tall);
    paintText(context, [echelle.texte], left + 8 * factor, top + 3 * factor, "entree", factor);
    context.fillRect(left + 8 * factor, top + tall - 7 * factor, echelle.width, 2 * factor);
    for (const end of [0, echelle.width - 2 * factor]) context.fillRect(left + 8 * factor + end, top + tall - 12 * factor, 2 * factor, 7 * factor);
  }
  const [left, top] = [x + width - 34 * factor, y + 8 * factor];
  plate(left, top, 26 * factor, 42 * factor);
  context.beginPath();
  for (const [dx, dy] of [[13, 4], [19, 22], [13, 18], [7, 22]]) context.lineTo(left + dx * factor, top + dy * factor);
  context.fill();
  paintText(context, ["N"], left + 8.5 * factor, top + 25 * factor, "groupe", factor);
}

/** `cartes`: [{canvas, x, width, from, to}] in the box of the map: what is drawn at x, of which the part from–to is kept. */
export function paintPlanche(context, plan, { cartes, images, echelle, factor }) {
  const { carte } = plan;
  context.fillStyle = "#ffffff";
  context.fillRect(0, 0, plan.width, plan.height);
  context.fillStyle = "#e9edf0";
  context.fillRect(carte.x, carte.y, carte.width, carte.height);
  for (const { canvas, x, width, from, to } of cartes) {
    context.save();
    context.beginPath();
    context.rect(carte.x + from, carte.y, to - from, carte.height);
    context.clip();
    context.drawImage(canvas, carte.x + x, carte.y, width, carte.height);
    context.restore();
  }
  context.strokeStyle = "#17212b";
  for (const { from, to } of cartes) context.strokeRect(carte.x + from, carte.y, to - from, carte.height);
  context.textBaseline = "top";
  context.fillStyle = "#17212b";
  paintText(context, plan.titre.lines, plan.titre.x, plan.titre.y, "titre", factor);
  for (const column of plan.colonnes) paintColumn(context, column, images, factor);
  paintText(context, plan.pied.lines, plan.pied.x, plan.pied.y, "pied", factor);
  paintSigns(context, carte, echelle, factor);
}
