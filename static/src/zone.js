// Pure: a drawn zone as text, and how it is asked for.
const DECIMALS = 6; // of a degree: about 0.1 m
const LONGEST = 2000; // characters of WKT an address may carry; beyond, the zone is posted

/** `[[lon, lat], …]`, not closed -> WKT of a polygon; null below three different points. */
export function writeZone(points) {
  const texts = points.map(([lon, lat]) => `${+lon.toFixed(DECIMALS)} ${+lat.toFixed(DECIMALS)}`);
  const different = texts.filter((text, i) => text !== texts[i - 1]);
  if (different.at(-1) === different[0]) different.pop();
  if (new Set(different).size < 3) return null;
  return `POLYGON((${[...different, different[0]].join(",")}))`;
}

export const fitsAddress = (wkt) => wkt.length <= LONGEST;

export const zoneAddress = (page, wkt) => `${page}?wkt=${encodeURIComponent(wkt)}`;
