"""`webmap vues`: named views of the map, with a short address each."""

from __future__ import annotations

import os
import re

import click

from webmap.cli.terminal import HELP, Commands
from webmap.config import load_settings
from webmap.errors import BadParameterError
from webmap.store.deployment import start_database
from webmap.store.vues import delete_vue, fetch_vues, record_vue
from webmap.store.writing import write
from webmap.wording import agree

_CODE = re.compile(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?")
_MAX_FRAGMENT = 8_000  # characters; so does the table say
_MAX_TITLE = 200


@click.group(cls=Commands)
@HELP
def vues() -> None:
    """Les vues nommées de la carte, chacune à une adresse courte : /v/CODE."""


@vues.command("ajouter")
@click.argument("code")
@click.argument("titre")
@click.argument("lien")
@click.option("--rang", type=click.IntRange(1, 500), help="Place dans la liste ; à la fin par défaut.")
@HELP
def ajouter(code: str, titre: str, lien: str, rang: int | None) -> None:
    """Garde sous CODE la vue que LIEN ouvre (« Copier le lien » sur la carte) ; remplace celle du même code."""
    if not _CODE.fullmatch(code):
        raise BadParameterError(
            "CODE : des minuscules, des chiffres et des tirets, 40 au plus ; il sera dans l'adresse."
        )
    name = " ".join(titre.split())
    if not name or len(name) > _MAX_TITLE:
        raise BadParameterError(f"TITRE : de 1 à {_MAX_TITLE} caractères.")
    with write(start_database(load_settings(os.environ))) as connection:
        new = record_vue(connection, code, name, read_fragment(lien), rang)
    click.echo(f"Vue « {name} » {'ajoutée' if new else 'remplacée'} : /v/{code}")


@vues.command("lister")
@HELP
def lister() -> None:
    """Donne les vues, dans l'ordre où elles sont montrées."""
    found = fetch_vues(start_database(load_settings(os.environ)))
    for vue in found:
        click.echo(f"{vue.rang:>3} {vue.code} : {vue.titre}")
    click.echo(f"{agree(len(found), 'vue(s) nommée(s)')}.")


@vues.command("supprimer")
@click.argument("code")
@HELP
def supprimer(code: str) -> None:
    """Supprime la vue CODE ; son adresse courte ne mène plus nulle part."""
    with write(start_database(load_settings(os.environ))) as connection:
        delete_vue(connection, code)
    click.echo(f"Vue « {code} » supprimée.")


def read_fragment(lien: str) -> str:
    """Return what follows the # of an address of the map. Raises BadParameterError."""
    _, mark, fragment = lien.strip().partition("#")
    if not mark or "=" not in fragment:
        raise BadParameterError("LIEN : l'adresse de la carte, avec ce qui suit le # (« Copier le lien » la donne).")
    if len(fragment) > _MAX_FRAGMENT or not fragment.isprintable() or " " in fragment:
        raise BadParameterError(f"LIEN : {_MAX_FRAGMENT} caractères au plus après le #, sans espace.")
    return fragment
