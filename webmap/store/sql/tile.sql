-- Question: what are the bytes of one layer in one tile?
-- Parameters: z, x, y (XYZ grid of EPSG:3857); those of the filter. Composables: features (tile_shapes.sql, tile_traces.sql, or
-- the choice of one), labels (more bytes, or nothing).
-- What is searched is wider than what is clipped (64/4096 of a tile): a symbol near the edge shows on both sides. A pixel:
-- 1/512 of a tile.
WITH cadre AS MATERIALIZED (
  SELECT ST_TileEnvelope(%(z)s, %(x)s, %(y)s) AS geom, ST_TileEnvelope(%(z)s, %(x)s, %(y)s, margin => 0.015625) AS large,
    78271.51696402048 / power(2::float8, %(z)s) AS pixel
)
SELECT {features}{labels} AS mvt
