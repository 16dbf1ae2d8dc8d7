// The rows a table shows, page by page as they come into sight, for one layer, selection, sort and set of columns.
import { buildUrl } from "./adresses.js";
import { fetchJson } from "./api.js";

const PAGE = 200;
const KEPT = 80; // pages: 16 000 rows
const AT_ONCE = 3;

/** `query`: filter, unit, box, columns, sort. `onChange` when rows came; `onError` when they did not; `onStale` when the layer changed. */
export function createLignes(template, couche, query, { onChange, onError, onStale }) {
  const pages = new Map();
  const controller = new AbortController();
  let running = 0;
  let wanted = [];
  let nombre = null;
  let revision = null;

  const ask = (more) => fetchJson(buildUrl(template, { couche }, { ...query, ...more }), controller.signal);

  async function load(page) {
    running += 1;
    pages.set(page, null);
    try {
      const found = await ask({ depuis: page * PAGE, lignes: PAGE });
      if (revision !== null && found.revision !== revision) return onStale();
      [nombre, revision] = [found.nombre, found.revision];
      pages.set(page, found.lignes);
      for (const old of [...pages.keys()].slice(0, Math.max(0, pages.size - KEPT))) pages.delete(old);
      onChange();
    } catch (error) {
      pages.delete(page);
      wanted = []; // nothing is tried again by itself: the reader scrolls, or presses « Réessayer »
      if (!controller.signal.aborted) onError(error);
    } finally {
      running -= 1;
      next();
    }
    return undefined;
  }

  function next() {
    if (controller.signal.aborted || running >= AT_ONCE) return;
    const page = wanted.find((each) => !pages.has(each));
    if (page !== undefined) {
      load(page);
      next();
    }
  }

  return {
    nombre: () => nombre,
    /** [key, values…] of a row, or null while it is not here. */
    at: (index) => pages.get(Math.floor(index / PAGE))?.[index % PAGE] ?? null,
    /** Rows in sight, and a page around them: what was wanted before and is not any more is not asked for. */
    want(first, last) {
      const [from, to] = [Math.max(0, Math.floor(first / PAGE)), Math.floor(Math.min(last, (nombre ?? 1) - 1) / PAGE)];
      wanted = Array.from({ length: to - from + 1 }, (_, at) => from + at);
      next();
    },
    /** Where the row of a key stands; null when it is not among these. */
    rankOf: async (cle) => (await ask({ autour: cle, lignes: 0 })).rang,
    stop: () => controller.abort(),
  };
}
