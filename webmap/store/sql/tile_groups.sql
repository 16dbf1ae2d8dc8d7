-- Question: what are the bytes of one layer of points in one tile, those that share a square drawn as one?
-- Parameters and composables: as in tile.sql; alone, the columns of a point that is alone in its square. Literal: side, pixels.
-- Squares are those of the whole world, and searched whole: two tiles tell the same of one they share. `nombre` is how many
-- points stand there, when there are more than one; whole metres, so that the mean does not depend on the order of rows.
WITH cadre AS MATERIALIZED (
  SELECT ST_TileEnvelope(%(z)s, %(x)s, %(y)s) AS geom, ST_TileEnvelope(%(z)s, %(x)s, %(y)s, margin => 0.015625) AS large,
    {side} * 78271.51696402048 / power(2::float8, %(z)s) AS cote
)
SELECT ST_AsMVT(trait, {layer}, 4096, 'geom') AS mvt FROM (
  SELECT ST_AsMVTGeom(ST_SetSRID(ST_MakePoint(g.x, g.y), 3857), c.geom, 4096, 64, true) AS geom, g.nombre, {alone}
  FROM cadre c CROSS JOIN LATERAL (
    SELECT avg(round(ST_X(d.geom))::bigint)::float8 AS x, avg(round(ST_Y(d.geom))::bigint)::float8 AS y, min(d.cle) AS cle,
      NULLIF(count(*), 1) AS nombre
    FROM {drawn} d{rows} WHERE d.geom && ST_Expand(c.large, c.cote) AND {kept}
    GROUP BY floor(ST_X(d.geom) / c.cote), floor(ST_Y(d.geom) / c.cote)
  ) g LEFT JOIN {drawn} d ON d.cle = g.cle AND g.nombre IS NULL
  ORDER BY g.cle
) trait
