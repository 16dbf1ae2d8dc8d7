-- Question: in which WGS84 box are all the rows of one layer? Literal: layer. Identifiers: key, drawn. Composables: source (alias t),
-- contours (which of what is drawn counts, alias d), beyond (what is not drawn, or nothing).
-- The box of a Lambert-93 box would be wider than the rows, by 50 km for the country. West and north are those of EPSG:3857, where the
-- index of what is drawn gives the row that goes farthest each way: only such rows are taken to degrees.
-- The index knows boxes in single precision: all within 10 m of the farthest count. What is not drawn (drawn_rows.sql says what) is
-- little, and goes as well.
SELECT {layer} AS couche, ST_XMin(b.boite) AS ouest, ST_YMin(b.boite) AS sud, ST_XMax(b.boite) AS est, ST_YMax(b.boite) AS nord
FROM (
  SELECT ST_Extent(ST_Transform(p.geom, 4326)) AS boite FROM (
    SELECT t.geom FROM {source} WHERE t.{key} IN (
      SELECT bord.cle FROM (VALUES
        (ST_MakeEnvelope(-2e7, -2e7, -2e7, 2e7, 3857)), (ST_MakeEnvelope(2e7, -2e7, 2e7, 2e7, 3857)),
        (ST_MakeEnvelope(-2e7, -2e7, 2e7, -2e7, 3857)), (ST_MakeEnvelope(-2e7, 2e7, 2e7, 2e7, 3857))
      ) c(loin)
      CROSS JOIN LATERAL (
        SELECT d.geom <#> c.loin AS ecart FROM {drawn} d WHERE {contours} ORDER BY d.geom <#> c.loin LIMIT 1
      ) p
      CROSS JOIN LATERAL (SELECT d.cle FROM {drawn} d WHERE d.geom && ST_Expand(c.loin, p.ecart + 10) OFFSET 0) bord
    )
    {beyond}
  ) p
) b
