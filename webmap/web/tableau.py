"""`/tableaux/<id>.json`: rows of a layer by their place in a sort, as arrays: what the table under the map reads."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from flask import Response, request

from webmap.catalog.champs import published_fields
from webmap.errors import BadParameterError
from webmap.store.places import fetch_revisions
from webmap.web import params
from webmap.web.demandes import kept_names, parse_sort, parse_where, require_field
from webmap.web.responses import not_modified, revision_etag, with_etag
from webmap.web.services import services

if TYPE_CHECKING:
    from webmap.catalog.definition import FieldDefinition, LayerDefinition

_MAX_LINES, _MAX_FIELDS = 500, 60
_DIGITS = 7


def tableau(layer_id: str) -> Response:
    """Answer `lignes` rows from `depuis`, how many there are, and the `rang` of the row `autour` names (null: not among them)."""
    atlas = services()
    layer = atlas.catalog.require_public(layer_id)
    params.refuse_unknown({*kept_names(), "champs", "tri", "depuis", "lignes", "autour"})
    fields = _parse_fields(layer)
    start, size = _parse_number("depuis", 0), min(_parse_number("lignes", 100), _MAX_LINES)
    selection = replace(parse_where(layer), sort=parse_sort(layer, layer.name))
    etag = revision_etag([layer.id], "tableau", layer.id, request.query_string)
    response = not_modified(etag)
    if response is None:
        revisions = fetch_revisions(atlas.database, {layer.id, "commune"})
        order = atlas.tableaux.fetch_order(layer, selection, revisions)
        around = request.args.get("autour")
        head = {
            "couche": layer.id,
            "revision": dict(revisions)[layer.id],
            "nombre": len(order),
            "depuis": start,
            "rang": order.index(around) if around in order else None,
            "champs": [field.id for field in fields],
        }
        rows = atlas.tableaux.fetch_rows(layer, order[start : start + size], fields)
        text = f'{json.dumps(head, ensure_ascii=False)[:-1]}, "lignes": [\n{rows}\n]}}'
        response = Response(text, mimetype="application/json")
    return with_etag(response, etag)


def _parse_fields(layer: LayerDefinition) -> list[FieldDefinition]:
    known = {field.id: field for field in published_fields(layer)}
    names = request.args.get("champs", layer.name).split(",")
    if len(names) > _MAX_FIELDS:
        raise BadParameterError(f"champs : {_MAX_FIELDS} au plus à la fois.")
    return [require_field("champs", name, known) for name in names]


def _parse_number(name: str, default: int) -> int:
    text = request.args.get(name, str(default))
    if not (text.isascii() and text.isdecimal() and len(text) <= _DIGITS):
        raise BadParameterError(f"{name} = « {text[:60]} » : attendu un nombre entier, de 0 à {10**_DIGITS - 1}.")
    return int(text)
