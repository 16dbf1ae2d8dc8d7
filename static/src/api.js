// Asking our server for JSON. Errors become one sentence a planner can read.
import { buildUrl } from "./adresses.js";

export class ApiError extends Error {
  constructor(message, status) {
    super(message);
    this.status = status; // 0: no answer at all
  }
}

/** The sentence of a refusal, "" when it says none. */
export async function readProblem(response) {
  try {
    const problem = await response.json();
    return problem.detail || problem.title || "";
  } catch {
    return "";
  }
}

export async function fetchJson(url, signal) {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), 15000);
  signal?.addEventListener("abort", () => controller.abort(), { once: true });
  let response;
  try {
    response = await fetch(url, { headers: { Accept: "application/json" }, signal: controller.signal });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError("Le serveur ne répond pas.", 0);
  } finally {
    clearTimeout(timer);
  }
  if (!response.ok) {
    const detail = await readProblem(response);
    throw new ApiError(detail || (response.status === 404 ? "Introuvable : retiré depuis ?" : `Erreur ${response.status} du serveur.`), response.status);
  }
  try {
    return await response.json();
  } catch {
    throw new ApiError("La réponse du serveur est illisible.", response.status);
  }
}

/** The part of a tile download that survives a dead server: failed tiles are asked for again, ever less often. What the server
 * says it no longer has is not asked again: `onDisparues(ids)`, among which it is. */
export function createReprise({ onPanne, onRetour, onDisparues }) {
  const FIRST = 2000;
  const LAST = 30000;
  const failed = new Set();
  let delay = FIRST;
  let timer = null;
  let down = false;

  function retryAll() {
    timer = null;
    delay = Math.min(LAST, delay * 2);
    const again = [...failed];
    failed.clear();
    for (const retry of again) retry();
  }

  return {
    gone: onDisparues,
    failure(retry) {
      failed.add(retry);
      if (!down) onPanne();
      down = true;
      timer ??= setTimeout(retryAll, delay);
    },
    success() {
      if (!down || failed.size > 0) return;
      down = false;
      delay = FIRST;
      onRetour();
    },
  };
}

/** Of these layers, those the server no longer publishes; none when it does not answer. */
export async function findDisparues(atlas, ids) {
  const asked = ids.map((couche) => fetchJson(buildUrl(atlas.urls.champs, { couche })).then(() => null, ({ status }) => (status === 404 ? couche : null)));
  return (await Promise.all(asked)).filter(Boolean);
}
