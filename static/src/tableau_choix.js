// The rows a reader chose in a table: few enough for a link, shown on the map, said when some have gone.
import { fetchNombre } from "./champs.js";
import { element } from "./dom.js";
import { formatQuantite } from "./format.js";
import { fitsLignes, MAX_LIGNES } from "./permalink.js";

/** Pure: `lignes` ({couche, cles} or null) with one row more, or less; null when the link cannot hold one more. */
export function toggleLigne(lignes, couche, cle) {
  const cles = lignes?.couche === couche ? lignes.cles : [];
  const next = { couche, cles: cles.includes(cle) ? cles.filter((each) => each !== cle) : [...cles, cle] };
  return fitsLignes(next) ? next : null;
}

/** Pure: CQL2 of the rows of these keys. */
export function buildCles({ cle, champs }, cles) {
  const texte = !["integer", "number"].includes(champs.find(({ id }) => id === cle)?.type);
  return `${cle} IN (${cles.map((each) => (texte ? `'${each.replaceAll("'", "''")}'` : each)).join(",")})`;
}

/** `activeKey()`: of the row the keyboard is on. The table calls `show` when the state has other chosen rows. */
export function createChoixLignes({ atlas, etat, activeKey }) {
  const told = element("span", { class: "petit", role: "status" });
  const choose = element("button", { type: "button", class: "bouton", "aria-pressed": "false", title: "Choisir la ligne, ou la laisser (Espace, Ctrl + clic)", onclick: () => toggle(activeKey()) }, "Choisir");
  const clear = element("button", { type: "button", class: "lien", hidden: true, onclick: () => (etat.update({ lignes: null }), choose.focus()) }, "Ne plus rien choisir");
  let couche = null;

  const cles = () => (etat.get().lignes?.couche === couche ? etat.get().lignes.cles : []);

  function toggle(cle) {
    if (cle === null) return;
    const next = toggleLigne(etat.get().lignes, couche, cle);
    if (next) etat.update({ lignes: next.cles.length ? next : null });
    else told.textContent = `Un lien garde ${MAX_LIGNES} lignes au plus, et des clés assez courtes : en laisser une d’abord.`;
  }

  function show() {
    const number = cles().length;
    told.textContent = number ? formatQuantite(number, "ligne choisie, gardée dans le lien", "lignes choisies, gardées dans le lien") : "";
    clear.hidden = number === 0;
    choose.setAttribute("aria-pressed", String(cles().includes(activeKey())));
  }

  return {
    nodes: [choose, told, clear],
    has: (cle) => cles().includes(cle),
    toggle,
    first: () => cles()[0] ?? null,
    show,
    /** The chosen rows of another layer; what a link chose is counted, since it may have gone. */
    async open(layer, { restored = false } = {}) {
      couche = layer.couche;
      show();
      const asked = cles();
      if (!restored || asked.length === 0) return;
      const found = await fetchNombre(atlas, { id: couche, filtre: buildCles(layer, asked) }, null).catch(() => asked.length);
      const gone = asked.length - found;
      if (gone > 0 && cles() === asked) told.textContent += `, dont ${formatQuantite(gone, "n’est plus dans la couche", "ne sont plus dans la couche")}`;
    },
  };
}
