-- Question: which units do these découpages have, with how many communes and inhabitants, and are all their contours there?
-- Parameter: decoupages. Areas are apart (`sql/areas.sql`), and so is where they are (`sql/unit_places.sql`), which few ask for.
WITH membre AS MATERIALIZED (SELECT decoupage, code, code_insee FROM app.membre WHERE decoupage = ANY(%(decoupages)s)),
place AS MATERIALIZED (
  SELECT code_insee, nom, population_municipale AS population, geom IS NOT NULL AS exacte, app.cle_recherche(nom) AS rang
  FROM pub.commune WHERE code_insee IN (SELECT code_insee FROM membre)
)
SELECT u.decoupage, u.code, u.nom, count(p.code_insee) AS nombre_communes,
  sum(p.population)::bigint AS population,
  count(*) FILTER (WHERE p.code_insee IS NOT NULL AND p.population IS NULL) AS communes_sans_population,
  bool_and(p.code_insee IS NOT NULL AND p.exacte) AS contours,
  array_agg(p.code_insee ORDER BY p.rang) FILTER (WHERE p.code_insee IS NOT NULL) AS communes
FROM app.unite u
LEFT JOIN membre m ON m.decoupage = u.decoupage AND m.code = u.code
LEFT JOIN place p ON p.code_insee = m.code_insee
WHERE u.decoupage = ANY(%(decoupages)s)
GROUP BY u.decoupage, u.code, u.nom
ORDER BY app.cle_recherche(u.nom), u.nom -- in French: É with E, whatever the collation of the server
