-- Question: what lies within so many metres of a shape, and how large is it? 64 sides for a full circle.
-- Parameters: wkb (degrees WGS84), metres.
-- Made in the azimuthal equidistant projection centred on the shape: distances from its middle are those of the ellipsoid, others
-- within 2 millionths over 20 km. ST_Buffer on geography takes a UTM zone instead, five ten-thousandths short.
WITH trace AS (SELECT ST_GeomFromWKB(%(wkb)s, 4326) AS geom),
plan AS (
  SELECT geom, '+proj=aeqd +datum=WGS84 +units=m +lat_0=' || ST_Y(m.milieu) || ' +lon_0=' || ST_X(m.milieu) AS projection
  FROM trace CROSS JOIN LATERAL (SELECT ST_Centroid(ST_Envelope(geom)) AS milieu) m
)
SELECT ST_AsGeoJSON(b.geom, 7) AS geometrie, ST_Area(b.geom::geography) AS surface
FROM plan CROSS JOIN LATERAL (
  SELECT ST_Transform(ST_Buffer(ST_Transform(geom, projection), %(metres)s, 16), projection, 4326) AS geom
) b
