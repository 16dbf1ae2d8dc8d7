"""`/couches`: what the atlas holds, where it comes from, how fresh it is, and what is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import render_template, request

from webmap.catalog.champs import published_fields
from webmap.catalog.style import build_legend
from webmap.store.exports import fetch_count
from webmap.store.history import fetch_checks
from webmap.store.places import fetch_inventory, fetch_layer_places
from webmap.web import params
from webmap.web.demandes import FORMATS, SYSTEMES, build_announcement, kept_names, parse_demande
from webmap.web.services import services

if TYPE_CHECKING:
    from webmap.web.demandes import Demande


def index() -> str:
    """Answer the catalogue by theme."""
    atlas = services()
    params.refuse_unknown(())
    layers = atlas.catalog.public
    return render_template(
        "couches.html",
        themes=atlas.catalog.themes,
        layers=layers,
        inventory=fetch_inventory(atlas.database, layers),
        checks=fetch_checks(atlas.database),
    )


def couche(couche: str) -> str:
    """Answer one layer: description, fields, licence, provenance, freshness, rows; its files, as the form asks for them."""
    atlas = services()
    layer = atlas.catalog.require_public(couche)
    demande = parse_demande(layer, None)
    rules = layer.style.rules if layer.style else ()
    return render_template(
        "couche.html",
        layer=layer,
        counts=fetch_inventory(atlas.database, [layer])[layer.id],
        legend=[(rule.label, build_legend(rule, layer.geometry)) for rule in rules],
        places=fetch_layer_places(atlas.database, layer),
        checks=fetch_checks(atlas.database),
        **_build_files(demande),
    )


def _build_files(demande: Demande) -> dict[str, object]:
    """Return what the form of downloads shows: what is wanted, how many rows that is, and where each file is."""
    count = fetch_count(services().database, demande.layer, demande.selection)
    return {
        "annonce": build_announcement(demande, count.nombre),
        "demande": demande,
        "formats": FORMATS,
        "systemes": SYSTEMES,
        "publies": published_fields(demande.layer),
        "retenus": {name: request.args[name] for name in kept_names() if name in request.args},
    }
