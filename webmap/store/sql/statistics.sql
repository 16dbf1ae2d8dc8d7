-- Question: of a table with one row a commune, what do the communes of each unit publish, mask or miss?
-- One statement whatever the number of units. `groupe` tells: unite, hors_unite (in the territory, in no unit), ensemble.
-- A masked or missing value enters nothing, and a sum is given only when every commune publishes what it is made of.
-- Parameter: decoupage. Composables: table, aggregates (on the row t, over the communes c).
SELECT CASE WHEN GROUPING(m.code) = 1 THEN 'ensemble' WHEN m.code IS NULL THEN 'hors_unite' ELSE 'unite' END AS groupe,
  m.code, count(*) AS communes, count(t.code_insee) AS lignes {aggregates}
FROM pub.commune c
LEFT JOIN app.membre m ON m.decoupage = %(decoupage)s AND m.code_insee = c.code_insee
LEFT JOIN {table} t ON t.code_insee = c.code_insee
GROUP BY GROUPING SETS ((m.code), ())
