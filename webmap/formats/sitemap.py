"""`robots.txt` and `sitemap.xml` (sitemaps.org 0.9)."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement, tostring

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

# Heavy or endless for a crawler that reads everything; harvesters are given these addresses by the catalogue.
_SPARED = ("/exports/", "/tuiles/", "/recherche.json", "/territoires/polygone", "/cartes/", "/ogc/")


def build_robots(address: str) -> str:
    """Return the rules for crawlers; `address` is the atlas's own, without a final slash."""
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in _SPARED), "", f"Sitemap: {address}/sitemap.xml"]
    return "\n".join(lines) + "\n"


def build_sitemap(address: str, pages: Sequence[tuple[str, dt.datetime | None]]) -> bytes:
    """Return the list of pages (path, already quoted, and last change when it is known), as UTF-8 XML."""
    root = Element("urlset", {"xmlns": "http://www.sitemaps.org/schemas/sitemap/0.9"})
    for path, changed in pages:
        entry = SubElement(root, "url")
        SubElement(entry, "loc").text = address + path
        if changed is not None:
            SubElement(entry, "lastmod").text = changed.isoformat(timespec="seconds")
    text: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return text + b"\n"
