"""Every folder of `layers/`, one by one: what a person who adds a layer may have forgotten."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from webmap.catalog.definition import COMMON_COLUMNS
from webmap.importing.seeds import read_seeds

if TYPE_CHECKING:
    from webmap.catalog.load import Catalog

PROJECT = Path(__file__).resolve().parents[2]
FOLDERS = sorted(path.name for path in (PROJECT / "layers").iterdir() if path.is_dir())
pytestmark = pytest.mark.parametrize("layer_id", FOLDERS)


def test_it_loads_with_the_files_it_needs(catalog: Catalog, layer_id: str) -> None:
    layer = catalog.by_id[layer_id]
    present = {path.name for path in (catalog.folder / layer_id).iterdir()}
    assert "layer.toml" in present
    assert ("style.toml" in present) == layer.drawn
    assert (catalog.folder / layer_id / layer.seed.file).exists() or layer.decoupage


def test_its_rows_are_read_and_each_says_where_it_comes_from(catalog: Catalog, layer_id: str) -> None:
    layer = catalog.by_id[layer_id]
    rows, members = read_seeds(catalog, [layer])[layer_id]
    for row in rows:
        assert row["source"] in catalog.documents, row
        assert row["millesime"], row
        assert row["etat"], row
        assert row[layer.key], row
        assert row[layer.name], row
        assert layer.decoupage or row["source_ligne"] or row["source_url"], row
    for member in members:
        assert member["source"], member
        assert member["millesime"], member
    assert bool(members) == bool(layer.decoupage)


def test_an_empty_layer_says_how_to_fill_it(catalog: Catalog, layer_id: str) -> None:
    layer = catalog.by_id[layer_id]
    rows, _ = read_seeds(catalog, [layer])[layer_id]
    assert rows or layer.how_to_fill


def test_its_style_covers_its_values(catalog: Catalog, layer_id: str) -> None:
    layer = catalog.by_id[layer_id]
    if layer.style is None:
        assert not layer.drawn
        return
    known = {*layer.field_ids, *COMMON_COLUMNS}
    assert set(layer.style.fields) <= known
    assert len({rule.label for rule in layer.style.rules}) == len(layer.style.rules)
    values = [rule.value for rule in layer.style.rules if rule.value is not None]
    assert len(values) == len(set(values))
    name = layer.style.field
    enum = layer.field(name).enum if name in layer.field_ids and name else {}
    if enum:
        assert set(values) <= enum.keys()
        assert set(values) == enum.keys() or layer.style.rules[-1].value is None
    rows, _ = read_seeds(catalog, [layer])[layer_id]
    assert all(layer.style.rule_for(row) for row in rows)


def test_its_figures_cite_registered_documents(catalog: Catalog, layer_id: str) -> None:
    for figure in catalog.by_id[layer_id].figures:
        assert figure.source in catalog.documents, figure
        assert figure.line or figure.url, figure


def test_what_it_is_loaded_from_is_its_source(catalog: Catalog, layer_id: str) -> None:
    layer = catalog.by_id[layer_id]
    said = (layer.source.name, layer.source.licence)  # what every export of the loaded rows carries
    assert not layer.connectors or not re.search("Aucune donnée|Sans objet", " ".join(said)), said


def test_its_communes_are_known(catalog: Catalog, layer_id: str) -> None:
    (communes, _), (rows, members) = (read_seeds(catalog, [catalog.by_id[i]])[i] for i in ("commune", layer_id))
    codes = {row["code_insee"] for row in communes}
    assert len(codes) == 47
    assert {row["code_insee"] for row in rows} - {None} <= codes
    assert {member["code_insee"] for member in members} <= codes


def test_the_glossary_has_it(catalog: Catalog, layer_id: str) -> None:
    assert f"`{catalog.by_id[layer_id].id}`" in (PROJECT / "docs" / "glossaire.md").read_text(encoding="utf-8")
