// The address of the view: kept in the bar, copied, and what it says of the data it was made on.
import { removeAvis, showAvis } from "./avis.js";
import { byId, element } from "./dom.js";
import { formatDate, formatNombre, formatQuantite } from "./format.js";
import { encodeFragment, MAX_FRAGMENT } from "./permalink.js";
import { listChangements, readRevisions } from "./revisions.js";
import { encodeDessin, fitsLink } from "./traces.js";

const FEW = 3; // layers told at once; more are folded

/** Put a text in the clipboard; false without one (plain http, or refused). */
export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

/** Say which layers have changed since the link that is opened was made, if it says on what. */
export function tellChangements(seen, atlas) {
  removeAvis("revisions");
  const changed = seen ? listChangements(seen, atlas) : [];
  if (changed.length === 0) return;
  const lines = changed.map(({ titre, modifiee }) => element("li", {}, `${titre} : modifiée le ${formatDate(modifiee)}`));
  const summary = element("summary", {}, `Les données ont changé depuis ce lien : ${formatQuantite(changed.length, "couche", "couches")}.`);
  showAvis("revisions", element("details", { class: "changements", open: changed.length <= FEW }, summary, element("ul", {}, lines)));
}

export function createLien({ atlas, etat }) {
  const revisions = readRevisions(atlas);
  const fragment = () => encodeFragment(etat.get(), revisions);

  /** A view that does not fit is not written at all: cut short, it would open on something else. */
  function fits(written, name, kept) {
    if (written.length <= MAX_FRAGMENT) return true;
    const sentence = `Cette vue ne tient pas dans une adresse : ${formatNombre(written.length)} caractères, ${formatNombre(MAX_FRAGMENT)} au plus. ${kept} Retirer des couches, raccourcir leurs filtres, ou garder le dessin dans un fichier.`;
    showAvis(name, sentence, { kind: "alerte" });
    return false;
  }

  return {
    fragment,
    /** Without the revisions: what always shows today's data (a named view, a frame) need not say each time that they changed. */
    lasting: () => encodeFragment(etat.get()),
    /** The full address, on the map itself even from a frame; null when the view does not fit. */
    address: () => (fragment().length <= MAX_FRAGMENT ? new URL(`/${fragment()}`, location.href).href : null),
    write() {
      const written = fragment();
      if (!fits(written, "adresse", "L’adresse de la page est restée celle d’avant.")) return;
      removeAvis("adresse");
      history.replaceState(null, "", written);
      if (byId("ouvrir-atlas")) byId("ouvrir-atlas").href = `/${written}`; // in another site's page: the same view, in full
    },
    async copy() {
      if (!fits(fragment(), "lien", "Rien n’a été copié.")) return;
      const address = this.address();
      if (await copyText(address)) showAvis("lien", "Lien copié.", { seconds: 4 });
      else showAvis("lien", address); // no clipboard: the address itself, to select
      if (fitsLink(encodeDessin(etat.get().dessin))) return removeAvis("dessin");
      showAvis("dessin", "Le lien ne contient pas le dessin, trop grand : le donner en GeoJSON (« Dessiner », « Exporter »).", { kind: "alerte" });
    },
  };
}
