-- Question: which rows of a collection come next, as GeoJSON features with coordinates as asked for?
-- The page is cut first (a subquery with a LIMIT stays one): what is not sent is not written. One feature a row, as gluing
-- them here took longer than sending them. One row more than is sent is read: it tells whether there is a next page, which
-- starts after the values of `sort` (a column each, as text) of the last row sent.
-- `revisions` are those of this snapshot: what is remembered under them is never older or newer than they say.
-- `p` is what a feature shows, as a row beside it: a subquery where it is written would be called for each.
-- Composables: key, geometry, columns, sort, revisions, source, filter, order, lines. Parameters: those of the filter.
-- `lines` is written, not bound: a plan that knows it is worth keeping, and without parameters PostgreSQL keeps it.
SELECT '{{"type":"Feature","id":' || to_json(t.{key}::text)::text || ',"geometry":' || COALESCE({geometry}, 'null')
  || ',"properties":' || row_to_json(p)::text || '}}' AS texte, {sort}, {revisions} AS revisions
FROM (SELECT t.* FROM {source} AS t WHERE {filter} ORDER BY {order} LIMIT {lines}) t
CROSS JOIN LATERAL (SELECT {columns}) p
ORDER BY {order}
