-- Question: what are the rows of a layer as GeoJSON features (RFC 7946: WGS84, outer rings counter-clockwise, 7 decimals)?
-- Run through COPY: one feature a line, a comma before each but the first, so that the lines make an array as they come.
-- Written as text: what PostGIS and PostgreSQL have just made is JSON, and reading it again took a third of the time.
-- Composables: geometry (in WGS84), properties (a JSON object), source, key, filter, order, separator. Parameters: those of the filter.
SELECT CASE WHEN row_number() OVER () = 1 THEN '' ELSE {separator} END
  || '{{"type": "Feature", "id": ' || to_json(t.cle)::text
  || ', "geometry": ' || COALESCE(ST_AsGeoJSON({geometry}, 7, 0), 'null')
  || ', "properties": ' || t.proprietes::text || '}}'
FROM (SELECT t.{key}::text AS cle, t.geom, {properties} AS proprietes FROM {source} WHERE {filter} ORDER BY {order}) t
