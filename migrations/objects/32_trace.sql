-- Repeatable. Shapes of MVT, from bytes of 31_octets.sql: for rows when they are written, for a tile what goes far out of it.
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
  -- Beyond what three bytes count, it is told heavier than any tile may be (MAX_BYTES of store/tile_statements.py), which is then drawn coarser.
  IF octet_length(octets) + 15 + 4 * attributs > x'1FFFFF'::integer THEN RETURN decode(repeat('00', 2500001), 'hex'); END IF;
  RETURN int4send(x'12000000'::integer | tuile.trois(octet_length(octets) + 15 + 4 * attributs))
    || CASE ST_Dimension(forme) WHEN 1 THEN '\x1802'::bytea ELSE '\x1803' END
    || int4send(x'22000000'::integer | tuile.trois(octet_length(octets) + 7)) || '\x09'
    || tuile.place(ST_X(debut)::integer, ST_Y(debut)::integer) || octets
    || int2send((x'1200'::integer | 4 * attributs)::smallint);
END
$$;

-- A shape on the grid of a box, `cote` units wide, clipped `marge` units around it when `coupe`; NULL when nothing is left of it.
-- ST_AsMVTGeom takes minutes for 100 000 rings, and hears no time-out. Beyond 2 000 (a quarter of a second), they go to the grid
-- one by one, which is enough when they are valid there; else GEOS joins them, in a time that grows as their number.
CREATE OR REPLACE FUNCTION tuile.poser(forme geometry, cadre geometry, cote integer, marge integer, coupe boolean) RETURNS geometry
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
  unites float8 := cote / (ST_XMax(cadre) - ST_XMin(cadre));
  beaucoup CONSTANT integer := 2000;
  grille geometry;
BEGIN
  IF coupe AND ST_NRings(forme) > beaucoup THEN
    forme := ST_CollectionExtract(ST_ClipByBox2D(forme, ST_Expand(cadre, marge / unites)), 3);
  END IF;
  IF coalesce(ST_NRings(forme), 0) <= beaucoup THEN RETURN ST_AsMVTGeom(forme, cadre, cote, marge, coupe); END IF;
  forme := ST_Affine(forme, unites, 0, 0, -unites, -ST_XMin(cadre) * unites, ST_YMax(cadre) * unites);
  grille := ST_SnapToGrid(forme, 1);
  IF NOT ST_IsValid(grille) THEN grille := ST_CollectionExtract(ST_ReducePrecision(forme, 1), 3); END IF;
  RETURN CASE WHEN NOT ST_IsEmpty(grille) THEN ST_ForcePolygonCCW(grille) END;
END
$$;

-- A shape of EPSG:3857 coded on the grid of the whole world at a zoom, up to 12; where it begins there, x * 2^25 + y * 2.
CREATE OR REPLACE FUNCTION tuile.tracer(forme geometry, zoom integer, attributs integer, OUT lieu bigint, OUT trace bytea)
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE grille geometry := tuile.poser(forme, ST_TileEnvelope(0, 0, 0), 4096 << zoom, 0, false);
BEGIN
  lieu := (ST_X(tuile.debut(grille))::bigint << 25) + (ST_Y(tuile.debut(grille))::bigint << 1);
  trace := tuile.coder(grille, attributs);
END
$$;
