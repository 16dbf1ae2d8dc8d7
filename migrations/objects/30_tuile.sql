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

-- What follows writes MVT (Mapbox Vector Tile 2.1): a tile puts together what was encoded when its rows were written.
-- Whole numbers that depend on the tile take three bytes, however small, so that no length depends on it.

-- Three bytes of a varint, in the low bytes of an integer: seven bits each, the first bit of all but the last is one.
CREATE OR REPLACE FUNCTION tuile.trois(n integer) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT (((n & 127) | 128) << 16) | ((((n >> 7) & 127) | 128) << 8) | ((n >> 14) & 127) $$;

-- Six bytes of two of them, n = first * 2^24 + second: both at once, this is done for each row of each tile.
CREATE OR REPLACE FUNCTION tuile.deux(n bigint) RETURNS bytea LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT substring(int8send(((n & x'7F00007F'::bigint) << 16) | ((n & x'3F80003F80'::bigint) << 1)
    | ((n >> 14) & x'7F00007F'::bigint) | x'808000808000'::bigint) FROM 3)
$$;

-- A place on the grid of a tile, in zigzag.
CREATE OR REPLACE FUNCTION tuile.place(x integer, y integer) RETURNS bytea LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT tuile.deux((((x << 1) # (x >> 31))::bigint << 24) | ((y << 1) # (y >> 31))) $$;

-- Eight bytes: two attributes of a feature, the ranks of their values (n = first * 2^32 + second), their keys.
CREATE OR REPLACE FUNCTION tuile.marquer(n bigint, cles bigint) RETURNS bytea LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT int8send(((n & x'7F0000007F'::bigint) << 16) | ((n & x'3F8000003F80'::bigint) << 1)
    | ((n >> 14) & x'7F0000007F'::bigint) | x'80800000808000'::bigint | cles)
$$;

CREATE OR REPLACE FUNCTION tuile.varint(n bigint) RETURNS bytea LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE octets bytea := '';
BEGIN
  IF n < 0 THEN  -- 64 bits in two's complement: nine times seven, and the sign
    FOR rang IN 0..8 LOOP
      octets := octets || substring(int2send((((n >> 7 * rang) & 127) | 128)::smallint) FROM 2);
    END LOOP;
    RETURN octets || '\x01';
  END IF;
  WHILE n > 127 LOOP
    octets := octets || substring(int2send(((n & 127) | 128)::smallint) FROM 2);
    n := n >> 7;
  END LOOP;
  RETURN octets || substring(int2send(n::smallint) FROM 2);
END
$$;

-- A field of a message, by its number, that is a message or a text.
CREATE OR REPLACE FUNCTION tuile.champ(numero integer, contenu bytea) RETURNS bytea LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT tuile.varint(numero << 3 | 2) || tuile.varint(octet_length(contenu)) || contenu $$;

-- A value of a layer. One that is NULL is there too, and nothing refers to it: each row has as many.
CREATE OR REPLACE FUNCTION tuile.valeur(v text) RETURNS bytea LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT tuile.champ(4, tuile.champ(1, convert_to(coalesce(v, ''), 'UTF8'))) $$;
CREATE OR REPLACE FUNCTION tuile.valeur(v boolean) RETURNS bytea LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT CASE WHEN v THEN '\x22023801'::bytea ELSE '\x22023800' END $$;
CREATE OR REPLACE FUNCTION tuile.valeur(v bigint) RETURNS bytea LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT tuile.champ(4, (CASE WHEN v < 0 THEN '\x20'::bytea ELSE '\x28' END) || tuile.varint(coalesce(v, 0)))
$$;
CREATE OR REPLACE FUNCTION tuile.valeur(v double precision) RETURNS bytea LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT tuile.champ(4, '\x19' || (
    SELECT string_agg(substring(o.octets FROM n FOR 1), '' ORDER BY n DESC)
    FROM (SELECT float8send(coalesce(v, 0)) AS octets) o, generate_series(1, 8) n
  ))
$$;

CREATE OR REPLACE FUNCTION tuile.debut(forme geometry) RETURNS geometry LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT ST_StartPoint(CASE ST_Dimension(forme) WHEN 1 THEN ST_GeometryN(forme, 1) ELSE ST_ExteriorRing(ST_GeometryN(forme, 1)) END)
$$;

-- A line or a surface on a grid as a feature, up to its attributes, of which so many follow; NULL when there is no shape.
-- Its first place is bytes 12 to 17, and all the others are told from it. PostGIS encodes; what it puts around is taken off.
CREATE OR REPLACE FUNCTION tuile.coder(forme geometry, attributs integer) RETURNS bytea LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
  debut geometry := tuile.debut(forme);
  octets bytea;
  rang integer := 1;
BEGIN
  IF debut IS NULL THEN RETURN NULL; END IF;
  SELECT ST_AsMVT(seule, '', 4096, 'forme') INTO octets
    FROM (SELECT ST_Translate(coder.forme, -ST_X(debut), -ST_Y(debut)) AS forme) seule;
  WHILE get_byte(octets, rang) > 127 LOOP rang := rang + 1; END LOOP;  -- the length of the layer
  rang := rang + 4;  -- its name, empty; the feature
  WHILE get_byte(octets, rang) > 127 LOOP rang := rang + 1; END LOOP;
  rang := rang + 4;  -- its type; its shape
  WHILE get_byte(octets, rang) > 127 LOOP rang := rang + 1; END LOOP;
  IF substring(octets FROM rang + 2 FOR 3) <> '\x090000' THEN
    RAISE 'ST_AsMVT n''écrit plus les tuiles dans l''ordre attendu : cette version de PostGIS n''a pas été essayée';
  END IF;
  octets := substring(octets FROM rang + 5 FOR octet_length(octets) - rang - 9);  -- from its second place, to its last
  RETURN int4send(x'12000000'::integer | tuile.trois(octet_length(octets) + 15 + 4 * attributs))
    || CASE ST_Dimension(forme) WHEN 1 THEN '\x1802'::bytea ELSE '\x1803' END
    || int4send(x'22000000'::integer | tuile.trois(octet_length(octets) + 7)) || '\x09'
    || tuile.place(ST_X(debut)::integer, ST_Y(debut)::integer) || octets
    || int2send((x'1200'::integer | 4 * attributs)::smallint);
END
$$;

-- A shape of EPSG:3857 coded on the grid of the whole world at a zoom, up to 12; where it begins there, x * 2^25 + y * 2.
CREATE OR REPLACE FUNCTION tuile.tracer(forme geometry, zoom integer, attributs integer, OUT lieu bigint, OUT trace bytea)
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE grille geometry := ST_AsMVTGeom(forme, ST_TileEnvelope(0, 0, 0), 4096 << zoom, 0, false);
BEGIN
  lieu := (ST_X(tuile.debut(grille))::bigint << 25) + (ST_Y(tuile.debut(grille))::bigint << 1);
  trace := tuile.coder(grille, attributs);
END
$$;
