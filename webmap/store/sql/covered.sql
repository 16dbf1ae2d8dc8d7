-- Question: how much of each place do surfaces cover, what overlaps being counted once?
-- Surfaces that meet no other in a place are added as they are; the others are united first, and they alone: a union costs.
-- Relation (groupe, code, taille) over `etendue` (groupe, code: the place; cle: the row; taille: m²; geom: EPSG:2154).
-- Composable: union (the m² of the union of e.geom).
SELECT groupe, code, COALESCE(sum(e.taille) FILTER (WHERE s.cle IS NULL), 0)
  + COALESCE({union}, 0) AS taille
FROM etendue e LEFT JOIN (
  SELECT DISTINCT a.groupe, a.code, unnest(ARRAY[a.cle, b.cle]) AS cle
  FROM etendue a JOIN etendue b USING (groupe, code) WHERE a.cle < b.cle AND ST_Intersects(a.geom, b.geom)
) s USING (groupe, code, cle)
GROUP BY groupe, code
