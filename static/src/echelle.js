// Pure: a scale bar that is true at the latitude of the centre.
// Web Mercator stretches by 1/cos(latitude); along a parallel of the ellipsoid one more factor N/a remains (0.2 % here).
const E2 = 0.00669437999014; // GRS80 / WGS84
const STEPS = [1, 2, 5];

/** Metres on the ground, eastwards, under one map metre of EPSG:3857 at this latitude (degrees). */
export function groundFactor(latitude) {
  const phi = (latitude * Math.PI) / 180;
  return Math.cos(phi) / Math.sqrt(1 - E2 * Math.sin(phi) ** 2);
}

/** The longest round length that fits in `maxWidth` CSS pixels: `{metres, width, texte}`. */
export function computeEchelle(resolution, latitude, maxWidth) {
  const metresPerPixel = resolution * groundFactor(latitude);
  const limit = metresPerPixel * maxWidth;
  if (!(limit > 0) || !Number.isFinite(limit)) return null;
  const power = 10 ** Math.floor(Math.log10(limit));
  const metres = Math.max(...STEPS.map((step) => step * power).filter((length) => length <= limit * (1 + 1e-9)));
  const format = new Intl.NumberFormat("fr-FR", { maximumSignificantDigits: 3 });
  const texte = metres >= 1000 ? `${format.format(metres / 1000)} km` : `${format.format(metres)} m`;
  return { metres, width: metres / metresPerPixel, texte };
}
