"""The box of Lambert-93 that spares reprojecting rows never changes which rows meet a box."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg import sql

from webmap.store.boxes import sql_in_box

if TYPE_CHECKING:
    from webmap.store.db import Database

NAMES = ("ouest", "sud", "est", "nord")
WITHIN = {4326: (-5.0, 42.0, 9.0, 51.0), 3857: (-5e5, 5.2e6, 9e5, 6.6e6), 3950: (1.2e6, 8.4e6, 2.1e6, 9.3e6)}
# Points of the box, and lines of at most 20 km between them, by their parts of its width and height:
# on its edges, a millionth within or without, and farther.
PARTS = [-0.1, -1e-6, 0.0, 1e-6, 0.02, 0.5, 0.98, 1 - 1e-6, 1.0, 1 + 1e-6, 1.1]
ASK = """
WITH lieux AS MATERIALIZED (
  SELECT ST_Transform(ST_SetSRID(ST_Point(%(ouest)s + x * (%(est)s - %(ouest)s), %(sud)s + y * (%(nord)s - %(sud)s)), {srid}), 2154) AS geom
  FROM unnest(%(parts)s::float8[]) x, unnest(%(parts)s::float8[]) y
), t AS (
  SELECT geom FROM lieux UNION ALL
  SELECT ST_MakeLine(a.geom, b.geom) FROM lieux a, lieux b WHERE a.geom < b.geom AND ST_DWithin(a.geom, b.geom, 20000)
)
SELECT count(*) FILTER (WHERE coalesce(dedans, false) <> exact) AS faux, count(*) FILTER (WHERE sur) AS surs
FROM (
  SELECT {condition} AS dedans, t.geom @ app.boite_interieure(boite, {step}, 50) AS sur,
    ST_Intersects(ST_Transform(t.geom, {srid}), boite) AS exact
  FROM t, (SELECT ST_Envelope(ST_MakeEnvelope(%(ouest)s, %(sud)s, %(est)s, %(nord)s, {srid})) AS boite) b
) vus
"""


def ask(database: Database, srid: int, box: tuple[float, ...]) -> tuple[int, int]:
    """Return how many shapes around a box are not told as its own system tells them, and how many are told without it."""
    statement = sql.SQL(ASK).format(
        condition=sql_in_box(NAMES, srid), srid=sql.Literal(srid), step=sql.Literal(0.1 if srid == 4326 else 10_000)
    )
    row = database.read(statement, {**dict(zip(NAMES, box, strict=True)), "parts": PARTS})[0]
    return row["faux"], row["surs"]


@pytest.mark.parametrize("srid", WITHIN)
@given(corner=st.tuples(st.floats(0, 0.9), st.floats(0, 0.9)), sides=st.tuples(st.floats(0, 1), st.floats(0, 1)))
@settings(max_examples=12)
def test_it_never_changes_which_rows_meet_a_box(
    facts: Database, srid: int, corner: tuple[float, float], sides: tuple[float, float]
) -> None:
    west, south, east, north = WITHIN[srid]
    x, y = west + corner[0] * (east - west), south + corner[1] * (north - south)
    box = (x, y, x + sides[0] * (east - x), y + sides[1] * (north - y))
    assert ask(facts, srid, box)[0] == 0


def test_it_spares_reprojecting_what_is_well_within(facts: Database) -> None:
    assert ask(facts, 4326, (1.0, 45.0, 5.0, 49.0))[1] >= 5
    assert ask(facts, 4326, (3.0, 50.0, 3.0, 51.0))[1] == 0, "a line leaves no room"
