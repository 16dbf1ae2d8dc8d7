-- Question: how many staged points stand in another commune than the one they name?
SELECT count(*) AS nombre FROM pg_temp.stage s
WHERE ST_Dimension(s.brute) = 0 AND s.code_insee IS NOT NULL AND NOT EXISTS (
  SELECT 1 FROM pub.commune c WHERE c.code_insee = s.code_insee AND (c.geom IS NULL OR ST_Intersects(c.geom, s.brute))
)
