-- Question: which holes does the union of the staged contours leave, bigger than a share of the smallest commune around?
-- Parameter: part (0 to 1). A hole may be real (a commune of another agglomeration, all around surrounded).
WITH piece AS (SELECT (ST_Dump(ST_Union(geom))).geom AS geom FROM pg_temp.contour),
trou AS (
  SELECT ST_MakePolygon(ST_ExteriorRing(r.geom)) AS geom
  FROM piece CROSS JOIN LATERAL ST_DumpRings(piece.geom) r WHERE (r).path[1] > 0
)
SELECT array_agg(c.code_insee ORDER BY c.code_insee) AS voisines, ST_Area(ST_Transform(t.geom, 4326)::geography) / 1e6 AS km2
FROM trou t JOIN pg_temp.contour c ON ST_DWithin(c.geom, t.geom, 0.01)
GROUP BY t.geom HAVING ST_Area(t.geom) > %(part)s * min(ST_Area(c.geom))
ORDER BY km2 DESC LIMIT 10
