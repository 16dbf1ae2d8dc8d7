-- Question: what shape stands in for each commune, and each unit of a découpage, while no contour is loaded?
-- Voronoi cells around the centres, clipped to their convex hull widened by 2 500 m (about half the distance between
-- two neighbouring centres here, so that outer communes are not slivers). Parameter: decoupages, ids of the layers.
WITH centre AS (
  SELECT code_insee, ST_Transform(ST_SetSRID(ST_MakePoint(centre_lon, centre_lat), 4326), 2154) AS geom
  FROM pub.commune WHERE centre_lon IS NOT NULL AND centre_lat IS NOT NULL
),
enveloppe AS (SELECT ST_Buffer(ST_ConvexHull(ST_Collect(geom)), 2500) AS geom FROM centre),
voronoi AS (
  SELECT (ST_Dump(ST_VoronoiPolygons(ST_Collect(c.geom), 0, ST_Expand((SELECT geom FROM enveloppe), 20000)))).geom AS geom
  FROM centre c
),
commune AS (
  SELECT c.code_insee, ST_Multi(ST_Intersection(ST_Buffer(v.geom, 0), e.geom)) AS geom
  FROM centre c JOIN voronoi v ON ST_Contains(v.geom, c.geom) CROSS JOIN enveloppe e
  UNION ALL SELECT c.code_insee, ST_Multi(e.geom)  -- a single centre has no Voronoi cell: it takes the whole
  FROM centre c CROSS JOIN enveloppe e WHERE NOT EXISTS (SELECT 1 FROM voronoi)
),
voulue AS (
  SELECT 'commune' AS couche, code_insee AS cle, ST_SnapToGrid(geom, 0.01) AS geom FROM commune
  UNION ALL
  SELECT m.decoupage, m.code, ST_SnapToGrid(ST_Multi(ST_Union(c.geom)), 0.01)
  FROM app.membre m JOIN commune c USING (code_insee)
  WHERE m.decoupage = ANY(%(decoupages)s) GROUP BY m.decoupage, m.code
),
partie AS (
  DELETE FROM app.cellule c WHERE NOT EXISTS (SELECT 1 FROM voulue v WHERE v.couche = c.couche AND v.cle = c.cle)
)
INSERT INTO app.cellule AS c (couche, cle, geom) SELECT couche, cle, geom FROM voulue
ON CONFLICT (couche, cle) DO UPDATE SET geom = excluded.geom WHERE c.geom IS DISTINCT FROM excluded.geom
