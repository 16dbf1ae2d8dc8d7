-- Question: what are the bytes of the shapes of one layer in one tile, put together from what was encoded when they were written?
-- A part of tile.sql. Identifiers: drawn, traces, shape. Literals: zoom (of the band), head and keys (bytes of the layer before and
-- after its features), head_length. Composables: rows, kept, order, attributes (bytes, of `presents` and `rang`), count (of the attributes present).
-- The grid is that of the band, whose zoom may be finer than that of the tile: `cote` is how many of its units make the tile.
-- The features may be megabytes, and each || copies them: there are two, what is small is put together first.
-- A shape is placed whole as long as it stays within half a tile around; only what goes farther is cut, and encoded here.
-- One that crosses the edge has a part in the tile when a side of its box lies in it; otherwise, that is seen from the shape.
(
  WITH grille AS MATERIALIZED (
    SELECT c.*, c.geom::box AS tuile, c.large::box AS dedans, ST_Expand(c.geom, 256 * c.pixel)::box AS autour,
      ARRAY(
        SELECT box(point(g, b), point(d, h)) FROM (VALUES
          (ST_XMin(c.large), ST_YMin(c.large), ST_XMax(c.large), 1e9), (ST_XMin(c.large), -1e9, ST_XMax(c.large), ST_YMax(c.large)),
          (ST_XMin(c.large), ST_YMin(c.large), 1e9, ST_YMax(c.large)), (-1e9, ST_YMin(c.large), ST_XMax(c.large), ST_YMax(c.large))
        ) v(g, b, d, h)
      ) AS cotes, 4096 << ({zoom} - %(z)s) AS cote, ((4096 << ({zoom} - %(z)s))::bigint) * ((%(x)s::bigint << 25) + %(y)s * 2) AS lieu
    FROM cadre c
  )
  SELECT CASE WHEN sum.traits IS NULL THEN '' ELSE (
    '\x1a'::bytea || tuile.varint({head_length} + octet_length(sum.traits) + octet_length(suite.octets)) || {head} || sum.traits
  ) || suite.octets END
  FROM (
    SELECT string_agg(trait || {attributes}, '') AS traits, string_agg(valeurs, '') AS valeurs
    FROM (
      SELECT row_number() OVER (ORDER BY {order}) - 1 AS rang, *
      FROM (
        SELECT d.cle, d.valeurs, d.presents, CASE
          WHEN d.boite <@ c.tuile THEN overlay(d.trace PLACING tuile.deux(d.lieu - c.lieu) FROM 12)
          WHEN d.boite <@ c.autour THEN CASE WHEN d.boite <@ ANY (c.cotes) OR ST_Intersects({shape}, c.large) THEN
            overlay(d.trace PLACING (SELECT tuile.deux(p.n) FROM (
              SELECT ((x << 1) # (x >> 31)) * 16777216 + ((y << 1) # (y >> 31)) AS n
              FROM (SELECT (d.lieu >> 25) - (c.lieu >> 25) AS x, ((d.lieu & 33554431) - (c.lieu & 33554431)) >> 1 AS y) o OFFSET 0
            ) p) FROM 12)
          END
          ELSE tuile.coder(tuile.poser({shape}, c.geom, c.cote, c.cote / 64, true), {count})
        END AS trait
        FROM grille c JOIN {traces} d ON d.bande = {zoom} AND d.boite && c.dedans{rows} WHERE {kept} OFFSET 0
      ) d
    ) d
  ) sum CROSS JOIN LATERAL (
    SELECT {keys} || sum.valeurs || ('\x28' || tuile.varint((SELECT cote FROM grille)) || '\x7802') AS octets OFFSET 0
  ) suite
)
