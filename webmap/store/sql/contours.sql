-- Question: which contour does each commune have? A digest of it: the same contour is not measured twice.
SELECT code_insee, encode(sha256(geom::bytea), 'hex') AS empreinte FROM pub.commune WHERE geom IS NOT NULL
