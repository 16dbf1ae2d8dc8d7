-- Question: which share of each exact surface of a layer lies inside the communes' contours, and what does the row say of it?
-- Areas on the ellipsoid. None while a contour is missing. Identifiers: table, key, shared.
SELECT t.{key}::text AS cle, t.{shared} AS partage,
  COALESCE(sum(ST_Area(ST_Transform(ST_CollectionExtract(ST_Intersection(c.geom, t.geom), 3), 4326)::geography)), 0)
    / ST_Area(ST_Transform(t.geom, 4326)::geography) AS part
FROM {table} t LEFT JOIN pub.commune c ON ST_Intersects(c.geom, t.geom)
WHERE t.precision = 'exacte' AND t.geom IS NOT NULL AND (SELECT bool_and(geom IS NOT NULL) FROM pub.commune)
GROUP BY t.{key} ORDER BY 1
