"""CQL2 filters: what is compiled is what a plain reading of the rows says; what is hostile is a 400, at once."""

from __future__ import annotations

import datetime as dt
import json
import operator
import re
import time
from typing import TYPE_CHECKING, Any

import cql2
import pytest
import shapely
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.conftest import connect
from tests.store.conftest import ask, build, define, insert
from webmap.errors import BadParameterError
from webmap.store.features import Selection, stream_features
from webmap.store.filter_nodes import _BACKSLASHES
from webmap.store.filter_text import parse_text
from webmap.store.filters import Filter, parse_filter, queryables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from webmap.catalog.load import Catalog
    from webmap.store.cluster import Cluster
    from webmap.store.db import Database

    Node = Any
    Row = dict[str, Any]
    Relation = Callable[[Any, Any], bool]

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


@pytest.fixture(scope="module")
def table(cluster: Cluster, filled: str) -> Iterator[Database]:
    """Return a database with the small table of these tests, which nothing writes to."""
    cluster.create_database("filtres", template=filled)
    database = connect(cluster, "filtres")
    build(database, LAYER)
    insert(database, LAYER, [row | {"geom": row["geom"] and row["geom"].wkt} for row in ROWS], srid=2154)
    yield database
    database.close()
    cluster.drop_database("filtres")


def run(database: Database, condition: Filter) -> set[str]:
    text = b"".join(stream_features(database, LAYER, Selection(filter=condition))).decode()
    return {feature["id"] for feature in json.loads(f"[{text}]")}


def keep(database: Database, text: str, crs: str | None = LAMBERT) -> set[str]:
    return run(database, parse_filter(LAYER, text, crs=crs))


def numbers(found: set[str]) -> list[int]:
    return sorted(int(code[1:]) for code in found)


# --- a plain reading of the rows -------------------------------------------------------------------------------------

