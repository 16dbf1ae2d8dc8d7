// The search box: ARIA combobox with a list, arrows, Enter and Escape; the server does the searching.
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

  function show() {
    const options = resultats.map((resultat, index) =>
      element(
        "li",
        { role: "option", id: `resultat-${index}`, "aria-selected": "false", onmousedown: (event) => event.preventDefault(), onclick: () => choose(resultat) },
        element("span", {}, resultat.nom),
        element("small", {}, [resultat.couche_titre, resultat.detail, resultat.etendue ? null : "non localisé"].filter(Boolean).join(" · ")),
      ),
    );
    list.replaceChildren(...options);
    list.hidden = options.length === 0;
    active = -1;
    input.setAttribute("aria-expanded", String(options.length > 0));
    input.removeAttribute("aria-activedescendant");
    status.textContent = options.length ? formatQuantite(options.length, "résultat", "résultats") : "Aucun résultat.";
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
      const answer = await fetchJson(buildUrl(atlas.urls.recherche, {}, { q: text }), signal);
      if (signal.aborted) return;
      resultats = (answer.resultats ?? []).slice(0, 30);
      show();
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
