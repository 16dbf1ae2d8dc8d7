// Pure: the addresses the page asks for, from the templates given by the server.

/** Fill `{name}` in a template, each value percent-encoded (commas kept), and add a query. */
export function buildUrl(template, values, query = {}) {
  const path = template.replace(/\{(\w+)\}/g, (whole, name) =>
    name in values ? encodeURIComponent(values[name]).replaceAll("%2C", ",") : whole,
  );
  const search = Object.entries(query)
    .filter(([, value]) => value !== null && value !== undefined)
    .map(([name, value]) => (value === true ? name : `${name}=${encodeURIComponent(value).replaceAll("%2C", ",")}`))
    .join("&");
  return search ? `${path}?${search}` : path;
}

/** A filter as query parameters: `{decoupage, code}` -> `{bassin: "nord"}`. */
export const filtreQuery = (filtre) => (filtre ? { [filtre.decoupage]: filtre.code } : {});

/** What selects the rows of a shown layer, as query parameters: the unit of the page, its own CQL2. */
export const lignesQuery = (filtre, couche) => ({ ...filtreQuery(filtre), filter: couche?.filtre || null });

/** The template of a tile address, `{z}/{x}/{y}` left for the map to fill; `cql2` filters the one layer of `ids`. */
export function buildTileTemplate(template, ids, filtre, cql2 = null) {
  return buildUrl(template, { ids: ids.join(",") }, lignesQuery(filtre, { filtre: cql2 }));
}

/** The unit whose standalone map or page is meant: the bassin chosen, else the whole territory. */
export function standaloneCode(filtre, territoire) {
  return filtre?.decoupage === "bassin" ? filtre.code : territoire.code;
}