_ACCENTS = str.maketrans({"é": "e", "É": "E", "œ": "oe", "Œ": "OE"})
_ORDER: dict[str, Relation] = {
    "=": operator.eq, "<>": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
_SETS: dict[str, Relation] = {
    "a_equals": operator.eq,
    "a_contains": operator.ge,
    "a_containedby": operator.le,
    "a_overlaps": lambda one, other: bool(one & other),
}
_INSTANTS = ("t_after", "t_before", "t_disjoint", "t_equals", "t_intersects", "t_during", "t_contains")
_BETWEEN = (
    "t_finishedby",
    "t_finishes",
    "t_meets",
    "t_metby",
    "t_overlappedby",
    "t_overlaps",
    "t_startedby",
    "t_starts",
)
_PLACES = ("intersects", "disjoint", "equals", "touches", "within", "overlaps", "crosses", "contains")


def value_of(node: Node, row: Row) -> Any:  # noqa: ANN401 - of any type
    match node:
        case {"property": name}:
            return row[name]
        case {"date": text}:
            return dt.date.fromisoformat(text)
        case {"op": "casei", "args": [inner]}:
            inner = value_of(inner, row)
            return None if inner is None else inner.lower()
        case {"op": "accenti", "args": [inner]}:
            inner = value_of(inner, row)
            return None if inner is None else inner.translate(_ACCENTS)
    return node


def all_of(values: list[bool | None]) -> bool | None:
    return False if False in values else None if None in values else True


def opposite(value: bool | None) -> bool | None:  # noqa: FBT001 - three-valued
    return None if value is None else not value


def matches(pattern: str, text: str) -> bool:
    parts = re.findall(r"\\.|.", pattern, re.DOTALL)
    signs = {"%": ".*", "_": "."}
    return bool(re.fullmatch("".join(signs.get(p) or re.escape(p[-1]) for p in parts), text, re.DOTALL))


def holds(node: Node, row: Row) -> bool | None:  # noqa: PLR0911 - one answer an operation
    if isinstance(node, bool):
        return node
    if "property" in node:
        return bool(row["ouvert"]) if row["ouvert"] is not None else None
    op, args = node["op"], node["args"]
    if op == "and":
        return all_of([holds(arg, row) for arg in args])
    if op == "or":
        return opposite(all_of([opposite(holds(arg, row)) for arg in args]))
    if op == "not":
        return opposite(holds(args[0], row))
    if op[:2] == "s_":
        return place_holds(op, args, row)
    if op[:2] == "t_":
        return time_holds(op, *(interval_of(arg, row) for arg in args))
    if op == "isNull":
        return row[args[0]["property"]] is None
    return compare(op, *args, row=row)


def compare(op: str, left: Node, right: Node, high: Node = None, *, row: Row) -> bool | None:
    if op == "in":
        return opposite(all_of([opposite(compare("=", left, item, row=row)) for item in right]))
    if op == "between":
        return all_of([compare(">=", left, right, row=row), compare("<=", left, high, row=row)])
    a, b = value_of(left, row), value_of(right, row)
    if a is None or b is None:
        return None
    if op == "like":
        return matches(b, a)
    return bool(_SETS[op](set(a), set(b)) if op in _SETS else _ORDER[op](a, b))


def place_holds(op: str, args: list[Node], row: Row) -> bool | None:
    if row["precision"] != "exacte":
        return None
    a, b = (row["geom"] if "property" in arg else shapely.from_geojson(json.dumps(arg)) for arg in args)
    relation: Any = getattr(shapely, op[2:])
    return bool(relation(a, b))


def interval_of(node: Node, row: Row) -> tuple[dt.date | None, dt.date | None]:
    if "interval" not in node:
        return (value_of(node, row),) * 2
    ends = []
    for bound, open_end in zip(node["interval"], (dt.date.min, dt.date.max), strict=True):
        plain = {"date": bound} if isinstance(bound, str) else bound
        ends.append(open_end if bound == ".." else value_of(plain, row))
    return ends[0], ends[1]


def time_holds(
    op: str, one: tuple[dt.date | None, dt.date | None], other: tuple[dt.date | None, dt.date | None]
) -> bool | None:
    (a, z), (b, y) = one, other

    def test(sign: str, left: dt.date | None, right: dt.date | None) -> bool | None:
        return None if left is None or right is None else bool(_ORDER[sign](left, right))

    reverse = {"contains": "during", "finishedby": "finishes", "metby": "meets", "startedby": "starts",
               "overlappedby": "overlaps", "before": "after"}  # fmt: skip
    name = op[2:]
    if name in reverse:
        return time_holds(f"t_{reverse[name]}", other, one)
    if name == "disjoint":
        return opposite(all_of([opposite(test("<", z, b)), opposite(test(">", a, y))]))
    tests = {
        "after": [test(">", a, y)],
        "equals": [test("=", a, b), test("=", z, y)],
        "intersects": [test("<=", a, y), test(">=", z, b)],
        "during": [test(">", a, b), test("<", z, y)],
        "finishes": [test(">", a, b), test("=", z, y)],
        "meets": [test("=", z, b)],
        "overlaps": [test("<", a, b), test(">", z, b), test("<", z, y)],
        "starts": [test("=", a, b), test("<", z, y)],
    }
    return all_of(tests[name])


def expected(node: Node) -> set[str]:
    return {row["code"] for row in ROWS if holds(node, row) is True}


# --- random conditions -----------------------------------------------------------------------------------------------


def prop(*names: str) -> st.SearchStrategy[Node]:
    return st.sampled_from([{"property": name} for name in names])


def call(op: st.SearchStrategy[str], *args: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    return st.builds(lambda op, *args: {"op": op, "args": list(args)}, op, *args)


words = st.sampled_from(WORDS) | st.text("aAéœ%_ ", max_size=3)
texts = st.recursive(
    prop("nom", "note") | words, lambda t: call(st.sampled_from(["casei", "accenti"]), t), max_leaves=2
)
patterns = st.text("aAé%_", max_size=4) | st.sampled_from(["\\%", "%\\__", "", "%", "_"])
wrapped = st.recursive(patterns, lambda t: call(st.sampled_from(["casei", "accenti"]), t), max_leaves=2)
amounts = prop("rang", "part") | st.integers(-3, 3) | st.sampled_from([0.5, -1.5, 2.0, 1e300, 9007199254740991])
dates = prop("debut", "fin") | st.sampled_from([{"date": day.isoformat()} for day in DAYS])
ordered = st.sampled_from(["..", *(day.isoformat() for day in DAYS), ".."])
literal_intervals = st.tuples(ordered, ordered).filter(
    lambda pair: pair[0] == ".." or pair[1] == ".." or pair[0] <= pair[1]
)
intervals = (literal_intervals.map(list) | st.lists(prop("debut", "fin"), min_size=2, max_size=2)).map(
    lambda ends: {"interval": ends}
)
lists = prop("etiquettes") | st.lists(st.sampled_from(["a", "b", "é", "c'"]), min_size=1, max_size=3)
shapes = st.builds(square, *(st.sampled_from(range(-10, 50, 5)),) * 2, st.sampled_from([5, 10, 20, 40])).map(
    lambda shape: json.loads(shapely.to_geojson(shape))
) | st.builds(
    lambda x, y: {"type": "Point", "coordinates": [EAST + x, NORTH + y]}, st.integers(0, 40), st.integers(0, 40)
)
comparisons = st.sampled_from(list(_ORDER))
geom = st.just({"property": "geom"})
leaves = st.one_of(
    st.booleans(),
    prop("ouvert"),
    call(comparisons, texts, texts),
    call(comparisons, amounts, amounts),
    call(comparisons, dates, dates),
    call(st.sampled_from(["=", "<>"]), prop("ouvert"), st.booleans()),
    call(st.just("like"), texts, wrapped),
    call(st.just("between"), amounts, amounts, amounts) | call(st.just("between"), dates, dates, dates),
    call(st.just("in"), texts, st.lists(texts, min_size=1, max_size=3)),
    call(st.just("in"), amounts, st.lists(amounts, min_size=1, max_size=3)),
    call(st.just("isNull"), prop("note", "rang", "part", "debut", "ouvert", "etiquettes", "geom")),
    call(st.sampled_from(_INSTANTS), dates | intervals, dates | intervals),
    call(st.sampled_from(_BETWEEN), intervals, intervals),
    call(st.sampled_from(list(_SETS)), lists, lists),
    call(st.sampled_from(_PLACES).map("s_{}".format), geom, shapes),
    call(st.sampled_from(_PLACES).map("s_{}".format), shapes, geom),
)
conditions = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(
            lambda op, args: {"op": op, "args": args},
            st.sampled_from(["and", "or"]),
            st.lists(inner, min_size=2, max_size=3),
        ),
        inner.map(lambda node: {"op": "not", "args": [node]}),
    ),
    max_leaves=5,
)


