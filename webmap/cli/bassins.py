"""`webmap bassins`: which bassin de vie a commune belongs to."""

from __future__ import annotations

import os

import click

from webmap.cli.conservation import tell_conservation
from webmap.cli.terminal import HELP, Commands
from webmap.config import load_settings
from webmap.errors import BadParameterError
from webmap.importing.seeds import load_checked_catalog
from webmap.store import placement
from webmap.store.assignments import assign
from webmap.store.deployment import start_database
from webmap.store.writing import take_turn, write

_DECOUPAGE = "bassin"


@click.group(cls=Commands)
@HELP
def bassins() -> None:
    """L'affectation des communes aux bassins de vie."""


@bassins.command("affecter")
@click.argument("code_insee")
@click.argument("bassin")
@click.option("--motif", required=True, help="Pourquoi, et qui l'a décidé : conservé avec la date.")
@HELP
def affecter(code_insee: str, bassin: str, motif: str) -> None:
    """Range la commune CODE_INSEE dans BASSIN ; toutes les synthèses suivent aussitôt."""
    settings = load_settings(os.environ)
    catalog = load_checked_catalog(settings)
    if _DECOUPAGE not in {layer.id for layer in catalog.layers if layer.decoupage}:
        raise BadParameterError("Ce territoire n'a pas de découpage en bassins.")
    if not motif.strip():
        raise BadParameterError("Le motif est vide : dites pourquoi, la décision le garde.")
    database = start_database(settings)
    with write(database) as connection:
        take_turn(connection)
        before = assign(connection, _DECOUPAGE, code_insee, bassin, motif.strip())
        placement.refresh(connection, catalog)
    click.echo(f"{code_insee} : {before or 'aucun bassin'} → {bassin} ({motif.strip()})")
    tell_conservation(database, catalog)
