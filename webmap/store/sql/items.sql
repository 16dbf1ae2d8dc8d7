-- Question: which rows of a collection come next, as GeoJSON features with coordinates as asked for?
-- The page is cut first (a subquery with a LIMIT stays one): what is not sent is not written. One feature a row, as gluing
-- them here took longer than sending them. One row more than is sent is read: it tells whether there is a next page, which
-- starts after the values of `sort` (a column each, as text) of the last row sent.
-- `revisions` are those of this snapshot: what is remembered under them is never older or newer than they say.
-- Composables: key, geometry, properties (JSON text), sort, revisions, source, filter, order. Parameters: lignes, those of the filter.
SELECT '{{"type":"Feature","id":' || to_json(t.{key}::text)::text || ',"geometry":' || COALESCE({geometry}, 'null')
  || ',"properties":' || {properties} || '}}' AS texte, {sort}, {revisions} AS revisions
FROM (SELECT t.* FROM {source} AS t WHERE {filter} ORDER BY {order} LIMIT %(lignes)s) t
ORDER BY {order}
