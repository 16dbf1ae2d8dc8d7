-- Question: what does one layer hold in each zone, in the territory outside them, and in the territory?
-- One statement whatever the number of zones. Only a row whose place is exact can be in a zone; `groupe` also tells what cannot:
-- approche (known by its communes alone; proche, for each zone that meets one of them) and non_localise (no place known).
-- A row in two zones counts in both, and once in their reunion.
-- `part` is the share of a line or a surface that lies there, `centree` whether its centroid does, `comptee` whether it counts
-- as one row (outside the zones, only what is in none of them), `taille` its length in m or area in m², on the ellipsoid.
-- `couvert` is the area of all the pieces of a place, what overlaps counted once; of the territory, told from the pieces at once.
-- Parameters: groupes, codes, formes, touchees (arrays: one entry a zone, then hors_unite, ensemble, and reunion when there are
-- several; EPSG:2154), dedans (the group that is all the zones: unite when there is one, else reunion).
-- Composables: table, key, geom, communes, exact, inexact, centree, dimension, part, taille, covered, whole,
-- aggregates (on the row r, the piece p and what is covered c).
WITH zone AS MATERIALIZED (
  SELECT groupe, code, ST_GeomFromWKB(forme, 2154) AS geom, string_to_array(touchees, ',') AS touchees
  FROM unnest(%(groupes)s::text[], %(codes)s::text[], %(formes)s::bytea[], %(touchees)s::text[]) AS z(groupe, code, forme, touchees)
),
morceau AS MATERIALIZED (
  SELECT z.groupe, z.code, i.* FROM zone z CROSS JOIN LATERAL ( -- zone by zone: PostGIS prepares each shape once
    SELECT t.{key} AS cle, {geom} AS entier, {centree} AS centree, CASE WHEN ST_Covers(z.geom, {geom}) THEN {geom}
      ELSE ST_CollectionExtract(ST_Intersection(z.geom, {geom}), {dimension}) END AS geom
    FROM {table} t WHERE {exact} AND ST_Intersects(z.geom, {geom}) OFFSET 0
  ) i WHERE NOT ST_IsEmpty(i.geom)
),
inexacte AS (
  SELECT t.{key} AS cle, CASE WHEN {communes} IS NULL THEN 'non_localise' ELSE 'approche' END AS groupe, NULL::text AS code, {communes} AS codes
  FROM {table} t
  WHERE {inexact} AND ({communes} IS NULL OR {communes} && (SELECT array_agg(code_insee) FROM pub.commune))
),
piece AS (
  SELECT groupe, code, cle, {part} AS part, {taille} AS taille, centree,
    groupe <> 'hors_unite' OR NOT EXISTS (SELECT 1 FROM morceau m WHERE m.cle = morceau.cle AND m.groupe = %(dedans)s) AS comptee
  FROM morceau
  UNION ALL
  SELECT groupe, code, cle, 1, NULL, true, true FROM inexacte
  UNION ALL
  SELECT 'proche', z.code, i.cle, 1, NULL, true, true
  FROM zone z JOIN inexacte i ON z.groupe = 'unite' AND i.codes && z.touchees
),
etendue AS MATERIALIZED (
  SELECT p.groupe, p.code, p.cle, p.taille, m.geom FROM piece p JOIN morceau m USING (groupe, code, cle) WHERE p.groupe <> 'ensemble'
),
couvert AS (
  {covered}
  UNION ALL SELECT 'ensemble', '', {whole} FROM morceau WHERE groupe = 'ensemble' HAVING count(*) > 0
)
SELECT p.groupe, p.code, count(*) FILTER (WHERE p.comptee) AS nombre,
  count(*) FILTER (WHERE p.taille IS NOT NULL) AS mesurees {aggregates}
FROM piece p LEFT JOIN couvert c USING (groupe, code) JOIN {table} r ON r.{key} = p.cle
GROUP BY p.groupe, p.code
