-- Question: with what does a commune come (back) in? With the row it left with, else with its name alone: what is not
-- known stays unknown. Parameters: code, nom, motif, date.
INSERT INTO pub.commune
SELECT (jsonb_populate_record(
  NULL::pub.commune,
  COALESCE(
    (SELECT commune FROM app.adhesion WHERE code_insee = %(code)s AND commune IS NOT NULL ORDER BY jusque DESC LIMIT 1),
    jsonb_build_object(
      'code_insee', %(code)s::text, 'nom', %(nom)s::text, 'etat', 'existant', 'source', 'Décision : ' || %(motif)s::text,
      'source_url', '', 'millesime', %(date)s::text)
  )
)).*
