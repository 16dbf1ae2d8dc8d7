"""Rows staged beside a layer made for the test: dedupe, repair, cut, replace, without a connector nor a file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.store.conftest import ask, build, define, insert, revisions
from webmap.errors import DatabaseError, ImportRefusedError
from webmap.store import staging
from webmap.store.writing import take_turn, write

if TYPE_CHECKING:
    from webmap.catalog.definition import LayerDefinition
    from webmap.store.db import Database

LIST = {"id": "lignes", "type": "list", "label": "Lignes"}
EXTENT = (3.22729, 50.22465, 3.58092, 50.53361)
BOWTIE = {
    "type": "Polygon",
    "coordinates": [[[3.38, 50.33], [3.39, 50.34], [3.39, 50.33], [3.38, 50.34], [3.38, 50.33]]],
}


def point(lon: float, lat: float) -> str:
    return json.dumps({"type": "Point", "coordinates": [lon, lat]})


def row(code: str, geometry: str | None = None, **changes: object) -> dict[str, Any]:
    whole = {
        "code": code,
        "nom": f"n-{code}",
        "precision": "exacte",
        "code_insee": None,
        "etat": "existant",
        "source": "s",
    }
    return {**whole, "millesime": "2026", "source_url": "https://x", "geometry": geometry, **changes}


def bring(database: Database, layer: LayerDefinition, *rows: dict[str, Any], source: str = "s") -> tuple[int, int, int]:
    with write(database) as connection:
        staging.stage(connection, layer, rows)
        staging.build_geometries(connection, layer)
        staging.keep_territory(connection, EXTENT)
        return staging.replace_rows(connection, layer, source, layer.field_ids)


@pytest.fixture
def layer(database_with_contours: Database) -> LayerDefinition:
    found = define(more=[LIST])
    build(database_with_contours, found)
    return found


def test_a_repeated_key_is_one_row_the_last_with_every_list(
    database_with_contours: Database, layer: LayerDefinition
) -> None:
    here = point(3.384, 50.33)
    rows = [
        row("a", here, lignes=["2"]),
        row("b", here),
        row("a", here, nom="dernier", lignes=["1", "2"]),
        row("b", here),
    ]
    with write(database_with_contours) as connection:
        assert staging.stage(connection, layer, rows) == (4, 2)
        found = connection.execute("SELECT code, nom, lignes FROM pg_temp.stage ORDER BY code").fetchall()
    assert found == [
        {"code": "a", "nom": "dernier", "lignes": ["1", "2"]},
        {"code": "b", "nom": "n-b", "lignes": None},
    ]


def test_equal_rows_raise_no_revision(database_with_contours: Database, layer: LayerDefinition) -> None:
    rows = [row("a", point(3.384, 50.33)), row("b", None, code_insee="59172")]
    assert bring(database_with_contours, layer, *rows) == (2, 0, 0)
    before = revisions(database_with_contours)["essai"]
    assert bring(database_with_contours, layer, *rows) == (0, 0, 0)
    assert revisions(database_with_contours)["essai"] == before
    assert bring(database_with_contours, layer, row("a", point(3.385, 50.33)), rows[1]) == (0, 1, 0)
    assert bring(database_with_contours, layer, rows[1]) == (0, 0, 1)


def test_a_newer_vintage_is_written_and_is_no_change(database_with_contours: Database, layer: LayerDefinition) -> None:
    here = point(3.384, 50.33)
    bring(database_with_contours, layer, row("a", here))
    assert bring(database_with_contours, layer, row("a", here, millesime="2027")) == (0, 0, 0)
    assert ask(database_with_contours, "SELECT millesime FROM pub.essai") == "2027"


def test_fields_the_source_does_not_give_are_left(database_with_contours: Database, layer: LayerDefinition) -> None:
    here = point(3.384, 50.33)
    insert(database_with_contours, layer, [{"code": "a", "nom": "seed", "lignes": ["7"], "source": "graine"}])
    with write(database_with_contours) as connection:
        staging.stage(connection, layer, [row("a", here)])
        staging.build_geometries(connection, layer)
        assert staging.drop_foreign(connection, layer, ["autre"]) == []
        assert staging.replace_rows(connection, layer, "s", {"nom"}) == (0, 1, 0)
    assert ask(database_with_contours, "SELECT nom || lignes[1] || source FROM pub.essai") == "n-a7s"


def test_the_row_of_another_source_is_not_taken(database_with_contours: Database, layer: LayerDefinition) -> None:
    bring(database_with_contours, layer, row("a", point(3.384, 50.33), source="t"), source="t")
    with write(database_with_contours) as connection:
        staging.stage(connection, layer, [row("a", point(3.384, 50.33)), row("b", point(3.384, 50.33))])
        staging.build_geometries(connection, layer)
        assert staging.drop_foreign(connection, layer, ["t"]) == ["a"]
        assert staging.replace_rows(connection, layer, "s", layer.field_ids) == (1, 0, 0)
    assert ask(database_with_contours, "SELECT string_agg(code || source, ',' ORDER BY code) FROM pub.essai") == "at,bs"


@pytest.mark.parametrize(
    ("geometry", "kind", "count"),
    [
        (json.dumps(BOWTIE), "polygon", (1, 0)),
        (point(3.38, 50.33), "polygon", (0, 1)),
        (json.dumps({"type": "Polygon", "coordinates": []}), "polygon", (0, 1)),
        (None, "polygon", (0, 1)),
        (json.dumps({"type": "LineString", "coordinates": [[3.38, 50.33, 9], [3.39, 50.33, 9]]}), "line", (0, 0)),
        (json.dumps(BOWTIE), "point", (1, 1)),
        (json.dumps({"type": "MultiPoint", "coordinates": [[3.38, 50.33]]}), "point", (0, 0)),
    ],
)
def test_geometries_become_what_the_layer_is(
    database_with_contours: Database, geometry: str | None, kind: str, count: tuple[int, int]
) -> None:
    found = define(geometry=kind)
    build(database_with_contours, found)
    with write(database_with_contours) as connection:
        staging.stage(connection, found, [row("a", geometry, code_insee="59172")])
        assert staging.build_geometries(connection, found) == count
        staging.keep_territory(connection, EXTENT)
        assert staging.replace_rows(connection, found, "s", found.field_ids) == (1, 0, 0)
    assert ask(database_with_contours, "SELECT precision FROM pub.essai") == ("commune" if count[1] else "exacte")


def test_a_geometry_that_cannot_be_read_refuses_all(database_with_contours: Database, layer: LayerDefinition) -> None:
    with pytest.raises(ImportRefusedError, match="illisible"):
        bring(database_with_contours, layer, row("a", '{"type": "Point", "coordinates": [3]}'))
    assert ask(database_with_contours, "SELECT count(*) FROM pub.essai") == 0


@pytest.mark.parametrize(
    ("geometry", "code", "kept"),
    [
        (point(3.384, 50.33), None, True),
        (point(2.35, 48.85), "59172", False),  # a contour is known: the place decides
        (None, "59172", True),
        (None, "75056", False),
        (None, None, False),
    ],
)
def test_what_is_the_territorys(
    database_with_contours: Database,
    layer: LayerDefinition,
    geometry: str | None,
    code: str | None,
    *,
    kept: bool,
) -> None:
    bring(database_with_contours, layer, row("a", geometry, code_insee=code))
    assert ask(database_with_contours, "SELECT count(*) FROM pub.essai") == kept


@pytest.mark.parametrize(
    ("geometry", "code", "kept"),
    [(point(3.384, 50.33), None, True), (point(3.384, 50.33), "75056", False), (point(2.35, 48.85), "59172", True)],
)
def test_without_contours_the_code_decides_then_the_box(
    database: Database,
    geometry: str,
    code: str | None,
    *,
    kept: bool,
) -> None:
    found = define()
    build(database, found)
    bring(database, found, row("a", geometry, code_insee=code))
    assert ask(database, "SELECT count(*) FROM pub.essai") == kept


def test_what_stands_on_the_border_is_kept(database_with_contours: Database, layer: LayerDefinition) -> None:
    with write(database_with_contours) as connection:
        staging.stage(connection, layer, [row("on", point(3.384, 50.33)), row("out", point(3.384, 50.33))])
        connection.execute(
            "UPDATE pg_temp.stage SET brute ="
            " (SELECT ST_PointN(ST_ExteriorRing(ST_GeometryN(ST_Union(geom), 1)), 1) FROM pub.commune)"
        )
        connection.execute(
            "UPDATE pg_temp.stage SET brute = (SELECT ST_SetSRID(ST_MakePoint(ST_XMin(b) - 1, ST_YMin(b) - 1), 2154)"
            " FROM (SELECT ST_Extent(geom) AS b FROM pub.commune) e) WHERE code = 'out'"
        )
        assert staging.keep_territory(connection, EXTENT) == 1
        assert connection.execute("SELECT code FROM pg_temp.stage").fetchall() == [{"code": "on"}]


def test_points_are_tied_to_communes_and_contradictions_counted(
    database_with_contours: Database, layer: LayerDefinition
) -> None:
    here = ask(
        database_with_contours,
        "SELECT ST_AsGeoJSON(ST_Transform(ST_PointOnSurface(geom), 4326), 9) FROM pub.commune WHERE code_insee = '59172'",
    )
    with write(database_with_contours) as connection:
        staging.stage(
            connection, layer, [row("a", here), row("b", here, code_insee="59491"), row("c", here, code_insee="59172")]
        )
        staging.build_geometries(connection, layer)
        assert staging.tie_communes(connection) == 1
        rows = connection.execute("SELECT code, code_insee FROM pg_temp.stage ORDER BY 1").fetchall()
    assert [(r["code"], r["code_insee"]) for r in rows] == [("a", "59172"), ("b", "59491"), ("c", "59172")]


def test_a_row_the_table_refuses_is_told_and_leaves_nothing(
    database_with_contours: Database, layer: LayerDefinition
) -> None:
    with pytest.raises(ImportRefusedError, match="La base refuse ce qui arrive, rien n'a changé"):
        bring(
            database_with_contours, layer, row("a", point(3.384, 50.33)), row("b", point(3.384, 50.33), etat="licorne")
        )
    assert ask(database_with_contours, "SELECT count(*) FROM pub.essai") == 0


def wait_a_little(database: Database) -> None:
    with write(database) as connection:
        connection.execute("SET LOCAL lock_timeout = '100ms'")
        take_turn(connection)


def test_a_writer_waits_for_the_other(database_with_contours: Database) -> None:
    with write(database_with_contours) as first:
        take_turn(first)
        take_turn(first)  # the same transaction does not wait for itself
        with pytest.raises(DatabaseError, match="interrompue"):
            wait_a_little(database_with_contours)
    wait_a_little(database_with_contours)
