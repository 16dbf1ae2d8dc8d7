"""What every answer of `/territoires/…` shares: the report, its ETag, the unit asked for, what a page needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from flask import Response, request

from webmap.errors import NotFoundError
from webmap.store.places import fetch_last_change
from webmap.store.report import fetch_report
from webmap.store.units import fetch_decided
from webmap.store.zones import fetch_zone_report
from webmap.web import params
from webmap.web.atlas import SCHEMATIC, decoupage_titles
from webmap.web.octets import build_figures, is_seen, name_figures, tag_figures
from webmap.web.responses import not_modified, revision_etag, with_etag
from webmap.web.services import services

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Sequence
    from wsgiref.types import WSGIEnvironment

    from webmap.store.report import Report, UnitReport

_Content = TypeVar("_Content")


def answer(
    decoupage: str, kind: str, write: Callable[[Report], Response], code: str = "", query: Sequence[str] = ()
) -> Response:
    """Answer one découpage in one form, or 304 when the client has it: `write` turns the report into a response.

    `query` names the parameters the form takes; each is part of the version, and `write` reads them.
    """
    atlas = services()
    params.refuse_unknown(query)
    # Pages laid out for units made of communes are not for zones: see web/zones.py for theirs.
    (params.require_decoupage if kind == "html" else params.require_unit_layer)(atlas.catalog, decoupage)
    asked = [request.args.get(name) for name in query]
    etag = revision_etag([layer.id for layer in atlas.catalog.public], "synthese", decoupage, code, kind, asked)
    response = not_modified(etag)
    if response is None:
        response = write(fetch_figures(decoupage))
    return with_etag(response, etag)


def answer_kept(decoupage: str, read: Callable[[], _Content], write: Callable[[_Content], str]) -> Response:
    """Answer one découpage, or one unit of it, in a form that takes no parameter: made once for a state of the data, then kept.

    `read` reads all there is to say, in one state; `write` says it, without a look at the data nor at the request.
    """
    atlas = services()
    params.refuse_unknown(())
    params.require_unit_layer(atlas.catalog, decoupage)
    wsgi: WSGIEnvironment = request.environ
    kept, name = atlas.kept_figures, name_figures(wsgi, atlas.assets.digest)
    if name is None:
        raise NotFoundError("Cette adresse est trop longue pour être celle d'une unité.")
    version, squeezed = kept.fetch_version(), b""
    accept, seen = (request.headers.get(header, "") for header in ("Accept-Encoding", "If-None-Match"))
    if not is_seen(tag_figures(version, name), seen):
        version, squeezed = kept.fetch(version, name, read, write)
    status, headers, body = build_figures(wsgi["PATH_INFO"], tag_figures(version, name), squeezed, accept, seen)
    return Response(body, status, headers)


def fetch_one(decoupage: str, code: str) -> tuple[Report, UnitReport]:
    """Return the report of one unit, with nothing of the others but what they leave over. Raises NotFoundError."""
    report = fetch_figures(decoupage, code)
    return report, require_unit(report, code)


def fetch_whole(decoupage: str, code: str) -> tuple[Report, UnitReport]:
    """Return a report and one of its units, beside the others. Raises NotFoundError."""
    report = fetch_figures(decoupage)
    return report, require_unit(report, code)


def fetch_figures(decoupage: str, only: str = "") -> Report:
    """Return the report of a découpage or of a layer of zones; with `only`, that unit alone, beside what all leave over."""
    atlas = services()
    if decoupage in params.zone_ids(atlas.catalog):
        return fetch_zone_report(atlas.database, atlas.catalog, decoupage, atlas.settings.territoire.etendue)
    return fetch_report(atlas.database, atlas.catalog, decoupage, only)


def require_unit(report: Report, code: str) -> UnitReport:
    """Return a unit of the report. Raises NotFoundError saying where the codes are."""
    found = report.find(code)
    if found is None:
        msg = f"Le découpage « {report.decoupage} » n'a pas d'unité « {code[:60]} ». Les codes sont à l'adresse /territoires."
        raise NotFoundError(msg)
    return found


def fetch_date() -> dt.datetime | None:
    """Return when the data last changed, to the second: it follows the revisions, never the clock of a request."""
    atlas = services()
    found = fetch_last_change(atlas.database, [layer.id for layer in atlas.catalog.public])
    return found and found.replace(microsecond=0)


def page_context(report: Report) -> dict[str, Any]:
    """Return what the templates of a découpage and of a unit both read."""
    atlas = services()
    title, plural, warning = decoupage_titles(atlas, report.decoupage, fetch_decided(atlas.database))
    return {
        "decoupage": report.decoupage,
        "decoupage_titre": title,
        "decoupage_pluriel": plural,
        "avertissement": warning,
        "schematique": None if report.contours else SCHEMATIC,
        "report": report,
        "themes": atlas.catalog.themes,
        "layers": atlas.catalog.by_id,
        "population_source": atlas.catalog.by_id["commune"].source,
    }
