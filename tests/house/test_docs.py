"""Every command, setting and key has its place in the documentation: a heading, or the first cell of a table row."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import click
import pytest
from pydantic import BaseModel

from webmap.catalog.definition import COMMON_COLUMNS, LayerDefinition
from webmap.catalog.load import Document, Theme
from webmap.catalog.style import Style
from webmap.cli import main
from webmap.config import Deployment

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
LAYERS = (ROOT / "layers" / "README.md").read_text(encoding="utf-8")
OPERATION = (ROOT / "docs" / "exploitation.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")
VARIABLES = {"PORT", "HOST", "DATABASE_URL", "WEBMAP_CONFIG", "WEBMAP_MIRROR", "WEBMAP_PRECHAUFFAGE"}
DOCUMENTS = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "layers/README.md")]
DOCUMENTS += sorted((ROOT / "docs").glob("*.md"))


def entries(text: str) -> set[str]:
    """Return what stands between backquotes in headings and first cells."""
    heads = re.findall(r"^#+ .*$|^\| *(?:`[^`]+`[ ,]*)+\|", text, re.MULTILINE)
    return {name for head in heads for name in re.findall(r"`([^`]+)`", head)}


def commands(group: click.Group, path: str) -> Iterator[str]:
    for name, command in sorted(group.commands.items()):
        if isinstance(command, click.Group):
            yield from commands(command, f"{path} {name}")
        else:
            yield f"{path} {name}"


def options(group: click.Group) -> Iterator[str]:
    for command in group.commands.values():
        if isinstance(command, click.Group):
            yield from options(command)
        yield from (
            name for option in command.params for name in option.opts if name.startswith("--") and name != "--help"
        )


def keys(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """Return every key of a model, nested ones as `section.key`."""
    for name, field in model.model_fields.items():
        yield prefix + name
        for inner in _models(field.annotation):
            yield from keys(inner, f"{prefix}{name}.")


def _models(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models(argument)


# --- commands and settings ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", list(commands(main, "webmap")))
def test_a_command_is_documented(command: str) -> None:
    assert any(entry == command or entry.startswith(f"{command} ") for entry in entries(OPERATION))


def test_every_option_of_a_command_is_documented() -> None:
    assert {name for name in options(main) if name not in OPERATION} == set()


@pytest.mark.parametrize("name", sorted(VARIABLES))
def test_a_variable_is_documented(name: str) -> None:
    assert name in entries(README)
    assert name in entries(OPERATION)


def test_the_code_reads_no_other_variable() -> None:
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "webmap").rglob("*.py"))
    read = set(re.findall(r"environ(?:\.get\(|\[)[\"'](\w+)[\"']", code))
    read |= set(re.findall(r"envvar=[\"'](\w+)[\"']", code))
    assert read == VARIABLES


@pytest.mark.parametrize("key", list(keys(Deployment)))
def test_a_key_of_the_configuration_is_documented(key: str) -> None:
    assert key in entries(OPERATION)


def test_every_make_target_is_documented() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):.*## ", makefile, re.MULTILINE))
    assert {"run", "stop", "test", "clean"} <= targets
    assert {f"make {name}" for name in targets} - entries(README) == set()


# --- layers ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", [key for key in keys(LayerDefinition) if not key.startswith("style.")])
def test_a_key_of_layer_toml_is_documented(key: str) -> None:
    assert key in entries(OPERATION if key.startswith("connectors") else LAYERS)


@pytest.mark.parametrize("key", list(keys(Style)))
def test_a_key_of_style_toml_is_documented(key: str) -> None:
    assert key in entries(LAYERS)


def test_common_columns_and_shared_files_are_documented() -> None:
    assert set(COMMON_COLUMNS) - entries(LAYERS) == set()
    for model in (Theme, Document):
        assert all(f"`{key}`" in LAYERS for key in keys(model))


def test_every_documented_layer_key_exists() -> None:
    known = {*keys(LayerDefinition), *keys(Style), *COMMON_COLUMNS, "lon", "lat"}
    section = LAYERS[LAYERS.index("## `layer.toml`, clé par clé") : LAYERS.index("## `themes.toml`")]
    dotted = {name for name in entries(section) if "." in name and not name.endswith((".toml", ".csv"))}
    assert dotted - known == set()


# --- links and claims --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_a_relative_link_leads_somewhere(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
        if not re.match(r"[a-z]+:", target):
            assert (path.parent / target).exists(), target


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_a_file_that_is_named_exists(path: Path) -> None:
    folders = "webmap|tests|bin|docs|migrations|static"
    named = set(re.findall(rf"`((?:{folders})/[\w./-]+\.\w+|bin/\w+)`", path.read_text(encoding="utf-8")))
    assert {name for name in named if not (ROOT / name).exists() and not name.startswith("static/dist")} == set()


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_a_command_that_is_named_exists(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    known = set(commands(main, "webmap")) | {f"webmap {name}" for name in main.commands}
    named = {
        found.removeprefix(".venv/bin/")
        for found in re.findall(r"^(?:\.venv/bin/)?webmap [a-z]+(?: [a-z]+)?", _code(text), re.MULTILINE)
    }
    for name in named:
        assert name in known or name.rsplit(" ", 1)[0] in known, name


def _code(text: str) -> str:
    """Return what stands between backquotes, each on its line."""
    blocks = re.findall(r"```\w*\n(.*?)```", text, re.DOTALL)
    return "\n".join([*blocks, *re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))])
