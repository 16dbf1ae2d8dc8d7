-- Question: in which commune does each staged point without a `code_insee` stand? Smallest code on a shared boundary.
UPDATE pg_temp.stage s
SET code_insee = (SELECT min(c.code_insee) FROM pub.commune c WHERE ST_Intersects(c.geom, s.brute))
WHERE s.code_insee IS NULL AND ST_Dimension(s.brute) = 0
