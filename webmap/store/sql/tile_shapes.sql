-- Question: what are the bytes of the shapes of one layer in one tile? A part of tile.sql.
-- Identifier: drawn. Literal: layer. Composables: shape, columns, rows (the layer's own, alias t, when a filter reads them), kept.
-- A shape that is less than a unit of the grid has no image: ST_AsMVT leaves it out, and its geometry is computed once.
-- `tuile.poser` is for shapes of thousands of rings, which the length of a row tells without reading it.
(
  SELECT ST_AsMVT(trait, {layer}, 4096, 'geom') FROM (
    SELECT CASE WHEN pg_column_size({shape}) > 40000 THEN tuile.poser({shape}, c.geom, 4096, 64, true)
      ELSE ST_AsMVTGeom({shape}, c.geom, 4096, 64, true) END AS geom, {columns}
    FROM cadre c JOIN {drawn} d ON d.geom && c.large{rows} WHERE {kept} ORDER BY {order}
  ) trait
)
