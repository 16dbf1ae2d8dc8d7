-- Question: what does each row say, as a hash, to know later whether a person changed it?
-- A geometry that webmap derives (a contour's union, a placed point) is not part of it; a typed-in one is.
-- Identifiers: key, table. Parameter: derived (the layer's geometries, and their precision, are webmap's).
SELECT {key}::text AS cle, md5(
  (jsonb_strip_nulls(to_jsonb(t)) - 'geom' - CASE WHEN %(derived)s THEN 'precision' ELSE '' END)::text
  || CASE WHEN precision = 'exacte' AND NOT %(derived)s THEN encode(ST_AsEWKB(geom), 'hex') ELSE '' END
) AS md5
FROM {table} t
