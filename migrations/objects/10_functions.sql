-- Repeatable: applied at each `webmap db upgrade`, after the migrations.

-- What is compared when a person searches: accents, case, hyphens and apostrophes do not count (« Rœulx » = « roeulx »).
-- Declared immutable although `unaccent` is only stable: the dictionary is named, and webmap never alters it.
CREATE OR REPLACE FUNCTION app.cle_recherche(texte text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
AS $$ SELECT trim(regexp_replace(lower(public.unaccent('public.unaccent'::regdictionary, texte)), '[^a-z0-9]+', ' ', 'g')) $$;

-- Raises the revision of the layer named by the trigger's argument, in the writing transaction, whoever writes:
-- an edit made from QGIS counts. A statement that touched no row raises nothing.
CREATE OR REPLACE FUNCTION app.monter_revision() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog
AS $$
BEGIN
  IF TG_OP <> 'TRUNCATE' THEN  -- apart: a TRUNCATE has no table `lignes`, even to plan a condition that mentions it
    IF NOT EXISTS (SELECT 1 FROM lignes) THEN
      RETURN NULL;
    END IF;
  END IF;
  UPDATE app.revision SET revision = revision + 1, modifiee = now() WHERE couche = TG_ARGV[0];
  RETURN NULL;
END
$$;
REVOKE ALL ON FUNCTION app.monter_revision() FROM PUBLIC;
