"""A field hidden in a layer's definition leaves by no door: every route is walked, and PostgreSQL itself refuses."""

from __future__ import annotations

import io
import itertools
import shutil
import zipfile
from typing import TYPE_CHECKING

import psycopg
import pyarrow.parquet
import pytest
from psycopg import sql

from tests.conftest import copied
from webmap.app import create_app
from webmap.catalog.load import load_catalog
from webmap.errors import CatalogError, DatabaseError
from webmap.store.features import Selection, stream_features
from webmap.store.schema import upgrade
from webmap.store.vues import record_vue

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flask import Flask
    from werkzeug.routing import Rule

    from webmap.config import Settings
    from webmap.store.cluster import Cluster
    from webmap.store.db import Database

CANARY = "canari9f3e"
HIDDEN = "note_de_service"
VIEW = "quartiers"
LAYERS = ("espace_nature", "qpv", "bassin")
_FIELD = f'\n[[fields]]\nid = "{HIDDEN}"\nlabel = "Remarque {CANARY}"\nvisibility = "interne"\n'
_REFUSED = (psycopg.errors.InsufficientPrivilege, DatabaseError)


def hide(folder: Path, name: str, field: str = _FIELD) -> None:
    path = folder / name / "layer.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("\n[[fields]]\n", f"{field}\n[[fields]]\n", 1), encoding="utf-8")


@pytest.fixture(scope="module")
def guarded(
    cluster: Cluster, contoured: str, settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Flask]:
    """Serve layers that have a hidden field, filled in every row, from a database nothing else writes to."""
    folder = shutil.copytree(settings.layers_folder, tmp_path_factory.mktemp("caches") / "layers")
    for name in LAYERS:
        hide(folder, name)
    edited = settings.model_copy(update={"layers_folder": folder})
    with copied(cluster, contoured) as database:
        upgrade(database, load_catalog(folder), edited)
        with database.owner() as connection:
            for name in LAYERS:
                connection.execute(
                    sql.SQL("UPDATE {} SET {} = %s").format(sql.Identifier("pub", name), sql.Identifier(HIDDEN)),
                    [CANARY],
                )
            record_vue(connection, VIEW, "Une vue", f"couches={','.join(LAYERS)}", None)
        yield create_app(edited, database)


def stored(app: Flask) -> Database:
    found: Database = app.extensions["webmap"].database
    return found


def _key(database: Database, name: str) -> str:
    """Return a key of the layer."""
    key = {"espace_nature": "code", "qpv": "code_qp", "bassin": "code"}[name]
    with database.owner() as connection:
        row = connection.execute(
            sql.SQL("SELECT {}::text AS cle FROM {} LIMIT 1").format(sql.Identifier(key), sql.Identifier("pub", name))
        ).fetchone()
    assert row, name
    return str(row["cle"])


def _values(rule: Rule, name: str, cle: str, version: str) -> dict[str, list[str]]:
    """Return what each variable of an address may be; a new variable is a KeyError, to be thought about."""
    zone = (rule.defaults or {}).get("decoupage")
    unit = VIEW if rule.endpoint in {"vue", "vue_qr"} else "amandinois" if zone is None else cle
    known = {
        **{variable: [name] for variable in ("couche", "layer_id", "collection_id", "collection")},
        "cle": [cle], "key": [cle],
        "ids": [name], "versions": [version], "champ": ["millesime"],
        "z": ["8"], "x": ["130"], "y": ["86"], "matrix": ["8"], "row": ["86"], "column": ["130"],
        "decoupage": ["bassin"], "code": [unit], "grid": ["WebMercatorQuad"],
    }  # fmt: skip
    return {variable: known[variable] for variable in rule.arguments - set(rule.defaults or ())}


