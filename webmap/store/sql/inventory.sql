-- Question: how much does each layer hold, and how fresh is it? Composable: counts (couche, lignes, localises, exactes,
-- sources and millesimes its rows cite).
SELECT n.*, r.revision, r.modifiee, f.origine, f.nom AS fichier, f.charge, f.premiere
FROM ({counts}) n LEFT JOIN app.revision r USING (couche)
LEFT JOIN LATERAL (SELECT * FROM app.fraicheur f WHERE f.couche = n.couche ORDER BY f.charge DESC LIMIT 1) f ON true
