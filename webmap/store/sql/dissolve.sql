-- Question: what is the contour of each unit of a découpage? The union of its communes' contours, when all are loaded,
-- else none. An exclave stays: the union of parts that do not touch is a multipolygon.
-- Identifier: table. Parameter: decoupage.
WITH contour AS (
  SELECT m.code, CASE WHEN bool_and(c.geom IS NOT NULL) THEN ST_Multi(ST_Union(c.geom)) END AS geom
  FROM app.membre m LEFT JOIN pub.commune c USING (code_insee) WHERE m.decoupage = %(decoupage)s GROUP BY m.code
)
UPDATE {table} t
SET geom = k.geom, precision = CASE WHEN k.geom IS NOT NULL THEN 'exacte' END
FROM (SELECT t2.code, contour.geom FROM {table} t2 LEFT JOIN contour USING (code)) k
WHERE k.code = t.code AND t.geom IS DISTINCT FROM k.geom
