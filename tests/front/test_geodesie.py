"""The formulas of the browser against PROJ and PostGIS: projections to a millimetre, lengths and areas to a millionth."""

from __future__ import annotations

import json
import random
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import shapely
from psycopg import sql
from pyproj import Transformer

if TYPE_CHECKING:
    from webmap.store.db import Database

STATIC = Path(__file__).resolve().parents[2] / "static"
_RUN = """
const given = JSON.parse(require("fs").readFileSync(0, "utf8"));
import(process.argv[1]).then((module) => console.log(JSON.stringify(eval(process.argv[2])(module, given))));
"""


def run(module: str, function: str, argument: object) -> Any:  # noqa: ANN401 - whatever JSON can say
    """Return what a function of `(module, argument)` returns, run by Node on a module of the page."""
    path = (STATIC / "src" / module).as_uri()
    done = subprocess.run(
        ["node", "-e", _RUN, path, function], input=json.dumps(argument), capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def places(count: int, box: tuple[float, float, float, float] = (-4.5, 42.0, 8.0, 51.0)) -> list[tuple[float, float]]:
    drawn = random.Random(6)  # noqa: S311 - places, the same at each run
    return [(drawn.uniform(box[0], box[2]), drawn.uniform(box[1], box[3])) for _ in range(count)]


@pytest.mark.parametrize("lat", [42.2, 46.4, 50.3])
def test_projections_are_those_of_proj_to_a_millimetre(lat: float) -> None:
    around = [(lon, lat + y / 50) for (lon, y) in places(200)]
    for index, srid in enumerate([2154, 3900 + round(lat)]):
        forward = run("projections.js", f"(m, p) => p.map(m.projectionsAt({lat})[{index}].forward)", around)
        to_metres = Transformer.from_crs(4326, srid, always_xy=True)
        expected = [to_metres.transform(*place) for place in around]
        assert (
            max(abs(a - b) for got, want in zip(forward, expected, strict=True) for a, b in zip(got, want, strict=True))
            < 1e-3
        )
        back = run("projections.js", f"(m, p) => p.map(m.projectionsAt({lat})[{index}].inverse)", expected)
        assert (
            max(abs(a - b) for got, want in zip(back, around, strict=True) for a, b in zip(got, want, strict=True))
            < 1e-8
        )


def test_lengths_and_areas_are_those_of_postgis(database: Database) -> None:
    lines = [places(2 + n % 6, (3.2, 50.2, 3.6, 50.6) if n % 2 else (-4.5, 42.0, 8.0, 51.0)) for n in range(40)]
    rings = [
        shapely.get_coordinates(
            shapely.MultiPoint(places(9, (3.0 + n / 50, 50.0, 3.1 + n / 50, 50.3))).convex_hull
        ).tolist()
        for n in range(30)
    ]
    found = run(
        "mesure.js",
        "(m, [l, r]) => [l.map(m.measureLength), r.map((x) => Object.values(m.measurePolygon([x])))]",
        [lines, rings],
    )
    rows = database.read(
        sql.SQL(
            "SELECT ARRAY(SELECT ST_Length(ST_GeomFromText(t, 4326)::geography) FROM unnest(%(lignes)s::text[]) t) AS longueurs,"
            " ARRAY(SELECT ST_Area(ST_GeomFromText(t, 4326)::geography) FROM unnest(%(zones)s::text[]) t) AS surfaces,"
            " ARRAY(SELECT ST_Perimeter(ST_GeomFromText(t, 4326)::geography) FROM unnest(%(zones)s::text[]) t) AS perimetres"
        ),
        {
            "lignes": [shapely.LineString(each).wkt for each in lines],
            "zones": [shapely.Polygon(each).wkt for each in rings],
        },
    )[0]
    assert found[0] == pytest.approx(rows["longueurs"], rel=1e-6)
    assert [surface for surface, _ in found[1]] == pytest.approx(rows["surfaces"], rel=1e-6)
    assert [perimeter for _, perimeter in found[1]] == pytest.approx(rows["perimetres"], rel=1e-6)
