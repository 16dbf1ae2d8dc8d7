-- Repeatable. Schema `tuile` holds what tiles are drawn from: one table a drawn public layer, derived from `pub` and made by
-- webmap/store/drawn.py. Read by the web alone, never by a partner; dropped and made again when a definition changes.
CREATE SCHEMA IF NOT EXISTS tuile;
REVOKE ALL ON SCHEMA tuile FROM PUBLIC;
GRANT USAGE ON SCHEMA tuile TO webmap_lecture;

-- Whether the rows of a layer that paves the ground were simplified together. No: they are drawn whole at every zoom.
CREATE TABLE IF NOT EXISTS tuile.couverture (couche text PRIMARY KEY, generalisee boolean NOT NULL DEFAULT false);
GRANT SELECT ON tuile.couverture TO webmap_lecture;

-- A cell stands in for a contour: what is drawn of its layer is made again.
CREATE OR REPLACE FUNCTION tuile.suivre_cellule() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
DECLARE ligne record;
BEGIN
  FOR ligne IN SELECT DISTINCT l.couche FROM lignes l JOIN tuile.couverture USING (couche) LOOP
    EXECUTE format('SELECT tuile.%I()', 'refaire_' || ligne.couche);
  END LOOP;
  RETURN NULL;
END
$$;
REVOKE ALL ON FUNCTION tuile.suivre_cellule() FROM PUBLIC;
CREATE OR REPLACE TRIGGER tuile_insert AFTER INSERT ON app.cellule
REFERENCING NEW TABLE AS lignes FOR EACH STATEMENT EXECUTE FUNCTION tuile.suivre_cellule();
CREATE OR REPLACE TRIGGER tuile_update AFTER UPDATE ON app.cellule
REFERENCING NEW TABLE AS lignes FOR EACH STATEMENT EXECUTE FUNCTION tuile.suivre_cellule();
CREATE OR REPLACE TRIGGER tuile_delete AFTER DELETE ON app.cellule
REFERENCING OLD TABLE AS lignes FOR EACH STATEMENT EXECUTE FUNCTION tuile.suivre_cellule();

-- What lines and surfaces are encoded as, zoom by zoom, one table a layer: made from `tuile`, and never the reverse.
CREATE SCHEMA IF NOT EXISTS trace;
REVOKE ALL ON SCHEMA trace FROM PUBLIC;
GRANT USAGE ON SCHEMA trace TO webmap_lecture;
