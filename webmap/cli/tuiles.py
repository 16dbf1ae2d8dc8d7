"""`webmap tuiles`: the tiles kept on the disk; made before they are asked for, and nothing internal among them."""

from __future__ import annotations

import fcntl
import os
import time
from itertools import islice
from typing import TYPE_CHECKING, TypeAlias

import click

from webmap.app import build_kept_figures, build_kept_tiles
from webmap.cli.terminal import HELP, Commands
from webmap.config import load_settings
from webmap.errors import WebmapError
from webmap.geo.grid import list_tiles
from webmap.importing.seeds import load_checked_catalog
from webmap.store.deployment import start_database
from webmap.store.kept_tiles import build_address
from webmap.web.french import nombre
from webmap.wording import agree, explain_system

if TYPE_CHECKING:
    from collections.abc import Collection

    from webmap.catalog.load import Catalog
    from webmap.config import Settings
    from webmap.store.db import Database
    from webmap.store.kept_tiles import KeptTiles

Asked: TypeAlias = tuple[str, int, int, int]

_DEEPEST = 16  # the map magnifies tiles of this level rather than ask for deeper ones
_LARGER = 1  # the map's tiles are 512 pixels wide: level 12 is drawn at zoom 13
AHEAD = 12  # level made ahead when nobody says one
MOST = 50_000  # tiles at a time: minutes, not hours


@click.group(cls=Commands)
@HELP
def tuiles() -> None:
    """Les tuiles de la carte, gardées une fois faites."""


@tuiles.command("prechauffer")
@click.argument("couches", nargs=-1)
@click.option("--zoom", type=click.IntRange(0, _DEEPEST), default=AHEAD, help="Niveau le plus fin (12).")
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
    asked, reached = list_asked(settings, catalog, couches or kept.couches, zoom)
    if reached < zoom:
        raise WebmapError(
            f"Plus de {nombre(MOST)} tuiles : c'est trop pour une fois. Essayez --zoom {reached}, ou nommez quelques couches."
        )
    make_tiles(settings, kept, asked)


def list_asked(settings: Settings, catalog: Catalog, couches: Collection[str], zoom: int) -> tuple[list[Asked], int]:
    """Return the tiles of the territory, the coarsest first, down to `zoom` or as deep as MOST of them go; and how deep."""
    asked: list[Asked] = []
    for z in range(zoom + 1):
        shown = [couche for couche in couches if z >= catalog.by_id[couche].zoom_min - _LARGER]
        level = ((couche, *tile) for couche in shown for tile in list_tiles(settings.territoire.etendue, z, z))
        asked += islice(level, MOST + 1)
        if len(asked) > MOST:
            return [each for each in asked[:MOST] if each[1] < z], z - 1
    return asked, zoom


def make_tiles(settings: Settings, kept: KeptTiles, asked: list[Asked], *, gently: bool = False) -> None:
    """Make tiles one at a time, and tell how far it is. `gently`: rest as long as each took, the database is everyone's.

    Raises WebmapError when the folder did not keep them all: they are answered, and made again each time.
    """
    settings.octets_folder.mkdir(parents=True, exist_ok=True)
    with (
        (settings.octets_folder / ".prechauffage").open("ab") as turn,
        click.progressbar(asked, label="Tuiles", show_pos=True) as bar,
    ):
        fcntl.flock(turn, fcntl.LOCK_EX)  # after the one that was started before: what it made is not made again
        versions, lost = kept.fetch_versions({couche for couche, *_ in asked}), 0
        for couche, z, x, y in bar:
            start = time.monotonic()
            version, _ = kept.fetch(couche, versions[couche], z, x, y)
            lost += not kept.octets.is_kept(build_address(couche, version, z, x, y))
            if gently:
                time.sleep(time.monotonic() - start)
    if lost:
        raise WebmapError(
            f"{agree(lost, 'tuile(s)')} sur {nombre(len(asked))} non gardée{'s' * (lost > 1)} : le disque est plein, ou ce compte n'écrit"
            f" pas partout dans {settings.octets_folder}."
        )
    click.echo(f"{agree(len(asked), 'tuile(s) prête(s)')}, dans {settings.octets_folder}")


def settle_octets(settings: Settings, catalog: Catalog, database: Database) -> None:
    """Leave nothing internal in the kept tiles. Raises WebmapError when the folder resists: what is in it is served."""
    try:
        kept = build_kept_tiles(settings, catalog.published, database)
        kept.settle(layer.id for layer in catalog.layers if not layer.public)
        build_kept_figures(kept, catalog.published, database).settle()
    except OSError as error:
        msg = (
            f"Le dossier des tuiles gardées ne se laisse pas vider ({explain_system(error)}) : {settings.octets_folder}. "
            "Supprimez-le avec le compte qui sert l'atlas, puis relancez la commande."
        )
        raise WebmapError(msg) from error
