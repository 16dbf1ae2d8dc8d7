-- Question: which units do these découpages have, with how many communes and inhabitants, whether all their contours are
-- there, and where are they (box, and a point inside to write the name at)? Parameter: decoupages.
-- A commune is projected once, whatever the number of units it is in. Areas are apart: see `sql/areas.sql`.
WITH membre AS MATERIALIZED (SELECT decoupage, code, code_insee FROM app.membre WHERE decoupage = ANY(%(decoupages)s)),
place AS MATERIALIZED (
  SELECT c.code_insee, c.nom, c.population_municipale AS population, c.geom IS NOT NULL AS exacte, COALESCE(c.geom, k.geom) AS forme,
    ST_Transform(COALESCE(c.geom, k.geom), 4326) AS vue
  FROM pub.commune c LEFT JOIN app.cellule k ON k.couche = 'commune' AND k.cle = c.code_insee
  WHERE c.code_insee IN (SELECT code_insee FROM membre)
)
SELECT decoupage, code, nom, nombre_communes, population, communes_sans_population, contours, communes,
  ST_X(centre) AS centre_lon, ST_Y(centre) AS centre_lat, ST_XMin(boite) AS ouest, ST_YMin(boite) AS sud, ST_XMax(boite) AS est, ST_YMax(boite) AS nord
FROM (
  SELECT u.decoupage, u.code, u.nom, count(p.code_insee) AS nombre_communes,
    sum(p.population)::bigint AS population,
    count(*) FILTER (WHERE p.code_insee IS NOT NULL AND p.population IS NULL) AS communes_sans_population,
    bool_and(p.code_insee IS NOT NULL AND p.exacte) AS contours,
    array_agg(p.code_insee ORDER BY app.cle_recherche(p.nom)) FILTER (WHERE p.code_insee IS NOT NULL) AS communes,
    ST_Extent(p.vue) AS boite,
    ST_Transform(ST_PointOnSurface(ST_Collect(p.forme)), 4326) AS centre
  FROM app.unite u
  LEFT JOIN membre m ON m.decoupage = u.decoupage AND m.code = u.code
  LEFT JOIN place p ON p.code_insee = m.code_insee
  WHERE u.decoupage = ANY(%(decoupages)s)
  GROUP BY u.decoupage, u.code, u.nom
) unite
ORDER BY app.cle_recherche(nom), nom -- in French: É with E, whatever the collation of the server
