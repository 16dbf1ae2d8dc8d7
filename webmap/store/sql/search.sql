-- Question: which places hold every word of what was typed? Accents, case, hyphens and apostrophes do not count, and
-- « St » finds « Saint ». Best first: communes, then names that start with it, then short ones.
-- The longest word is looked for through the indexes of names and keys, the others among what it finds. Of fewer than three letters it
-- has to begin a word: an index of three letters has no other.
-- Composable: places (couche, rang, cle, nom, code_insee, geom; those that hold `motif`). Parameter: texte.
WITH cherche AS (
  SELECT regexp_replace(regexp_replace(app.cle_recherche(%(texte)s), '\mste\M', 'sainte', 'g'), '\mst\M', 'saint', 'g') AS texte
),
mot AS (SELECT unnest(string_to_array(texte, ' ')) AS mot FROM cherche),
motif AS MATERIALIZED (
  SELECT CASE WHEN length(mot) < 3 THEN '%% ' ELSE '%%' END || mot || '%%' AS motif FROM mot ORDER BY length(mot) DESC, mot LIMIT 1
),
trouve AS (
  SELECT p.*, app.cle_recherche(p.nom) AS normal FROM ({places}) p
)
SELECT f.couche, f.cle, f.nom, k.nom AS commune,
  ST_XMin(b.boite) AS ouest, ST_YMin(b.boite) AS sud, ST_XMax(b.boite) AS est, ST_YMax(b.boite) AS nord
FROM trouve f CROSS JOIN cherche c
LEFT JOIN pub.commune k ON k.code_insee = f.code_insee AND f.couche <> 'commune'
CROSS JOIN LATERAL (SELECT Box2D(ST_Transform(f.geom, 4326)) AS boite) b
WHERE c.texte <> '' AND NOT EXISTS (
  SELECT 1 FROM mot WHERE strpos(f.normal, mot.mot) = 0 AND strpos(app.cle_recherche(f.cle), mot.mot) = 0
)
ORDER BY f.rang, NOT starts_with(f.normal, c.texte), length(f.nom), f.nom, f.couche, f.cle
LIMIT {limit}
