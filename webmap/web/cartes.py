"""`/cartes/<code>.html`: the map of a unit as one file that needs no network and no server."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any

from flask import Response, request

from webmap.catalog.champs import published_fields
from webmap.errors import BadParameterError, NotFoundError
from webmap.formats.carte import CARTE_CSP, CarteLayer, build_carte
from webmap.store.features import Selection, stream_features
from webmap.store.places import contours_loaded
from webmap.store.summaries import fetch_units
from webmap.store.units import find_unit
from webmap.web import french, params
from webmap.web.filtre_mots import describe_filter, read_field
from webmap.web.presence import leave_if, watch_client
from webmap.web.responses import as_download
from webmap.web.services import services

if TYPE_CHECKING:
    from webmap.catalog.definition import LayerDefinition

_MAX_BYTES = 20_000_000  # of features: a heavier file would not open on an old PC


def carte(code: str) -> Response:
    """Answer the file, shown under its own sandboxed policy, or downloaded with `?telecharger`.

    `couches` names its layers, `filter.<couche>` (CQL2) the rows of one of them; the file says what was filtered.
    """
    atlas = services()
    ids = request.args.get("couches")
    layers = (
        [layer for layer in atlas.catalog.public if layer.drawn and layer.shown and not layer.decoupage]
        if ids is None
        else params.parse_layers(atlas.catalog, ids)
    )
    filters = () if ids is None else map(params.filter_name, layers)
    params.refuse_unknown({"couches", "decoupage", "telecharger", *filters})
    decoupage, code = _find(code)
    response = Response(_build(decoupage, code, layers), mimetype="text/html")
    response.headers["Content-Security-Policy"] = CARTE_CSP
    if "telecharger" in request.args:
        as_download(response, ["carte", decoupage, code], "html")
    return response


def _find(code: str) -> tuple[str, str]:
    """Return (découpage, code). Two découpages may share a code (an INSEE bassin has its main commune's): `decoupage` tells."""
    atlas = services()
    if code == "territoire":
        return "territoire", atlas.settings.territoire.code
    wanted = request.args.get("decoupage")
    order = params.decoupage_ids(atlas.catalog) if wanted is None else [params.require_decoupage(atlas.catalog, wanted)]
    found = None if "\x00" in code else find_unit(atlas.database, order, code)
    if found is None:
        raise NotFoundError(
            f"Il n'y a ni bassin ni territoire « {code[:60]} ». Les codes sont à l'adresse /territoires."
        )
    return found


def _build(decoupage: str, code: str, layers: list[LayerDefinition]) -> str:
    atlas = services()
    unit = next(unit for unit in fetch_units(atlas.database, decoupage) if unit.code == code)
    selection = Selection(units=((decoupage, code),))
    # The whole territory also carries what no source locates: it is listed, not drawn.
    units = () if decoupage == "territoire" else selection.units
    collections = [_read(layer, units) for layer in layers]
    background = _collect(atlas.catalog.by_id["commune"], selection)
    today = dt.datetime.now(tz=dt.UTC).date()
    return build_carte(
        title=f"{atlas.settings.territoire.titre} : {unit.nom}",
        subtitle=", ".join(layer.title for layer in layers),
        layers=collections,
        background=background,
        schematic=not contours_loaded(atlas.database),
        bounds=unit.etendue or atlas.settings.territoire.etendue,
        sources=sorted({f"{layer.source.name}, {layer.source.producer}, {layer.source.millesime}" for layer in layers}),
        date=today.strftime("%d/%m/%Y"),
        assets=atlas.settings.static_folder / "folium",
    )


def _read(layer: LayerDefinition, units: tuple[tuple[str, str], ...]) -> CarteLayer:
    atlas = services()
    asked = None
    if "couches" in request.args:
        asked = params.parse_selection(atlas.database, atlas.catalog, layer).filter
    filtre = _tell_filter(layer, request.args[params.filter_name(layer)]) if asked else None
    rows = _collect(layer, Selection(units=units, filter=asked))
    return CarteLayer(layer, rows, french.plural(layer.singular), filtre)


def _tell_filter(layer: LayerDefinition, text: str) -> str:
    documents = {name: document.title for name, document in services().catalog.documents.items()}
    shown = (field for field in published_fields(layer) if field.id not in layer.hiding)
    return describe_filter(text, {field.id: read_field(field, documents) for field in shown})


def _collect(layer: LayerDefinition, selection: Selection) -> dict[str, Any]:
    parts, size, gone = [], 0, watch_client()
    for part in stream_features(services().database, layer, selection, cells=True):
        leave_if(gone)
        size += len(part)
        if size > _MAX_BYTES:
            msg = f"La couche « {layer.title} » est trop lourde pour un seul fichier : choisissez un bassin ou moins de couches."
            raise BadParameterError(msg)
        parts.append(part)
    return {"type": "FeatureCollection", "features": json.loads(b"[" + b"".join(parts) + b"]")}
