-- Question: where are the units of these découpages (box, and a point inside to write the name at)? By the schematic cells of the
-- communes that have no contour; a unit without any commune is not told. Parameter: decoupages.
SELECT decoupage, code, ST_X(centre) AS lon, ST_Y(centre) AS lat, ST_XMin(boite) AS ouest, ST_YMin(boite) AS sud, ST_XMax(boite) AS est, ST_YMax(boite) AS nord
FROM (
  SELECT m.decoupage, m.code, ST_Extent(p.vue) AS boite, ST_Transform(ST_PointOnSurface(ST_Collect(p.forme)), 4326) AS centre
  FROM app.membre m JOIN (
    SELECT c.code_insee, COALESCE(c.geom, k.geom) AS forme, ST_Transform(COALESCE(c.geom, k.geom), 4326) AS vue -- once a commune
    FROM pub.commune c LEFT JOIN app.cellule k ON k.couche = 'commune' AND k.cle = c.code_insee OFFSET 0
  ) p USING (code_insee)
  WHERE m.decoupage = ANY(%(decoupages)s) AND p.forme IS NOT NULL
  GROUP BY m.decoupage, m.code
) unite
