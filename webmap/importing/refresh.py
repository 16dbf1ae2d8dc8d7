"""`webmap sources refresh`: each connector of each layer, fetched, read, checked, brought in; one that fails leaves its layer as it was."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import tempfile
import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING

from webmap.errors import DatabaseError, ImportRefusedError, WebmapError
from webmap.importing.bringing import Arrival, bring_in
from webmap.importing.contours import bring_contours
from webmap.importing.fetch import PACE, Pace, fetch, silent
from webmap.importing.pages import fetch_pages
from webmap.importing.readers import read_features
from webmap.importing.reading import Around, Tally, build_rows, wanted_columns
from webmap.importing.remote import Fetched, NotModified, Previous, Remote
from webmap.store import contours, history, loads, placement, staging
from webmap.store.writing import take_turn, write
from webmap.wording import agree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from webmap.catalog.connector import Connector
    from webmap.catalog.definition import LayerDefinition
    from webmap.catalog.load import Catalog
    from webmap.config import Settings
    from webmap.store.db import Database
    from webmap.store.writing import Connection

    Progress = Callable[[int, int | None], None]

_TOLD = 20
_PROBE = Pace(connect=2.0, attempts=1)  # a name that is not found, a door that stays shut: six seconds at most
_READING = 2  # raised when the same bytes would now be read otherwise: they are then read again
_SAME = "inchangée depuis le dernier chargement"


@dataclass(frozen=True)
class Outcome:
    """How one connector went: `changee`, `inchangee` or `echec`, and the French sentence that says so."""

    layer_id: str
    connector_id: str
    status: str
    sentence: str


@dataclass(frozen=True)
class Options:
    """How a refresh is run.

    `mirror` is read instead of the network; `deadline` is in seconds, for all; `accept` takes a shrunken source;
    `downloads` keeps a download that was stopped, for the next refresh to go on with. With `probe` the first source is
    asked once and soon given up: it tells whether there is a network at all.
    """

    mirror: Path | None = None
    deadline: float | None = None
    accept: bool = False
    progress: Progress = silent
    downloads: Path | None = None
    probe: bool = False


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
    pace: Pace


class _OvertakenError(WebmapError):
    """Another command is bringing this source in, or just has: this one has nothing to do, and nothing to record."""


def refresh(
    database: Database, catalog: Catalog, settings: Settings, layer_ids: Sequence[str], options: Options
) -> Iterator[Outcome]:
    """Refresh the connectors of the layers named, or of all; communes first, since others are cut by their contours."""
    wanted = [layer for layer in catalog.layers if layer.connectors and (not layer_ids or layer.id in layer_ids)]
    end = None if options.deadline is None else time.monotonic() + options.deadline
    pace = _PROBE if options.probe else PACE
    for layer in sorted(wanted, key=lambda layer: layer.id != "commune"):
        for connector in layer.connectors:
            left = None if end is None else end - time.monotonic()
            yield _run(_Job(database, catalog, settings, options, layer, connector, left, pace))
            pace = PACE


def _run(job: _Job) -> Outcome:
    try:
        status, sentence = _refresh(job)
    except _OvertakenError as error:
        return Outcome(job.layer.id, job.connector.id, "inchangee", str(error))
    except WebmapError as error:
        status, sentence = "echec", str(error)
    with contextlib.suppress(DatabaseError), write(job.database) as connection:
        history.record_check(connection, job.layer.id, job.connector.id, status, sentence)
    return Outcome(job.layer.id, job.connector.id, status, sentence)


def _refresh(job: _Job) -> tuple[str, str]:
    if job.left is not None and job.left <= 0:
        raise ImportRefusedError("Le délai est écoulé avant cette source : relancez `webmap sources refresh`.")
    with write(job.database) as connection:
        known = history.fetch_previous(connection, job.layer.id, job.connector.id)
        recipe = _recipe(job, "" if job.layer.id == "commune" else contours.fetch_footprint(connection))
    previous = Previous(known.etag, known.last_modified, known.sha256) if known and known.recipe == recipe else None
    with _open_folder(job) as folder:
        files = _fetch_files(job, folder, previous)
        if isinstance(files, NotModified):
            return "inchangee", _SAME
        try:
            if previous and files[1] == previous.sha256:
                return "inchangee", _SAME
            return _load(job, *files, known, recipe)
        finally:
            if job.options.mirror is None:
                for file in files[0]:
                    file.path.unlink(missing_ok=True)


def _recipe(job: _Job, footprint: str) -> str:
    """Hash of how the source is read: the same bytes under another mapping, or other contours, are not « inchangées »."""
    fields = [field.model_dump_json() for field in job.layer.fields]
    parts = [str(_READING), job.connector.model_dump_json(), *fields, repr(job.settings.territoire.etendue), footprint]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


@contextlib.contextmanager
def _open_folder(job: _Job) -> Iterator[Path]:
    """Give the folder to download into, to one refresh of this source at a time. Raises _OvertakenError."""
    downloads = job.options.downloads
    if downloads is None:
        with tempfile.TemporaryDirectory(prefix="webmap-") as folder:
            yield Path(folder)
        return
    downloads.mkdir(parents=True, exist_ok=True)
    with (downloads / f"{job.layer.id}-{job.connector.id}.verrou").open("w", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise _OvertakenError("une autre commande met cette source à jour en ce moment") from error
        yield downloads


def _fetch_files(job: _Job, folder: Path, previous: Previous | None) -> tuple[list[Fetched], str] | NotModified:
    """Fetch the file or the pages of a source, with a digest of what they say."""
    connector, options = job.connector, job.options
    url = build_url(connector, job.settings)
    if connector.format == "wfs":
        pages = fetch_pages(connector, url, folder, deadline=job.left, mirror=options.mirror, pace=job.pace)
        digest = hashlib.sha256(" ".join(page.digest for page in pages).encode()).hexdigest()
        return [page.file for page in pages], digest
    remote = Remote(url, connector.file, connector.max_bytes)
    found = fetch(
        remote,
        folder,
        previous=previous,
        deadline=job.left,
        mirror=options.mirror,
        progress=options.progress,
        pace=job.pace,
    )
    return found if isinstance(found, NotModified) else ([found], found.sha256)


def build_url(connector: Connector, settings: Settings) -> str:
    """Return the address of a connector for this territory."""
    west, south, east, north = settings.territoire.etendue
    box = f"{south},{west},{north},{east},urn:ogc:def:crs:EPSG::4326"  # WFS 2.0: latitude first
    return connector.url.replace("{siren}", settings.territoire.code).replace("{bbox_wfs}", box)


def _load(
    job: _Job, files: Sequence[Fetched], digest: str, known: history.Known | None, recipe: str
) -> tuple[str, str]:
    """Bring what was fetched into the layer: one transaction, all or nothing."""
    layer, connector, tally = job.layer, job.connector, Tally()
    with write(job.database) as connection:
        if layer.id == "commune" and connector.mode == "geometry":
            take_turn(connection)
            arrival = bring_contours(connection, files[0].path, members=True, accept=job.options.accept)
            changes, told = staging.Changes(lues=arrival.read, modifiees=arrival.changed), list(arrival.told)
        else:
            changes, told = _bring(job, connection, files, tally, known)
        now = history.fetch_previous(connection, layer.id, connector.id)
        if (now and now.load_id) != (known and known.load_id):
            raise _OvertakenError("une autre commande vient de mettre cette source à jour ; celle-ci n'a rien changé")
        report = {
            **changes.as_report(),
            "remarques": told,
            "ecartees": tally.aside[:_TOLD],
            "recette": recipe,
            "colonnes": sorted(tally.columns),
        }
        load = loads.Load(layer.id, "source", connector.file, digest, changes.lues)
        origin = history.Origin(connector.id, files[0].url, files[0].etag, files[0].last_modified, connector.licence)
        history.record_source(connection, load, origin, sum(file.size for file in files), report)
        placement.refresh(connection, job.catalog)
    moved = changes.creees + changes.modifiees + changes.retirees
    return "changee" if moved or known is None else "inchangee", _sentence(changes, told)


def _bring(
    job: _Job,
    connection: Connection,
    files: Sequence[Fetched],
    tally: Tally,
    known: history.Known | None,
) -> tuple[staging.Changes, list[str]]:
    layer, connector, extent = job.layer, job.connector, job.settings.territoire.etendue
    around = Around(extent, frozenset(contours.fetch_centres(connection)))
    date = max(map(_date, files))
    features = read_features(connector, [file.path for file in files])
    rows = build_rows(layer, connector, features, date, around, tally)
    columns = known.columns & wanted_columns(layer, connector) if known else frozenset()
    arrival = Arrival(layer, connector, extent, columns, job.options.accept)
    changes, told = bring_in(arrival, connection, rows, tally)
    return changes, [*tally.told(), *told]


def _date(file: Fetched) -> str:
    """Return the day of a file (ISO): what its server says, else the day it was fetched."""
    with contextlib.suppress(ValueError, TypeError):
        return parsedate_to_datetime(file.last_modified or "").date().isoformat()
    return file.date.date().isoformat()


def _sentence(changes: staging.Changes, told: Sequence[str]) -> str:
    parts = [
        agree(changes.lues, "ligne(s) lue(s) près du territoire"),
        f"{agree(changes.creees, 'créée(s)')}, {agree(changes.modifiees, 'modifiée(s)')}, {agree(changes.retirees, 'retirée(s)')}",
    ]
    named = {
        "hors du territoire": changes.hors_territoire,
        "sans géométrie": changes.sans_geometrie,
        "géométrie(s) réparée(s)": changes.reparees,
        "dont le code INSEE contredit la position": changes.communes_contredites,
    }
    parts += [agree(count, what) for what, count in named.items() if count]
    return " ; ".join([*parts, *told])
