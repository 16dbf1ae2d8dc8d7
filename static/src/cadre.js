// Pure: the map in the page of another site, and who may show it there.

const escapeHtml = (text) => text.replace(/[&<>"]/g, (sign) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[sign]);

/** A width or height as HTML takes it: « 100% » or pixels from 200 to 4000; null for anything else. */
export function readTaille(text) {
  const [, digits, percent] = /^\s*(\d{1,4})\s*(%|px)?\s*$/.exec(text) ?? [];
  const size = Number(digits);
  if (percent === "%") return size >= 10 && size <= 100 ? `${size}%` : null;
  return size >= 200 && size <= 4000 ? String(size) : null;
}

/** The code to paste. `options`: {panneau, legende, largeur, hauteur, titre}; `page`: the address of the map for frames. */
export function buildCadre(page, fragment, { panneau, legende, largeur, hauteur, titre }) {
  const options = [panneau ? "panneau=oui" : null, legende ? "legende=oui" : null].filter(Boolean).join("&");
  const address = `${page}${options ? `?${options}` : ""}${fragment}`;
  return `<iframe src="${escapeHtml(address)}" title="${escapeHtml(titre)}" width="${largeur}" height="${hauteur}" loading="lazy" allowfullscreen></iframe>`;
}

/** Who may, in French. */
export function describeSites(sites) {
  const ask = "demandez à la personne qui tient le SIG d’y ajouter le vôtre (réglage « sites_integration »).";
  if (sites.length === 0) return `Aucun autre site ne peut encore montrer la carte : ${ask}`;
  return `Sites qui peuvent la montrer : ${sites.join(", ")}. Pour un autre, ${ask}`;
}

/** The command that keeps a view under a name. In double quotes, a shell would read « ! » and « ` » for itself: they are encoded. */
export const buildCommande = (address) => `webmap vues ajouter CODE "TITRE" "${address.replaceAll("!", "%21").replaceAll("`", "%60")}"`;
