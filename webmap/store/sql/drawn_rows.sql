-- Question: what is each row drawn with, in EPSG:3857, whole and simplified for each band of zooms?
-- A SELECT to insert into a table of `tuile`. Composables: columns (what a tile says of it), source (alias t), bands (the
-- simplified shapes, from m.geom). Only what lies where Lambert-93 has a meaning (10° W to 12° E, 40° to 53° N) is drawn.
-- In the order of a Hilbert curve: what is near on the ground is near on the disk.
SELECT {columns}, m.geom, {label} AS _etiquette,
  greatest(ST_XMax(m.geom) - ST_XMin(m.geom), ST_YMax(m.geom) - ST_YMin(m.geom))::real AS _taille{bands}
FROM {source} CROSS JOIN LATERAL (SELECT ST_Transform(t.geom, 3857) AS geom OFFSET 0) m{simplified}
WHERE t.geom && ST_MakeEnvelope(-411000, 5877000, 1471000, 7396000, 2154)
ORDER BY m.geom