_BOTH = ("f=json", "f=html")
_FEATURES = (*_BOTH, "f=jsonfg", "f=jsonfg&crs=http://www.opengis.net/def/crs/EPSG/0/2154")
_WHERE = "filter=millesime LIKE '%25' AND NOT source IS NULL"
_ZONE = ("wkt=POLYGON((3.2 50.2,3.2 50.5,3.6 50.5,3.6 50.2,3.2 50.2))",)
_NEEDS: dict[str, tuple[str, ...]] = {
    "recherche": ("q=a", f"q={CANARY}"),
    "export_paquet": (f"couches={','.join(LAYERS)}",),
    "export_csv": ("", "geometrie=wkt"),
    **dict.fromkeys((f"polygone{kind}" for kind in ("", "_json", "_csv", "_xlsx", "_pdf", "_html")), _ZONE),
    **dict.fromkeys(
        (f"ogc_{name}" for name in ("queryables", "sortables", "schema", "collection", "collections", "api")), _BOTH
    ),
    "ogc_items": (*_FEATURES, _WHERE),
    "ogc_item": _FEATURES,
    "tile": ("", _WHERE),
    "tableau": ("", f"champs=code_insee,source,source_ligne,millesime&tri=-millesime&{_WHERE}", f"autour={CANARY}"),
    "qr": ("vue=couches=espace_nature",),
    "tampon": ('metres=300&geometrie={"type":"Point","coordinates":[3.4,50.35]}',),
    "adresses": ("q=a",),
    "integration": ("", "panneau=oui"),
}


def addresses(app: Flask, database: Database) -> Iterator[tuple[str, str]]:
    """Yield (endpoint, address) of every route that is read, for each of the layers."""
    adapter = app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        if rule.endpoint in {"static", "export_inconnu", "abandon"}:  # none reads a layer
            continue
        for name in LAYERS:
            cle = _key(database, name)
            if (rule.defaults or {}).get("decoupage") not in (None, name):
                continue
            version = app.extensions["webmap"].kept_tiles.fetch_versions([name])[name]
            values = _values(rule, name, cle, version)
            for chosen in itertools.product(*values.values()):
                path = adapter.build(rule.endpoint, dict(zip(values, chosen, strict=True)) | dict(rule.defaults or {}))
                for query in _NEEDS.get(rule.endpoint, ("",)):
                    yield rule.endpoint, f"{path}?{query}" if query else path


def unpack(content: bytes) -> Iterator[bytes]:
    """Yield the content, and what is compressed inside it."""
    yield content
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for entry in archive.namelist():
                yield entry.encode()
                yield from unpack(archive.read(entry))
    elif content.startswith(b"PAR1"):
        table = pyarrow.parquet.read_table(io.BytesIO(content))
        yield repr((table.schema, table.to_pylist())).encode()


