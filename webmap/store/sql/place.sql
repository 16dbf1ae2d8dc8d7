-- Question: what does one row say? Composables: source, keyed (its key is %(cle)s), name, communes.
SELECT p.*, ST_XMin(p.boite) AS ouest, ST_YMin(p.boite) AS sud, ST_XMax(p.boite) AS est, ST_YMax(p.boite) AS nord,
  (SELECT array_agg(c.nom ORDER BY c.nom) FROM pub.commune c WHERE c.code_insee = ANY(p.codes)) AS communes_noms,
  (SELECT array_agg(x ORDER BY x) FROM unnest(p.codes) x WHERE x NOT IN (SELECT code_insee FROM pub.commune)) AS codes_ailleurs,
  (SELECT jsonb_object_agg(u.decoupage, jsonb_build_object('code', u.code, 'nom', u.nom))
    FROM app.membre m JOIN app.unite u USING (decoupage, code) WHERE cardinality(p.codes) = 1 AND m.code_insee = p.codes[1]) AS unites
FROM (
  SELECT t.*, {name} AS nom_lu, Box2D(ST_Transform(t.geom, 4326)) AS boite, {communes} AS codes FROM {source} WHERE {keyed}
) p
