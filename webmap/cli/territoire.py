"""`webmap territoire`: another agglomeration, served beside the first."""

from __future__ import annotations

from pathlib import Path

import click

from webmap.cli.terminal import HELP, Commands
from webmap.importing.territory import create_territory

_FOLDER = click.Path(path_type=Path, file_okay=False)


@click.group(cls=Commands)
@HELP
def territoire() -> None:
    """Les territoires de cet atlas : un dossier et une base chacun."""


@territoire.command("nouveau")
@click.argument("siren")
@click.option("--nom", help="Nom affiché ; par défaut, celui que donne la source officielle.")
@click.option("--dossier", type=click.Path(path_type=Path), help="Dossier à créer ; par défaut, territoires/<nom>.")
@click.option("--mirror", type=_FOLDER, envvar="WEBMAP_MIRROR", help="Lit dans ce dossier au lieu du réseau.")
@HELP
def nouveau(siren: str, nom: str | None, dossier: Path | None, mirror: Path | None) -> None:
    """Crée le territoire de l'intercommunalité SIREN : configuration, communes, couches nationales à remplir."""
    made = create_territory(siren, nom, dossier, mirror=mirror)
    inhabitants = "population inconnue" if made.population is None else f"{_spaced(made.population)} habitants"
    communes = f"{made.communes} commune{'s' if made.communes > 1 else ''}"
    click.echo(f"{made.nom} : {communes}, {inhabitants}, dans {_near(made.folder)}.")
    click.echo(f"Pour le servir : WEBMAP_CONFIG={_near(made.folder / 'webmap.toml')} PORT=8001 make run")


def _spaced(number: int) -> str:
    return f"{number:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def _near(path: Path) -> Path:
    """Return a path as one would type it from here."""
    here, full = Path.cwd(), path.resolve()
    return full.relative_to(here) if full.is_relative_to(here) else full
