"""`/tampon.json`: what lies within so many metres of a drawn shape. Nothing of it is kept."""

from __future__ import annotations

import json
import math
from typing import Any

from flask import Response, request

from webmap.errors import BadParameterError, MediaTypeError, TooLargeError
from webmap.store.buffers import fetch_buffer
from webmap.web import params
from webmap.web.responses import json_response
from webmap.web.services import services

_MAX_BYTES = 100_000
_WIDEST = 50_000  # metres
_RULE = (
    "Tampon calculé par PostGIS dans la projection azimutale équidistante centrée sur le tracé : distances sur l'ellipsoïde WGS84, "
    "64 côtés par cercle."
)


def tampon() -> Response:
    """Answer the buffer of a GeoJSON geometry, in the address or in the body, with the rule it was made by."""
    params.refuse_unknown({"metres", "geometrie"})
    metres = _read_metres()
    found = fetch_buffer(services().database, _read_geometry(), metres)
    return json_response({"metres": metres, "regle": _RULE, **found})


def _read_metres() -> float:
    text = request.args.get("metres", "")
    try:
        metres = float(text)
    except ValueError:
        metres = math.nan
    if not 1 <= metres <= _WIDEST:
        raise BadParameterError(
            f"metres = « {text[:40]} » : attendu un nombre de 1 à {_WIDEST}, par exemple metres=300."
        )
    return metres


def _read_geometry() -> Any:  # noqa: ANN401 - whatever JSON can say
    if request.method != "POST":
        return _parse(request.args.get("geometrie", ""))
    if request.mimetype not in {"application/geo+json", "application/json"}:
        raise MediaTypeError("Envoyez la géométrie en GeoJSON (Content-Type: application/geo+json).")
    body = request.get_data(cache=False)
    if len(body) > _MAX_BYTES:
        raise TooLargeError(f"Tampon : {_MAX_BYTES // 1000} ko de GeoJSON au plus ; simplifiez le tracé.")
    return _parse(body)


def _parse(text: str | bytes) -> Any:  # noqa: ANN401 - as above
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise BadParameterError(
            "Tampon : donnez dans geometrie, ou en POST, une géométrie en GeoJSON ; ce n'est pas du JSON."
        ) from None
