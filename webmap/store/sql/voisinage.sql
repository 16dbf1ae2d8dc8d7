-- Question: which rows of one other layer hold a place, cross it, or are nearest to it?
-- Reads `lieu` (geom, EPSG:2154). Parameter: portee (m). Identifiers: key, table. Composables: layer (literal), name.
-- Lambert-93 is up to 14 m in 10 km off: it finds candidates by the index, a little beyond; the ellipsoid tells and sorts.
(
  SELECT {layer} AS couche, t.{key}::text AS cle, {name} AS nom, d.metres, ST_Covers(t.geom, p.geom) AS dedans
  FROM lieu p CROSS JOIN LATERAL (
    SELECT * FROM {table} v
    WHERE v.precision = 'exacte' AND ST_DWithin(v.geom, p.geom, %(portee)s * 1.002)
    ORDER BY v.geom <-> p.geom LIMIT 4
  ) t
  CROSS JOIN LATERAL (
    SELECT ST_Distance(ST_Transform(t.geom, 4326)::geography, ST_Transform(p.geom, 4326)::geography) AS metres
  ) d
  WHERE d.metres <= %(portee)s
)
