-- Question: in which WGS84 box are all the rows of one layer? Literal: layer. Composable: source (alias t).
-- Each row is taken to degrees before its box is: the box of a Lambert-93 box would be wider than the rows.
SELECT {layer} AS couche, ST_XMin(b.boite) AS ouest, ST_YMin(b.boite) AS sud, ST_XMax(b.boite) AS est, ST_YMax(b.boite) AS nord
FROM (SELECT ST_Extent(ST_Transform(t.geom, 4326)) AS boite FROM {source}) b
