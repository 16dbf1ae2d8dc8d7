// Drawing a polygon on the map by clicks: vertices in map coordinates, an SVG over the view that follows it.
import { unByKey } from "ol/Observable.js";
import { toLonLat } from "ol/proj.js";

const SVG = "http://www.w3.org/2000/svg";
const REACH = 12; // pixels around the first vertex that close the shape

const create = (tag, attributes) => {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
};

/** `onChange(count)` at each vertex, `onEnd(lonLats)` when the shape is closed. */
export function createDessin(map, { onChange, onEnd }) {
  let points = [];
  let pointer = null;
  let keys = null;
  const shape = create("polygon", {});
  const first = create("circle", { r: REACH / 2 });
  const overlay = create("svg", { class: "dessin", "aria-hidden": "true" });
  overlay.append(shape, first);

  function paint() {
    const pixels = [...points, ...(pointer ? [pointer] : [])].map((point) => map.getPixelFromCoordinate(point) ?? [0, 0]);
    shape.setAttribute("points", pixels.map((pixel) => pixel.join(",")).join(" "));
    first.setAttribute("visibility", points.length ? "visible" : "hidden");
    if (points.length) [["cx", 0], ["cy", 1]].forEach(([name, at]) => first.setAttribute(name, pixels[0][at]));
  }

  const near = (pixel, point) => Math.hypot(...map.getPixelFromCoordinate(point).map((value, at) => value - pixel[at])) <= REACH;

  function add(event) {
    if (points.length > 2 && near(event.pixel, points[0])) return finish();
    if (points.length && near(event.pixel, points.at(-1))) return points.length > 2 && finish(); // a double click, fast or slow
    points.push(event.coordinate);
    onChange(points.length);
    paint();
  }

  function finish() {
    const drawn = points.map((point) => toLonLat(point));
    stop();
    onEnd(drawn);
  }

  function stop() {
    unByKey(keys ?? []);
    keys = null;
    overlay.remove();
  }

  return {
    active: () => keys !== null,
    start() {
      [points, pointer] = [[], null];
      map.getViewport().append(overlay);
      keys = [
        map.on("click", add),
        map.on("dblclick", (event) => event.stopPropagation()), // no zoom; two quick clicks far apart are two vertices
        map.on("pointermove", (event) => {
          pointer = event.originalEvent.pointerType === "touch" ? null : event.coordinate;
          paint();
        }),
        map.on("postrender", paint),
      ];
      paint();
    },
    finish,
    stop,
  };
}
