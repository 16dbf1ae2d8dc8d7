"""What a GeoPackage says of its layers: metadata, labels of fields, styles for QGIS. Plain SQLite, after GDAL is done."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from typing import TYPE_CHECKING

from webmap.formats.arrow import GEOMETRY
from webmap.formats.extrait import describe
from webmap.formats.qml import build_qml

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from webmap.formats.extrait import Extrait

_DATE = "%Y-%m-%dT%H:%M:%S.000Z"
_EXTENSION = "http://www.geopackage.org/spec131/#extension_{}"
# As the OGC writes them (12-128r19, annexes F.8 and F.9), and as QGIS makes `layer_styles`.
_TABLES = """
CREATE TABLE IF NOT EXISTS gpkg_extensions (table_name TEXT, column_name TEXT, extension_name TEXT NOT NULL,
  definition TEXT NOT NULL, scope TEXT NOT NULL, CONSTRAINT ge_tce UNIQUE (table_name, column_name, extension_name));
CREATE TABLE IF NOT EXISTS gpkg_metadata (id INTEGER CONSTRAINT m_pk PRIMARY KEY ASC NOT NULL,
  md_scope TEXT NOT NULL DEFAULT 'dataset', md_standard_uri TEXT NOT NULL, mime_type TEXT NOT NULL DEFAULT 'text/xml',
  metadata TEXT NOT NULL DEFAULT '');
CREATE TABLE IF NOT EXISTS gpkg_metadata_reference (reference_scope TEXT NOT NULL, table_name TEXT, column_name TEXT,
  row_id_value INTEGER, timestamp DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')),
  md_file_id INTEGER NOT NULL, md_parent_id INTEGER,
  CONSTRAINT crmr_mfi_fk FOREIGN KEY (md_file_id) REFERENCES gpkg_metadata(id),
  CONSTRAINT crmr_mpi_fk FOREIGN KEY (md_parent_id) REFERENCES gpkg_metadata(id));
CREATE TABLE IF NOT EXISTS gpkg_data_columns (table_name TEXT NOT NULL, column_name TEXT NOT NULL, name TEXT, title TEXT,
  description TEXT, mime_type TEXT, constraint_name TEXT, CONSTRAINT pk_gdc PRIMARY KEY (table_name, column_name),
  CONSTRAINT gdc_tn UNIQUE (table_name, name));
CREATE TABLE IF NOT EXISTS layer_styles (id INTEGER PRIMARY KEY AUTOINCREMENT, f_table_catalog TEXT, f_table_schema TEXT,
  f_table_name TEXT, f_geometry_column TEXT, styleName TEXT, styleQML TEXT, styleSLD TEXT, useAsDefault BOOLEAN,
  description TEXT, owner TEXT, ui TEXT, update_time DATETIME);
"""
_EXTENSIONS = (
    ("gpkg_metadata", "gpkg_metadata", "metadata"),
    ("gpkg_metadata_reference", "gpkg_metadata", "metadata"),
    ("gpkg_data_columns", "gpkg_schema", "schema"),
)


def complete_gpkg(path: Path, extraits: Sequence[Extrait]) -> None:
    """Add to a GeoPackage what is known of its layers, dated from their last change and not from now."""
    with contextlib.closing(sqlite3.connect(path)) as book, book:
        book.executescript(_TABLES)
        for table, name, anchor in _EXTENSIONS:
            book.execute(
                "INSERT OR IGNORE INTO gpkg_extensions VALUES (?, NULL, ?, ?, 'read-write')",
                (table, name, _EXTENSION.format(anchor)),
            )
        for extrait in extraits:
            _describe(book, extrait)
            if extrait.layer.drawn and extrait.layer.style:
                _add_style(book, extrait)
        book.execute("PRAGMA user_version = 10300")


def _describe(book: sqlite3.Connection, extrait: Extrait) -> None:
    layer, date = extrait.layer, extrait.date.strftime(_DATE)
    book.execute(
        "UPDATE gpkg_contents SET identifier = ?, description = ?, last_change = ? WHERE table_name = ?",
        (layer.title, layer.description, date, layer.id),
    )
    told = json.dumps(extrait.facts, ensure_ascii=False, indent=1)
    kept = book.execute(
        "INSERT INTO gpkg_metadata (md_scope, md_standard_uri, mime_type, metadata) VALUES ('dataset', ?, ?, ?)",
        ("https://www.rfc-editor.org/rfc/rfc8259", "application/json", told),
    )
    book.execute(
        "INSERT INTO gpkg_metadata_reference VALUES ('table', ?, NULL, NULL, ?, ?, NULL)",
        (layer.id, date, kept.lastrowid),
    )
    book.executemany(
        "INSERT INTO gpkg_data_columns (table_name, column_name, title, description) VALUES (?, ?, ?, ?)",
        [(layer.id, field.id, field.label, describe(field)) for field in extrait.fields],
    )


def _add_style(book: sqlite3.Connection, extrait: Extrait) -> None:
    # Registered as QGIS does it: GDAL lists no table that is not, and QGIS finds styles through GDAL.
    book.execute(
        "INSERT OR IGNORE INTO gpkg_contents (table_name, data_type, identifier, last_change) VALUES (?, ?, ?, ?)",
        ("layer_styles", "attributes", "layer_styles", extrait.date.strftime(_DATE)),
    )
    qml = build_qml(extrait.layer, {field.id: field.id for field in extrait.fields})
    book.execute(
        "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, styleName, styleQML,"
        " styleSLD, useAsDefault, description, owner, update_time) VALUES ('', '', ?, ?, ?, ?, '', 1, ?, '', ?)",
        (extrait.id, GEOMETRY, extrait.layer.title, qml, "Style de l'atlas", extrait.date.strftime(_DATE)),
    )
