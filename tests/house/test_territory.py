"""The program serves any agglomeration: names of this one are in `webmap.toml` and `layers/`, nowhere else."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from webmap.catalog.load import Catalog

ROOT = Path(__file__).resolve().parents[2]
SUFFIXES = {".py", ".sql", ".js", ".html", ".css", ".mako", ".toml"}
HERE = ("Porte du Hainaut", "Hainaut", "CAPH", "200042190", "Béthune", "CABBALR", "200072460")


def read(folder: str) -> dict[str, str]:
    """Return path -> text of every source file."""
    paths = [path for path in (ROOT / folder).rglob("*") if path.suffix in SUFFIXES]
    assert paths
    return {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in paths}


def find(texts: dict[str, str], names: list[str]) -> set[tuple[str, str]]:
    lowered = {path: text.lower() for path, text in texts.items()}
    return {
        (path, name)
        for name in map(str.lower, names)
        for path, text in lowered.items()
        if name in text and re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text)
    }


@pytest.mark.parametrize("folder", ["webmap", "migrations", "static/src"])
def test_the_code_names_no_territory_nor_bassin(folder: str, catalog: Catalog) -> None:
    units = [
        unit for layer in catalog.decoupages if layer.id in {"bassin", "equipe"} for unit in _units(layer.id, catalog)
    ]
    assert "ostrevent" in units
    assert find(read(folder), [*HERE, *units]) == set()


def _units(layer_id: str, catalog: Catalog) -> list[str]:
    decoupage = catalog.by_id[layer_id].decoupage
    assert decoupage is not None
    plain = {"nord", "sud"}  # also points of the compass
    return [name for unit in decoupage.units for name in (unit.code, unit.nom) if name not in plain]


def test_the_code_names_no_commune() -> None:
    with (ROOT / "layers" / "bassin" / "seed.csv").open(encoding="utf-8", newline="") as file:
        communes = list(csv.DictReader(file))
    assert len(communes) == 47
    names = [row[column] for row in communes for column in ("nom", "code_insee")]
    assert find(read("webmap"), names) == set()


def test_the_code_names_no_layer_but_those_it_stands_on(catalog: Catalog) -> None:
    others = {layer.id for layer in catalog.layers} - {"commune", "bassin"}
    quoted = {
        (path, name)
        for path, text in read("webmap").items()
        if path.endswith(".py")
        for name in others
        if re.search(rf"""["']{name}["']""", text)
    }
    assert quoted == set(), "a new layer costs no Python: nothing may be written for one of them"
