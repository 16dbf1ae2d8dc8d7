-- Question: with which shape is each commune drawn (its contour, else its schematic cell), and in which unit of a
-- découpage is it? One line a commune that has a shape; `unite` is NULL for a commune in no unit. Parameter: decoupage.
SELECT c.code_insee, c.nom, ST_AsBinary(COALESCE(c.geom, k.geom)) AS forme, c.geom IS NULL AS schematique,
  u.code AS unite, u.nom AS unite_nom
FROM pub.commune c
LEFT JOIN app.cellule k ON k.couche = 'commune' AND k.cle = c.code_insee
LEFT JOIN app.membre m ON m.decoupage = %(decoupage)s AND m.code_insee = c.code_insee
LEFT JOIN app.unite u ON u.decoupage = m.decoupage AND u.code = m.code
WHERE COALESCE(c.geom, k.geom) IS NOT NULL
ORDER BY app.cle_recherche(u.nom), u.nom, app.cle_recherche(c.nom), c.nom
