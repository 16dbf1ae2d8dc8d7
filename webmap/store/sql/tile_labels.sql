-- Question: which labels of one layer stand in one tile? A part of tile.sql, more bytes after those of the layer.
-- Each has one place, in one tile: what lies on an edge is of the tile on its right or above. Literals: layer, zoom.
-- Composables: as in tile.sql.
 || (
  SELECT ST_AsMVT(trait, {layer}, 4096, 'geom') FROM (
    SELECT ST_AsMVTGeom(d._etiquette, c.geom, 4096, 0, false) AS geom, {columns}
    FROM cadre c JOIN {drawn} d ON d.geom && c.geom{rows}
    WHERE %(z)s >= {zoom} AND ST_X(d._etiquette) >= ST_XMin(c.geom) AND ST_X(d._etiquette) < ST_XMax(c.geom)
      AND ST_Y(d._etiquette) >= ST_YMin(c.geom) AND ST_Y(d._etiquette) < ST_YMax(c.geom) AND {kept} ORDER BY {order}
  ) trait
)