def write(node: Node) -> str:  # noqa: PLR0911 - one way a node
    """Write a condition as CQL2 text, with no parenthesis spared."""
    match node:
        case bool():
            return str(node).upper()
        case str():
            return "'" + node.replace("'", "''") + "'"
        case int() | float():
            return repr(node)
        case list():
            return f"({', '.join(map(write, node))})"
        case {"property": name}:
            return f'"{name}"'
        case {"date": text}:
            return f"DATE('{text}')"
        case {"interval": bounds}:
            return f"INTERVAL({', '.join(map(write, bounds))})"
        case {"type": _}:
            return shapely.geometry.shape(node).wkt
        case {"op": op, "args": args}:
            return write_operation(op, args)
    raise AssertionError(node)


def write_operation(op: str, args: list[Node]) -> str:
    if op in {"and", "or"}:
        return f" {op} ".join(f"({write(arg)})" for arg in args)
    if op == "not":
        return f"NOT ({write(args[0])})"
    if op == "isNull":
        return f"{write(args[0])} IS NULL"
    if op == "between":
        return "{} BETWEEN {} AND {}".format(*map(write, args))
    if op in {*_ORDER, "like", "in"}:
        return f"{write(args[0])} {op.upper()} {write(args[1])}"
    return f"{op.upper()}({', '.join(map(write, args))})"


