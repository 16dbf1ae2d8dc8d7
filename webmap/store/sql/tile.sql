-- Question: what are the bytes of one layer in one tile?
-- Parameters: z, x, y (XYZ grid of EPSG:3857); decoupage and unite when filtered. Composables: source, columns, filter. Literal: layer.
-- The tile is taken to the column's SRID, never the column to the tile's. It is first cut to where Lambert-93 has a
-- meaning (10° W to 12° E, 40° to 53° N: a world tile has no image in it), and densified, because its edges bend.
-- What is searched is wider than what is clipped (64/4096 of a tile): a symbol near the edge shows on both sides.
WITH tuile AS (SELECT ST_TileEnvelope(%(z)s, %(x)s, %(y)s) AS cadre, ST_TileEnvelope(%(z)s, %(x)s, %(y)s, margin => 0.015625) AS large),
recherche AS (
  SELECT cadre, ST_Transform(ST_Segmentize(
    ST_Intersection(large, ST_MakeEnvelope(-1113195, 4865942, 1335834, 6982997, 3857)), 40000), 2154) AS geom FROM tuile
),
trait AS (
  SELECT ST_AsMVTGeom(ST_Transform(t.geom, 3857), r.cadre, 4096, 64, true) AS geom, {columns}
  FROM recherche r CROSS JOIN {source}
  WHERE t.geom && r.geom AND {filter}
)
SELECT ST_AsMVT(trait, {layer}, 4096, 'geom') AS mvt FROM (SELECT * FROM trait ORDER BY cle) trait
