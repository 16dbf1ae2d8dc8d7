-- Question: since when is each layer as it is, and which loads made it so? Parameter: couches.
SELECT c.couche, r.revision, r.modifiee, f.origine, f.nom AS fichier, f.charge, f.premiere
FROM unnest(%(couches)s::text[]) c(couche) LEFT JOIN app.revision r USING (couche)
LEFT JOIN LATERAL (SELECT * FROM app.fraicheur f WHERE f.couche = c.couche ORDER BY f.charge DESC LIMIT 1) f ON true
