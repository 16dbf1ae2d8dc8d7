// Pure: Lambert-93 and the nine Lambert CC zones, from and to WGS84 degrees. RGF93 is taken for WGS84, as everywhere here: they
// differ by less than a metre. Lambert conformal conic with two standard parallels, IOGP guidance note 7-2, method 9802.
const A = 6378137; // GRS80
const F = 1 / 298.257222101;
const E2 = F * (2 - F);
const E = Math.sqrt(E2);
const RADIANS = Math.PI / 180;

const isometric = (lat) => Math.tan(Math.PI / 4 - lat / 2) / ((1 - E * Math.sin(lat)) / (1 + E * Math.sin(lat))) ** (E / 2);
const normal = (lat) => Math.cos(lat) / Math.sqrt(1 - E2 * Math.sin(lat) ** 2);

/** Degrees of the origin and of both parallels, metres of the false origin -> `{forward([lon, lat]), inverse([x, y])}`. */
function createConique({ lat0, lon0, parallels, x0, y0 }) {
  const [first, second] = parallels.map((lat) => lat * RADIANS);
  const n = Math.log(normal(first) / normal(second)) / Math.log(isometric(first) / isometric(second));
  const factor = normal(first) / (n * isometric(first) ** n);
  const radius = (lat) => A * factor * isometric(lat) ** n;
  const origin = radius(lat0 * RADIANS);

  return {
    forward([lon, lat]) {
      const theta = n * (lon - lon0) * RADIANS;
      const r = radius(lat * RADIANS);
      return [x0 + r * Math.sin(theta), y0 + origin - r * Math.cos(theta)];
    },
    inverse([x, y]) {
      const [dx, dy] = [x - x0, origin - (y - y0)];
      const t = (Math.hypot(dx, dy) / (A * factor)) ** (1 / n);
      let lat = Math.PI / 2 - 2 * Math.atan(t);
      for (let i = 0; i < 8; i += 1) lat = Math.PI / 2 - 2 * Math.atan(t * ((1 - E * Math.sin(lat)) / (1 + E * Math.sin(lat))) ** (E / 2));
      return [lon0 + Math.atan2(dx, dy) / n / RADIANS, lat / RADIANS];
    },
  };
}

const LAMBERT93 = { code: 2154, nom: "Lambert-93", ...createConique({ lat0: 46.5, lon0: 3, parallels: [49, 44], x0: 700000, y0: 6600000 }) };

/** The CC zone of a latitude: 42 to 50, each a degree wide on both sides of its parallel. */
export function createZoneCC(zone) {
  const conique = createConique({ lat0: zone, lon0: 3, parallels: [zone - 0.75, zone + 0.75], x0: 1700000, y0: (zone - 41) * 1000000 + 200000 });
  return { code: 3900 + zone, nom: `CC${zone}`, ...conique };
}

/** What coordinates are shown in around a latitude: Lambert-93, and its CC zone. */
export const projectionsAt = (lat) => [LAMBERT93, createZoneCC(Math.min(50, Math.max(42, Math.round(lat))))];

/** The projection whose range holds these metres, easting first; null when none does. The ranges do not meet. */
export function recognise([x, y]) {
  if (x > 50000 && x < 1300000 && y > 6000000 && y < 7200000) return LAMBERT93;
  const zone = Math.round((y - 200000) / 1000000) + 41;
  const north = y - ((zone - 41) * 1000000 + 200000);
  return zone >= 42 && zone <= 50 && x > 1000000 && x < 2400000 && Math.abs(north) < 250000 ? createZoneCC(zone) : null;
}
