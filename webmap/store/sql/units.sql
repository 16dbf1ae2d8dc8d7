-- Question: which units does a découpage have, with how many communes, inhabitants and km² (ellipsoid; NULL while a
-- contour is missing), and where are they (box, and a point inside to write the name at)? Parameter: decoupage.
SELECT code, nom, nombre_communes, population, communes_sans_population, surface_km2, communes,
  ST_X(centre) AS centre_lon, ST_Y(centre) AS centre_lat, ST_XMin(boite) AS ouest, ST_YMin(boite) AS sud, ST_XMax(boite) AS est, ST_YMax(boite) AS nord
FROM (
  SELECT u.code, u.nom, count(c.code_insee) AS nombre_communes,
    sum(c.population_municipale)::bigint AS population,
    count(*) FILTER (WHERE c.code_insee IS NOT NULL AND c.population_municipale IS NULL) AS communes_sans_population,
    CASE WHEN bool_and(c.geom IS NOT NULL) THEN sum(ST_Area(ST_Transform(ST_Segmentize(c.geom, 200), 4326)::geography) ORDER BY c.code_insee) / 1e6 END AS surface_km2,
    array_agg(c.code_insee ORDER BY app.cle_recherche(c.nom)) FILTER (WHERE c.code_insee IS NOT NULL) AS communes,
    ST_Extent(ST_Transform(COALESCE(c.geom, k.geom), 4326)) AS boite,
    ST_Transform(ST_PointOnSurface(ST_Collect(COALESCE(c.geom, k.geom))), 4326) AS centre
  FROM app.unite u
  LEFT JOIN app.membre m ON m.decoupage = u.decoupage AND m.code = u.code
  LEFT JOIN pub.commune c ON c.code_insee = m.code_insee
  LEFT JOIN app.cellule k ON k.couche = 'commune' AND k.cle = c.code_insee
  WHERE u.decoupage = %(decoupage)s
  GROUP BY u.code, u.nom
) unite
ORDER BY app.cle_recherche(nom), nom -- in French: É with E, whatever the collation of the server
