"""`webmap sources refresh`: each connector of each layer, fetched, read, checked, brought in; one that fails leaves its layer as it was."""

from __future__ import annotations

import hashlib
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import shapely

from webmap.errors import ImportRefusedError, WebmapError
from webmap.importing.fetch import fetch, silent
from webmap.importing.pages import fetch_pages
from webmap.importing.readers import Feature, read_features
from webmap.importing.remote import Fetched, NotModified, Previous, Remote
from webmap.importing.source_rows import build_source_row
from webmap.store import history, loads, placement, staging
from webmap.store.places import contours_loaded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from webmap.catalog.connector import Connector
    from webmap.catalog.definition import LayerDefinition
    from webmap.catalog.load import Catalog
    from webmap.config import Settings
    from webmap.store.db import Database

    Row = dict[str, Any]
    Progress = Callable[[int, int | None], None]

_MARGIN = 0.05  # degrees around the territory's box: what is surely outside is not even staged
_TOLD = 20


@dataclass(frozen=True)
class Outcome:
    """How one connector went: `changee`, `inchangee` or `echec`, and the French sentence that says so."""

    layer_id: str
    connector_id: str
    status: str
    sentence: str


@dataclass(frozen=True)
class Options:
    """How a refresh is run: where from, for how long (seconds in all), and whether a shrunken source is accepted."""

    mirror: Path | None = None
    deadline: float | None = None
    accept: bool = False
    progress: Progress = silent


@dataclass(frozen=True)
class _Job:
    """One connector of one layer, and what it is run with; `left` is the time that remains, in seconds."""

    database: Database
    catalog: Catalog
    settings: Settings
    options: Options
    layer: LayerDefinition
    connector: Connector
    left: float | None


def refresh(
    database: Database, catalog: Catalog, settings: Settings, layer_ids: Sequence[str], options: Options
) -> Iterator[Outcome]:
    """Refresh the connectors of the layers named, or of all; communes first, since others are cut by their contours."""
    wanted = [layer for layer in catalog.layers if layer.connectors and (not layer_ids or layer.id in layer_ids)]
    end = None if options.deadline is None else time.monotonic() + options.deadline
    for layer in sorted(wanted, key=lambda layer: layer.id != "commune"):
        for connector in layer.connectors:
            left = None if end is None else end - time.monotonic()
            yield _run(_Job(database, catalog, settings, options, layer, connector, left))


def _run(job: _Job) -> Outcome:
    try:
        status, sentence = _refresh(job)
    except WebmapError as error:
        status, sentence = "echec", str(error)
    with job.database.owner() as connection:
        history.record_check(connection, job.layer.id, job.connector.id, status, sentence)
    return Outcome(job.layer.id, job.connector.id, status, sentence)


def _refresh(job: _Job) -> tuple[str, str]:
    if job.left is not None and job.left <= 0:
        raise ImportRefusedError("Le délai est écoulé avant cette source : relancez `webmap sources refresh`.")
    layer, connector = job.layer, job.connector
    recipe = _recipe(connector, contours=contours_loaded(job.database))
    with job.database.owner() as connection:
        known = history.fetch_previous(connection, layer.id, connector.id, recipe)
    with tempfile.TemporaryDirectory(prefix="webmap-") as folder:
        files = _fetch_files(job, Path(folder), Previous(*known) if known else None)
        digest = _digest(files) if isinstance(files, list) else None
        if isinstance(files, NotModified) or (known and digest == known.sha256):
            return "inchangee", "inchangée depuis le dernier chargement"
        tally = _Tally()
        rows = _build_rows(job, files, tally)
        with job.database.owner() as connection:
            changes, told = _bring_in(job, connection, rows)
            _check_aside(connector, tally.aside, changes.lues)
            told = [*tally.told(), *told]
            report = {**changes.as_report(), "remarques": told, "ecartees": tally.aside[:_TOLD], "recette": recipe}
            load = loads.Load(layer.id, "source", connector.file, str(digest), changes.lues)
            origin = history.Origin(
                connector.id, files[0].url, files[0].etag, files[0].last_modified, connector.licence
            )
            history.record_source(connection, load, origin, sum(file.size for file in files), report)
            placement.refresh(connection, job.catalog)
    return "changee", _sentence(changes, told)


def _recipe(connector: Connector, *, contours: bool) -> str:
    """Hash of how the source is read: the same bytes under another mapping are not « inchangées »."""
    cut_by_contours = contours and connector.mode == "rows"
    return hashlib.sha256(f"{connector.model_dump_json()} {cut_by_contours}".encode()).hexdigest()


def _digest(files: Sequence[Fetched]) -> str:
    if len(files) == 1:
        return files[0].sha256
    return hashlib.sha256(" ".join(file.sha256 for file in files).encode()).hexdigest()


def _fetch_files(job: _Job, folder: Path, previous: Previous | None) -> list[Fetched] | NotModified:
    connector, options = job.connector, job.options
    url = build_url(connector, job.settings)
    if connector.format == "wfs":
        return fetch_pages(connector, url, folder, deadline=job.left, mirror=options.mirror)
    remote = Remote(url, connector.file, connector.max_bytes)
    found = fetch(
        remote, folder, previous=previous, deadline=job.left, mirror=options.mirror, progress=options.progress
    )
    return found if isinstance(found, NotModified) else [found]


