-- Question: which staged rows are not the territory's? With contours, those that enter no commune; without, those whose
-- `code_insee` is another's, or, when they give none, those outside the territory's box. Parameters: ouest, sud, est, nord.
WITH pret AS (SELECT count(*) > 0 AND bool_and(geom IS NOT NULL) AS contours FROM pub.commune)
DELETE FROM pg_temp.stage s USING pret
WHERE NOT COALESCE(
  CASE
    WHEN s.brute IS NULL THEN s.code_insee IN (SELECT code_insee FROM pub.commune)
    WHEN pret.contours THEN EXISTS (SELECT 1 FROM pub.commune c WHERE ST_Intersects(c.geom, s.brute))
    WHEN s.code_insee IS NOT NULL THEN s.code_insee IN (SELECT code_insee FROM pub.commune)
    ELSE ST_Intersects(s.brute, ST_Transform(ST_MakeEnvelope(%(ouest)s, %(sud)s, %(est)s, %(nord)s, 4326), 2154))
  END, false)
