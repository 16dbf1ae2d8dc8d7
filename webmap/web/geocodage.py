"""`/adresses.json`: addresses of the territory, from the geocoder of `webmap.toml`, asked by this server and never by the browser."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from webmap.store.places import fetch_commune_names
from webmap.web import params
from webmap.web.responses import json_response
from webmap.web.services import services

if TYPE_CHECKING:
    from flask import Response


def adresses() -> Response:
    """Answer at most six addresses; `indisponible` says why there are none when no service is configured, or it is away."""
    params.refuse_unknown({"q"})
    text = params.parse_search().strip()
    geocoder = services().geocoder
    if geocoder is None:
        return json_response({"requete": text, "resultats": [], "source": None, "indisponible": "non configuré"})
    found, missing = geocoder.search(text, fetch_commune_names(services().database)) if text else ([], None)
    return json_response(
        {
            "requete": text,
            "resultats": [asdict(each) for each in found],
            "source": geocoder.attribution,
            "indisponible": missing,
        }
    )
