-- Question: which rows of a collection come next, as GeoJSON features with coordinates as asked for?
-- One row more than is sent is read: it tells whether there is a next page, and `suite` is then where that one starts.
-- Composables: key, geometry, properties (JSON text), sort (a JSON array of texts), source, filter, order.
-- Parameters: lignes (one more than are sent), those of the filter.
SELECT count(*) FILTER (WHERE f.texte IS NOT NULL) AS rendus, COALESCE(string_agg(f.texte, E',\n' ORDER BY f.rang), '') AS texte,
  CASE WHEN count(*) = %(lignes)s THEN max(f.tri) FILTER (WHERE f.rang = %(lignes)s - 1) END AS suite
FROM (
  SELECT t."_rang" AS rang, {sort}::text AS tri,
    CASE WHEN t."_rang" < %(lignes)s THEN '{{"type":"Feature","id":' || to_json(t.{key}::text)::text
      || ',"geometry":' || COALESCE({geometry}, 'null')
      || ',"properties":' || {properties} || '}}' END AS texte
  FROM (
    SELECT t.*, row_number() OVER (ORDER BY {order}) AS "_rang" FROM {source} AS t WHERE {filter} ORDER BY {order}
    LIMIT %(lignes)s
  ) t
) f
