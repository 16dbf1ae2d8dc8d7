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

/** The template of a tile address, `{z}/{x}/{y}` left for the map to fill; `cql2` filters the one layer of `ids`. Whole layers are
 * asked for by version, which the browser and the server keep; a selection is made each time. */
export function buildTileTemplate({ urls, versions }, ids, filtre, cql2 = null) {
  if (filtre || cql2) return buildUrl(urls.tuiles, { ids: ids.join(",") }, lignesQuery(filtre, { filtre: cql2 }));
  return buildUrl(urls.tuiles_versions, { ids: ids.join(","), versions: ids.map((id) => versions[id]).join(",") });
}

/** The unit whose standalone map or page is meant: the bassin chosen, else the whole territory. */
export function standaloneCode(filtre, territoire) {
  return filtre?.decoupage === "bassin" ? filtre.code : territoire.code;
}
