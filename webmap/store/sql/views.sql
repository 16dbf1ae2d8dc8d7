-- Question: which units does each découpage have, which communes are in each, and how fresh is each layer?
-- Identifiers and literals: units (one branch per découpage layer of the catalogue), code and nom of the territory.
CREATE OR REPLACE VIEW app.unite AS
SELECT 'commune'::text AS decoupage, code_insee AS code, nom FROM pub.commune
UNION ALL SELECT 'territoire', {code}, {nom}
{units};

CREATE OR REPLACE VIEW app.membre AS
SELECT decoupage, unite AS code, code_insee FROM app.appartenance
UNION ALL SELECT 'commune', code_insee, code_insee FROM pub.commune
UNION ALL SELECT 'territoire', {code}, code_insee FROM pub.commune;

-- What the web may know of the loads: the last of each origin, not their reports.
CREATE OR REPLACE VIEW app.fraicheur AS
SELECT DISTINCT ON (couche, origine) couche, origine, nom, lignes, charge
FROM app.chargement ORDER BY couche, origine, id DESC;
