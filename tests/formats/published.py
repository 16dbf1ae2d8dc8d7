"""Notices made for tests: a layer of the shipped catalogue, with any text in place of its own."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from webmap.catalog.notice import Download, Notice, Publisher

if TYPE_CHECKING:
    from webmap.catalog.load import Catalog

ISSUED = dt.datetime(2026, 3, 1, 8, tzinfo=dt.UTC)
MODIFIED = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)
BOX = (3.25, 50.25, 3.5, 50.5)
TERRITORY = (3.2, 50.2, 3.6, 50.6)
PUBLISHER = Publisher("200042190", "Agglomération", "Atlas", "https://atlas.example", "sig@atlas.example")
HOSTILE = ["</gco:CharacterString><x/>", "a\x00b\x1fc", "&lt; & \"'", "\ud800", "]]>", "{{ 7*7 }}", "\ufffe𝄞"]


def make_notice(catalog: Catalog, layer_id: str, text: str | None = None, *, empty: bool = False) -> Notice:
    """Return the notice of a layer, its texts replaced by `text`; with `empty`, a layer nothing was ever loaded in."""
    layer = catalog.by_id[layer_id]
    if text is not None:
        told = dict.fromkeys(("name", "producer", "licence", "millesime", "provenance"), text)
        changed = {"title": text, "description": text, "singular": text, "source": layer.source.model_copy(update=told)}
        layer = layer.model_copy(update=changed)
    return Notice(
        layer=layer,
        theme=next(theme for theme in catalog.themes if theme.id == layer.theme),
        rows=0 if empty else 13,
        box=None if empty else BOX,
        territory=TERRITORY,
        issued=None if empty else ISSUED,
        modified=MODIFIED,
        loaded=(),
        file=None,
        downloads=(
            Download("geojson", "GeoJSON", f"/exports/{layer_id}.geojson", "application/geo+json"),
            Download("ogc", "OGC API Features", f"/ogc/collections/{layer_id}", "application/json", service=True),
        ),
    )
