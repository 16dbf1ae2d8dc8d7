"""Which rows meet a box, in whatever coordinate system it is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psycopg import sql

from webmap.geo.crs import DEGREES
from webmap.store.naming import SRID

if TYPE_CHECKING:
    from collections.abc import Sequence

_FRANCE = "ST_MakeEnvelope(-10, 40, 12, 53, 4326)"  # where Lambert-93 means something
_STEPS = {DEGREES: 0.1}  # pieces of an edge,
_STEP = 10_000  # in metres
_MARGIN = 50  # metres: more than such a piece, reprojected, strays from its chord


def sql_in_box(bounds: Sequence[str], srid: int) -> sql.Composable:
    """Condition on a row (alias t): it meets the box whose west, south, east and north are parameters of these names, in `srid`.

    What decides is the box's own coordinate system (peers that compare with the envelope of the reprojected box answer rows
    outside it). Two boxes of Lambert-93 spare reprojecting rows, a hundred times longer than comparing them: a row that does not
    meet the wider one is out, by the index; a row within the other is in.
    """
    # ST_Envelope: a box without width or height is the line or the point it is, not a surface that meets nothing.
    corners = ", ".join(f"%({name})s" for name in bounds)
    box = f"ST_Envelope(ST_MakeEnvelope({corners}, {srid}))"
    if srid == SRID:
        return sql.SQL(f"ST_Intersects(t.geom, {box})")  # constants, as below
    around = _FRANCE if srid == DEGREES else f"ST_Envelope(ST_Transform({_FRANCE}, {srid}))"
    part, step = f"ST_Intersection({box}, {around})", _STEPS.get(srid, _STEP)
    wide = f"ST_Expand(ST_Transform(ST_Segmentize({part}, {step}), {SRID}), {_MARGIN})"
    within = f"t.geom @ (SELECT app.boite_interieure({part}, {step}, {_MARGIN}))"
    return sql.SQL(f"t.geom && {wide} AND ({within} OR ST_Intersects(ST_Transform(t.geom, {srid}), {box}))")
