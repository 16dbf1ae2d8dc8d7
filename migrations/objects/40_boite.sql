-- Repeatable. The box of Lambert-93 of which every point lies in this box of another system: none of its four edges, cut in pieces of
-- `pas` and reprojected, enters it. A piece strays from its chord by less than `marge` metres. NULL when the edges leave no room.
CREATE OR REPLACE FUNCTION app.boite_interieure(boite geometry, pas double precision, marge double precision) RETURNS geometry
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN ouest < est AND sud < nord THEN ST_MakeEnvelope(ouest, sud, est, nord, 2154) END
  FROM (
    SELECT max(ST_XMax(c.trait)) FILTER (WHERE c.cote = 'ouest') + marge AS ouest, max(ST_YMax(c.trait)) FILTER (WHERE c.cote = 'sud') + marge AS sud,
      min(ST_XMin(c.trait)) FILTER (WHERE c.cote = 'est') - marge AS est, min(ST_YMin(c.trait)) FILTER (WHERE c.cote = 'nord') - marge AS nord
    FROM (SELECT ST_XMin(boite) AS o, ST_YMin(boite) AS s, ST_XMax(boite) AS e, ST_YMax(boite) AS n) b CROSS JOIN LATERAL (
      SELECT v.cote, ST_Transform(ST_Segmentize(ST_SetSRID(ST_MakeLine(v.debut, v.fin), ST_SRID(boite)), pas), 2154) AS trait
      FROM (VALUES ('ouest', ST_Point(o, s), ST_Point(o, n)), ('sud', ST_Point(o, s), ST_Point(e, s)),
        ('est', ST_Point(e, s), ST_Point(e, n)), ('nord', ST_Point(o, n), ST_Point(e, n))) v(cote, debut, fin)
    ) c
  ) cotes
$$;
