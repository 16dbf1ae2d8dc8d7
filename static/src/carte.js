// The page: reads the atlas, builds the map and its panels, keeps the address of the view in the fragment.
import { createReprise, findDisparues } from "./api.js";
import { removeAvis, showAvis } from "./avis.js";
import { initChoix } from "./choix.js";
import { tellGroupe } from "./comptes.js";
import { initCouches, initPanneau } from "./couches.js";
import { byId, debounce } from "./dom.js";
import { computeEchelle } from "./echelle.js";
import { createEtat, findUnite, initialEtat, listCouches } from "./etat.js";
import { initFiche } from "./fiche.js";
import { initFiltre } from "./filtre.js";
import { initFiltreLignes } from "./filtre_lignes.js";
import { initFonds } from "./fonds.js";
import { createLien, tellChangements } from "./lien.js";
import { initLieux } from "./lieux.js";
import { createMap } from "./map.js";
import { initOutils } from "./outils.js";
import { decodeFragment, resolveFragment } from "./permalink.js";
import { loadPiece } from "./piece.js";
import { initProjeter } from "./projeter.js";
import { initRaccourcis } from "./raccourcis.js";
import { initRecherche } from "./recherche.js";
import { initTableaux } from "./tableaux.js";
import { watchVersions } from "./versions.js";
import { closeVolet, initVolet } from "./volet.js";

const atlas = JSON.parse(byId("atlas").textContent);
const reducedMotion = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
const couchesById = new Map(listCouches(atlas).map((couche) => [couche.id, couche]));
const titreOf = (id) => couchesById.get(id)?.titre ?? id;

function readFragment(fragment) {
  const decoded = decodeFragment(fragment);
  const { etat: found, inconnus } = resolveFragment(decoded, atlas);
  if (inconnus.length) showAvis("inconnus", `Ce lien nomme ce que cet atlas n’a pas (ou plus) : ${inconnus.join(", ")}. Le reste est affiché.`, { kind: "alerte" });
  tellChangements(decoded.revisions, atlas);
  return found;
}

const found = readFragment(location.hash);
// A third-party basemap named by a link is tried like one picked by hand, after our own has been drawn.
const etat = createEtat({ ...initialEtat(atlas), ...found, fond: initialEtat(atlas).fond });
const lien = createLien({ atlas, etat });
const panneau = initPanneau();

let ready = false;
let complete = false;
let lieux = null;
let panels = null;
let projeter = null;
let comparaison = null; // the second map, once its piece of script has come
const choose = initChoix({ atlas, etat, titreOf, onPoint: (place) => map.surligner(place), onGroupe: (groupe) => map.openGroupe(groupe) });
const onPick = (found) => {
  if (projeter.active()) return;
  showBulle(null);
  choose(found);
};
const reprise = createReprise({
  onPanne: () => showAvis("panne", "Le serveur ne répond pas, nouvel essai…", { kind: "alerte", closable: false }),
  onRetour: () => {
    removeAvis("panne");
    showAvis("retour", "Le serveur répond de nouveau.", { seconds: 4 });
  },
  async onDisparues(ids) {
    const gone = await findDisparues(atlas, ids);
    if (gone.length === 0) return;
    showAvis("disparues", `L’atlas ne publie plus ${gone.map((id) => `« ${titreOf(id)} »`).join(", ")} : retiré de la carte. Le reste est affiché ; recharger la page met la liste à jour.`, { kind: "alerte" });
    const kept = (couches) => couches.filter(({ id }) => !gone.includes(id));
    const { couches, comparer } = etat.get();
    etat.update({ couches: kept(couches), comparer: comparer && { ...comparer, couches: kept(comparer.couches) } });
  },
});

/** Not before the first drawing is whole: « rien à l’écran » would be said of what has not come yet. */
const refreshVue = debounce(() => {
  if (!complete) return;
  lieux?.refresh();
  panels?.showComptes(map.compter(), map.vue().zoom, map.groupes());
}, 120);
const writeFragment = debounce(() => ready && lien.write(), 150);

