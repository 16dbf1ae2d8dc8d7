-- Repeatable. Every summary reads the memberships through the communes: an edit of theirs, by hand from QGIS or psql
-- too, raises the communes' revision.
CREATE OR REPLACE TRIGGER revision_insert AFTER INSERT ON app.appartenance
REFERENCING NEW TABLE AS lignes FOR EACH STATEMENT EXECUTE FUNCTION app.monter_revision('commune');
CREATE OR REPLACE TRIGGER revision_update AFTER UPDATE ON app.appartenance
REFERENCING NEW TABLE AS lignes FOR EACH STATEMENT EXECUTE FUNCTION app.monter_revision('commune');
CREATE OR REPLACE TRIGGER revision_delete AFTER DELETE ON app.appartenance
REFERENCING OLD TABLE AS lignes FOR EACH STATEMENT EXECUTE FUNCTION app.monter_revision('commune');
CREATE OR REPLACE TRIGGER revision_truncate AFTER TRUNCATE ON app.appartenance
FOR EACH STATEMENT EXECUTE FUNCTION app.monter_revision('commune');
-- The cells are drawn in place of contours, and tiles are kept by revision: a cell that moves is a commune that moves.
CREATE OR REPLACE TRIGGER revision_insert AFTER INSERT ON app.cellule
REFERENCING NEW TABLE AS lignes FOR EACH STATEMENT EXECUTE FUNCTION app.monter_revision('commune');
CREATE OR REPLACE TRIGGER revision_update AFTER UPDATE ON app.cellule
REFERENCING NEW TABLE AS lignes FOR EACH STATEMENT EXECUTE FUNCTION app.monter_revision('commune');
CREATE OR REPLACE TRIGGER revision_delete AFTER DELETE ON app.cellule
REFERENCING OLD TABLE AS lignes FOR EACH STATEMENT EXECUTE FUNCTION app.monter_revision('commune');
CREATE OR REPLACE TRIGGER revision_truncate AFTER TRUNCATE ON app.cellule
FOR EACH STATEMENT EXECUTE FUNCTION app.monter_revision('commune');
-- The page of a commune tells since when it is a member, and pages are kept by revision.
CREATE OR REPLACE TRIGGER revision_insert AFTER INSERT ON app.adhesion
REFERENCING NEW TABLE AS lignes FOR EACH STATEMENT EXECUTE FUNCTION app.monter_revision('commune');
CREATE OR REPLACE TRIGGER revision_update AFTER UPDATE ON app.adhesion
REFERENCING NEW TABLE AS lignes FOR EACH STATEMENT EXECUTE FUNCTION app.monter_revision('commune');
CREATE OR REPLACE TRIGGER revision_delete AFTER DELETE ON app.adhesion
REFERENCING OLD TABLE AS lignes FOR EACH STATEMENT EXECUTE FUNCTION app.monter_revision('commune');
CREATE OR REPLACE TRIGGER revision_truncate AFTER TRUNCATE ON app.adhesion
FOR EACH STATEMENT EXECUTE FUNCTION app.monter_revision('commune');