def lowered(node: Node) -> Node:
    """Return the node as any reader may give it: operations in lower case, AND in AND and OR in OR as one."""
    if isinstance(node, list):
        return [lowered(item) for item in node]
    if not isinstance(node, dict):
        return node
    plain = {key: value.lower() if key == "op" else lowered(value) for key, value in node.items()}
    if plain.get("op") in {"and", "or"}:
        same = [
            arg["args"] if isinstance(arg, dict) and arg.get("op") == plain["op"] else [arg] for arg in plain["args"]
        ]
        plain["args"] = [arg for args in same for arg in args]
    return plain


# Chance meets a boundary too rarely: each relation is also asked at all of them.
_ENDS = [day.isoformat() for day in DAYS]
_SPANS = [[start, end] for start in ["..", *_ENDS] for end in [*_ENDS, ".."] if ".." in {start, end} or start <= end]


@pytest.mark.parametrize("op", [*_INSTANTS, *_BETWEEN])
def test_each_relation_of_time_at_its_boundaries(table: Database, op: str) -> None:
    period: Node = {"interval": [{"property": "debut"}, {"property": "fin"}]}
    sides: list[tuple[Node, Node]] = [(period, {"interval": span}) for span in _SPANS]
    if op in _INSTANTS:
        sides += [({"property": "debut"}, {"interval": span}) for span in _SPANS]
        sides += [({"property": "debut"}, {"date": day}) for day in _ENDS]
    found = 0
    for pair in sides:
        for args in (pair, pair[::-1]):
            node = {"op": op, "args": list(args)}
            assert run(table, parse_filter(LAYER, json.dumps(node), "cql2-json")) == expected(node), node
            found += len(expected(node))
    assert found


@pytest.mark.parametrize("name", _PLACES)
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


# --- places ----------------------------------------------------------------------------------------------------------


def test_an_approximate_place_satisfies_no_spatial_condition_nor_its_contrary(table: Database) -> None:
    around = "BBOX(600000, 6900000, 800000, 7100000)"
    exact = {row["code"] for row in ROWS if row["precision"] == "exacte"}
    assert 0 < len(exact) < 13
    assert keep(table, f"S_INTERSECTS(geom, {around})") == exact
    assert keep(table, f"NOT S_INTERSECTS(geom, {around})") == set()
    assert keep(table, f"S_DISJOINT(geom, {around})") == set()
    assert keep(table, "S_DISJOINT(geom, POINT(0 6000000))") == exact
    assert keep(table, "NOT S_DISJOINT(geom, POINT(0 6000000))") == set()
    assert len(keep(table, "geom IS NOT NULL")) == 13


@pytest.mark.parametrize(
    ("crs", "shape"),
    [
        (None, "POLYGON((3.27 50.27, 3.30 50.27, 3.30 50.30, 3.27 50.30, 3.27 50.27))"),
        ("http://www.opengis.net/def/crs/OGC/1.3/CRS84", "BBOX(3.27, 50.27, 3.30, 50.30)"),
        ("http://www.opengis.net/def/crs/EPSG/0/4326", "BBOX(50.27, 3.27, 50.30, 3.30)"),
        ("EPSG:4326", "POLYGON((50.27 3.27, 50.27 3.30, 50.30 3.30, 50.30 3.27, 50.27 3.27))"),
        ("http://www.opengis.net/def/crs/EPSG/0/2154", "BBOX(719000, 7019000, 721000, 7021000)"),
        ("http://www.opengis.net/def/crs/EPSG/0/3857", "BBOX(364000, 6493000, 368000, 6496000)"),
        ("http://www.opengis.net/def/crs/EPSG/0/3950", "BBOX(1719000, 9230000, 1721500, 9234000)"),
    ],
)
def test_a_place_is_said_in_each_coordinate_system(table: Database, crs: str | None, shape: str) -> None:
    exact = {row["code"] for row in ROWS if row["precision"] == "exacte"}
    assert keep(table, f"S_WITHIN(geom, {shape})", crs) == exact
    moved = shape.replace("3.27", "3.31").replace("3.30", "3.34").replace("719000", "722000").replace("721", "724")
    moved = moved.replace("364000", "369000").replace("368000", "372000")
    assert moved != shape
    assert keep(table, f"S_INTERSECTS(geom, {moved})", crs) == set()


