"""Pages of items and the cursors of their `next` links.

Unless a sort is asked for, rows that have a place come first and those without start a page of their own: a first page
is all features one can draw, as many readers of GeoJSON expect, and nothing is left out of what follows or of the count.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import replace
from typing import TYPE_CHECKING

from webmap.errors import BadParameterError

if TYPE_CHECKING:
    from webmap.catalog.definition import LayerDefinition
    from webmap.store.items import ItemStore, Page, Query

    Sort = tuple[tuple[str, bool], ...]
    After = tuple[str | None, ...]

_MAX_CURSOR = 20_000
_PLACELESS = "sans-lieu"  # no field has such an id


def fetch_page(store: ItemStore, layer: LayerDefinition, query: Query) -> tuple[Page, str | None]:
    """Return a page, and the cursor of the next one. Raises BadParameterError when `query.after` is none of ours."""
    page = store.fetch_page(layer, query)
    if page.after:
        return page, write_cursor(page.after, query)
    if not query.placed:
        return page, None
    rest = replace(query, placed=False, after=None)
    if not page.returned:
        return fetch_page(store, layer, rest)
    return page, write_cursor((), rest) if store.has_placeless(layer, query) else None


def write_cursor(after: After, query: Query) -> str:
    """Return the opaque text of a place in a sort, or among the rows without a place."""
    told = _PLACELESS if query.placed is False else _told(query.sort)
    content = json.dumps([told, *after], ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(content.encode()).decode().rstrip("=")


def parse_cursor(text: str, sort: Sort, *, split: bool) -> tuple[After | None, bool | None]:
    """Read what `write_cursor` wrote for the same sort: where the page starts, and among which rows.

    `split` says whether rows without a place come apart. Raises BadParameterError.
    """
    try:
        if len(text) > _MAX_CURSOR:
            raise ValueError  # noqa: TRY301 - one refusal for all
        told, *after = json.loads(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
        placeless = split and told == _PLACELESS
        if placeless and not after:
            return None, False
        if not (placeless or told == _told(sort)) or len(after) != len(sort) + 1 or after[-1] is None:
            raise ValueError  # noqa: TRY301 - as above
        if not all(value is None or isinstance(value, str) for value in after):
            raise ValueError  # noqa: TRY301 - as above
    except (ValueError, TypeError, RecursionError, binascii.Error):
        msg = "cursor : suivez le lien « next » d'une réponse, sans changer son tri ; ce curseur n'en vient pas."
        raise BadParameterError(msg) from None
    return tuple(after), (not placeless) if split else None


def _told(sort: Sort) -> str:
    return ",".join(f"-{name}" if descending else name for name, descending in sort)
