// « Lieux visibles »: the text twin of the map, for a keyboard, a screen reader, or anyone who would rather read: sentences, then a list.
import { renderElement } from "./choix.js";
import { sumGroupes, tellGroupe } from "./comptes.js";
import { byId, debounce, element } from "./dom.js";
import { formatNombre, formatQuantite } from "./format.js";
import { currentVolet, closeVolet, openVolet } from "./volet.js";

const LIMIT = 200;

/** A river cut in thirty reaches of one name is one line of the list, which says so. */
export function mergeNames(items, geometrie) {
  if (geometrie !== "line") return items.map((item) => ({ ...item, nombre: 1 }));
  const merged = new Map();
  for (const item of items) {
    const known = merged.get(item.nom);
    if (known) known.nombre += 1;
    else merged.set(item.nom, { ...item, nombre: 1 });
  }
  return [...merged.values()];
}

/** What to do when no place is listed: which of the reasons it is. */
function tellEmpty({ couches, filtre }) {
  if (couches.length === 0) return "Aucune couche n’est affichée : en cocher une dans « Toutes les couches ».";
  const limited = filtre || couches.some((couche) => couche.filtre || couche.masquees?.length);
  return `Aucun lieu des couches affichées dans cette vue : dézoomer, revenir à la vue d’ensemble${limited ? ", retirer le filtre, remontrer les classes masquées" : ""} ou afficher une autre couche.`;
}

export function initLieux({ atlas, map, etat, titreOf, coucheOf }) {
  const button = byId("bouton-lieux");
  const prose = element("details", { class: "prose", open: window.matchMedia("(min-width: 48em)").matches }) /* on a phone the list comes first */;
  const list = element("div", {});
  let last = "";
  let ecrire = null; // fetched with the first opening

  async function refreshProse() {
    ecrire ??= import("./lieux_prose.js").then(
      ({ createLieuxProse }) => createLieuxProse({ atlas, map, etat, section: prose }),
      () => null,
    );
    const write = await ecrire;
    if (write) return write();
    ecrire = null; // tried again when the view changes
    return prose.replaceChildren(element("summary", {}, "La vue en mots"), element("p", {}, "Elle n’a pas pu être chargée : le serveur ne répond pas. La liste ci-dessous reste à jour."));
  }

  /** Said once the map has been still for a second: a status that speaks at each step would be no help. */
  const announce = debounce((sentence) => (byId("carte-resume").textContent = sentence), 1000);

  /** Of two compared sets, the list is the one being worked on, and says its side. */
  function renderTitle(count) {
    const { comparer } = etat.get();
    return formatQuantite(count, "lieu visible", "lieux visibles") + (comparer ? (comparer.cote === "droite" ? " à gauche" : " à droite") : "");
  }

  const choose = ({ couche, cle }) => etat.update({ fiche: { couche, cle } });

  /** Points that are drawn as one: a press parts them. */
  function renderRegroupes(couche, groupes) {
    const line = (groupe) => renderElement({ ...groupe, nom: tellGroupe(groupe, coucheOf(couche)) }, [groupe.commune, "zoomer dessus"], map.openGroupe);
    return element("ul", { class: "liste", "aria-label": "Points regroupés à cette échelle" }, groupes.slice(0, LIMIT).map(line));
  }

  function renderGroups(found, groupes) {
    const regroupes = sumGroupes(groupes);
    const groups = new Map([...regroupes.keys()].map((couche) => [couche, []]));
    for (const item of found) groups.set(item.couche, [...(groups.get(item.couche) ?? []), item]);
    const nodes = [];
    let left = LIMIT;
    for (const [couche, all] of groups) {
      const items = mergeNames(all, coucheOf(couche).geometrie).sort((a, b) => a.nom.localeCompare(b.nom, "fr"));
      const { points, groupes: count } = regroupes.get(couche) ?? { points: 0, groupes: 0 };
      nodes.push(element("h3", {}, `${titreOf(couche)} : ${formatNombre(all.length + points)}${points ? `, dont ${formatNombre(points)} en ${formatQuantite(count, "groupe", "groupes")}` : ""}`));
      if (points) nodes.push(renderRegroupes(couche, groupes.filter((each) => each.couche === couche)));
      nodes.push(element("ul", { class: "liste" }, items.slice(0, Math.max(0, left)).map((item) => renderElement(item, [item.nombre > 1 ? `${item.nombre} tronçons de ce nom` : null], choose, { onPoint: map.surligner }))));
      left -= items.length;
    }
    if (left < 0) nodes.push(element("p", { class: "petit" }, `Les ${LIMIT} premiers sont listés : zoomer ou filtrer pour voir les autres.`));
    if (found.length + groupes.length === 0) nodes.push(element("p", { class: "petit" }, tellEmpty(etat.get())));
    return nodes;
  }

  /** Places and points of groups: what is on the map, one by one or not. */
  const count = (found, groupes) => groupes.reduce((sum, { nombre }) => sum + nombre, found.length);

  function refresh() {
    const [found, groupes] = [map.visibles(), map.groupes()];
    const number = count(found, groupes);
    const sentence = renderTitle(number);
    const shown = currentVolet() === "lieux";
    if (shown) refreshProse();
    const signature = [sentence, etat.get().couches.length, ...found.map(({ couche, cle }) => `${couche}:${cle}`), ...groupes.map(({ place }) => place)].join();
    if (signature === last) return;
    last = signature;
    announce(sentence);
    button.textContent = `Lieux visibles (${formatNombre(number)})`;
    if (!shown) return;
    byId("volet-titre").textContent = sentence;
    list.replaceChildren(...renderGroups(found, groupes));
  }

  function open() {
    const [found, groupes] = [map.visibles(), map.groupes()];
    button.setAttribute("aria-expanded", "true");
    list.replaceChildren(...renderGroups(found, groupes));
    refreshProse();
    openVolet("lieux", renderTitle(count(found, groupes)), [prose, list], {
      onClose: () => button.setAttribute("aria-expanded", "false"),
    });
  }

  button.addEventListener("click", () => (currentVolet() === "lieux" ? closeVolet() : open()));
  return { refresh, open };
}