def test_a_parallel_stays_a_parallel(table: Database) -> None:
    """A box of ten degrees: its south edge, drawn straight in Lambert-93, would pass a kilometre and more further north."""
    south = ask(table, "SELECT min(ST_YMin(ST_Transform(geom, 4326))) FROM pub.filtre WHERE precision = 'exacte'")
    everything = keep(table, f"S_WITHIN(geom, BBOX(-2, {south - 1e-6:.7f}, 8, 51))", None)
    assert everything == {row["code"] for row in ROWS if row["precision"] == "exacte"}


@pytest.mark.parametrize("name", _PLACES)
def test_the_whole_world_is_a_place(table: Database, name: str) -> None:
    for crs, world in (
        (None, "BBOX(-180, -90, 180, 90)"),
        ("EPSG:4326", "BBOX(-90, -180, 90, 180)"),
        ("EPSG:3857", "BBOX(-20037508, -20037508, 20037508, 20037508)"),
        ("EPSG:2154", "BBOX(-20037508, -20037508, 20037508, 20037508)"),
        ("EPSG:3950", "BBOX(-20037508, -20037508, 20037508, 20037508)"),
        (None, "POLYGON((-20 30, 20 30, 20 60, -10 60, -10 45, -10 40, -20 40, -20 30))"),
        (None, "POLYGON((100 0, 110 0, 110 10, 100 0))"),
        (None, "LINESTRING(-180 50, 180 50.5)"),
        (None, "MULTIPOINT(-180 -90, 3.28 50.28)"),
    ):
        found = keep(table, f"S_{name.upper()}(geom, {world})", crs)
        if "BBOX" in world:
            assert len(found) == (11 if name in {"intersects", "within"} else 0)
        assert keep(table, f"S_{name.upper()}({world}, geom)", crs) is not None


def test_a_collection_is_for_what_meets_it(table: Database) -> None:
    both = f"GEOMETRYCOLLECTION(POINT({EAST + 5} {NORTH + 5}), LINESTRING({EAST + 5} {NORTH + 5}, {EAST + 6} {NORTH}))"
    assert "c0" in keep(table, f"S_INTERSECTS(geom, {both})")
    assert "c0" not in keep(table, f"S_DISJOINT(geom, {both})")
    with pytest.raises(BadParameterError, match="GEOMETRYCOLLECTION"):
        keep(table, f"S_WITHIN(geom, {both})")


# --- what may be named -----------------------------------------------------------------------------------------------


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


# --- refusals --------------------------------------------------------------------------------------------------------

