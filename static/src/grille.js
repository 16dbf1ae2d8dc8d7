// A grid of any number of rows, of which only those in sight are in the page. One stop of Tab; arrows move the active cell.
import { element } from "./dom.js";

const AROUND = 12; // rows kept above and below those in sight
const STEP = 6; // the window moves by so many rows at a time

/** `colonnes`: [{id, libelle, type, tri: "ascending" | "descending" | null, triable}]. `cell(colonne, value)` gives text or a node.
 * `isChosen(key)`: rows that are chosen; `onToggle(key)`: Space, or Ctrl and a click. */
export function createGrille({ cell, isChosen, onSort, onActive, onOpen, onToggle, onRange }) {
  const [above, below] = [0, 1].map(() => element("td", {}));
  const head = element("thead", {});
  const body = element("tbody", {});
  const columns = element("colgroup", {});
  const spacer = (td) => element("tbody", { class: "cale", "aria-hidden": "true" }, element("tr", {}, td));
  const table = element("table", { role: "grid", tabindex: "0", "aria-readonly": "true", "aria-multiselectable": "true" }, columns, head, spacer(above), body, spacer(below));
  const scroller = element("div", { class: "grille" }, table);
  let rows = []; // those in the page: {node, index, line}
  let colonnes = [];
  let lignes = null;
  let total = 0;
  let first = -1;
  let active = { row: 0, column: 0 };
  let frame = 0;

  const rowHeight = () => Math.round(1.75 * Number.parseFloat(getComputedStyle(document.documentElement).fontSize));
  const inSight = () => Math.ceil(scroller.clientHeight / rowHeight());

  function write(row, index) {
    const line = lignes.at(index);
    if (row.index === index && row.line === line) return;
    Object.assign(row, { index, line });
    row.node.setAttribute("aria-rowindex", String(index + 2));
    row.node.classList.toggle("attente", line === null);
    colonnes.forEach((colonne, at) => {
      const content = line === null ? "…" : cell(colonne, line[at + 1]);
      row.node.children[at].replaceChildren(content);
      row.node.children[at].id = `c${index}-${at}`;
    });
  }

  function mark() {
    for (const { node, index, line } of rows) {
      const here = index === active.row;
      node.classList.toggle("courante", here);
      node.setAttribute("aria-selected", String(Boolean(line) && isChosen(line[0])));
      [...node.children].forEach((td, at) => td.classList.toggle("active", here && at === active.column));
    }
    const shown = rows.some(({ index }) => index === active.row);
    if (shown) table.setAttribute("aria-activedescendant", `c${active.row}-${active.column}`);
    else table.removeAttribute("aria-activedescendant");
  }

  function createRow() {
    const node = element("tr", { role: "row" }, colonnes.map(({ type }) => element("td", { role: "gridcell", class: type === "integer" || type === "number" ? "nombre" : null })));
    return { node, index: -1, line: undefined };
  }

  function paint() {
    frame = 0;
    if (!lignes) return;
    const height = rowHeight();
    const size = Math.min(total, inSight() + 2 * AROUND);
    const top = Math.floor(scroller.scrollTop / height);
    const start = Math.max(0, Math.min(total - size, Math.floor((top - AROUND) / STEP) * STEP));
    if (rows.length !== size) {
      rows = Array.from({ length: size }, createRow);
      first = -1;
    }
    // A row keeps its element as long as it is in the window: index modulo size.
    for (let index = start; index < start + size; index += 1) write(rows[index % size], index);
    if (start !== first) {
      first = start;
      body.replaceChildren(...rows.map((_, at) => rows[(start + at) % size].node));
      above.style.height = `${start * height}px`;
      below.style.height = `${(total - start - size) * height}px`;
    }
    mark();
    onRange(top, top + inSight());
  }

  const schedule = () => (frame ||= requestAnimationFrame(paint));

  function reveal(index) {
    const height = rowHeight();
    const visible = scroller.clientHeight - head.offsetHeight;
    const y = index * height;
    if (y < scroller.scrollTop) scroller.scrollTop = y;
    else if (y + height > scroller.scrollTop + visible) scroller.scrollTop = y + height - visible;
    schedule();
  }

  function activate(row, column, told = true) {
    active = { row: Math.max(0, Math.min(total - 1, row)), column: Math.max(0, Math.min(colonnes.length - 1, column)) };
    reveal(active.row);
    mark();
    const node = rows.find(({ index }) => index === active.row)?.node.children[active.column];
    if (node) scroller.scrollLeft = Math.min(node.offsetLeft, Math.max(scroller.scrollLeft, node.offsetLeft + node.offsetWidth - scroller.clientWidth));
    if (told) onActive(lignes?.at(active.row)?.[0] ?? null);
  }

  const MOVES = {
    ArrowDown: () => [active.row + 1, active.column],
    ArrowUp: () => [active.row - 1, active.column],
    ArrowRight: () => [active.row, active.column + 1],
    ArrowLeft: () => [active.row, active.column - 1],
    PageDown: () => [active.row + inSight() - 2, active.column],
    PageUp: () => [active.row - inSight() + 2, active.column],
    Home: (far) => [far ? 0 : active.row, 0],
    End: (far) => [far ? total - 1 : active.row, colonnes.length - 1],
  };

  table.addEventListener("keydown", (event) => {
    if (event.target !== table || total === 0) return;
    const move = MOVES[event.key];
    if (move) activate(...move(event.ctrlKey));
    else if (event.key === "Enter") onOpen(lignes.at(active.row)?.[0] ?? null);
    else if (event.key === " ") onToggle(lignes.at(active.row)?.[0] ?? null);
    else return;
    event.preventDefault();
  });
  const placeOf = ({ target }) => {
    const td = target.closest("td[role=gridcell]");
    const row = td && rows.find(({ node }) => node === td.parentElement);
    return row ? [row.index, td.cellIndex] : null;
  };
  body.addEventListener("click", (event) => {
    const place = placeOf(event);
    if (!place) return;
    activate(...place);
    if (event.ctrlKey || event.metaKey) onToggle(lignes.at(active.row)?.[0] ?? null);
  });
  body.addEventListener("dblclick", (event) => placeOf(event) && onOpen(lignes.at(active.row)?.[0] ?? null));
  scroller.addEventListener("scroll", schedule, { passive: true });
  new ResizeObserver(schedule).observe(scroller);

  function renderHead() {
    const th = ({ id, libelle, unite, type, tri, triable }) => {
      const text = [libelle, unite ? element("small", {}, ` (${unite})`) : null];
      const sign = element("span", { class: "tri", "aria-hidden": "true" }, { ascending: "▲", descending: "▼" }[tri] ?? "");
      const title = triable ? element("button", { type: "button", title: libelle, onclick: () => onSort(id) }, text, sign) : element("span", { title: libelle }, text);
      return element("th", { role: "columnheader", scope: "col", "aria-sort": triable ? (tri ?? "none") : null, class: type === "integer" || type === "number" ? "nombre" : null }, title);
    };
    head.replaceChildren(element("tr", { role: "row", "aria-rowindex": "1" }, colonnes.map(th)));
    table.style.setProperty("--largeur", `${colonnes.reduce((sum, { large }) => sum + (large ? 16 : 9), 0)}rem`);
    columns.replaceChildren(...colonnes.map(({ large }) => element("col", { class: large ? "large" : null })));
  }

  return {
    node: scroller,
    focus: () => table.focus({ preventScroll: true }),
    /** Other columns, other rows: from the top, or from where it was when `keep`. */
    show(label, next, source, keep = false) {
      table.setAttribute("aria-label", label);
      [colonnes, lignes, rows, first, total] = [next, source, [], -1, 0];
      if (!keep) [scroller.scrollTop, active] = [0, { row: 0, column: 0 }];
      renderHead();
      body.replaceChildren();
      table.setAttribute("aria-colcount", String(colonnes.length));
      this.refresh();
    },
    /** Rows came. */
    refresh() {
      total = lignes.nombre() ?? 0;
      table.setAttribute("aria-rowcount", String(total + 1));
      if (total === 0) [above.style.height, below.style.height] = ["0", "0"];
      if (total === 0) body.replaceChildren();
      if (lignes.nombre() === null) onRange(0, inSight());
      else schedule();
    },
    /** Rows were chosen, or let go. */
    mark,
    activate: (row) => activate(row, active.column, false),
    activeKey: () => lignes?.at(active.row)?.[0] ?? null,
  };
}
