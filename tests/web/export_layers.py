"""Layers of every geometry with fields of every type, and rows a format may stumble on: what exports are read back from."""

from __future__ import annotations

import contextlib
import datetime as dt
import shutil
from typing import TYPE_CHECKING, Any

from psycopg import sql

from tests.conftest import copied
from tests.store.conftest import HOSTILE
from webmap.app import create_app
from webmap.catalog.load import load_catalog
from webmap.importing.seeds import load_seeds
from webmap.store.schema import upgrade

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flask.testing import FlaskClient

    from webmap.config import Settings
    from webmap.store.cluster import Cluster
    from webmap.store.db import Database

SQUARE = (
    "POLYGON((3.3 50.3,3.3 50.4,3.4 50.4,3.4 50.3,3.3 50.3),(3.34 50.34,3.36 50.34,3.36 50.36,3.34 50.36,3.34 50.34))"
)
PLACES = {
    "point": ("POINT(3.35 50.35)", "POINT(3.351234567 50.351234567)"),
    "line": ("LINESTRING(3.3 50.3,3.4 50.4)", "LINESTRING(3.31 50.3,3.41 50.4)"),
    "polygon": (SQUARE, "POLYGON((3.5 50.3,3.6 50.3,3.55 50.4,3.5 50.3))"),
    "none": (None, None),
}
LONG = "é" * 200  # 400 bytes: more than a shapefile holds
_TYPES = {
    "entier": "integer",
    "nombre_reel": "number",
    "jour": "date",
    "oui_non": "boolean",
    "liste_de_noms": "list",
    "liste_de_noms_bis": "list",
}


def add_layers(folder: Path) -> None:
    """Write in a folder of layers `essai_<geometry>`, one of each, and `secrete`, which is internal."""
    for geometry in PLACES:
        _add(folder, f"essai_{geometry}", geometry)
    _add(folder, "secrete", "point", 'visibility = "interne"\n')


def _add(folder: Path, name: str, geometry: str, more: str = "") -> None:
    text = f"""{more}title = "Essais « {geometry} »"
singular = "essai"
theme = "territoire"
description = "Une couche d'essai."
geometry = "{geometry}"
key = "code"
name = "nom"

[source]
name = "Essai & <source>"
producer = "Nous"
licence = "Licence Ouverte 2.0"
millesime = "2026"
provenance = "Écrite pour un test."
"""
    fields = {"code": "text", "nom": "text", **_TYPES, "sorte": "text"}
    for field, kind in fields.items():
        text += f'\n[[fields]]\nid = "{field}"\ntype = "{kind}"\nlabel = "Libellé de {field}"\n'
        text += "required = true\n" if field in {"code", "nom"} else ""
    text += '\n[fields.enum]\na = "Premier"\nb = "Second"\n'
    (folder / name).mkdir()
    (folder / name / "layer.toml").write_text(text, encoding="utf-8")
    (folder / name / "seed.csv").write_text(",".join([*fields, "etat", "source", "millesime"]) + "\n", encoding="utf-8")
    if geometry != "none":
        style = 'field = "sorte"\n\n[[rules]]\nlabel = "Premier & <b>"\nvalue = "a"\ncolor = "#ff0000"\nhatch = "diagonal"\n'
        style += '\n[[rules]]\nlabel = "Autre"\ndash = [3, 2]\nsymbol = "cross"\n\n[label]\nfield = "nom"\n'
        (folder / name / "style.toml").write_text(style, encoding="utf-8")


def rows(geometry: str) -> list[dict[str, Any]]:
    """Return two plain rows, one with nothing, then hostile ones."""
    first, second = PLACES[geometry]
    plain = {"entier": -3, "nombre_reel": 1234.5678901, "jour": dt.date(2026, 11, 21), "oui_non": True,
             "liste_de_noms": ["a,b", 'c"d', "é"], "liste_de_noms_bis": [], "sorte": "a"}  # fmt: skip
    found: list[dict[str, Any]] = [
        {"code": "c0", "nom": "Été", "geom": first, **plain},
        {"code": "c1", "nom": LONG, "geom": second, "entier": 2**53, "nombre_reel": 0.1, "jour": dt.date(1850, 1, 2),
         "oui_non": False, "liste_de_noms": None, "liste_de_noms_bis": ["x"], "sorte": "b"},
        {"code": "c2", "nom": "vide", "geom": None},
    ]  # fmt: skip
    found += [
        {"code": f"h{rank:02}", "nom": text, "geom": first, "liste_de_noms": [text]}
        for rank, text in enumerate(HOSTILE)
    ]
    found += [{"code": "h90", "nom": "=1+1", "geom": first}, {"code": "h91", "nom": "'@x", "geom": first}]
    return [dict.fromkeys(_TYPES) | {"sorte": None} | row for row in found]


def fill(database: Database) -> None:
    """Put the rows in their layers, and one in the internal layer."""
    with database.owner() as connection:
        for geometry in PLACES:
            for row in rows(geometry):
                shape = "ST_Transform(ST_GeomFromText({}, 4326), 2154)"
                shape = f"ST_Multi({shape})" if geometry in {"line", "polygon"} else shape
                given = {**row, "etat": "existant", "source": "s", "millesime": "2026"}
                given["precision"] = "exacte" if row["geom"] else None
                places = [sql.SQL(shape if name == "geom" else "{}").format(sql.Placeholder(name)) for name in given]
                statement = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
                    sql.Identifier("pub", f"essai_{geometry}"),
                    sql.SQL(", ").join(map(sql.Identifier, given)),
                    sql.SQL(", ").join(places),
                )
                connection.execute(statement, given)
        connection.execute(
            "INSERT INTO pub.secrete (code, nom, etat, source, millesime) VALUES ('s', 's', 'existant', 's', '2026')"
        )


@contextlib.contextmanager
def served(cluster: Cluster, template: str, settings: Settings, folder: Path) -> Iterator[tuple[FlaskClient, Database]]:
    """Serve a copy of a template with these layers added, for the length of the block."""
    layers = shutil.copytree(settings.layers_folder, folder / "layers")
    add_layers(layers)
    edited, catalog = settings.model_copy(update={"layers_folder": layers}), load_catalog(layers)
    with copied(cluster, template) as database:
        upgrade(database, catalog, edited)
        load_seeds(database, catalog, edited)
        fill(database)
        yield create_app(edited, database).test_client(), database