RING = "3 50, 4 50, 4 51, 3 50"
REFUSED = [
    ("nom = 1", "« nom » (texte) et le nombre 1 ne se comparent pas"),
    ("rang = 'a'", "« rang » (nombre entier) et le texte « a » ne se comparent pas"),
    ("part > 'a'", "« part » (nombre)"),
    ("debut > '2020-01-01'", "une date s'écrit DATE('2025-01-31')"),
    ("debut > DATE('2020-13-01')", "« 2020-13-01 » n'est pas une date"),
    ("debut > DATE('2021-02-29')", "n'est pas une date"),
    ("debut > DATE('0000-01-01')", "n'est pas une date"),
    ("debut > TIMESTAMP('2021-02-28')", "n'est pas une date"),
    ("debut > TIMESTAMP('2021-02-28T25:00:00Z')", "n'est pas une date"),
    ("T_DURING(debut, INTERVAL('2021-01-01', '2020-01-01'))", "avant d'avoir commencé"),
    ("T_AFTER(nom, DATE('2020-01-01'))", "« nom » (texte) n'en est pas une"),
    ("T_AFTER(debut, INTERVAL('..'))", "deux bornes"),
    ("T_AFTER(debut)", "attend 2 arguments"),
    ("ouvert > true", "se compare par = ou <>"),
    ("ouvert = 'oui'", "« ouvert » (vrai ou faux)"),
    ("etiquettes = 'a'", "A_"),
    ("geom = 'a'", "S_"),
    ("rang", "n'est pas une condition"),
    ("'a'", "une condition est attendue"),
    ("inconnu = 1", "champs possibles : code, nom, note"),
    ("NOM = 'a'", "il n'y a pas de champ « NOM »"),
    ('"nom\' OR true --" = 1', "il n'y a pas de champ"),
    ("ctid IS NULL", "il n'y a pas de champ"),
    ("schematique = true", "il n'y a pas de champ"),
    ("nom LIKE note", "LIKE attend un modèle"),
    ("rang LIKE 'a'", "ne se comparent pas"),
    ("nom = NULL", "IS NULL"),
    ("rang + 1 = 2", "calculs"),
    ("1 + rang = 2", "calculs"),
    ("pg_sleep(10) = 1", "CASEI, ACCENTI"),
    ("pg_sleep(10)", "n'est pas une condition connue"),
    ("casei(rang) = 'a'", "« rang » (nombre entier)"),
    ("rang IN ()", "n'est pas à sa place"),
    ("rang IN (1, 'a')", "ne se comparent pas"),
    ("rang = 1e400", "démesuré"),
    ("nom = 'a", "le guillemet ouvert au caractère 7"),
    ("nom = 'a' AND", "le texte s'interrompt"),
    ("nom = 'a'; DROP TABLE pub.filtre", "« ; » n'est pas compris"),
    ("nom = 'a' -- b", "calculs"),
    ("", "vide"),
    ("   ", "vide"),
    ("nom = 'a\x00b'", "nul"),
    ("\x00", "n'est pas compris"),
    ("A_CONTAINS(nom, ('a'))", "« nom » (texte) n'en est pas une"),
    ("A_CONTAINS(etiquettes, (1))", "que des textes"),
    ("A_CONTAINS(etiquettes, 'a')", "attend un champ de type liste"),
    ("S_INTERSECTS(nom, POINT(3 50))", "« nom » (texte) n'en est pas une"),
    ("S_INTERSECTS(geom, nom)", "attend le champ « geom »"),
    ("S_INTERSECTS(POINT(3 50), POINT(3 50))", "attend le champ « geom »"),
    ("S_INTERSECTS(geom, POINT(3))", "deux nombres par sommet"),
    ("S_INTERSECTS(geom, POINT(300 50))", "le sommet (300 50) est hors du monde"),
    ("S_INTERSECTS(geom, POINT(720000 7020000))", "voyez filter-crs"),
    ("S_INTERSECTS(geom, POINT(nan 50))", "n'est pas à sa place"),
    ("S_INTERSECTS(geom, POLYGON EMPTY)", "vide"),
    ("S_INTERSECTS(geom, LINESTRING(3 50))", "trop peu de sommets"),
    ("S_INTERSECTS(geom, LINESTRING(3 50, 3 50))", "dégénérée"),
    ("S_INTERSECTS(geom, POLYGON((3 50)))", "trop peu de sommets"),
    ("S_INTERSECTS(geom, POLYGON((3 50, 4 50, 4 51)))", "n'est pas fermé"),
    ("S_INTERSECTS(geom, POLYGON((3 50, 4 51, 4 50, 3 51, 3 50)))", "le contour se croise en (3.5 50.5)"),
    (f"S_INTERSECTS(geom, POLYGON(({RING}), (8 50, 9 50, 9 51, 8 50)))", "un trou est hors du contour"),
    ("S_INTERSECTS(geom, BBOX(4, 50, 3, 51))", "bornes inversées"),
    ("S_INTERSECTS(geom, BBOX(3, 50, 4))", "BBOX attend quatre nombres"),
    ("S_INTERSECTS(geom, CIRCULARSTRING(3 50, 4 51, 5 50))", "n'est pas à sa place"),
    ("(" * 40, "niveaux imbriqués"),
    ("(" * 4000, "niveaux imbriqués"),
    ("NOT " * 1900 + "ouvert", "niveaux imbriqués"),
    ("casei(" * 1000 + "nom", "niveaux imbriqués"),
    ("(ouvert AND " * 500 + "ouvert", "niveaux imbriqués"),
    ("nom IN " + "(" * 40 + "1, 2" + "), 3" * 40 + ")", "niveaux imbriqués"),
    (" AND ".join(["rang=1"] * 200), "plus de 500 éléments"),
    ("rang IN (" + ",".join(["1"] * 600) + ")", "plus de 500 éléments"),
    ("nom = '" + "é" * 5000 + "'", "plus de 8 ko"),
    ("nom = '" + "a" * 10_000 + "'", "plus de 8 ko"),
]


