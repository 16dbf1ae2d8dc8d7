"""Everything one layer can be taken by: its files, then its services. The page and the catalogues list the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webmap.catalog.notice import Download
from webmap.web.demandes import FORMATS

if TYPE_CHECKING:
    from webmap.catalog.definition import LayerDefinition


def list_downloads(layer: LayerDefinition) -> tuple[Download, ...]:
    """Return files first, services after."""
    collection = f"/ogc/collections/{layer.id}"
    services = [Download("ogc", "OGC API Features", collection, "application/json", service=True)]
    if layer.drawn:
        services.append(Download("tuiles", "OGC API Tiles", f"{collection}/tiles", "application/json", service=True))
    files = [
        Download(form.id.replace(".", "-"), form.title, f"/exports/{layer.id}.{form.id}", form.mimetype)
        for form in FORMATS.values()
    ]
    return (*files, *services)
