"""`webmap conservation`: whether the parts of every measure make its whole, in every découpage."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from webmap.catalog.counting import written
from webmap.cli.terminal import HELP, Command
from webmap.config import load_settings
from webmap.importing.seeds import load_checked_catalog
from webmap.store.checking import Checked, fetch_conservation
from webmap.store.deployment import start_database
from webmap.wording import agree

if TYPE_CHECKING:
    from webmap.catalog.load import Catalog
    from webmap.store.db import Database

_COLUMNS = ("Découpage", "Couche", "Mesure", "Unités", "Reste", "Doubles", "Ensemble", "Écart")


@click.command("conservation", cls=Command)
@HELP
def conservation() -> None:
    """Vérifie que, pour chaque mesure, les unités et le reste font l'ensemble ; sort en erreur sinon."""
    settings = load_settings(os.environ)
    catalog = load_checked_catalog(settings)
    checked = fetch_conservation(start_database(settings), catalog)
    if checked.ecarts:
        _show(checked)
    click.echo(_sentence(checked))
    if checked.ecarts:
        click.get_current_context().exit(1)


def tell_conservation(database: Database, catalog: Catalog) -> None:
    """Check what a command has just changed, and say it in one sentence: a failure warns, and undoes nothing."""
    checked = fetch_conservation(database, catalog)
    warning = " ; le détail : webmap conservation" if checked.ecarts else ""
    click.echo(_sentence(checked) + warning)


def _sentence(checked: Checked) -> str:
    counted = agree(checked.mesures, "mesure(s) contrôlée(s)")
    read = agree(checked.decoupages, "découpage(s)")
    if not checked.ecarts:
        return f"{counted} sur {read} : aucun écart"
    return f"{counted} sur {read} : {agree(len(checked.ecarts), 'écart(s), chiffre(s) non publié(s)')}"


def _show(checked: Checked) -> None:
    """Print the failures as a table, each column as wide as it needs."""
    lines = [_COLUMNS] + [
        (
            decoupage,
            rest.couche,
            rest.mesure,
            written(rest.somme_des_unites),
            written(rest.hors_unite + rest.hors_territoire + rest.non_localise),
            written(rest.comptes_plusieurs_fois),
            written(rest.ensemble),
            f"{written(rest.ecart)} {rest.unite}",
        )
        for decoupage, rest in checked.ecarts
    ]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        click.echo("  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip())
