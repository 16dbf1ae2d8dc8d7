-- Question: none. It loads in a new connection what its first tile, item or figure would wait for: the libraries of PostGIS, the
-- coordinate systems, the encoder of tiles.
SELECT ST_AsMVT(t, 'essai') AS tuile, ST_AsGeoJSON(ST_Transform(p.geom, 4326)) AS element, ST_Length(ST_Transform(p.geom, 4326)::geography) AS mesure
FROM (SELECT ST_SetSRID(ST_MakeLine(ST_MakePoint(700000, 6600000), ST_MakePoint(700001, 6600001)), 2154) AS geom) p
CROSS JOIN LATERAL (SELECT ST_AsMVTGeom(ST_Transform(p.geom, 3857), ST_TileEnvelope(0, 0, 0)) AS geom) t
GROUP BY p.geom
