// The search box: ARIA combobox with a list, arrows, Enter and Escape. Places come from the database, addresses from the geocoder that
// the server asks when it has one, coordinates are read here. Each result says what it is; no source waits for another.
import { buildUrl } from "./adresses.js";
import { fetchJson } from "./api.js";
import { byId, debounce, element } from "./dom.js";
import { formatQuantite } from "./format.js";

export function initRecherche({ atlas, onChoose }) {
  const [form, input, list, status] = ["recherche", "recherche-texte", "recherche-liste", "recherche-etat"].map(byId);
  let resultats = [];
  let active = -1;
  let controller = null;

  function close() {
    list.hidden = true;
    active = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  function choose(resultat) {
    input.value = resultat.nom;
    close();
    status.textContent = "";
    onChoose(resultat);
  }

  function activate(index) {
    const options = [...list.children];
    if (options.length === 0) return;
    active = (index + options.length) % options.length;
    options.forEach((option, position) => option.setAttribute("aria-selected", String(position === active)));
    input.setAttribute("aria-activedescendant", options[active].id);
    options[active].scrollIntoView({ block: "nearest" });
  }

  const describe = ({ nature, couche_titre: titre, detail, etendue, dehors }) => [nature ?? titre, detail, etendue ? null : "non localisé", dehors ? "hors du territoire" : null];

  function renderOption(resultat, index) {
    return element(
      "li",
      { role: "option", id: `resultat-${index}`, "aria-selected": String(index === active), onmousedown: (event) => event.preventDefault(), onclick: () => choose(resultat) },
      element("span", {}, resultat.nom),
      element("small", {}, describe(resultat).filter(Boolean).join(" · ")),
    );
  }

  function show(found, note = "") {
    resultats = found;
    list.replaceChildren(...resultats.map(renderOption));
    list.hidden = resultats.length === 0;
    input.setAttribute("aria-expanded", String(resultats.length > 0));
    if (active < 0) input.removeAttribute("aria-activedescendant");
    const count = resultats.length ? formatQuantite(resultats.length, "résultat", "résultats") : `Aucun résultat pour « ${input.value.trim()} » : essayer un nom plus court, ou celui de la commune.`;
    status.textContent = note ? `${count.replace(/\.$/, "")}. ${note}` : count;
  }

  /** What numbers say, as a result of its own; none without two of them. */
  async function readCoordonnees(text) {
    if (!/\d\D+\d/.test(text)) return [];
    const { parseCoordonnees, writeCoordonnees } = await import("./coordonnees.js");
    const read = parseCoordonnees(text);
    if (!read) return [];
    const [west, south, east, north] = atlas.territoire.etendue;
    const { lon, lat, systeme, ordre } = read;
    const [{ texte }] = writeCoordonnees([lon, lat], []);
    return [{ nom: texte, nature: `coordonnées ${systeme}`, detail: `lues ${ordre}`, coordonnees: true, lonLat: [lon, lat], etendue: [lon, lat, lon, lat], dehors: lon < west || lon > east || lat < south || lat > north }];
  }

  /** Addresses as results, and a note: who gave them, or why there are none. */
  async function fetchAdresses(text, signal) {
    const { resultats: found, source, indisponible } = await fetchJson(buildUrl(atlas.urls.adresses, {}, { q: text }), signal);
    return { found: found.map(({ lon, lat, ...rest }) => ({ ...rest, lonLat: [lon, lat], etendue: [lon, lat, lon, lat] })), note: indisponible ?? (found.length ? `Adresses : ${source}` : "") };
  }

  async function search() {
    const text = input.value.trim();
    controller?.abort();
    if (text.length < 2) {
      status.textContent = "";
      return close();
    }
    controller = new AbortController();
    const { signal } = controller;
    try {
      const [coordonnees, answer] = await Promise.all([readCoordonnees(text), fetchJson(buildUrl(atlas.urls.recherche, {}, { q: text }), signal)]);
      if (signal.aborted) return;
      active = -1;
      const local = [...coordonnees, ...(answer.resultats ?? [])];
      show(local);
      if (!atlas.adresses || coordonnees.length || text.length < 4 || /^\d+$/.test(text)) return;
      const { found, note } = await fetchAdresses(text, signal).catch((error) => ({ found: [], note: error.message }));
      if (!signal.aborted) show([...local, ...found], note);
    } catch (error) {
      if (signal.aborted) return;
      close();
      status.textContent = error.message;
    }
  }

  const searchSoon = debounce(search, 180);
  input.addEventListener("input", searchSoon);
  input.addEventListener("blur", close);
  input.addEventListener("keydown", (event) => {
    const open = !list.hidden;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (open) activate(active < 0 && event.key === "ArrowUp" ? -1 : active + (event.key === "ArrowDown" ? 1 : -1));
      else search();
    } else if (event.key === "Escape" && (open || input.value)) {
      event.preventDefault();
      event.stopPropagation();
      if (!open) input.value = "";
      close();
    }
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!list.hidden && resultats.length) choose(resultats[Math.max(0, active)]);
    else search();
  });
}
