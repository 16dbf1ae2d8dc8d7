"""The `webmap` command: the database, the layers, and serving the atlas. Speaks French; known errors are one sentence.

Exit codes: 0 done, 1 refused or failed, 2 wrong configuration or catalogue (or wrong usage), 130 interrupted.
"""

from __future__ import annotations

import contextlib
import os
import threading
from typing import TYPE_CHECKING

import click

from webmap.cli.bassins import bassins
from webmap.cli.communes import communes
from webmap.cli.conservation import conservation
from webmap.cli.serving import check_address, hold_pid_file, run_server, stop_cluster, stop_server
from webmap.cli.sources import refresh_once, sources
from webmap.cli.terminal import HELP, Commands, step
from webmap.cli.territoire import territoire
from webmap.cli.tuiles import settle_octets, tuiles
from webmap.cli.vues import vues
from webmap.cli.watching import keep_watch
from webmap.config import Settings, load_settings
from webmap.errors import WebmapError
from webmap.formats.pdf import load_printer
from webmap.importing.seeds import load_checked_catalog, load_seeds
from webmap.store import drawn
from webmap.store.cluster import Cluster
from webmap.store.deployment import open_database, start_database
from webmap.store.schema import upgrade
from webmap.wording import agree

if TYPE_CHECKING:
    from webmap.catalog.load import Catalog


@click.group(cls=Commands)
@HELP
def main() -> None:
    """L'atlas d'une agglomération : sa base, ses couches, son serveur."""


@main.group()
@HELP
def db() -> None:
    """La base de données : privée (dans .webmap/), ou celle de DATABASE_URL."""


@db.command("start")
@HELP
def db_start() -> None:
    """Démarre la base privée, en la créant la première fois."""
    with step("Base privée"):
        _private_cluster(load_settings(os.environ)).start()


@db.command("stop")
@HELP
def db_stop() -> None:
    """Arrête la base privée."""
    with step("Arrêt de la base privée"):
        _private_cluster(load_settings(os.environ)).stop()


@db.command("upgrade")
@HELP
def db_upgrade() -> None:
    """Met la base à jour : schéma, tables des couches, faits."""
    settings = load_settings(os.environ)
    catalog = load_checked_catalog(settings)
    _prepare_database(settings, catalog)
    with open_database(settings).owner() as connection:
        drawn.refresh(connection, catalog.layers)


@db.command("etat")
@HELP
def db_etat() -> None:
    """Dit où est la base et si elle répond."""
    settings = load_settings(os.environ)
    if settings.database_url:
        with open_database(settings).owner() as connection:
            found = connection.info
            click.echo(f"Base de DATABASE_URL : « {found.dbname} », elle répond")
            click.echo(
                f"Serveur : PostgreSQL {found.parameter_status('server_version')}, hôte {found.host}, port {found.port}"
            )
            click.echo(f"Compte : {found.user}")
        return
    cluster = _private_cluster(settings)
    click.echo(f"Base privée : {'démarrée' if cluster.running() else 'arrêtée'}")
    click.echo(f"Dossier : {cluster.base}\nJournal : {cluster.log}")
    click.echo(f"Connexion : {cluster.dsn('webmap_proprietaire', settings.database_name)}")


@db.command("drop")
@click.option("--confirmer", is_flag=True, help="Ne pose pas la question.")
@HELP
def db_drop(*, confirmer: bool) -> None:
    """Supprime la base privée et toutes ses données."""
    settings = load_settings(os.environ)
    if not confirmer and click.prompt("Toutes les données vont être supprimées. Tapez « oui »", default="non") != "oui":
        click.echo("Rien n'a été supprimé.")
        return
    Cluster(settings.root / ".webmap").destroy()
    click.echo("La base privée est supprimée.")


@main.group()
@HELP
def layers() -> None:
    """Les couches décrites dans layers/."""


@layers.command("check")
@HELP
def layers_check() -> None:
    """Vérifie toutes les couches et dit tous les problèmes à la fois."""
    settings = load_settings(os.environ)
    catalog = load_checked_catalog(settings)
    click.echo(f"{agree(len(catalog.layers), 'couche(s)')}, aucun problème.")


main.add_command(sources)
main.add_command(bassins)
main.add_command(communes)
main.add_command(territoire)
main.add_command(conservation)
main.add_command(vues)
main.add_command(tuiles)


@main.command()
@HELP
def serve() -> None:
    """Prépare la base et sert l'atlas, sur HOST et PORT, jusqu'à Ctrl+C."""
    settings = load_settings(os.environ)
    address = check_address(settings)
    # Loaded while the database starts, and before the workers are forked: they share it, and the first PDF does not wait.
    printer = threading.Thread(target=load_printer, daemon=True)
    printer.start()
    with contextlib.ExitStack() as stack:
        with step("Catalogue des couches"):
            catalog = load_checked_catalog(settings)
        if not settings.database_url:
            cluster = Cluster(settings.root / ".webmap")
            if not cluster.running():
                stack.callback(stop_cluster, cluster)
            with step("Base privée"):
                cluster.start()
        _prepare_database(settings, catalog)
        refresh_once(open_database(settings), catalog, settings)
        stack.enter_context(hold_pid_file(settings))
        printer.join()  # a lock held by another thread would stay held in a forked worker
        stack.enter_context(keep_watch(settings, catalog))
        run_server(settings, address)


@main.command()
@HELP
def stop() -> None:
    """Arrête l'atlas servi depuis ce dossier (sur PORT seulement, s'il est donné), puis sa base privée."""
    settings = load_settings(os.environ)
    folder = settings.root / ".webmap"
    for path in sorted(folder.glob(f"serve-{settings.port if os.environ.get('PORT') else '*'}.pid")):
        stop_server(path)
    cluster = Cluster(folder)
    if cluster.running():
        stop_cluster(cluster)
    click.echo("La base privée sert encore un autre port." if cluster.running() else "Tout est arrêté.")


def _private_cluster(settings: Settings) -> Cluster:
    if settings.database_url:
        msg = "DATABASE_URL est défini : la base n'est pas celle de webmap, démarrez-la et arrêtez-la là où elle est."
        raise WebmapError(msg)
    return Cluster(settings.root / ".webmap")


def _prepare_database(settings: Settings, catalog: Catalog) -> None:
    """Bring schema, tables and facts up to date, telling what changed."""
    database = start_database(settings)
    with step("Schéma et tables"):
        changes = upgrade(database, catalog, settings)
    _tell(changes)
    with step("Faits"):
        changes = load_seeds(database, catalog, settings)
    _tell(changes)
    settle_octets(settings, catalog, database)


def _tell(changes: list[str]) -> None:
    for change in changes:
        click.echo(f"  {change}")
