"""`webmap sources`: official files and services, asked for, mirrored, loaded, and how fresh they are."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from webmap.cli.conservation import tell_conservation
from webmap.cli.terminal import HELP, Commands, step
from webmap.config import load_settings
from webmap.errors import WebmapError
from webmap.importing.mirroring import mirror_sources
from webmap.importing.refresh import Options, refresh
from webmap.importing.run import load_source
from webmap.importing.seeds import load_checked_catalog
from webmap.store.deployment import start_database
from webmap.store.history import fetch_checks
from webmap.wording import agree

if TYPE_CHECKING:
    from webmap.catalog.load import Catalog
    from webmap.config import Settings
    from webmap.store.db import Database

_MIRROR = click.Path(path_type=Path, file_okay=False)
_FIRST_SECONDS = 15.0
_MARKS = {"changee": "✓", "inchangee": "=", "echec": "✗"}


@click.group(cls=Commands)
@HELP
def sources() -> None:
    """Les sources officielles (contours, périmètres, bornes…)."""


@sources.command("load")
@click.argument("couche")
@click.argument("fichier", type=click.Path(path_type=Path))
@click.option("--accepter", is_flag=True, help="Accepte une commune absente, ou un trou entre les communes.")
@HELP
def load(couche: str, fichier: Path, *, accepter: bool) -> None:
    """Charge FICHIER dans COUCHE (par exemple : webmap sources load commune contours.geojson)."""
    settings = load_settings(os.environ)
    catalog = load_checked_catalog(settings)
    database = start_database(settings)
    click.echo(load_source(database, catalog, settings, couche, fichier, accept=accepter))
    tell_conservation(database, catalog)


@sources.command("refresh")
@click.argument("couches", nargs=-1)
@click.option("--mirror", type=_MIRROR, envvar="WEBMAP_MIRROR", help="Lit dans ce dossier au lieu du réseau.")
@click.option("--accepter", is_flag=True, help="Accepte une source qui a perdu des lignes ou une colonne.")
@click.option("--delai", type=click.FloatRange(min=1), help="Temps total, en secondes.")
@HELP
def refresh_sources(couches: tuple[str, ...], mirror: Path | None, delai: float | None, *, accepter: bool) -> None:
    """Met à jour les COUCHES nommées, ou toutes, depuis leurs sources officielles."""
    settings = load_settings(os.environ)
    catalog = load_checked_catalog(settings)
    known = {layer.id for layer in catalog.layers if layer.connectors}
    for couche in couches:
        if couche not in known:
            listed = ", ".join(sorted(known))
            raise WebmapError(f"La couche « {couche} » n'a pas de source officielle. Couches possibles : {listed}.")
    options = Options(mirror, delai, accept=accepter, progress=_show_progress, downloads=_downloads(settings))
    database, failures, answered = start_database(settings), 0, False
    for outcome in refresh(database, catalog, settings, couches, options):
        failures += outcome.status == "echec"
        answered |= outcome.status != "echec"
        click.echo(f"{_MARKS[outcome.status]} {outcome.layer_id}, {outcome.connector_id} : {outcome.sentence}")
    if answered:
        tell_conservation(database, catalog)
    if failures:
        pattern = (
            "source(s) n'(a|ont) pas répondu comme attendu ; (sa|leurs) couche(s) reste(|nt) comme elle(s) étai(t|ent)."
        )
        raise WebmapError(agree(failures, pattern))


@sources.command("mirror")
@click.argument("dossier", type=_MIRROR)
@HELP
def mirror(dossier: Path) -> None:
    """Remplit DOSSIER d'une copie des sources, à porter sur une machine sans réseau (--mirror DOSSIER)."""
    settings = load_settings(os.environ)
    catalog = load_checked_catalog(settings)
    failures = 0
    for name, sentence in mirror_sources(catalog, settings, dossier, _show_progress):
        failures += sentence is not None
        click.echo(f"{'✗' if sentence else '✓'} {name}" + (f" : {sentence}" if sentence else ""))
    if failures:
        raise WebmapError(agree(failures, "source(s) manque(|nt) dans le miroir ; le reste est utilisable."))


@sources.command("etat")
@HELP
def state() -> None:
    """Dit quand chaque source a été demandée, et ce qu'elle a donné."""
    settings = load_settings(os.environ)
    catalog = load_checked_catalog(settings)
    checks = fetch_checks(start_database(settings))
    for layer in catalog.layers:
        for connector in layer.connectors:
            check = checks.get((layer.id, connector.id))
            if check is None:
                click.echo(f"  {layer.id}, {connector.id} : jamais demandée")
                continue
            loaded = f"chargée le {check['charge']:%d/%m/%Y}" if check["charge"] else "jamais chargée"
            when = f"{check['verifiee']:%d/%m/%Y à %H:%M}"
            click.echo(
                f"{_MARKS[check['resultat']]} {layer.id}, {connector.id} : demandée le {when}, {loaded} ; {check['phrase']}"
            )


def refresh_once(database: Database, catalog: Catalog, settings: Settings) -> None:
    """At the very first start, ask the official sources: the first is a probe, tried once; 15 s in all, then on without them.

    Never again by itself: what was asked for is on record, whatever came of it.
    """
    if fetch_checks(database):
        return
    mirror = os.environ.get("WEBMAP_MIRROR")
    options = Options(Path(mirror) if mirror else None, _FIRST_SECONDS, downloads=_downloads(settings), probe=True)
    failures = 0
    with step("Sources officielles"):
        for number, outcome in enumerate(refresh(database, catalog, settings, (), options)):
            failures += outcome.status == "echec"
            if number == 0 and failures and not mirror:
                break
    if failures:
        click.echo(
            "  Certaines sources n'ont pas répondu : l'atlas démarre avec ce qu'il a. La page /couches dit ce qui manque ;"
        )
        click.echo("  plus tard : webmap sources refresh (ou --mirror DOSSIER).")


def _downloads(settings: Settings) -> Path:
    """Where a download that was stopped waits for the next refresh, apart for each territory."""
    return settings.root / ".webmap" / "sources" / settings.territoire.code


def _show_progress(done: int, total: int | None) -> None:
    """Rewrite one line of a terminal; say nothing in a log file."""
    if sys.stderr.isatty():
        share = f"{100 * done / total:3.0f} %" if total else ""
        click.echo(f"\r  {done / 1e6:8.1f} Mo {share}", nl=done == total, err=True)
