"""The parameters of `/items` to a `Query`: each is hostile, and an error says what was expected."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING

from flask import request

from webmap.errors import BadParameterError
from webmap.geo.bbox import parse_bbox_in
from webmap.geo.crs import parse_crs
from webmap.store.features import Selection
from webmap.store.filters import LANGUAGES, parse_filter, queryables
from webmap.store.items import Query, sortables
from webmap.web import params
from webmap.web.ogc.pages import parse_cursor

if TYPE_CHECKING:
    from collections.abc import Iterable

    from webmap.catalog.definition import LayerDefinition
    from webmap.catalog.load import Catalog
    from webmap.store.db import Database

    Days = tuple[dt.date | None, dt.date | None]

DEFAULT_LIMIT, MAX_LIMIT = 100, 10_000
PARAMETERS = (
    "f", "limit", "cursor", "bbox", "bbox-crs", "datetime", "crs", "properties", "sortby", "resultType", *params.FILTER
)  # fmt: skip
_MAX_SORTS = 5
_DIGITS = 300
_WORDS = ("results", "hits")
_DAY = re.compile(r"\d{4}-\d\d-\d\d(?:[Tt]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d))?", re.ASCII)
_DAY_EXPECTED = "attendu 2025-01-31, 2025-01-31T12:00:00Z, ou deux bornes séparées par /, « .. » pour une borne ouverte"


def parse_query(database: Database, catalog: Catalog, layer: LayerDefinition) -> Query:
    """Read what is asked of the items of a layer. Raises BadParameterError."""
    own = {*PARAMETERS, *params.decoupage_ids(catalog)}
    fields = [name for name, kind in queryables(layer).items() if kind != "geometry"]
    params.refuse_unknown({*own, *fields})
    args = (
        request.args.to_dict()
    )  # each name once, as `refuse_unknown` made sure: asking for one that is not there is dear
    # A field that has the name of a parameter (`commune` is the code of one) is asked for by `filter`.
    equal = {name: args[name] for name in fields if name in args and name not in own}
    condition, language, system = (args.get(name) for name in params.FILTER)
    if language not in (None, *LANGUAGES):
        raise BadParameterError(f"filter-lang = « {str(language)[:60]} » : attendu {' ou '.join(LANGUAGES)}.")
    parse_crs(system, "filter-crs")
    bbox_crs = parse_crs(args.get("bbox-crs"), "bbox-crs")
    box = parse_bbox_in(args["bbox"], bbox_crs) if "bbox" in args else None
    sort = _parse_sort(args.get("sortby"), layer)
    split = layer.drawn and not sort and box is None
    after, placed = parse_cursor(args["cursor"], sort, split=split) if "cursor" in args else (None, split or None)
    return Query(
        selection=Selection(
            bbox=box if bbox_crs.degrees else None,
            units=params.parse_units(database, catalog),
            filter=None if condition is None and not equal else parse_filter(layer, condition, language, system, equal),
        ),
        box=None if box is None or bbox_crs.degrees else (box, bbox_crs.srid),
        dates=parse_days(args["datetime"]) if "datetime" in args else None,
        fields=_parse_fields(args.get("properties"), layer),
        sort=sort,
        crs=parse_crs(args.get("crs"), "crs"),
        limit=parse_limit(args.get("limit")),
        after=after,
        placed=placed,
    )


def asks_hits() -> bool:
    """Whether only the count is asked for. Raises BadParameterError."""
    text = request.args.get("resultType", "results")
    if text not in _WORDS:
        raise BadParameterError(f"resultType = « {text[:60]} » : attendu results ou hits.")
    return text == "hits"


def parse_limit(text: str | None) -> int:
    """Read `limit`; more than the maximum is the maximum. Raises BadParameterError below 1."""
    if text is None:
        return DEFAULT_LIMIT
    if not (text.isascii() and text.isdecimal() and len(text) <= _DIGITS and int(text)):
        raise BadParameterError(f"limit = « {text[:60]} » : attendu un nombre entier de 1 à {MAX_LIMIT}.")
    return min(int(text), MAX_LIMIT)


def parse_days(text: str) -> Days:
    """Read `datetime`: an instant or an interval, by its days in UTC. Raises BadParameterError."""
    ends = text.split("/")
    opened = [end in {"", ".."} for end in ends]
    if len(ends) > 2 or all(opened):  # noqa: PLR2004 - first and last
        raise BadParameterError(f"datetime = « {text[:80]} » : {_DAY_EXPECTED}.")
    days = [None if free else _parse_day(end, text) for end, free in zip(ends, opened, strict=True)]
    first, last = days[0], days[-1]
    if first and last and first > last:
        raise BadParameterError(f"datetime = « {text[:80]} » : la première borne est après la seconde.")
    return first, last


def _parse_day(text: str, whole: str) -> dt.date:
    try:
        if _DAY.fullmatch(text):
            if len(text) == len("2025-01-31"):
                return dt.date.fromisoformat(text)
            # Python keeps six decimals of a second and does not know a leap one: neither changes the day.
            moment = re.sub(r":60", ":59", re.sub(r"\.\d+", "", text.upper()))
            return dt.datetime.fromisoformat(moment).astimezone(dt.UTC).date()
    except (ValueError, OverflowError):  # a 30th of February, a year beyond those there are
        pass
    raise BadParameterError(f"datetime = « {whole[:80]} » : {_DAY_EXPECTED}.")


def _parse_fields(text: str | None, layer: LayerDefinition) -> tuple[str, ...]:
    if text is None:
        return ()
    known = [name for name, kind in queryables(layer).items() if kind != "geometry"]
    return _known_names(text.split(","), known, "properties")


def _parse_sort(text: str | None, layer: LayerDefinition) -> tuple[tuple[str, bool], ...]:
    if text is None:
        return ()
    asked = text.split(",")
    if len(asked) > _MAX_SORTS:
        raise BadParameterError(f"sortby : {_MAX_SORTS} champs au plus.")
    # A « + » that was not escaped arrives as a space.
    names = _known_names(
        [part.removeprefix("-").removeprefix("+").removeprefix(" ") for part in asked], sortables(layer), "sortby"
    )
    return tuple((name, part.startswith("-")) for name, part in zip(names, asked, strict=True))


def _known_names(names: list[str], known: Iterable[str], parameter: str) -> tuple[str, ...]:
    allowed = list(known)
    for name in names:
        if name not in allowed:
            msg = f"{parameter} : il n'y a pas de champ « {name[:60]} » ; champs possibles : {', '.join(allowed)}."
            raise BadParameterError(msg)
    if len(set(names)) < len(names):
        raise BadParameterError(f"{parameter} : un champ est donné deux fois.")
    return tuple(names)
