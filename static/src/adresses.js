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

/** The template of a tile address, `{z}/{x}/{y}` left for the map to fill. */
export function buildTileTemplate(template, ids, filtre) {
  return buildUrl(template, { ids: ids.join(",") }, filtreQuery(filtre));
}

/** The unit whose standalone map or page is meant: the bassin chosen, else the whole territory. */
export function standaloneCode(filtre, territoire) {
  return filtre?.decoupage === "bassin" ? filtre.code : territoire.code;
}
