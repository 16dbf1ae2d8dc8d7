"""CQL2 filters: what is compiled is what a plain reading of the rows says, of any field of any layer."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import cql2
import pytest
import shapely
from hypothesis import HealthCheck, example, given, settings

from tests.store.conftest import ask
from tests.store.filtered import DAYS, EAST, LAMBERT, LAYER, NORTH, run, square, table_of
from tests.store.filters_drawn import conditions, lowered, write
from tests.store.filters_read import BETWEEN, INSTANTS, PLACES, expected
from webmap.errors import BadParameterError
from webmap.store.features import Selection, stream_features
from webmap.store.filter_text import _BACKSLASHES, parse_text
from webmap.store.filters import parse_filter, queryables

if TYPE_CHECKING:
    from collections.abc import Iterator

    from webmap.catalog.load import Catalog
    from webmap.store.cluster import Cluster
    from webmap.store.db import Database

    Node = Any

# Chance meets a boundary too rarely: each relation is also asked at all of them.
_ENDS = [day.isoformat() for day in DAYS]
_SPANS = [[start, end] for start in ["..", *_ENDS] for end in [*_ENDS, ".."] if ".." in {start, end} or start <= end]


@pytest.fixture(scope="module")
def table(cluster: Cluster, filled: str) -> Iterator[Database]:
    """Return a database with the small table of these tests, which nothing writes to."""
    with table_of(cluster, filled) as database:
        yield database


@pytest.mark.parametrize("op", [*INSTANTS, *BETWEEN])
def test_each_relation_of_time_at_its_boundaries(table: Database, op: str) -> None:
    period: Node = {"interval": [{"property": "debut"}, {"property": "fin"}]}
    sides: list[tuple[Node, Node]] = [(period, {"interval": span}) for span in _SPANS]
    if op in INSTANTS:
        sides += [({"property": "debut"}, {"interval": span}) for span in _SPANS]
        sides += [({"property": "debut"}, {"date": day}) for day in _ENDS]
    found = 0
    for pair in sides:
        for args in (pair, pair[::-1]):
            node = {"op": op, "args": list(args)}
            assert run(table, parse_filter(LAYER, json.dumps(node), "cql2-json")) == expected(node), node
            found += len(expected(node))
    assert found


@pytest.mark.parametrize("name", PLACES)
def test_each_relation_of_place_at_its_boundaries(table: Database, name: str) -> None:
    squares = [square(x, 0, size) for x in (-20, -10, 0, 5, 10) for size in (5, 10, 20)]
    thin = [shapely.LineString([(EAST - 5, NORTH + 5), (EAST + 15, NORTH + 5)]), shapely.Point(EAST, NORTH)]
    found = 0
    for one in (*squares, *thin):
        args = [{"property": "geom"}, json.loads(shapely.to_geojson(one))]
        for node in ({"op": f"s_{name}", "args": args}, {"op": f"s_{name}", "args": args[::-1]}):
            assert run(table, parse_filter(LAYER, json.dumps(node), "cql2-json", LAMBERT)) == expected(node), node
            found += len(expected(node))
    assert found


@settings(max_examples=250, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(conditions)
@example(
    {
        "op": "not",
        "args": [{"op": "s_intersects", "args": [{"property": "geom"}, {"type": "Point", "coordinates": [0, 0]}]}],
    }
)
def test_a_condition_keeps_what_a_plain_reading_keeps(table: Database, node: Node) -> None:
    kept = expected(node)
    text = write(node)
    assert run(table, parse_filter(LAYER, json.dumps(node), "cql2-json", LAMBERT)) == kept
    assert run(table, parse_filter(LAYER, text, "cql2-text", LAMBERT)) == kept


@settings(max_examples=250, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(conditions)
def test_text_is_read_as_the_reference_reader_reads_it(node: Node) -> None:
    text = write(node)
    assert lowered(parse_text(text)) == lowered(node)
    if not isinstance(node, bool):
        assert lowered(parse_text(text)) == lowered(cql2.parse_text(text).to_json())


@pytest.mark.parametrize(
    "text",
    [
        "a = 1 AND b < 2 OR NOT c > 3", "NOT a = 1 AND b", "a NOT LIKE 'x%' or a not in (1, 2.5)", "a is not null",
        "a NOT BETWEEN -1 AND +5.0", "nom = 'L''Haÿ'", '"nom de rue" = 0.5e2', "casei(a) = CaseI('X')", "((a = 1))",
        "S_INTERSECTS(geom, POINT Z (3 50 12))", "s_within(geom, MULTIPOLYGON(((3 50, 4 50, 4 51, 3 50))))",
        "S_INTERSECTS(geom, BBOX(3, 50, 4, 51))", "S_INTERSECTS(geom, MULTIPOINT((3 50), (4 51)))",
        "S_INTERSECTS(geom, MULTIPOINT(3 50, 4 51))", "S_CROSSES(geom, LINESTRING(3 50, 4 51))",
        "S_INTERSECTS(geom, GEOMETRYCOLLECTION(POINT(3 50), LINESTRING(3 50, 4 51)))",
        "T_AFTER(a, TIMESTAMP('2020-01-01T00:00:00Z'))", "T_DURING(INTERVAL(a, b), INTERVAL('2020-01-01', '..'))",
        "A_CONTAINS(a, ('x'))", "é.b:c = 1 and a = true",
    ],
)  # fmt: skip
def test_each_form_of_the_text_is_read_as_the_reference_reader_reads_it(text: str) -> None:
    assert lowered(parse_text(text)) == lowered(cql2.parse_text(text).to_json())


def test_every_queryable_of_every_layer_can_be_asked_for(facts: Database, catalog: Catalog) -> None:
    for layer in catalog.public:
        names = queryables(layer)
        assert {*layer.field_ids, "code_insee", "precision", "source"} <= names.keys()
        assert ("geom" in names) == layer.drawn
        text = " OR ".join(f"{name} IS NULL" for name in names)
        everything = list(stream_features(facts, layer, Selection()))
        some = list(stream_features(facts, layer, Selection(filter=parse_filter(layer, text))))
        assert len(b"".join(some)) <= len(b"".join(everything))


def test_characters_that_unaccent_writes_as_a_backslash_are_known(facts: Database) -> None:
    found = ask(
        facts,
        "SELECT string_agg(chr(i), '') FROM generate_series(1, 65535) i"
        " WHERE i NOT BETWEEN 55296 AND 57343 AND public.unaccent(chr(i)) LIKE '%\\\\%'",
    )
    assert set(found) <= set(_BACKSLASHES)


@pytest.mark.parametrize("pattern", ["a\\", "\\", "a\\\\\\", "\\\\\\\uff3c", "\uff3c\\", "\ufe68"])
@pytest.mark.parametrize("function", ["", "accenti"])
def test_a_pattern_never_ends_on_an_escape(table: Database, pattern: str, function: str) -> None:
    right = {"op": function, "args": [pattern]} if function else pattern
    node = {"op": "like", "args": [{"property": "nom"}, right]}
    try:
        condition = parse_filter(LAYER, json.dumps(node), "cql2-json")
    except BadParameterError as error:
        assert "barre oblique" in str(error)  # noqa: PT017 - either outcome is right
    else:
        assert run(table, condition) == set()
