"""HTTP. This file is the whole URL map; each noun has its module."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webmap.web import (
    accessibilite,
    atlas,
    cartes,
    catalogue,
    champs,
    comparaison,
    couches,
    demandes,
    exports,
    fiches,
    french,
    geocodage,
    health,
    params,
    polygone,
    problems,
    rapport,
    recherche,
    responses,
    summaries,
    tableau,
    tampon,
    tiles,
    travaux,
    unite,
    vues,
    zones,
)
from webmap.web.ogc import collections, items, landing, openapi, tilesets

if TYPE_CHECKING:
    from flask import Flask

    from webmap.config import Settings

ROUTES = (
    ("/", "atlas", atlas.carte),
    ("/tuiles/<ids>/<z>/<x>/<y>.mvt", "tile", tiles.tile),
    ("/tuiles/<ids>/<versions>/<z>/<x>/<y>.mvt", "versioned_tile", tiles.versioned_tile),
    ("/tuiles.json", "versions", tiles.versions),
    ("/fiches/<couche>/<path:cle>.json", "fiche_json", fiches.fiche_json),
    ("/fiches/<couche>/<path:cle>", "fiche", fiches.fiche),
    ("/recherche.json", "recherche", recherche.recherche),
    ("/adresses.json", "adresses", geocodage.adresses),
    ("/tampon.json", "tampon", tampon.tampon),
    ("/territoires", "territoires", summaries.index),
    ("/territoires/polygone.json", "polygone_json", polygone.data_json),
    ("/territoires/polygone.csv", "polygone_csv", polygone.data_csv),
    ("/territoires/polygone.xlsx", "polygone_xlsx", polygone.data_xlsx),
    ("/territoires/polygone.pdf", "polygone_pdf", polygone.data_pdf),
    ("/territoires/polygone.html", "polygone_html", polygone.data_html),
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
    ("/exports/paquet.gpkg", "export_paquet", exports.paquet),
    ("/exports/<layer_id>.json", "export_annonce", exports.announce),
    ("/exports/<layer_id>.<form>", "export_inconnu", exports.unknown),
    ("/cartes/<code>.html", "carte_autonome", cartes.carte),
    ("/integration", "integration", atlas.integration),
    ("/accessibilite", "accessibilite", accessibilite.page),
    ("/vues", "vues", vues.index),
    ("/vues.json", "vues_json", vues.index_json),
    ("/qr.svg", "qr", vues.present_qr),
    ("/v/<code>", "vue", vues.short),
    ("/v/<code>.svg", "vue_qr", vues.qr),
    ("/couches", "couches", couches.index),
    ("/couches/<couche>", "couche", couches.couche),
    ("/couches/<couche>/champs.json", "champs", champs.champs),
    ("/couches/<couche>/champs/<champ>.json", "valeurs", champs.valeurs),
    ("/tableaux/<layer_id>.json", "tableau", tableau.tableau),
    ("/catalogue.jsonld", "catalogue", catalogue.catalogue),
    ("/metadonnees/<couche>.xml", "metadonnees", catalogue.metadonnees),
    ("/robots.txt", "robots", catalogue.robots),
    ("/sitemap.xml", "sitemap", catalogue.sitemap),
    ("/ogc/tiles/WebMercatorQuad/<matrix>/<row>/<column>", "ogc_dataset_tile", tiles.dataset_tile),
    (
        "/ogc/collections/<collection>/tiles/WebMercatorQuad/<matrix>/<row>/<column>",
        "ogc_collection_tile",
        tiles.collection_tile,
    ),
    ("/ogc/tileMatrixSets", "ogc_grids", tilesets.grids),
    ("/ogc/tileMatrixSets/<grid>", "ogc_grid", tilesets.grid),
    ("/ogc", "ogc_racine", landing.landing),
    ("/ogc/", "ogc", landing.landing),
    ("/ogc/conformance", "ogc_conformance", landing.conformance),
    ("/ogc/api", "ogc_api", openapi.api),
    ("/ogc/collections", "ogc_collections", collections.index),
    ("/ogc/collections/<collection_id>", "ogc_collection", collections.collection),
    ("/ogc/collections/<collection_id>/queryables", "ogc_queryables", collections.queryables),
    ("/ogc/collections/<collection_id>/sortables", "ogc_sortables", collections.sortables),
    ("/ogc/collections/<collection_id>/schema", "ogc_schema", collections.schema),
    ("/ogc/collections/<collection_id>/items", "ogc_items", items.items),
    ("/ogc/collections/<collection_id>/items/<path:key>", "ogc_item", items.item),
    ("/healthz", "health", health.healthz),
)
# Under the address of each layer whose rows are zones. Werkzeug looks no further once its name is matched: data too.
ZONES = (
    ("", "zones", zones.zones_page),
    ("/<code>.json", "zone_json", summaries.unite_json),
    ("/<code>.csv", "zone_csv", summaries.unite_csv),
    ("/<code>.xlsx", "zone_xlsx", summaries.unite_xlsx),
    ("/<code>.pdf", "zone_pdf", rapport.unite_pdf),
    ("/<code>.html", "zone_html", rapport.unite_html),
    ("/<code>", "zone", zones.zone_page),
)
# Under /ogc for all the drawn layers, under /ogc/collections/<collection> for one.
TILED = (
    ("/tiles", "tilesets", tilesets.tilesets),
    ("/tiles/WebMercatorQuad", "tileset", tilesets.tileset),
    ("/tiles/WebMercatorQuad/tilejson.json", "tilejson", tilesets.tilejson),
    ("/styles/maplibre.json", "style", tilesets.style),
)
# The only addresses that read a body; they keep nothing of it.
POSTED = {"tampon", *(f"polygone{form}" for form in ("", "_json", "_csv", "_xlsx", "_pdf", "_html"))}


def register(app: Flask, settings: Settings) -> None:
    """Give the application its routes, its errors, its headers and its French."""
    assets = app.extensions["webmap"].assets
    for rule, endpoint, view in ROUTES:
        app.add_url_rule(rule, endpoint, view, methods=["GET", "POST"] if endpoint in POSTED else ["GET"])
    for form in demandes.FORMATS:
        app.add_url_rule(
            f"/exports/<layer_id>.{form}", f"export_{form}".replace(".", "_"), exports.export, defaults={"form": form}
        )
    for layer_id in params.zone_ids(app.extensions["webmap"].catalog):
        for rule, endpoint, view in ZONES:
            app.add_url_rule(f"/territoires/{layer_id}{rule}", endpoint, view, defaults={"decoupage": layer_id})
    for rule, endpoint, view in TILED:
        app.add_url_rule(f"/ogc{rule}", f"ogc_{endpoint}", view)
        app.add_url_rule(f"/ogc/collections/<collection>{rule}", f"ogc_collection_{endpoint}", view)
    app.add_url_rule("/travaux/<jeton>", "abandon", travaux.abandonner, methods=["POST"])
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
