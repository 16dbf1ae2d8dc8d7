-- Question: what does a layer need to be drawn: a table, and triggers that keep it right in the writing transaction?
-- Once a statement, whoever writes, QGIS too. Identifiers: drawn, layer, key, follow, index.
-- Composables: rows (of the table), changed (of the rows just written), told (what a tile says of them), forget; for the shapes
-- that are encoded, traced (all), written, erased, emptied.
CREATE TABLE {drawn} AS {rows} WITH NO DATA;
ALTER TABLE {drawn} ALTER geom SET STORAGE EXTERNAL, ALTER geom SET NOT NULL, ADD PRIMARY KEY (cle);
INSERT INTO {drawn} {rows};
CREATE INDEX {index} ON {drawn} USING gist (geom);
GRANT SELECT ON {drawn} TO webmap_lecture;
{traced}

CREATE OR REPLACE FUNCTION {follow}() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
BEGIN
  IF TG_OP = 'TRUNCATE' THEN
    DELETE FROM {drawn};
    {emptied}
    RETURN NULL;
  END IF;
  IF TG_OP IN ('UPDATE', 'DELETE') THEN
    IF NOT EXISTS (SELECT 1 FROM avant) THEN RETURN NULL; END IF;
    -- The usual edit moves nothing, and no row takes another key, by which its cell is known: shapes stay, those of a coverage with them.
    IF TG_OP = 'UPDATE' THEN
      IF NOT EXISTS (
        SELECT 1 FROM lignes l FULL JOIN avant a ON a.{key} = l.{key}
        WHERE l.geom IS DISTINCT FROM a.geom OR l.{key} IS NULL OR a.{key} IS NULL
      ) THEN
        UPDATE {drawn} d SET {told} FROM ({changed}) v WHERE v.cle = d.cle;
        {written}
        RETURN NULL;
      END IF;
    END IF;
    {forget}
    DELETE FROM {drawn} d USING avant a WHERE d.cle = a.{key};
    {erased}
  END IF;
  IF TG_OP IN ('UPDATE', 'INSERT') THEN
    IF NOT EXISTS (SELECT 1 FROM lignes) THEN RETURN NULL; END IF;
    {forget}
    INSERT INTO {drawn} {changed};
    {written}
  END IF;
  RETURN NULL;
END
$$;
REVOKE ALL ON FUNCTION {follow}() FROM PUBLIC;
CREATE OR REPLACE TRIGGER tuile_insert AFTER INSERT ON {layer}
REFERENCING NEW TABLE AS lignes FOR EACH STATEMENT EXECUTE FUNCTION {follow}();
CREATE OR REPLACE TRIGGER tuile_update AFTER UPDATE ON {layer}
REFERENCING OLD TABLE AS avant NEW TABLE AS lignes FOR EACH STATEMENT EXECUTE FUNCTION {follow}();
CREATE OR REPLACE TRIGGER tuile_delete AFTER DELETE ON {layer}
REFERENCING OLD TABLE AS avant FOR EACH STATEMENT EXECUTE FUNCTION {follow}();
CREATE OR REPLACE TRIGGER tuile_truncate AFTER TRUNCATE ON {layer} FOR EACH STATEMENT EXECUTE FUNCTION {follow}();
