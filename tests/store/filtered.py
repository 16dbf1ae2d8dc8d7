"""A small table for the tests of filters: every type of field, nulls everywhere, places exact or not."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
from typing import TYPE_CHECKING, Any

import shapely

from tests.conftest import copied
from tests.store.conftest import build, define, insert
from webmap.store.features import Selection, stream_features
from webmap.store.filters import Filter, parse_filter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from webmap.store.cluster import Cluster
    from webmap.store.db import Database

    Row = dict[str, Any]

LAYER = define(
    id="filtre",
    geometry="polygon",
    more=[
        {"id": "note", "label": "Note"},
        {"id": "rang", "label": "Rang", "type": "integer"},
        {"id": "part", "label": "Part", "type": "number"},
        {"id": "debut", "label": "Début", "type": "date"},
        {"id": "fin", "label": "Fin", "type": "date"},
        {"id": "ouvert", "label": "Ouvert", "type": "boolean"},
        {"id": "etiquettes", "label": "Codes", "type": "list"},
    ],
)
LAMBERT = "http://www.opengis.net/def/crs/EPSG/0/2154"
DAYS = [dt.date(2020, 1, 1), dt.date(2020, 2, 29), dt.date(2021, 6, 15), dt.date(2024, 12, 31)]
WORDS = ["", "a", "A", "é", "É", "œ", "aé", "l'a", "%", "a_", "Œa", "\\", "</script>", "'; DROP TABLE pub.filtre; --"]
EAST, NORTH = 720_000, 7_020_000  # metres of Lambert-93, in the territory


def square(x: int, y: int, size: int) -> shapely.Polygon:
    return shapely.box(EAST + x, NORTH + y, EAST + x + size, NORTH + y + size)


def make_rows() -> list[Row]:
    rows: list[Row] = []
    for number in range(14):
        row: Row = {"code": f"c{number}", "nom": WORDS[number]}
        row["note"] = None if number % 4 == 0 else WORDS[-number]
        row["rang"] = None if number % 5 == 4 else number % 5 - 2
        row["part"] = None if number % 3 == 2 else number / 2 - 2
        row["debut"] = None if number % 7 == 6 else DAYS[number % 4]
        row["fin"] = None if number % 6 == 5 else max(DAYS[number % 3], row["debut"] or DAYS[0])
        row["ouvert"] = [True, False, None][number % 3]
        row["etiquettes"] = [None, [], ["a"], ["a", "b"], ["b", "a", "a"], ["é"]][number % 6]
        row["geom"] = None if number == 13 else square(10 * (number % 4), 10 * (number // 4), 10 + 10 * (number % 2))
        row["precision"] = None if number == 13 else "commune" if number % 5 == 3 else "exacte"
        rows.append(row)
    return rows


ROWS = make_rows()


@contextlib.contextmanager
def table_of(cluster: Cluster, filled: str) -> Iterator[Database]:
    """Make a database with the small table, which nothing writes to."""
    with copied(cluster, filled) as database:
        build(database, LAYER)
        insert(database, LAYER, [row | {"geom": row["geom"] and row["geom"].wkt} for row in ROWS], srid=2154)
        yield database


def run(database: Database, condition: Filter) -> set[str]:
    text = b"".join(stream_features(database, LAYER, Selection(filter=condition))).decode()
    return {feature["id"] for feature in json.loads(f"[{text}]")}


def keep(database: Database, text: str, crs: str | None = LAMBERT) -> set[str]:
    return run(database, parse_filter(LAYER, text, crs=crs))


def numbers(found: set[str]) -> list[int]:
    return sorted(int(code[1:]) for code in found)
