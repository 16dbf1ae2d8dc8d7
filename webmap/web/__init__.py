"""HTTP. This file is the whole URL map; each noun has its module."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webmap.web import (
    atlas,
    cartes,
    comparaison,
    couches,
    exports,
    fiches,
    french,
    health,
    params,
    polygone,
    problems,
    rapport,
    recherche,
    responses,
    summaries,
    tiles,
    unite,
    zones,
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
    ("/territoires/polygone.json", "polygone_json", polygone.data_json),
    ("/territoires/polygone.csv", "polygone_csv", polygone.data_csv),
    ("/territoires/polygone.xlsx", "polygone_xlsx", polygone.data_xlsx),
    ("/territoires/polygone", "polygone", polygone.page),
    ("/territoires/<decoupage>.json", "decoupage_json", summaries.decoupage_json),
    ("/territoires/<decoupage>.csv", "decoupage_csv", summaries.decoupage_csv),
    ("/territoires/<decoupage>.xlsx", "decoupage_xlsx", summaries.decoupage_xlsx),
    ("/territoires/<decoupage>.pdf", "decoupage_pdf", rapport.decoupage_pdf),
    ("/territoires/<decoupage>.html", "decoupage_html", rapport.decoupage_html),
    ("/territoires/<decoupage>", "decoupage", comparaison.decoupage_page),
    ("/territoires/<decoupage>/<code>.json", "unite_json", summaries.unite_json),
    ("/territoires/<decoupage>/<code>.csv", "unite_csv", summaries.unite_csv),
    ("/territoires/<decoupage>/<code>.xlsx", "unite_xlsx", summaries.unite_xlsx),
    ("/territoires/<decoupage>/<code>.pdf", "unite_pdf", rapport.unite_pdf),
    ("/territoires/<decoupage>/<code>.html", "unite_html", rapport.unite_html),
    ("/territoires/<decoupage>/<code>", "unite", unite.unite_page),
    ("/exports/<layer_id>.geojson", "export_geojson", exports.geojson),
    ("/cartes/<code>.html", "carte_autonome", cartes.carte),
    ("/couches", "couches", couches.index),
    ("/couches/<couche>", "couche", couches.couche),
    ("/healthz", "health", health.healthz),
)
# Under the address of each layer whose rows are zones. Werkzeug looks no further once its name is matched: data too.
ZONES = (
    ("", "zones", zones.zones_page),
    ("/<code>.json", "zone_json", summaries.unite_json),
    ("/<code>.csv", "zone_csv", summaries.unite_csv),
    ("/<code>.xlsx", "zone_xlsx", summaries.unite_xlsx),
    ("/<code>", "zone", zones.zone_page),
)
# The only addresses that read a body; they keep nothing of it.
POSTED = {"polygone", "polygone_json", "polygone_csv", "polygone_xlsx"}


def register(app: Flask, settings: Settings) -> None:
    """Give the application its routes, its errors, its headers and its French."""
    assets = Assets(settings.static_folder)
    for rule, endpoint, view in ROUTES:
        app.add_url_rule(rule, endpoint, view, methods=["GET", "POST"] if endpoint in POSTED else ["GET"])
    for layer_id in params.zone_ids(app.extensions["webmap"].catalog):
        for rule, endpoint, view in ZONES:
            app.add_url_rule(f"/territoires/{layer_id}{rule}", endpoint, view, defaults={"decoupage": layer_id})
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
