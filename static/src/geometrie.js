// Pure: is a geometry under the pointer, is it in view. Flat coordinates, as vector tiles give them.
// Computed here and not by painting: a hatched or hollow shape is hit wherever a person sees it.

function* eachRing(flat, ends) {
  let start = 0;
  for (const end of ends ?? [flat.length]) {
    yield [start, end];
    start = end;
  }
}

/** Even-odd over all rings, so holes and several parts need no care. */
export function containsPoint(flat, ends, x, y) {
  let inside = false;
  for (const [start, end] of eachRing(flat, ends)) {
    for (let i = start, j = end - 2; i < end; j = i, i += 2) {
      const [xi, yi, xj, yj] = [flat[i], flat[i + 1], flat[j], flat[j + 1]];
      if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) inside = !inside;
    }
  }
  return inside;
}

function squaredToSegment(x, y, x1, y1, x2, y2) {
  const [dx, dy] = [x2 - x1, y2 - y1];
  const length = dx * dx + dy * dy;
  const t = length === 0 ? 0 : Math.min(1, Math.max(0, ((x - x1) * dx + (y - y1) * dy) / length));
  return (x - x1 - t * dx) ** 2 + (y - y1 - t * dy) ** 2;
}

/** Distance from x, y to the nearest point (`Point`) or segment (lines, outlines). */
export function distanceTo(type, flat, ends, x, y) {
  let best = Infinity;
  if (type.endsWith("Point")) {
    for (let i = 0; i < flat.length; i += 2) best = Math.min(best, (flat[i] - x) ** 2 + (flat[i + 1] - y) ** 2);
    return Math.sqrt(best);
  }
  for (const [start, end] of eachRing(flat, ends)) {
    for (let i = start; i + 3 < end; i += 2) {
      best = Math.min(best, squaredToSegment(x, y, flat[i], flat[i + 1], flat[i + 2], flat[i + 3]));
    }
  }
  return Math.sqrt(best);
}

/** 0 inside a polygon, else the distance to the geometry, in the units of its coordinates. */
export function distanceToShape(type, flat, ends, x, y) {
  if (type.endsWith("Polygon") && containsPoint(flat, ends, x, y)) return 0;
  return distanceTo(type, flat, ends, x, y);
}

function segmentMeetsBox(x1, y1, x2, y2, [west, south, east, north]) {
  let [t0, t1] = [0, 1];
  for (const [p, q] of [
    [x1 - x2, x1 - west],
    [x2 - x1, east - x1],
    [y1 - y2, y1 - south],
    [y2 - y1, north - y1],
  ]) {
    if (p === 0) {
      if (q < 0) return false;
    } else if (p < 0) {
      t0 = Math.max(t0, q / p);
    } else {
      t1 = Math.min(t1, q / p);
    }
  }
  return t0 <= t1;
}

/** Whether any part of the geometry is inside the box. */
export function meetsBox(type, flat, ends, box) {
  const [west, south, east, north] = box;
  if (type.endsWith("Point")) {
    for (let i = 0; i < flat.length; i += 2) {
      if (flat[i] >= west && flat[i] <= east && flat[i + 1] >= south && flat[i + 1] <= north) return true;
    }
    return false;
  }
  for (const [start, end] of eachRing(flat, ends)) {
    for (let i = start; i + 3 < end; i += 2) {
      if (segmentMeetsBox(flat[i], flat[i + 1], flat[i + 2], flat[i + 3], box)) return true;
    }
  }
  return type.endsWith("Polygon") && containsPoint(flat, ends, (west + east) / 2, (south + north) / 2);
}

/** Lines and outlines as pieces of flat coordinates, without the segments for which `isEdge(x1, y1, x2, y2)`: those a tile cut. */
export function keepPieces(flat, ends, isEdge) {
  const pieces = [];
  for (const [start, end] of eachRing(flat, ends)) {
    let piece = [flat[start], flat[start + 1]];
    const close = () => piece.length >= 4 && pieces.push(piece);
    for (let i = start; i + 3 < end; i += 2) {
      const [x, y] = [flat[i + 2], flat[i + 3]];
      if (isEdge(flat[i], flat[i + 1], x, y)) {
        close();
        piece = [x, y];
      } else piece.push(x, y);
    }
    close();
  }
  return pieces;
}
