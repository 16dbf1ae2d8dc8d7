-- Question: which communes were members of the agglomeration at a date? Those with a period that holds it, and today's
-- communes that have no period at all: members as far back as the atlas knows. Parameter: date, as text.
SELECT code_insee, nom, depuis FROM app.adhesion
WHERE depuis <= %(date)s AND (jusque IS NULL OR jusque > %(date)s)
UNION ALL
SELECT c.code_insee, c.nom, '' FROM pub.commune c
WHERE NOT EXISTS (SELECT 1 FROM app.adhesion a WHERE a.code_insee = c.code_insee)
ORDER BY code_insee