def build_url(connector: Connector, settings: Settings) -> str:
    """Return the address of a connector for this territory."""
    west, south, east, north = settings.territoire.etendue
    box = f"{south},{west},{north},{east},urn:ogc:def:crs:EPSG::4326"  # WFS 2.0: latitude first
    return connector.url.replace("{siren}", settings.territoire.code).replace("{bbox_wfs}", box)


@dataclass
class _Tally:
    """What was met while reading a source, row by row."""

    read: int = 0
    swapped: int = 0
    without_key: int = 0
    aside: list[str] = field(default_factory=list)

    def told(self) -> list[str]:
        """Say it in French."""
        parts = [f"{self.read} lignes dans la source"]
        parts += [f"{self.swapped} positions remises dans l'ordre longitude, latitude"] if self.swapped else []
        parts += [f"{self.without_key} sans identifiant, laissées de côté"] if self.without_key else []
        aside = self.aside
        return parts + ([f"{len(aside)} écartées, non conformes au schéma ({aside[0]})"] if aside else [])


def _build_rows(job: _Job, files: Sequence[Fetched], tally: _Tally) -> Iterator[Row]:
    """Yield typed rows near the territory; a row that does not fit the layer's fields is set aside in `tally`."""
    layer, connector = job.layer, job.connector
    west, south, east, north = job.settings.territoire.etendue
    box = shapely.box(west - _MARGIN, south - _MARGIN, east + _MARGIN, north + _MARGIN)
    date = max(file.date for file in files).date().isoformat()
    for number, feature in enumerate(read_features(connector, [file.path for file in files]), 1):
        tally.read, tally.swapped = number, tally.swapped + feature.swapped
        key = feature.properties.get(connector.key)
        if not key or key in connector.null_keys:
            tally.without_key += 1
            continue
        if not _near(feature, box):
            continue
        row, problems = build_source_row(layer, connector, feature.properties, date)
        if problems:
            tally.aside.append(f"objet {number} ({key}) : {', '.join(problems)}")
        else:
            yield {**row, "geometry": feature.geometry}


def _near(feature: Feature, box: shapely.Geometry) -> bool:
    """Whether a feature may touch the territory; one without a geometry may."""
    if feature.geometry is None:
        return True
    try:
        return bool(shapely.intersects(shapely.box(*shapely.from_geojson(feature.geometry).bounds), box))
    except shapely.errors.GEOSException as error:
        raise ImportRefusedError(f"Une géométrie de la source est illisible ({error}).") from error


def _bring_in(job: _Job, connection: Any, rows: Iterable[Row]) -> tuple[staging.Changes, list[str]]:  # noqa: ANN401 - a psycopg connection, which only store may name
    layer, connector = job.layer, job.connector
    read, doubles = staging.stage(connection, layer, rows)
    repaired, without = staging.build_geometries(connection, layer)
    told = [f"{doubles} doublons d'identifiant réunis"] if doubles else []
    accept = job.options.accept
    if connector.mode == "geometry":
        before, absent, unknown = staging.compare_keys(connection, layer)
        _check_shrink(connector, len(absent), accept=accept, before=before)
        changed, different = staging.set_geometries(connection, layer, connector.compare)
        told += [f"absentes de la source : {', '.join(absent)}"] if absent else []
        told += [f"dans la source et pas dans la liste : {', '.join(unknown)}"] if unknown else []
        return staging.Changes(
            lues=read, sans_geometrie=without, reparees=repaired, modifiees=changed
        ), told + different
    # The list of communes is the territory: it cannot be cut by the communes that are already there.
    outside = 0 if layer.id == "commune" else staging.keep_territory(connection, job.settings.territoire.etendue)
    contradictions = staging.tie_communes(connection) if layer.geometry == "point" else 0
    before, after = staging.count_source(connection, layer, connector.source), staging.count_staged(connection)
    _check_shrink(connector, before - after, accept=accept, before=before)
    created, changed, removed = staging.replace_rows(connection, layer, connector.source)
    counts = (read, outside, without, repaired, contradictions, created, changed, removed)
    return staging.Changes(*counts), told


def _check_aside(connector: Connector, aside: Sequence[str], kept: int) -> None:
    if len(aside) > connector.max_shrink * (len(aside) + kept):
        msg = f"{len(aside)} lignes sur {len(aside) + kept} ne suivent plus la définition de la couche, qui reste comme elle était."
        raise ImportRefusedError(msg, list(aside[:_TOLD]))


def _check_shrink(connector: Connector, lost: int, *, accept: bool, before: int) -> None:
    if not accept and before and lost > connector.max_shrink * before:
        share = f"{100 * lost / before:.0f} %"
        msg = f"La source a perdu {lost} lignes sur {before} ({share}) : la couche reste comme elle était."
        msg += " Si c'est voulu, ajoutez --accepter."
        raise ImportRefusedError(msg)


def _sentence(changes: staging.Changes, told: Sequence[str]) -> str:
    parts = [
        f"{changes.lues} lignes lues près du territoire",
        f"{changes.creees} créées, {changes.modifiees} modifiées, {changes.retirees} retirées",
    ]
    named = {
        "hors du territoire": changes.hors_territoire,
        "sans géométrie": changes.sans_geometrie,
        "géométries réparées": changes.reparees,
        "dont le code INSEE contredit la position": changes.communes_contredites,
    }
    parts += [f"{count} {what}" for what, count in named.items() if count]
    return " ; ".join([*parts, *told])
