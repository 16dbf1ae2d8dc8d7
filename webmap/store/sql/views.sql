-- Question: which units does each découpage have, which communes are in each, and how fresh is each layer?
-- Identifiers and literals: units (one branch per découpage layer of the catalogue), code and nom of the territory.
CREATE OR REPLACE VIEW app.unite AS
SELECT 'commune'::text AS decoupage, code_insee AS code, nom FROM pub.commune
UNION ALL SELECT 'territoire', {code}, {nom}
-- A drawn zone that is a union of whole communes, for the length of a read (Database.drawing): a setting, and no table.
UNION ALL SELECT 'polygone', 'polygone', 'Zone tracée' WHERE current_setting('webmap.communes', true) <> ''
{units};

CREATE OR REPLACE VIEW app.membre AS
SELECT decoupage, unite AS code, code_insee FROM app.appartenance JOIN pub.commune USING (code_insee)
UNION ALL SELECT 'commune', code_insee, code_insee FROM pub.commune
UNION ALL SELECT 'territoire', {code}, code_insee FROM pub.commune
UNION ALL SELECT 'polygone', 'polygone', code_insee FROM pub.commune
  WHERE code_insee = ANY(string_to_array(current_setting('webmap.communes', true), ','));

-- What the web may know of the loads: the last of each origin, not their reports; and when the layer had its first.
CREATE OR REPLACE VIEW app.fraicheur AS
SELECT DISTINCT ON (couche, origine) couche, origine, nom, lignes, charge, min(charge) OVER (PARTITION BY couche) AS premiere
FROM app.chargement ORDER BY couche, origine, id DESC;

-- When was each official source last asked, what came of it, and what did the last load bring?
CREATE OR REPLACE VIEW app.etat_source AS
SELECT v.couche, v.connecteur, v.resultat, v.phrase, v.verifiee, c.charge, c.lignes, c.url, c.licence, c.taille
FROM app.verification v LEFT JOIN LATERAL (
  SELECT * FROM app.chargement c WHERE c.couche = v.couche AND c.connecteur = v.connecteur ORDER BY c.id DESC LIMIT 1
) c ON true;
