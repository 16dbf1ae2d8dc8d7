-- Question: which staged contours overlap by more than a share of the smaller one? Parameter: part (0 to 1).
SELECT a.code_insee AS a, b.code_insee AS b, o.aire / LEAST(ST_Area(a.geom), ST_Area(b.geom)) AS part
FROM pg_temp.contour a JOIN pg_temp.contour b ON a.code_insee < b.code_insee AND ST_Intersects(a.geom, b.geom)
CROSS JOIN LATERAL (SELECT ST_Area(ST_Intersection(a.geom, b.geom)) AS aire) o
WHERE o.aire > %(part)s * LEAST(ST_Area(a.geom), ST_Area(b.geom))
ORDER BY part DESC LIMIT 10