function showEchelle({ lat }) {
  const echelle = computeEchelle(map.resolution(), lat, Math.min(180, window.innerWidth / 4));
  byId("echelle").hidden = !echelle;
  if (!echelle) return;
  byId("echelle-texte").textContent = echelle.texte;
  byId("echelle-trait").style.width = `${echelle.width}px`;
  byId("echelle").setAttribute("aria-label", `Échelle : le trait mesure ${echelle.texte}`);
}

function showBulle(hovered, pixel) {
  const bulle = byId("bulle");
  const names = hovered?.groupe ? [`${tellGroupe(hovered.groupe, couchesById.get(hovered.groupe.couche))} : cliquer pour zoomer`] : (hovered?.elements.slice(0, 4).map(({ nom }) => nom) ?? []);
  bulle.hidden = names.length === 0;
  byId("carte").classList.toggle("cliquable", names.length > 0);
  if (names.length === 0) return;
  const more = hovered.groupe ? 0 : hovered.elements.length - names.length;
  bulle.textContent = names.join(" · ") + (more > 0 ? ` … et ${more} de plus` : "");
  const box = document.querySelector(".scene").getBoundingClientRect();
  const left = Math.min(pixel[0] + 14, box.width - bulle.offsetWidth - 8);
  bulle.style.transform = `translate(${Math.max(8, left)}px, ${Math.max(8, pixel[1] - bulle.offsetHeight - 12)}px)`;
}

const map = createMap({
  target: byId("carte"),
  atlas,
  etat,
  reprise,
  reducedMotion,
  onMove(vue) {
    if (!ready) return;
    etat.update({ vue });
    showEchelle(vue);
    refreshVue();
  },
  onPick,
  onHover: (...hovered) => projeter?.active() || showBulle(...hovered),
  onComplete() {
    complete = true;
    refreshVue();
  },
  onBusy: (busy) => (byId("chargement").hidden = !busy),
});

/** The view of the link; without one, the unit it filters by; else everything. */
function showVue({ vue, filtre }, nearer = 0) {
  if (vue) map.goTo({ ...vue, zoom: vue.zoom + nearer });
  else map.fit(findUnite(atlas, filtre)?.unite.etendue ?? atlas.territoire.etendue, { animate: false });
}

/** Show what a fragment says; what it leaves out comes from `absent`, else stays. `nearer`: levels of zoom to add. */
function openFragment(fragment, absent, nearer) {
  const next = readFragment(fragment);
  etat.update({ ...absent, ...next, vue: etat.get().vue, fond: etat.get().fond });
  if (next.vue || next.filtre || "vue" in absent) showVue(next, nearer);
  const fond = next.fond ?? absent.fond;
  if (fond && fond !== etat.get().fond) fonds.choose(fond);
}

async function openComparaison() {
  const piece = await loadPiece(() => import("./comparer.js"));
  if (!piece && etat.get().comparer) etat.update({ comparer: null });
  if (!etat.get().comparer || comparaison) return;
  comparaison = piece.openComparer({ etat, map, onChange: refreshVue });
  comparaison.show(etat.get());
  if (ready && document.activeElement === document.body) byId("rideau").focus(); // the button that opened it is gone
}

etat.subscribe((state, previous) => {
  if (!state.comparer && comparaison) {
    comparaison.close();
    comparaison = null;
  }
  map.apply(state, previous);
  comparaison?.show(state);
  if (state.comparer && !comparaison) openComparaison();
  refreshVue();
  writeFragment();
});
showVue(etat.get());
initVolet(map.setCovered);
ready = true;
panels = initCouches({ atlas, etat, map });
lieux = initLieux({ atlas, map, etat, titreOf, coucheOf: (id) => couchesById.get(id) });
initFiltre({ atlas, etat, map });
initFiltreLignes({ atlas, etat, titreOf, panneau });
initTableaux({ atlas, etat, map, titreOf, panneau });
const ouvrir = initOutils({ atlas, etat, map, panneau });
initFiche({ atlas, etat, map, placed: Boolean(found.vue) });
byId("exporter").addEventListener("click", async () => {
  const piece = await loadPiece(() => import("./exporter.js"));
  if (!piece) return;
  if (panneau.narrow()) panneau.set(false);
  piece.openExport({ atlas, etat, map });
});
byId("partager").addEventListener("click", async () => {
  const piece = await loadPiece(() => import("./partager.js"));
  if (panneau.narrow()) panneau.set(false);
  piece?.openPartage({ atlas, etat, map, lien });
});
if (byId("legende-cadre")) import("./legende_cadre.js").then(({ openLegende }) => openLegende(byId("legende-cadre"), { atlas, etat }));
const fonds = initFonds({ atlas, etat });
if (found.fond) fonds.choose(found.fond);

