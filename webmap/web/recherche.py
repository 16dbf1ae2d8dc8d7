"""`/recherche.json`: places of every public layer, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webmap.store.places import search_places
from webmap.web import params
from webmap.web.extent import build_extent
from webmap.web.responses import json_response
from webmap.web.services import services

if TYPE_CHECKING:
    from flask import Response


def recherche() -> Response:
    """Answer at most 20 places, best first; `etendue` is null for a place the sources do not locate."""
    atlas = services()
    params.refuse_unknown({"q"})
    text = params.parse_search()
    results = [
        {
            "couche": row["couche"],
            "couche_titre": atlas.catalog.by_id[row["couche"]].title,
            "cle": row["cle"],
            "nom": row["nom"],
            "detail": row["commune"],
            "etendue": build_extent(row),
        }
        for row in search_places(atlas.database, atlas.catalog.public, text)
    ]
    return json_response({"requete": text, "resultats": results})
