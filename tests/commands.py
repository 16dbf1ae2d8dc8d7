"""The `webmap` command run inside a test, on that test's own database, catalogue and sources."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from click.testing import CliRunner

from webmap.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest
    from click.testing import Result

    from tests.importing.published import Desk

    Run = Callable[..., Result]

# The package gives their names to the groups of commands.
sources_commands = importlib.import_module("webmap.cli.sources")
bassins_commands = importlib.import_module("webmap.cli.bassins")
vues_commands = importlib.import_module("webmap.cli.vues")


def command_of(desk: Desk, monkeypatch: pytest.MonkeyPatch, downloads: Path) -> Run:
    """Return a function that runs the command; an error that nobody turned into a sentence is raised to the test."""
    monkeypatch.delenv("WEBMAP_MIRROR", raising=False)
    for module in (sources_commands, bassins_commands):
        monkeypatch.setattr(module, "start_database", lambda _settings: desk.database)
        monkeypatch.setattr(module, "load_checked_catalog", lambda _settings: desk.catalog)
    monkeypatch.setattr(vues_commands, "start_database", lambda _settings: desk.database)
    monkeypatch.setattr(sources_commands, "_downloads", lambda _settings: downloads)
    return lambda *arguments: CliRunner().invoke(main, list(arguments), catch_exceptions=False)