def test_no_route_tells_a_hidden_field(guarded: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    # What is printed is this page, and nothing else; printing each takes seconds.
    monkeypatch.setattr("webmap.web.documents.build_pdf", lambda page, _css, _wanted: page.encode())
    client = guarded.test_client()
    seen, told = set(), []
    for endpoint, address in dict.fromkeys(addresses(guarded, stored(guarded))):
        with client.get(address) as response:
            content = response.data
        assert response.status_code == 302 if endpoint == "vue" else response.status_code in {200, 204}, (
            address,
            content[:300],
        )
        seen.add(endpoint)
        asked = CANARY in address  # a page may say again what it was asked
        told += [
            address for part in unpack(content) if (CANARY.encode() in part and not asked) or HIDDEN.encode() in part
        ]
    assert not told
    doors = {
        "export_gpkg",
        "export_parquet",
        "export_paquet",
        "ogc_items",
        "fiche",
        "tile",
        "carte_autonome",
        "unite_pdf",
    }
    assert (
        doors | {"tableau", "champs", "valeurs", "vues", "integration", "tampon", "zone_pdf", "polygone_html"} <= seen
    )


def test_the_walk_would_see_a_field_that_leaves(guarded: Flask) -> None:
    # The same walk must meet the names of rows, in every format that carries rows.
    with stored(guarded).owner() as connection:
        row = connection.execute("SELECT nom FROM pub.bassin ORDER BY code LIMIT 1").fetchone()
    assert row
    client = guarded.test_client()
    for form in ("geojson", "geojsonl", "gpkg", "shp.zip", "fgb", "kml", "csv", "xlsx", "parquet"):
        with client.get(f"/exports/bassin.{form}") as response:
            content = response.data
        assert any(row["nom"].encode() in part for part in unpack(content)), form


QUERIES = (
    "/ogc/collections/espace_nature/items?filter={field}='{canary}'",
    "/ogc/collections/espace_nature/items?filter={field} IS NULL",
    "/ogc/collections/espace_nature/items?sortby={field}",
    "/ogc/collections/espace_nature/items?properties={field}",
    "/ogc/collections/espace_nature/items?{field}={canary}",
    "/exports/espace_nature.geojson?filter={field} LIKE 'c%25'",
    "/exports/espace_nature.json?filter=CASEI({field})='{canary}'",
    "/exports/espace_nature.csv?champs=nom,{field}",
    "/exports/paquet.gpkg?couches=espace_nature&filter={field}='{canary}'",
    "/tuiles/espace_nature/8/130/86.mvt?filter={field}='{canary}'",
    "/tableaux/espace_nature.json?filter={field}='{canary}'",
    "/tableaux/espace_nature.json?champs=nom,{field}",
    "/tableaux/espace_nature.json?tri=-{field}",
    "/couches/espace_nature/champs/{field}.json",
)


@pytest.mark.parametrize("query", QUERIES)
def test_a_hidden_field_is_as_unknown_as_one_that_does_not_exist(guarded: Flask, query: str) -> None:
    client = guarded.test_client()
    hidden, absent = (client.get(query.format(field=field, canary=CANARY)) for field in (HIDDEN, "x" * len(HIDDEN)))
    assert hidden.status_code == absent.status_code == (404 if query.startswith("/couches/") else 400)
    said = hidden.get_json()["detail"].replace(HIDDEN, "x" * len(HIDDEN))
    assert said == absent.get_json()["detail"]


def test_a_forgotten_route_is_refused_by_postgresql(guarded: Flask) -> None:
    for statement in (
        "SELECT note_de_service FROM pub.espace_nature",
        "SELECT * FROM pub.espace_nature",
        "SELECT to_json(t) FROM pub.espace_nature t",
    ):
        with pytest.raises(_REFUSED):
            stored(guarded).read(sql.SQL(statement))
    assert stored(guarded).read(sql.SQL("SELECT nom FROM pub.espace_nature"))
    # Were the web given every field, as if nothing had taken the hidden ones out, the answer would be a failure.
    whole = load_catalog(guarded.extensions["webmap"].settings.layers_folder).by_id["espace_nature"]
    with pytest.raises(_REFUSED):
        list(stream_features(stored(guarded), whole, Selection()))


def test_a_field_may_become_internal_and_public_again(
    layers_folder: Path, settings: Settings, database: Database
) -> None:
    plain = load_catalog(layers_folder)
    hide(layers_folder, "espace_nature")
    edited = settings.model_copy(update={"layers_folder": layers_folder})
    statement = sql.SQL("SELECT note_de_service FROM pub.espace_nature LIMIT 1")
    upgrade(database, load_catalog(layers_folder), edited)
    with pytest.raises(_REFUSED):
        database.read(statement)
    hide(layers_folder, "espace_nature", "")
    path = layers_folder / "espace_nature" / "layer.toml"
    path.write_text(path.read_text(encoding="utf-8").replace('visibility = "interne"\n', ""), encoding="utf-8")
    upgrade(database, load_catalog(layers_folder), edited)
    assert database.read(statement)
    assert plain.published.by_id["espace_nature"] is plain.by_id["espace_nature"]


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("espace_nature", '\nname = "nom"', f'\nname = "{HIDDEN}"'),
        ("commune", "", ""),
    ],
)
def test_what_is_shown_cannot_rest_on_a_hidden_field(layers_folder: Path, name: str, old: str, new: str) -> None:
    hide(layers_folder, name)
    path = layers_folder / name / "layer.toml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(CatalogError, match=r"champ interne|publics"):
        load_catalog(layers_folder)
