"""A French word of the domain has one spelling, and is never translated in a name (docs/glossaire.md)."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from webmap.catalog.load import Catalog

ROOT = Path(__file__).resolve().parents[2]
TRANSLATED = {
    "basin": "bassin", "district": "quartier", "city": "commune", "town": "commune", "pledge": "engagement",
    "flagship": "projet_emblematique", "charging_station": "irve", "covered_market": "halle", "zoning": "decoupage",
}  # fmt: skip
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_JS_TEXT = re.compile(r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|`(?:\\.|[^`\\])*`", re.DOTALL)
_SQL_TEXT = re.compile(r"--[^\n]*|/\*.*?\*/|'(?:''|[^'])*'", re.DOTALL)
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def words(name: str) -> str:
    """« chargingStation » -> « _charging_station_ »."""
    return f"_{_CAMEL.sub('_', name).lower().strip('_')}_"


@cache
def translated(name: str) -> str | None:
    """Return the word of the domain this name translates."""
    return next((word for word in TRANSLATED if f"_{word}_" in words(name) or f"_{word}s_" in words(name)), None)


def python_names(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name) | ast.alias(name=name):
                yield name
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.keyword(arg=str() as name):
                yield name
            case ast.Constant(value=str() as text) if _WORD.fullmatch(text):  # keys, columns
                yield text


def other_names(path: Path) -> list[str]:
    texts = _SQL_TEXT if path.suffix == ".sql" else _JS_TEXT
    return _WORD.findall(texts.sub(" ", path.read_text(encoding="utf-8")))


def sources() -> dict[Path, list[str]]:
    found: dict[Path, list[str]] = {}
    for folder in ("webmap", "migrations", "static/src"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix == ".py":
                found[path] = [*python_names(path), path.stem]
            elif path.suffix in {".sql", ".js"}:
                found[path] = [*other_names(path), path.stem]
    return found


def test_no_name_translates_the_domain() -> None:
    files = sources()
    assert len(files) > 80
    wrong = {(str(path.relative_to(ROOT)), name) for path, names in files.items() for name in names if translated(name)}
    assert wrong == set()


@pytest.mark.parametrize("name", ["fetch_basin", "Basins", "chargingStation", "city_code", "CITY", "coveredMarkets"])
def test_a_translation_is_seen(name: str) -> None:
    assert translated(name)


@pytest.mark.parametrize("name", ["bassin", "capacity", "basinet", "velocity", "charging", "simplicity"])
def test_a_word_that_only_looks_like_one_is_not(name: str) -> None:
    assert translated(name) is None


def test_a_layer_has_the_name_of_its_folder_and_is_in_the_glossary(catalog: Catalog) -> None:
    glossary = (ROOT / "docs" / "glossaire.md").read_text(encoding="utf-8")
    assert {layer.id for layer in catalog.layers if f"`{layer.id}`" not in glossary} == set()
    for layer in catalog.layers:
        assert (ROOT / "layers" / layer.id).is_dir()
        assert not translated(layer.id)


def test_the_glossary_names_what_exists(catalog: Catalog) -> None:
    glossary = (ROOT / "docs" / "glossaire.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(\w+)` \(couche\)", glossary))
    assert named == {layer.id for layer in catalog.layers}
