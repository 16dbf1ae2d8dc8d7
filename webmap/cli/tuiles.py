"""`webmap tuiles`: the tiles kept on the disk; made before they are asked for, and nothing internal among them."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import click

from webmap.app import build_kept_figures, build_kept_tiles
from webmap.cli.terminal import HELP, Commands
from webmap.config import load_settings
from webmap.errors import WebmapError
from webmap.geo.grid import list_tiles
from webmap.importing.seeds import load_checked_catalog
from webmap.store.db import start_database
from webmap.wording import agree

if TYPE_CHECKING:
    from webmap.catalog.load import Catalog
    from webmap.config import Settings
    from webmap.store.db import Database

_DEEPEST = 16  # the map magnifies tiles of this level rather than ask for deeper ones
_LARGER = 1  # the map's tiles are 512 pixels wide: level 12 is drawn at zoom 13
_MOST = 50_000  # tiles of one command: minutes, not hours


@click.group(cls=Commands)
@HELP
def tuiles() -> None:
    """Les tuiles de la carte, gardées une fois faites."""


@tuiles.command("prechauffer")
@click.argument("couches", nargs=-1)
@click.option("--zoom", type=click.IntRange(0, _DEEPEST), default=12, help="Niveau le plus fin (12).")
@HELP
def warm(couches: tuple[str, ...], zoom: int) -> None:
    """Fait d'avance les tuiles du territoire, pour les COUCHES nommées ou pour toutes."""
    settings = load_settings(os.environ)
    catalog = load_checked_catalog(settings).published
    kept = build_kept_tiles(settings, catalog, start_database(settings))
    for couche in couches:
        if couche not in kept.couches:
            msg = f"Il n'y a pas de couche publique « {couche} » à dessiner. Couches possibles : {', '.join(kept.couches)}."
            raise WebmapError(msg)
    asked = [
        (couche, *tile)
        for couche in couches or kept.couches
        for tile in list_tiles(settings.territoire.etendue, max(catalog.by_id[couche].zoom_min - _LARGER, 0), zoom)
    ]
    if len(asked) > _MOST:
        told = agree(len(asked), "tuile(s)")
        raise WebmapError(f"{told} : c'est trop pour une fois. Baissez --zoom ou nommez quelques couches.")
    settings.octets_folder.mkdir(parents=True, exist_ok=True)
    with (
        (settings.octets_folder / ".prechauffage").open("ab") as turn,
        click.progressbar(asked, label="Tuiles", show_pos=True) as bar,
    ):
        fcntl.flock(
            turn, fcntl.LOCK_EX
        )  # after the one that a change of before has started: what it made is not made again
        versions = kept.fetch_versions(couches or kept.couches)
        for couche, z, x, y in bar:
            kept.fetch(couche, versions[couche], z, x, y)
    click.echo(f"{agree(len(asked), 'tuile(s) prête(s)')}, dans {settings.octets_folder}")


def warm_in_background(settings: Settings) -> None:
    """Make the tiles of today after a change of the data, apart, when the machine has nothing better to do."""
    command = ["nice", "-n", "19", sys.executable, "-c", "from webmap.cli import main; main()", "tuiles", "prechauffer"]
    settings.octets_folder.mkdir(parents=True, exist_ok=True)
    with (settings.octets_folder.parent / "prechauffage.log").open("wb") as log:
        subprocess.Popen(  # noqa: S603 - our own command
            command, cwd=settings.root, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
    click.echo("Les tuiles sont refaites en arrière-plan (webmap tuiles prechauffer).")


def settle_octets(settings: Settings, catalog: Catalog, database: Database) -> None:
    """Leave nothing internal in the kept tiles. Raises WebmapError when the folder resists: what is in it is served."""
    try:
        kept = build_kept_tiles(settings, catalog.published, database)
        kept.settle(layer.id for layer in catalog.layers if not layer.public)
        build_kept_figures(kept, catalog.published, database).fetch_version()  # which collects the others
    except OSError as error:
        msg = (
            f"Le dossier des tuiles gardées ne se laisse pas vider ({error.strerror}) : {settings.octets_folder}. "
            "Supprimez-le avec le compte qui sert l'atlas, puis relancez la commande."
        )
        raise WebmapError(msg) from error
