-- Question: for each unit of a découpage, what does one layer count, and what is left over?
-- One statement whatever the number of units. `groupe` tells: unite (one line per unit that holds something),
-- hors_unite (in the territory, in no unit), non_localise (no place known), ensemble (everything but what lies outside).
-- A row in two units counts in both, and once in `ensemble`; its length and area are shared out, so they add up.
-- Parameters: decoupage. Composables: attached, communes, by_geometry, table, key, extras (aggregates on the row r).
WITH attache AS MATERIALIZED ({attached}),
membre AS (SELECT code, code_insee FROM app.membre WHERE decoupage = %(decoupage)s),
rattache AS (
  SELECT a.cle, m.code, a.longueur, a.surface FROM attache a LEFT JOIN membre m USING (code_insee)
),
non_localise AS (
  SELECT t.{key}::text AS cle FROM {table} t
  WHERE NOT COALESCE({by_geometry}, false) AND {communes} IS NULL AND NOT EXISTS (SELECT 1 FROM attache a WHERE a.cle = t.{key}::text)
),
ligne AS (
  SELECT CASE WHEN code IS NULL THEN 'hors_unite' ELSE 'unite' END AS groupe, code, cle,
    sum(longueur) AS longueur, sum(surface) AS surface,
    code IS NOT NULL OR bool_and(NOT EXISTS (SELECT 1 FROM rattache x WHERE x.cle = rattache.cle AND x.code IS NOT NULL)) AS comptee
  FROM rattache GROUP BY code, cle
  UNION ALL SELECT 'non_localise', NULL, cle, NULL, NULL, true FROM non_localise
  UNION ALL SELECT 'ensemble', NULL, cle, sum(longueur), sum(surface), true FROM attache GROUP BY cle
  UNION ALL SELECT 'ensemble', NULL, cle, NULL, NULL, true FROM non_localise
)
SELECT l.groupe, l.code, count(*) FILTER (WHERE l.comptee) AS nombre,
  sum(l.longueur) AS longueur, sum(l.surface) AS surface,
  count(*) FILTER (WHERE l.longueur IS NOT NULL OR l.surface IS NOT NULL) AS mesurees
  {extras}
FROM ligne l JOIN {table} r ON r.{key}::text = l.cle
GROUP BY l.groupe, l.code
