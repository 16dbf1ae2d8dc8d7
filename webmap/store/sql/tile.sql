-- Question: what are the bytes of one layer in one tile?
-- Parameters: z, x, y (XYZ grid of EPSG:3857); those of the filter. Identifier: drawn. Literal: layer. Composables: shape, columns,
-- rows (the layer's own, alias t, when a filter reads them), kept, labels (more bytes, or nothing).
-- What is searched is wider than what is clipped (64/4096 of a tile): a symbol near the edge shows on both sides. A shape that
-- is less than a unit of the grid has no image: ST_AsMVT leaves it out, and its geometry is computed once. A pixel: 1/512 of a tile.
WITH cadre AS MATERIALIZED (
  SELECT ST_TileEnvelope(%(z)s, %(x)s, %(y)s) AS geom, ST_TileEnvelope(%(z)s, %(x)s, %(y)s, margin => 0.015625) AS large,
    78271.51696402048 / power(2::float8, %(z)s) AS pixel
)
SELECT (
  SELECT ST_AsMVT(trait, {layer}, 4096, 'geom') FROM (
    SELECT ST_AsMVTGeom({shape}, c.geom, 4096, 64, true) AS geom, {columns}
    FROM cadre c JOIN {drawn} d ON d.geom && c.large{rows} WHERE {kept} ORDER BY {order}
  ) trait
){labels} AS mvt
