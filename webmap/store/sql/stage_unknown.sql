-- Question: which staged rows enter the territory, by more than a shared edge, and are not in the layer?
-- None while a contour is missing. Identifiers: table, key.
SELECT s.{key}::text AS cle FROM pg_temp.stage s
WHERE NOT EXISTS (SELECT 1 FROM {table} t WHERE t.{key} = s.{key})
  AND (SELECT bool_and(geom IS NOT NULL) FROM pub.commune)
  AND EXISTS (SELECT 1 FROM pub.commune c WHERE ST_Intersects(c.geom, s.brute) AND NOT ST_Touches(c.geom, s.brute))
ORDER BY 1 LIMIT 500