@pytest.mark.parametrize(("text", "said"), REFUSED, ids=range(len(REFUSED)))
def test_a_wrong_filter_is_refused_at_once_with_a_sentence(text: str, said: str) -> None:
    started = time.process_time()
    with pytest.raises(BadParameterError) as refusal:
        parse_filter(LAYER, text)
    assert time.process_time() - started < 0.5
    sentence = str(refusal.value)
    assert said in sentence
    assert sentence.startswith("filter : ")
    assert sentence.endswith(".")
    assert len(sentence) < 400
    assert "\x00" not in sentence or text == "\x00"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "ce n'est pas du JSON"),
        ("[" * 3000, "ce n'est pas du JSON"),
        ('{"a":' * 1500, "ce n'est pas du JSON"),
        ("9" * 5000, "ce n'est pas du JSON"),
        ("NaN", "NaN n'est pas un nombre"),
        ('{"op": "=", "args": [{"property": "rang"}, Infinity]}', "Infinity n'est pas un nombre"),
        ('{"op": "=", "args": [{"property": "rang"}, 1e999]}', "démesuré"),
        ('{"op": "=", "args": [{"property": "rang"}, ' + "9" * 400 + "]}", "démesuré"),
        ('{"op": "=", "args": [{"property": "nom"}, "a\\u0000"]}', "caractère"),
        ('{"op": "=", "args": [{"property": "nom"}, "\\ud800"]}', "caractère"),
        ('{"op": "=", "args": [{"property": "\\ud800"}, "a"]}', "caractère"),
        ('{"\\ud800": 1}', "caractère"),
        ('{"op": "\\u0000", "args": []}', "caractère"),
        ("null", "une condition est attendue"),
        ("[]", "une condition est attendue"),
        ("3", "une condition est attendue"),
        ('{"op": "=", "args": []}', "attend 2 arguments"),
        ('{"op": "and", "args": [true]}', "au moins deux"),
        ('{"op": "not", "args": [1]}', "une condition est attendue"),
        ('{"op": ["="], "args": [1, 1]}', "une condition est attendue"),
        ('{"op": "=", "args": [1, 1], "sql": "x"}', "une condition est attendue"),
        ('{"op": "=", "args": [{"property": ["nom"]}, 1]}', "une valeur est"),
        ('{"op": "=", "args": [{"date": 5}, {"property": "debut"}]}', "n'est pas une date"),
        ('{"op": "in", "args": [{"property": "nom"}, "abc"]}', "IN attend une liste"),
        ('{"op": "in", "args": [{"property": "nom"}, [["a"]]]}', "une valeur est"),
        ('{"op": "t_after", "args": [{"interval": "a"}, {"property": "debut"}]}', "deux bornes"),
        ('{"op": "t_after", "args": [{"interval": [1, []]}, {"property": "debut"}]}', "attend des dates"),
        ('{"op": "s_within", "args": [{"property": "geom"}, {"type": "Point"}]}', "objet GeoJSON"),
        ('{"op": "s_within", "args": [{"property": "geom"}, {"type": []}]}', "objet GeoJSON"),
        (
            '{"op": "s_within", "args": [{"property": "geom"}, {"type": "Point", "coordinates": ["3", 50]}]}',
            "deux nombres",
        ),
        (
            '{"op": "s_within", "args": [{"property": "geom"}, {"type": "Point", "coordinates": [true, 50]}]}',
            "deux nombres",
        ),
        (
            '{"op": "s_within", "args": [{"property": "geom"}, {"type": "Point", "coordinates": [1e999, 5]}]}',
            "hors du monde",
        ),
        ('{"op": "s_within", "args": [{"property": "geom"}, {"type": "Polygon", "coordinates": [[]]}]}', "imbriquées"),
        (
            '{"op": "s_within", "args": [{"property": "geom"}, {"type": "Polygon", "coordinates": {"a": 1}}]}',
            "imbriquées",
        ),
        ('{"op": "s_within", "args": [{"property": "geom"}, {"bbox": {"a": 1}}]}', "BBOX attend"),
        (
            '{"op": "s_within", "args": [{"property": "geom"}, {"type": "GeometryCollection", "geometries": [1]}]}',
            "GEOM",
        ),
        (
            '{"op": "s_within", "args": [{"property": "geom"}, {"type": "Point", "coordinates": [3, 50], "crs": {}}]}',
            "objet GeoJSON",
        ),
    ],
)
def test_a_wrong_json_filter_is_refused_with_a_sentence(text: str, said: str) -> None:
    with pytest.raises(BadParameterError) as refusal:
        parse_filter(LAYER, text, "cql2-json")
    assert said in str(refusal.value)
    assert str(refusal.value).encode()


