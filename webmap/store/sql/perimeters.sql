-- Question: which part of the territory is each zone, which communes is it made of, and what do the zones leave over?
-- One line a zone (groupe unite; `forme` NULL: perimeter unknown), then hors_unite (the territory without the
-- zones), ensemble and reunion (all the zones). The territory is the communes' contours, or while one is missing the box of the deployment. `communes` are those
-- a zone covers by more than half, `touchees` those it meets; `ecart` (m²) is what it has and they have not, plus what they have and it has not.
-- Parameters: ouest, sud, est, nord (WGS84). Composables: zones (a relation code, nom, geom in EPSG:2154).
WITH zone AS MATERIALIZED (
  SELECT code, nom, ST_CollectionExtract(ST_MakeValid(geom), 3) AS geom FROM ({zones}) z
),
territoire AS MATERIALIZED (
  SELECT CASE WHEN bool_and(geom IS NOT NULL) THEN ST_Union(geom)
    ELSE ST_Transform(ST_Segmentize(ST_MakeEnvelope(%(ouest)s, %(sud)s, %(est)s, %(nord)s, 4326), 0.05), 2154) END AS geom
  FROM pub.commune
),
forme AS MATERIALIZED (
  SELECT z.code, z.nom, CASE WHEN ST_Covers(t.geom, z.geom) THEN z.geom ELSE ST_CollectionExtract(ST_Intersection(t.geom, z.geom), 3) END AS geom
  FROM zone z CROSS JOIN territoire t
),
rencontre AS (
  SELECT z.code, c.code_insee, ST_Area(c.geom) AS aire, CASE WHEN ST_Covers(z.geom, c.geom) THEN ST_Area(c.geom) ELSE ST_Area(ST_Intersection(c.geom, z.geom)) END AS commune_aire
  FROM zone z JOIN pub.commune c ON ST_Intersects(c.geom, z.geom)
),
couverte AS (
  SELECT code, array_agg(code_insee ORDER BY code_insee) AS communes, sum(aire) - 2 * sum(commune_aire) AS reste
  FROM rencontre WHERE commune_aire > aire / 2 GROUP BY code
),
touchee AS (SELECT code, array_agg(code_insee ORDER BY code_insee) AS codes FROM rencontre WHERE commune_aire > 0 GROUP BY code),
reunion AS (SELECT COALESCE(ST_Union(geom), ST_GeomFromText('POLYGON EMPTY', 2154)) AS geom FROM forme),
tout AS (
  SELECT 1 AS rang, 'unite' AS groupe, f.code, f.nom, f.geom, ST_Area(z.geom) AS aire, v.communes, ST_Area(z.geom) + v.reste AS ecart, m.codes AS touchees
  FROM forme f JOIN zone z USING (code) LEFT JOIN couverte v USING (code) LEFT JOIN touchee m USING (code)
  UNION ALL
  SELECT 2, 'hors_unite', NULL, NULL, ST_CollectionExtract(ST_Difference(t.geom, r.geom), 3), NULL, NULL, NULL, NULL
  FROM territoire t CROSS JOIN reunion r
  UNION ALL SELECT 4, 'reunion', NULL, NULL, geom, NULL, NULL, NULL, NULL FROM reunion
  UNION ALL SELECT 3, 'ensemble', NULL, NULL, geom, NULL, NULL, NULL, NULL FROM territoire
)
SELECT groupe, code, nom, communes, touchees, aire, ecart, ST_Area(geom) AS aire_dedans, ST_AsBinary(geom) AS forme,
  ST_Area(ST_Transform(ST_Segmentize(geom, 200), 4326)::geography) / 1e6 AS surface_km2,
  ST_XMin(boite) AS ouest, ST_YMin(boite) AS sud, ST_XMax(boite) AS est, ST_YMax(boite) AS nord,
  ST_X(centre) AS centre_lon, ST_Y(centre) AS centre_lat
FROM tout
CROSS JOIN LATERAL (SELECT ST_Transform(geom, 4326) AS boite, ST_Transform(ST_PointOnSurface(geom), 4326) AS centre) place
ORDER BY rang, app.cle_recherche(nom), nom, code
