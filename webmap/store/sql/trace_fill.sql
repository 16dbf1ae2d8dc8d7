-- Question: how is each shape that is drawn encoded, for each band of zooms? Identifiers: traces, drawn. Composables: values (bytes of
-- what a tile says of a row), bits (which of it is there), said (the columns of it), shapes (zoom, shape), among (of the rows, alias d).
-- In the order of a Hilbert curve, as what is drawn: what is near on the ground is near on the disk.
INSERT INTO {traces} (bande, cle, _taille, boite, lieu, trace, valeurs, presents)
SELECT b.zoom, d.cle, d._taille, b.forme::box, v.lieu, v.trace, d.valeurs, d.presents
FROM (SELECT d.*, {values} AS valeurs, {bits} AS presents, num_nonnulls({said}) AS combien FROM {drawn} d WHERE {among} OFFSET 0) d
  CROSS JOIN LATERAL (VALUES {shapes}) b(zoom, forme) CROSS JOIN LATERAL tuile.tracer(b.forme, b.zoom, d.combien) v
WHERE v.trace IS NOT NULL
ORDER BY b.zoom, d.geom
