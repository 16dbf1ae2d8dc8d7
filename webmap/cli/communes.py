"""`webmap communes`: which communes are members of the agglomeration, today and at a date."""

from __future__ import annotations

import datetime as dt
import os

import click

from webmap.cli.conservation import tell_conservation
from webmap.cli.terminal import HELP, Commands
from webmap.config import load_settings
from webmap.errors import BadParameterError
from webmap.importing.seeds import load_checked_catalog
from webmap.store import placement
from webmap.store.adhesions import fetch_members, join, leave
from webmap.store.deployment import start_database
from webmap.store.writing import take_turn, write
from webmap.wording import agree

_DATE = click.DateTime(formats=["%Y-%m-%d"])
_WHEN = click.option("--le", "date", type=_DATE, required=True, help="Date, AAAA-MM-JJ.")
_WHY = click.option("--motif", required=True, help="Pourquoi : la décision, l'arrêté. Conservé avec la date.")


@click.group(cls=Commands)
@HELP
def communes() -> None:
    """Les communes membres de l'agglomération."""


@communes.command("membres")
@click.option("--le", "date", type=_DATE, help="À cette date, AAAA-MM-JJ ; aujourd'hui par défaut.")
@HELP
def membres(date: dt.datetime | None) -> None:
    """Donne la liste des communes membres à une date."""
    day = (date or dt.datetime.now(tz=dt.UTC)).date().isoformat()
    rows = fetch_members(start_database(load_settings(os.environ)), day)
    for row in rows:
        click.echo(f"{row['code_insee']} {row['nom']}" + (f" (depuis {row['depuis']})" if row["depuis"] else ""))
    click.echo(f"{agree(len(rows), 'commune(s) membre(s)')} le {day}.")


@communes.command("quitter")
@click.argument("code_insee")
@_WHEN
@_WHY
@HELP
def quitter(code_insee: str, date: dt.datetime, motif: str) -> None:
    """Retire CODE_INSEE de l'agglomération ; toutes les synthèses suivent, son histoire reste."""
    _change(code_insee, None, date, motif)


@communes.command("rejoindre")
@click.argument("code_insee")
@click.argument("nom")
@_WHEN
@_WHY
@HELP
def rejoindre(code_insee: str, nom: str, date: dt.datetime, motif: str) -> None:
    """Fait entrer CODE_INSEE (NOM) dans l'agglomération ; son contour vient avec `webmap sources refresh commune`."""
    _change(code_insee, nom, date, motif)


def _change(code_insee: str, name: str | None, date: dt.datetime, reason: str) -> None:
    if not reason.strip():
        raise BadParameterError("Le motif est vide : dites pourquoi, la décision le garde.")
    settings = load_settings(os.environ)
    catalog = load_checked_catalog(settings)
    day = date.date().isoformat()
    database = start_database(settings)
    with write(database) as connection:
        take_turn(connection)
        if name is None:
            told = f"{leave(connection, code_insee, day, reason.strip())} n'est plus membre depuis le {day}."
        else:
            join(connection, code_insee, name, day, reason.strip())
            told = f"{name} est membre depuis le {day}."
        placement.refresh(connection, catalog)
    click.echo(told)
    tell_conservation(database, catalog)
