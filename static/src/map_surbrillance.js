// Places pointed out over the map, in an SVG: the row under the cursor of a table, the candidate of a list; the rows that were chosen.
const SVG = "http://www.w3.org/2000/svg";

const create = (tag, attributes) => {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
};

/** The path of a line or a surface, in pixels: `ends` cuts the flat coordinates. */
function tracePath(feature, pixelOf) {
  const flat = feature.getFlatCoordinates();
  const ends = feature.getEnds().flat();
  const closed = feature.getType().includes("Polygon") ? "Z" : "";
  let start = 0;
  let path = "";
  for (const end of ends.length ? ends : [flat.length]) {
    for (let at = start; at < end; at += 2) {
      const [x, y] = pixelOf([flat[at], flat[at + 1]]);
      path += `${at === start ? "M" : "L"}${x.toFixed(1)} ${y.toFixed(1)}`;
    }
    path += closed;
    start = end;
  }
  return path;
}

/** `featuresOf(places)`: what the tiles in memory hold of these {couche, cle}; `more`: another class, for another look. */
export function createSurbrillance(map, featuresOf, more = "") {
  const [casing, line] = ["fond", "trait"].map((name) => create("path", { class: name }));
  const overlay = create("svg", { class: `surbrillance ${more}`, "aria-hidden": "true" });
  overlay.append(casing, line);
  let places = [];

  function paint() {
    const pixelOf = (coordinate) => map.getPixelFromCoordinate(coordinate) ?? [-100, -100];
    const path = featuresOf(places)
      .map((feature) => {
        if (!feature.getType().includes("Point")) return tracePath(feature, pixelOf);
        const [x, y] = pixelOf(feature.getFlatCoordinates());
        return `M${x - 14} ${y}a14 14 0 1 0 28 0a14 14 0 1 0 -28 0Z`;
      })
      .join("");
    for (const node of [casing, line]) node.setAttribute("d", path);
  }

  map.on("postrender", () => {
    if (places.length > 0) paint();
  }); // returns nothing: OpenLayers stops at a listener that returns false, and others follow
  /** One place, several, or none. */
  return (next) => {
    places = [next ?? []].flat();
    if (places.length === 0) return overlay.remove();
    map.getViewport().append(overlay);
    return paint();
  };
}
