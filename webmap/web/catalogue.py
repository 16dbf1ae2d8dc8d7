"""What machines read to find the atlas: `/catalogue.jsonld`, `/metadonnees/<id>.xml`, `/robots.txt`, `/sitemap.xml`."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING
from urllib.parse import quote

from flask import Response

from webmap.catalog.notice import Notice, Publisher
from webmap.formats.dcat import build_dcat
from webmap.formats.iso19139 import build_iso19139
from webmap.formats.sitemap import build_robots, build_sitemap
from webmap.geo.bbox import widen
from webmap.store.extents import fetch_extents
from webmap.store.history import fetch_checks
from webmap.store.places import fetch_inventory
from webmap.store.units import fetch_unit_codes
from webmap.web import params
from webmap.web.adresse import public_address
from webmap.web.responses import not_modified, with_etag
from webmap.web.services import services
from webmap.web.telechargements import list_downloads

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from webmap.catalog.definition import LayerDefinition


def catalogue() -> Response:
    """Answer every public layer as DCAT-AP."""
    params.refuse_unknown(())
    content = build_dcat(_publisher(), _fetch_notices(services().catalog.public))
    return _answer(json.dumps(content, ensure_ascii=False, indent=1).encode(), "application/ld+json")


def metadonnees(couche: str) -> Response:
    """Answer one layer as ISO 19139."""
    params.refuse_unknown(())
    layer = services().catalog.require_public(couche)
    return _answer(build_iso19139(_publisher(), _fetch_notices([layer])[0]), "application/xml")


def robots() -> Response:
    """Answer what crawlers are asked not to wear out, and where the list of pages is."""
    params.refuse_unknown(())
    return _answer(build_robots(public_address()).encode(), "text/plain")


def sitemap() -> Response:
    """Answer every page: layers with the date of their last change, units."""
    atlas = services()
    params.refuse_unknown(())
    layers = atlas.catalog.public
    inventory = fetch_inventory(atlas.database, layers)
    decoupages = params.decoupage_ids(atlas.catalog)
    compared = (*(name for name in decoupages if name != "territoire"), *params.zone_ids(atlas.catalog))
    pages: list[tuple[str, dt.datetime | None]] = [("/", None), ("/couches", None), ("/territoires", None)]
    pages += [("/accessibilite", None)]
    pages += [(f"/couches/{layer.id}", inventory[layer.id]["modifiee"]) for layer in layers]
    pages += [(f"/territoires/{name}", None) for name in compared]
    codes = fetch_unit_codes(atlas.database, decoupages)
    pages += [(f"/territoires/{name}/{quote(code, safe='')}", None) for name, code in codes]
    return _answer(build_sitemap(public_address(), pages), "application/xml")


def _publisher() -> Publisher:
    settings = services().settings
    territoire = settings.territoire
    return Publisher(territoire.code, territoire.nom, territoire.titre, public_address(), settings.contact)


def _fetch_notices(layers: Sequence[LayerDefinition]) -> list[Notice]:
    atlas = services()
    themes = {theme.id: theme for theme in atlas.catalog.themes}
    inventory = fetch_inventory(atlas.database, layers)
    boxes = fetch_extents(atlas.database, [layer for layer in layers if layer.drawn])
    checks = fetch_checks(atlas.database)
    return [
        Notice(
            layer=layer,
            theme=themes[layer.theme],
            rows=inventory[layer.id]["lignes"],
            box=widen(box) if (box := boxes.get(layer.id)) else None,
            territory=atlas.settings.territoire.etendue,
            issued=inventory[layer.id]["premiere"],
            modified=inventory[layer.id]["modifiee"],
            loaded=tuple(
                (atlas.catalog.cite(connector.source), connector.licence)
                for connector in layer.connectors
                if checks.get((layer.id, connector.id), {}).get("charge")
            ),
            file=inventory[layer.id]["fichier"],
            downloads=list_downloads(layer),
        )
        for layer in layers
    ]


def _answer(body: bytes, mimetype: str) -> Response:
    """Return what was built, open to any site; its digest is its version, whatever it was made of."""
    etag = hashlib.sha256(body).hexdigest()[:32]
    response = not_modified(etag) or Response(body, mimetype=mimetype)
    response.headers["Access-Control-Allow-Origin"] = "*"
    return with_etag(response, etag)
