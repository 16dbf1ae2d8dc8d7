-- Question: how many m², on the ellipsoid, do these contours cover? Parameter: communes.
SELECT encode(sha256(geom::bytea), 'hex') AS empreinte, ST_Area(ST_Transform(ST_Segmentize(geom, 200), 4326)::geography) AS surface
FROM pub.commune WHERE code_insee = ANY(%(communes)s) AND geom IS NOT NULL
