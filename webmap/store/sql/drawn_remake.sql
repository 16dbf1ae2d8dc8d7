-- Question: how is what is drawn of a layer made again, when its cells change? Identifiers: drawn, remake. Composables: rows, forget.
CREATE OR REPLACE FUNCTION {remake}() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
BEGIN
  {forget}
  DELETE FROM {drawn};
  INSERT INTO {drawn} {rows};
END
$$;
REVOKE ALL ON FUNCTION {remake}() FROM PUBLIC
