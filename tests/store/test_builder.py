"""The builder of layer tables: twice is once, what it refuses, and what PostgreSQL then refuses by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg import sql

from tests.store.conftest import ask, build, content, define, do, insert, revisions
from webmap.catalog.definition import LayerDefinition
from webmap.errors import CatalogError, DatabaseError
from webmap.store.builder import build_layers, expected_columns, fetch_columns

if TYPE_CHECKING:
    from webmap.catalog.load import Catalog
    from webmap.store.db import Database

NUMBER = {"id": "n", "type": "integer", "label": "N"}
COLORED = {"id": "couleur", "label": "Couleur", "enum": {"a": "A", "b": "B"}}


def shape_of(database: Database) -> list[dict[str, Any]]:
    """Columns, constraints, indexes, triggers and rights of every table of `pub`, by oid: a rebuilt one would differ."""
    statement = (
        "SELECT 'c' AS genre, attrelid::int8 AS oid, attname || atttypid || atttypmod || attnotnull AS texte"
        " FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid WHERE relnamespace = 'pub'::regnamespace AND attnum > 0"
        " UNION ALL SELECT 'k', oid::int8, conname || pg_get_constraintdef(oid) || coalesce(obj_description(oid, 'pg_constraint'), '')"
        " FROM pg_constraint WHERE connamespace = 'pub'::regnamespace"
        " UNION ALL SELECT 'i', oid::int8, relname || coalesce(relacl::text, '') FROM pg_class WHERE relnamespace = 'pub'::regnamespace"
        " UNION ALL SELECT 't', oid::int8, tgname FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1, 2, 3"
    )
    with database.owner() as connection:
        return connection.execute(statement.encode()).fetchall()


def test_twice_changes_nothing(database: Database, catalog: Catalog) -> None:
    before = shape_of(database)
    with database.owner() as connection:
        assert build_layers(connection, catalog.layers) == []
    assert shape_of(database) == before


def test_columns_are_those_of_the_definition(database: Database, catalog: Catalog) -> None:
    with database.owner() as connection:
        for layer in catalog.layers:
            assert fetch_columns(connection, layer.id) == expected_columns(layer)


def test_a_field_is_added_and_rows_stay(database: Database) -> None:
    assert build(database, define()) == ["couche essai : table créée"]
    insert(database, define(), [{"code": "a"}])
    longer = define(more=[NUMBER, COLORED])
    assert build(database, longer) == ["couche essai : champ n ajouté", "couche essai : champ couleur ajouté"]
    assert ask(database, "SELECT code FROM pub.essai WHERE n IS NULL") == "a"
    assert (
        ask(database, "SELECT col_description('pub.essai'::regclass, attnum) FROM pg_attribute WHERE attname = 'n'")
        == "N"
    )
    with pytest.raises(psycopg.errors.CheckViolation):
        insert(database, longer, [{"couleur": "c"}])
    assert build(database, longer) == []


def test_every_type_is_built_and_read_back(database: Database) -> None:
    kinds = ("text", "integer", "number", "date", "boolean", "list")
    layer = define(more=[{"id": f"f_{kind}", "type": kind, "label": kind} for kind in kinds])
    build(database, layer)
    assert build(database, layer) == []
    with database.owner() as connection:
        columns = fetch_columns(connection, "essai")
    assert [columns[f"f_{kind}"] for kind in kinds] == [
        "text",
        "bigint",
        "double precision",
        "date",
        "boolean",
        "text[]",
    ]


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ([{**NUMBER, "required": True}], "« n » est obligatoire"),
        ([{"id": "ancien", "type": "number", "label": "A"}], "« ancien » est de type text"),
        ([], "« ancien » existe dans la base mais plus dans la définition"),
    ],
)
def test_what_is_refused_changes_nothing(database: Database, fields: list[dict[str, Any]], sentence: str) -> None:
    old = {"id": "ancien", "label": "A"}
    build(database, define(more=[old]))
    before = shape_of(database)
    kept = [old] if "obligatoire" in sentence else []
    other = define(id="autre")
    with pytest.raises(CatalogError, match=sentence) as refused, database.owner() as connection:
        build_layers(connection, [other, define(more=[*kept, *fields])])
    assert all("layers/essai/layer.toml" in problem for problem in refused.value.problems)
    assert shape_of(database) == before


def test_a_change_of_geometry_is_refused(database: Database) -> None:
    build(database, define())
    with pytest.raises(CatalogError, match="« geom » est de type geometry"):
        build(database, define(geometry="polygon"))


def test_all_refusals_at_once(database: Database) -> None:
    build(database, define(more=[NUMBER]))
    build(database, define(id="autre", more=[NUMBER]))
    with pytest.raises(CatalogError) as refused, database.owner() as connection:
        build_layers(connection, [define(), define(id="autre", more=[{**NUMBER, "type": "text"}])])
    assert len(refused.value.problems) == 2


def test_a_list_of_values_follows_the_definition(database: Database) -> None:
    build(database, define(more=[COLORED]))
    wider = define(more=[{**COLORED, "enum": {"a": "A", "b": "B", "l'été": "L'été"}}])
    assert build(database, wider) == ["couche essai : valeurs de couleur mises à jour"]
    insert(database, wider, [{"couleur": "l'été"}])
    free = define(more=[{**COLORED, "enum": {}}])
    assert build(database, free) == ["couche essai : liste de valeurs ck_essai_couleur_enum retirée"]
    insert(database, free, [{"code": "z", "couleur": "n'importe"}])
    assert build(database, free) == []


def test_a_field_no_longer_required_may_be_empty(database: Database) -> None:
    required = {**NUMBER, "required": True}
    build(database, define(more=[required]))
    assert build(database, define(more=[NUMBER])) == ["couche essai : champ n devenu facultatif"]
    insert(database, define(more=[NUMBER]), [{"code": "a"}])
    assert build(database, define(more=[NUMBER])) == []


def test_the_longest_names_keep_their_list_of_values(database: Database) -> None:
    names = ("v" * 40, "v" * 39 + "w")
    layer = define(id="c" * 40, more=[{**COLORED, "id": name} for name in names])
    build(database, layer)
    assert build(database, layer) == []
    wider = define(id="c" * 40, more=[{**COLORED, "id": name, "enum": {"a": "A", "c": "C"}} for name in names])
    assert len(build(database, wider)) == 2
    insert(database, wider, [dict.fromkeys(names, "c")])
    for name in names:
        with pytest.raises(psycopg.errors.CheckViolation):
            insert(database, wider, [{"code": "z", name: "b"}])


def test_words_of_sql_are_fields_like_others(database: Database) -> None:
    layer = define(more=[{"id": name, "label": name} for name in ("user", "order", "select", "table", "group")])
    build(database, layer)
    insert(database, layer, [{"user": "u", "order": "o"}])
    assert build(database, layer) == []


def test_an_internal_layer_is_out_of_the_readers_reach(database: Database) -> None:
    build(database, define())
    statement = sql.SQL("SELECT count(*) AS n FROM pub.essai")
    assert database.read(statement) == [{"n": 0}]
    build(database, define(visibility="interne"))
    with pytest.raises((psycopg.errors.InsufficientPrivilege, DatabaseError)):
        database.read(statement)


def test_a_new_table_has_a_revision(database: Database) -> None:
    build(database, define())
    assert revisions(database)["essai"] == 1


BAD = {
    "polygone croisé": ("polygon", "ST_GeomFromText('MULTIPOLYGON(((0 0,1 1,1 0,0 1,0 0)))', 2154)", "exacte"),
    "autre projection": ("point", "ST_SetSRID(ST_MakePoint(3.4, 50.3), 4326)", "exacte"),
    "autre type": ("point", "ST_GeomFromText('LINESTRING(0 0,1 1)', 2154)", "exacte"),
    "surface simple": ("polygon", "ST_GeomFromText('POLYGON((0 0,1 1,1 0,0 0))', 2154)", "exacte"),
    "sans précision": ("point", "ST_GeomFromText('POINT(0 0)', 2154)", None),
    "précision inconnue": ("point", "ST_GeomFromText('POINT(0 0)', 2154)", "à peu près"),
    "couche sans géométrie": ("none", "ST_GeomFromText('POINT(0 0)', 2154)", "exacte"),
}


@pytest.mark.parametrize("case", BAD)
def test_postgresql_refuses_a_bad_geometry(database: Database, case: str) -> None:
    geometry, shape, precision = BAD[case]
    build(database, define(geometry=geometry))
    statement = f"INSERT INTO pub.essai VALUES ('a', 'a', {shape}, %s, NULL, 'existant', 's', NULL, NULL, '2026')"
    with pytest.raises((psycopg.errors.CheckViolation, psycopg.errors.InvalidParameterValue)):
        do(database, statement, [precision])
    assert ask(database, "SELECT count(*) FROM pub.essai") == 0


@pytest.mark.parametrize(("column", "value"), [("code_insee", "5917"), ("etat", "peut-être"), ("source", None)])
def test_postgresql_refuses_a_bad_common_column(database: Database, column: str, value: str | None) -> None:
    build(database, define())
    with pytest.raises(psycopg.errors.IntegrityError):
        insert(database, define(), [{column: value}])


def test_the_definition_made_here_is_a_plain_one() -> None:
    assert LayerDefinition.model_validate(content()) == define()