@pytest.mark.parametrize("crs", ["", "4327", "EPSG:27572", "http://exemple.fr/2154", "EPSG:2154 ", "\x00", "x" * 9000])
def test_an_unknown_crs_is_refused_naming_those_there_are(crs: str) -> None:
    with pytest.raises(BadParameterError, match="3950") as refusal:
        parse_filter(LAYER, "ouvert", crs=crs)
    assert len(str(refusal.value)) < 400


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(BadParameterError, match="cql2-text ou cql2-json"):
        parse_filter(LAYER, "ouvert", "ecql")


pieces = st.lists(
    st.sampled_from(
        [*"(),=<>+-*'\"", "AND", "OR", "NOT", "IS", "NULL", "LIKE", "IN", "BETWEEN", "nom", "rang", "debut", "geom", "etiquettes",
         "'a'", "1", "1e5", "DATE('2020-01-01')", "INTERVAL", "POINT(3 50)", "POLYGON", "BBOX", "S_INTERSECTS", "A_CONTAINS",
         "T_AFTER", "CASEI", "'..'", "TRUE", "\\", "é", "\x00", "%s", "%(filtre0)s", "{}", "$1"]
    ),
    max_size=25,
).map(" ".join)  # fmt: skip
junk = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["nom", "geom", ".."]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["op", "args", "property", "date", "interval", "type", "coordinates", "bbox"]), inner
        )
        | st.builds(
            lambda op, args: {"op": op, "args": args},
            st.sampled_from(
                ["and", "not", "=", "in", "like", "between", "isNull", "casei", "s_within", "t_after", "a_equals"]
            ),
            st.lists(inner | st.just({"property": "nom"}) | st.just({"property": "geom"}), min_size=1, max_size=3),
        )
    ),
    max_leaves=12,
)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(max_size=60) | pieces, st.sampled_from([None, "EPSG:4326", "EPSG:2154"]))
def test_any_text_is_answered_or_refused(table: Database, text: str, crs: str | None) -> None:
    try:
        condition = parse_filter(LAYER, text, crs=crs)
    except BadParameterError as error:
        assert str(error).endswith(".")  # noqa: PT017 - either outcome is right, this one if a sentence
        return
    assert run(table, condition) <= {row["code"] for row in ROWS}


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(junk)
def test_any_json_is_answered_or_refused(table: Database, node: Node) -> None:
    try:
        condition = parse_filter(LAYER, json.dumps(node), "cql2-json")
    except BadParameterError as error:
        assert str(error).encode()  # noqa: PT017 - as above
        return
    assert run(table, condition) <= {row["code"] for row in ROWS}
