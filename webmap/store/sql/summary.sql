-- Question: for each unit of a découpage, what does one layer count by each rule, and what is left over?
-- One statement whatever the number of units. `groupe` tells: unite (one line per unit that holds something), hors_unite
-- (in the territory, in no unit), hors_territoire, non_localise (no place known), doubles (what counts once too often in
-- several units), territoire (what the territory holds), ensemble (whole rows, told without the parts), partage (a row
-- whose exact place is cut, one line each). units + hors_unite + hors_territoire + non_localise - doubles = ensemble.
-- Parameter: decoupage. Composables: exact, named, pieces, outside, covered, rules, table, key, type (of the key), name, measures (columns).
WITH membre AS MATERIALIZED (SELECT code, code_insee FROM app.membre WHERE decoupage = %(decoupage)s),
ici AS MATERIALIZED (SELECT COALESCE(array_agg(code_insee), '{{}}') AS codes FROM pub.commune),
exacte AS MATERIALIZED ({exact}),
dite AS MATERIALIZED ({named}),
morceau AS MATERIALIZED ({pieces}),
dehors AS MATERIALIZED ({outside}),
etendue AS ( -- commune by commune, so that the units of any découpage add up
  SELECT 'commune' AS groupe, code_insee::text AS code, cle, taille, geom FROM morceau WHERE geom IS NOT NULL
  UNION ALL SELECT 'hors_territoire', '', cle, taille, geom FROM dehors WHERE NOT ST_IsEmpty(geom)
),
couvert AS ({covered}),
rattache AS MATERIALIZED (
  SELECT a.cle, m.code, sum(a.taille) AS taille, bool_or(a.exacte) AS exacte
  FROM morceau a LEFT JOIN membre m USING (code_insee) GROUP BY a.cle, m.code
),
ancree AS MATERIALIZED ( -- a row without an exact place, for the rules that count it once: by its own commune first
  SELECT d.cle, CASE
    WHEN a.code_insee IS NOT NULL THEN CASE WHEN m.code IS NULL THEN 'hors_unite' ELSE 'unite' END
    WHEN d.codes IS NULL THEN 'non_localise'
    WHEN n.communes = 0 THEN NULL -- elsewhere
    WHEN d.ancre IS NOT NULL THEN 'hors_territoire'
    WHEN n.communes < n.nommees OR n.unites > 1 THEN 'non_localise' -- one of several places, and no one knows which
    WHEN n.code IS NULL THEN 'hors_unite' ELSE 'unite' END AS groupe,
    CASE WHEN a.code_insee IS NOT NULL THEN m.code WHEN n.communes = n.nommees AND n.unites = 1 AND d.ancre IS NULL THEN n.code END AS code
  FROM dite d LEFT JOIN pub.commune a ON a.code_insee = d.ancre LEFT JOIN membre m ON m.code_insee = a.code_insee
  CROSS JOIN LATERAL (
    SELECT count(DISTINCT x) AS nommees, count(DISTINCT c.code_insee) AS communes,
      count(DISTINCT COALESCE(u.code, '')) FILTER (WHERE c.code_insee IS NOT NULL) AS unites, min(u.code) AS code
    FROM unnest(d.codes) x LEFT JOIN pub.commune c ON c.code_insee = x LEFT JOIN membre u ON u.code_insee = x
  ) n
),
part (regle, cle, groupe, code, poids, taille) AS MATERIALIZED ({rules}),
tout AS (
  SELECT * FROM part UNION ALL
  SELECT regle, cle, 'territoire', NULL, CASE WHEN regle = 'touche' THEN max(poids) ELSE sum(poids) END, sum(taille)
  FROM part WHERE groupe IN ('unite', 'hors_unite', 'non_localise') GROUP BY regle, cle
)
SELECT s.groupe, s.code, to_jsonb(s) AS compte FROM (
  SELECT p.groupe, p.code, COALESCE(sum(p.poids) FILTER (WHERE p.regle = 'touche'), 0) AS nombre,
    count(p.taille) FILTER (WHERE p.regle = 'touche') AS mesurees, sum(p.taille) FILTER (WHERE p.regle = 'touche') AS taille
    {measures}
  FROM tout p LEFT JOIN {table} r ON r.{key} = p.cle::{type} GROUP BY p.groupe, p.code
) s
UNION ALL
SELECT 'partage', e.cle, jsonb_build_object('nom', (SELECT r.{name}::text FROM {table} r WHERE r.{key} = e.cle::{type}), 'total', e.taille,
  'parts', jsonb_object_agg(COALESCE(x.code, ''), x.taille), 'hors_territoire', COALESCE(max(d.taille), 0))
FROM exacte e JOIN rattache x USING (cle) LEFT JOIN dehors d USING (cle)
GROUP BY e.cle, e.taille -- a millionth of the whole is a rounding of a shared limit, not a part
HAVING count(*) FILTER (WHERE x.taille > 1e-6 * e.taille) + (COALESCE(max(d.taille), 0) > 1e-6 * e.taille)::int > 1
