-- Question: where does each row known only by its commune (or quarter) stand on the map?
-- A sunflower spiral around the commune's centre (Vogel 1979: angle n × 137.508°, radius ∝ √n), the points outside the
-- contour, or the cell, left out; the rank in the commune, by layer and key, picks the point. Spacing is 320 m, less
-- where the commune is small and full. Rounded to the metre, so that the same rows give the same bytes.
-- Composable: rows (couche, cle, code_insee).
CREATE TEMPORARY TABLE place ON COMMIT DROP AS
WITH ligne AS (
  SELECT couche, cle, code_insee, row_number() OVER (PARTITION BY code_insee ORDER BY couche, cle) AS rang FROM ({rows}) t
),
cadre AS (
  SELECT c.code_insee, COALESCE(c.geom, k.geom) AS geom,
    ST_Transform(ST_SetSRID(ST_MakePoint(c.centre_lon, c.centre_lat), 4326), 2154) AS centre,
    n.lignes, LEAST(320, 0.4 * sqrt(ST_Area(COALESCE(c.geom, k.geom)) / n.lignes)) AS pas
  FROM pub.commune c
  JOIN (SELECT code_insee, count(*) AS lignes FROM ligne GROUP BY code_insee) n USING (code_insee)
  LEFT JOIN app.cellule k ON k.couche = 'commune' AND k.cle = c.code_insee
),
candidat AS (
  SELECT c.code_insee, n, ST_SnapToGrid(ST_Translate(d.geom, c.pas * sqrt(n) * cos(n * 2.39996323), c.pas * sqrt(n) * sin(n * 2.39996323)), 1) AS geom, c.geom AS contour
  FROM cadre c
  CROSS JOIN LATERAL (SELECT CASE WHEN ST_Contains(c.geom, c.centre) THEN c.centre ELSE ST_PointOnSurface(c.geom) END AS geom) d
  CROSS JOIN generate_series(0, 800 + 4 * c.lignes) n
),
retenu AS (
  SELECT code_insee, geom, row_number() OVER (PARTITION BY code_insee ORDER BY n) AS rang
  FROM candidat WHERE ST_Contains(contour, geom)
)
SELECT l.couche, l.cle, r.geom::geometry(Point, 2154) AS geom FROM ligne l LEFT JOIN retenu r USING (code_insee, rang)
