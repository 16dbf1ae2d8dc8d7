"""`/couches`: what the atlas holds, where it comes from, how fresh it is, and what is missing."""

from __future__ import annotations

from flask import render_template

from webmap.catalog.style import build_legend
from webmap.store.history import fetch_checks
from webmap.store.places import fetch_inventory, fetch_layer_places
from webmap.web import params
from webmap.web.services import services


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
    """Answer one layer: description, fields, licence, provenance, freshness, rows, download."""
    atlas = services()
    params.refuse_unknown(())
    layer = atlas.catalog.require_public(couche)
    rules = layer.style.rules if layer.style else ()
    return render_template(
        "couche.html",
        layer=layer,
        counts=fetch_inventory(atlas.database, [layer])[layer.id],
        legend=[(rule.label, build_legend(rule, layer.geometry)) for rule in rules],
        places=fetch_layer_places(atlas.database, layer),
        checks=fetch_checks(atlas.database),
    )
