-- Repeatable. Numbers and values of MVT (Mapbox Vector Tile 2.1): a tile puts together what was encoded when its rows were written.
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