initRecherche({
  atlas,
  onChoose(resultat) {
    if (panneau.narrow()) panneau.set(false);
    if (resultat.etendue) map.fit(resultat.etendue, { maxZoom: resultat.lonLat ? 17 : 15 });
    if (resultat.lonLat) return ouvrir("reperer", { lonLat: resultat.lonLat, nom: resultat.coordonnees ? "" : resultat.nom });
    etat.update({ fiche: { couche: resultat.couche, cle: String(resultat.cle) } });
  },
});

byId("comparer").addEventListener("click", () => {
  // The second set starts as a copy of the first, and is the one the list changes: the first stays as it was, on the left.
  etat.update({ comparer: { mode: "rideau", position: 0.5, cote: "gauche", couches: etat.get().couches } });
  if (panneau.narrow()) panneau.set(false);
});
byId("zoom-plus").addEventListener("click", () => map.zoomBy(1));
byId("zoom-moins").addEventListener("click", () => map.zoomBy(-1));
byId("vue-ensemble").addEventListener("click", () => map.fit(atlas.territoire.etendue));
/** Shown first: on a phone the panel is a drawer, and a frame may have none. */
function focusPanneau(node) {
  panneau.set(true);
  (node.getClientRects().length ? node : byId("carte")).focus();
}
initRaccourcis([
  { touche: "/", texte: "chercher une commune, un lieu", action: () => focusPanneau(byId("recherche-texte")) },
  { touche: "c", texte: "aller aux couches affichées", action: () => focusPanneau(byId("titre-couches").parentElement) },
  { touche: "f", texte: "limiter à un territoire", action: () => focusPanneau(byId("filtre")) },
  { touche: "l", texte: "lieux visibles et vue en mots, ouvrir ou fermer", action: () => byId("bouton-lieux").click() },
  { touche: "t", texte: "table, ouvrir ou fermer", action: () => byId("bouton-tableau").click() },
  { touche: "e", texte: "exporter ce qui est à l’écran", action: () => byId("exporter").click() },
  { touche: "m", texte: "aller à la carte", action: () => byId("carte").focus() },
  { touche: "0", texte: "vue d’ensemble", action: () => byId("vue-ensemble").click() },
  { touche: "p", texte: "projeter : plein écran, la carte, son titre et sa légende", action: () => projeter.project() },
]);
byId("carte").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.target === byId("carte")) map.pickCentre();
});
byId("copier-lien").addEventListener("click", () => lien.copy());
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.defaultPrevented) return;
  if (!byId("volet").hidden) closeVolet();
  else if (panneau.narrow() && panneau.isOpen()) panneau.set(false, true);
});
// The event's own address: a late writeFragment may have put the old state back in the bar before this runs.
window.addEventListener("hashchange", ({ newURL }) => openFragment(new URL(newURL).hash, { filtre: null, fiche: null, lignes: null, comparer: null }));
watchVersions(atlas, map.renew);
projeter = initProjeter({ atlas, etat, map, openFragment });
window.addEventListener("resize", debounce(() => map.restyle(), 200));

// Read-only, for tests and for the curious.
window.atlas = Object.freeze({
  get pret() {
    return complete;
  },
  visibles: () => map.visibles(),
  groupes: () => map.groupes(),
  vue: () => map.vue(),
  dessin: () => etat.get().dessin,
  couches: () => etat.get().couches.map((couche) => ({ ...couche })),
  comparaison: () => (comparaison ? { ...etat.get().comparer, visibles: comparaison.visibles() } : null),
});
