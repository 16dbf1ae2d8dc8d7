-- Question: what is the Lambert-93 geometry of each staged row? An invalid one is repaired (ST_MakeValid), and only what
-- has the layer's dimension is kept of it. Parameters: dimension (as ST_CollectionExtract numbers them), multi.
WITH lue AS (
  SELECT rang, ST_Force2D(ST_Transform(ST_SetSRID(ST_GeomFromGeoJSON(geometry), 4326), 2154)) AS geom
  FROM pg_temp.stage WHERE geometry IS NOT NULL
),
valide AS (
  SELECT rang, ST_IsValid(geom) AS saine,
    ST_CollectionExtract(CASE WHEN ST_IsValid(geom) THEN geom ELSE ST_MakeValid(geom) END, %(dimension)s) AS geom
  FROM lue
),
ecrite AS (
  UPDATE pg_temp.stage s
  SET brute = CASE WHEN ST_IsEmpty(v.geom) THEN NULL WHEN %(multi)s THEN ST_Multi(v.geom) ELSE ST_GeometryN(v.geom, 1) END
  FROM valide v WHERE v.rang = s.rang
)
SELECT (SELECT count(*) FROM valide WHERE NOT saine) AS reparees,
  (SELECT count(*) FROM pg_temp.stage) - (SELECT count(*) FROM valide WHERE NOT ST_IsEmpty(geom)) AS sans_geometrie
