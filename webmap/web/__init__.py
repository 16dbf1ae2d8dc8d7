"""HTTP. This file is the whole URL map; each noun has its module."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webmap.web import (
    atlas,
    cartes,
    couches,
    exports,
    fiches,
    french,
    health,
    problems,
    recherche,
    responses,
    summaries,
    tiles,
)
from webmap.web.assets import Assets

if TYPE_CHECKING:
    from flask import Flask

    from webmap.config import Settings

ROUTES = (
    ("/", "atlas", atlas.carte),
    ("/tuiles/<ids>/<z>/<x>/<y>.mvt", "tile", tiles.tile),
    ("/fiches/<couche>/<path:cle>.json", "fiche_json", fiches.fiche_json),
    ("/fiches/<couche>/<path:cle>", "fiche", fiches.fiche),
    ("/recherche.json", "recherche", recherche.recherche),
    ("/territoires", "territoires", summaries.index),
    ("/territoires/<decoupage>.json", "decoupage_json", summaries.decoupage_json),
    ("/territoires/<decoupage>.csv", "decoupage_csv", summaries.decoupage_csv),
    ("/territoires/<decoupage>", "decoupage", summaries.decoupage_page),
    ("/territoires/<decoupage>/<code>.json", "unite_json", summaries.unite_json),
    ("/territoires/<decoupage>/<code>.csv", "unite_csv", summaries.unite_csv),
    ("/territoires/<decoupage>/<code>", "unite", summaries.unite_page),
    ("/exports/<layer_id>.geojson", "export_geojson", exports.geojson),
    ("/cartes/<code>.html", "carte_autonome", cartes.carte),
    ("/couches", "couches", couches.index),
    ("/couches/<couche>", "couche", couches.couche),
    ("/healthz", "health", health.healthz),
)


def register(app: Flask, settings: Settings) -> None:
    """Give the application its routes, its errors, its headers and its French."""
    assets = Assets(settings.static_folder)
    for rule, endpoint, view in ROUTES:
        app.add_url_rule(rule, endpoint, view)
    app.add_url_rule("/static/<filename>", "static", assets.respond)
    problems.register(app)
    responses.register(app, settings)
    app.jinja_env.filters |= {
        "nombre": french.nombre,
        "date": french.date,
        "pluriel": french.pluriel,
        "etat": french.etat,
        "accorde": french.accorde,
        "cite": app.extensions["webmap"].catalog.cite,
    }
    app.jinja_env.globals |= {"asset": assets.url, "territoire": settings.territoire}
