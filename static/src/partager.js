// « Partager, citer, emporter en image »: what leaves the map, in the side sheet. Fetched when it is first asked for.
import { buildCadre, buildCommande, describeSites, readTaille } from "./cadre.js";
import { buildCitation, buildTitre } from "./citation.js";
import { element, link } from "./dom.js";
import { createImagePanel } from "./image.js";
import { copyText } from "./lien.js";
import { MAX_FRAGMENT } from "./permalink.js";
import { currentVolet, openVolet } from "./volet.js";

const NAME = "partage";
const TITRE = "Partager, citer, emporter";
const MAX_QR = 300; // characters of the fragment: as the server says (webmap/web/vues.py)
let refresh = null; // of the panel last opened

export function openPartage(page) {
  const panel = createPanel(page);
  const first = refresh === null;
  refresh = panel.refresh;
  openVolet(NAME, TITRE, panel.nodes);
  refresh();
  if (first) page.etat.subscribe(() => currentVolet() === NAME && refresh());
}

/** A text under its label, and the button that copies it; without a clipboard it is selected, Ctrl+C does the rest. */
function createText(id, label, button, rows) {
  const area = element("textarea", { id, rows, readonly: true, spellcheck: "false" });
  const copier = element("button", { type: "button", class: "bouton", "aria-live": "polite", onclick: copy }, button);
  async function copy() {
    const copied = await copyText(area.value);
    if (!copied) area.select();
    copier.textContent = copied ? "Copié" : "Texte sélectionné : Ctrl+C pour copier";
    setTimeout(() => (copier.textContent = button), 4000);
  }
  const node = element("div", { class: "a-copier" }, element("label", { for: id }, label), area, copier);
  return { node, set: (text) => (area.value = text) };
}

const fold = (titre, ...nodes) => element("details", { class: "pli" }, element("summary", {}, element("h3", {}, titre)), ...nodes);
const petit = (...children) => element("p", { class: "petit" }, ...children);

function createQr(atlas) {
  const node = element("div", { class: "qr" });
  return {
    node,
    /** Beyond what a phone reads, the way to a short address is said instead. */
    show(fragment) {
      const short = fragment.length - 1 <= MAX_QR;
      node.replaceChildren(
        short
          ? element("img", { src: `${atlas.urls.qr}?vue=${encodeURIComponent(fragment.slice(1))}`, alt: "Code QR qui ouvre cette vue", width: 288, height: 288 })
          : petit(`Ce lien est trop long pour un code qui se scanne (${fragment.length - 1} caractères, ${MAX_QR} au plus). Retirer des couches ou des filtres, ou garder la vue sous un nom : son adresse est courte, et a son code.`),
      );
    },
  };
}

function createCadre(atlas, onChange) {
  const box = (id, label) => [element("input", { type: "checkbox", id, onchange: onChange }), element("label", { for: id }, label)];
  const size = (id, label, value) => [element("label", { for: id }, label), element("input", { type: "text", id, value, size: 6, maxlength: 6, oninput: onChange })];
  const code = createText("cadre-code", "Code à coller dans la page", "Copier le code", 4);
  const refus = element("p", { class: "avertissement", role: "alert", hidden: true }, "Une taille se donne en pixels, de 200 à 4000, ou en pourcentage : 100%.");
  const node = fold(
    "Montrer dans un autre site",
    petit(describeSites(atlas.sites_integration)),
    element("p", { class: "choix-cadre" }, ...box("cadre-panneau", "Avec le panneau des couches")),
    element("p", { class: "choix-cadre" }, ...box("cadre-legende", "Avec la légende")),
    element("p", { class: "choix-cadre" }, ...size("cadre-largeur", "Largeur", "100%"), ...size("cadre-hauteur", "Hauteur", "600")),
    refus,
    code.node,
  );
  const value = (id) => node.querySelector(`#${id}`);
  return {
    node,
    show(fragment, titre) {
      const [largeur, hauteur] = ["cadre-largeur", "cadre-hauteur"].map((id) => readTaille(value(id).value));
      refus.hidden = Boolean(largeur && hauteur);
      code.node.hidden = !refus.hidden;
      const page = new URL(atlas.urls.integration, location.href).href;
      code.set(buildCadre(page, fragment, { panneau: value("cadre-panneau").checked, legende: value("cadre-legende").checked, largeur, hauteur, titre }));
    },
  };
}

function createPanel(page) {
  const { atlas, etat, lien } = page;
  const jour = new Date().toLocaleDateString("fr-FR", { day: "2-digit", month: "2-digit", year: "numeric" });
  const adresse = createText("partage-lien", "Lien de cette vue", "Copier le lien", 4);
  const citation = createText("partage-citation", "Citer cette carte", "Copier la citation", 7);
  const commande = createText("partage-commande", "Commande à donner sur le serveur, CODE et TITRE à remplacer", "Copier la commande", 4);
  const qr = createQr(atlas);
  const cadre = createCadre(atlas, () => update());
  const image = createImagePanel(page, { jour });
  const trop = element("p", { class: "avertissement", role: "alert" }, `Cette vue ne tient pas dans une adresse (${MAX_FRAGMENT} caractères au plus) : elle n’a ni lien, ni code, ni cadre. Retirer des couches, raccourcir leurs filtres, ou garder le dessin dans un fichier.`);
  const liens = [
    fold("Code QR", qr.node),
    fold("Garder sous un nom", petit("Une adresse courte, avec son code QR, dans la liste des ", link(atlas.urls.liste_vues, "vues nommées"), ". La personne qui tient le SIG l’ajoute par cette commande."), commande.node),
    cadre.node,
  ];

  function update() {
    const [address, titre] = [lien.address(), buildTitre(atlas, etat.get())];
    trop.hidden = address !== null;
    for (const node of [adresse.node, ...liens]) node.hidden = address === null;
    citation.set(buildCitation(atlas, etat.get(), { adresse: address ?? new URL("/", location.href).href, jour }));
    image.suggest(titre);
    if (address === null) return;
    adresse.set(address);
    commande.set(buildCommande(new URL(`/${lien.lasting()}`, location.href).href));
    qr.show(lien.fragment());
    cadre.show(lien.lasting(), titre);
  }

  const note = petit("Le lien garde la vue et note l’état des données : ouvert plus tard, il montre celles du jour et dit ce qui a changé.");
  const nodes = [trop, adresse.node, note, image.node, citation.node, ...liens];
  return { nodes: [element("div", { class: "partage" }, nodes)], refresh: update };
}
