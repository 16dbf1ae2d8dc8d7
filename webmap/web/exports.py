"""`/exports/<id>.<format>`: a layer, or a part of it, as a file; several in one GeoPackage; what a download will hold.

GeoJSON and CSV are streamed as PostgreSQL writes them. The others need a finished file.
"""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

from flask import Response, request

from webmap.catalog.champs import published_fields
from webmap.errors import BadParameterError, NotFoundError
from webmap.formats.extrait import place_names
from webmap.geo.crs import parse_crs
from webmap.store.exports import Cells, fetch_count, stream_csv
from webmap.store.features import stream_features
from webmap.web import params
from webmap.web.demandes import (
    FORMATS,
    WHERE,
    Demande,
    build_announcement,
    build_facts,
    build_name,
    parse_demande,
    parse_where,
)
from webmap.web.extraits import write_layer, write_paquet
from webmap.web.fichiers import respond_file
from webmap.web.responses import as_download, json_response, not_modified, revision_etag, with_etag
from webmap.web.services import services

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from webmap.store.exports import Shape
    from webmap.web.demandes import Format

_CELLS = ("separateur", "decimale", "geometrie")
_NAMED = 3  # layers a file name lists
_BOM = b"\xef\xbb\xbf"


def export(layer_id: str, form: str) -> Response:
    """Answer the rows of a layer as a file; `bbox`, `polygone`, `filter` (CQL2) and units select, `crs`, `champs` and `tri` shape."""
    asked = FORMATS[form]
    layer = services().catalog.require_public(layer_id)
    demande = parse_demande(layer, asked, *(_CELLS if form == "csv" else ()))
    cells = _parse_cells(demande) if form == "csv" else None
    etag = revision_etag([layer.id], "export", form, layer.id, demande.selection, demande.names, demande.crs, cells)
    response = not_modified(etag)
    if response is not None:
        return with_etag(response, etag)
    if form in _STREAMS:
        response = _STREAMS[form](demande, asked)
    else:
        response = respond_file(lambda path: write_layer(demande, form, path), form, asked.mimetype, etag)
    return _finish(response, build_name(demande), form, etag)


def unknown(layer_id: str, form: str) -> Response:
    """Refuse a format there is not. Raises NotFoundError that names those there are."""
    layer_id, _, form = f"{layer_id}.{form}".partition(".")
    layer = services().catalog.require_public(layer_id)
    formats = ", ".join(FORMATS)
    raise NotFoundError(f"Il n'y a pas de format « {form[:60]} » pour la couche « {layer.id} ». Formats : {formats}.")


def paquet() -> Response:
    """Answer several layers as one GeoPackage; `bbox`, `polygone` and units select in each, `filter.<couche>` in that one."""
    demandes = _parse_paquet()
    ids = [demande.layer.id for demande in demandes]
    etag = revision_etag(ids, "paquet", ids, [demande.selection for demande in demandes], demandes[0].crs)
    response = not_modified(etag)
    if response is not None:
        return with_etag(response, etag)
    response = respond_file(lambda path: write_paquet(demandes, path), "gpkg", FORMATS["gpkg"].mimetype, etag)
    name = "-".join(ids) if len(ids) <= _NAMED else f"{len(ids)}-couches"
    told = next((demande for demande in demandes if demande.selection.filter), demandes[0])
    return _finish(response, build_name(told, f"paquet_{name}"), "gpkg", etag)


def _parse_paquet() -> list[Demande]:
    catalog = services().catalog
    if "couches" not in request.args:
        raise BadParameterError("Donnez les couches dans le paramètre couches, par exemple couches=commune,bassin.")
    layers = params.parse_layers(catalog, request.args["couches"], drawn=False)
    filters = map(params.filter_name, layers)
    params.refuse_unknown({"couches", *WHERE, *params.decoupage_ids(catalog), *filters})
    crs = parse_crs(request.args.get("crs"), "crs")
    return [Demande(layer, parse_where(layer), published_fields(layer), crs) for layer in layers]


def announce(layer_id: str) -> Response:
    """Answer how many rows a download will hold, what selects them, and the address of each format."""
    layer = services().catalog.require_public(layer_id)
    demande = parse_demande(layer, None)
    etag = revision_etag(
        [layer.id], "annonce", layer.id, demande.selection, demande.names, demande.crs, request.full_path
    )
    response = not_modified(etag)
    if response is None:
        count = fetch_count(services().database, layer, demande.selection)
        response = json_response(build_announcement(demande, count.nombre))
    return with_etag(response, etag)


def _finish(response: Response, parts: list[str], form: str, etag: str) -> Response:
    response.headers["Access-Control-Allow-Origin"] = "*"
    as_download(response, parts, form)
    return response if response.get_etag()[0] else with_etag(response, etag)


def _started(blocks: Iterator[bytes], head: bytes, tail: bytes) -> Iterator[bytes]:
    """Start the statement before the first byte is promised, so that a failure is still a clean error."""
    if request.method == "HEAD":
        return iter(())
    first = next(blocks, b"")
    return _wrap(blocks, head + first, tail)


def _wrap(blocks: Iterator[bytes], head: bytes, tail: bytes) -> Iterator[bytes]:
    yield head
    yield from blocks
    if tail:
        yield tail


def _geojson(demande: Demande, form: Format) -> Response:
    # `name` is read by GDAL and QGIS as the layer's name; `metadonnees` is a foreign member (RFC 7946 §6.1).
    told = {"type": "FeatureCollection", "name": demande.layer.id, "metadonnees": build_facts(demande)}
    head = json.dumps(told, ensure_ascii=False)[:-1] + ', "features": [\n'
    rows = stream_features(services().database, demande.layer, demande.selection, demande.names)
    return Response(_started(rows, head.encode(), b"]}\n"), mimetype=form.mimetype)


def _geojsonl(demande: Demande, form: Format) -> Response:
    rows = stream_features(services().database, demande.layer, demande.selection, demande.names, separator="")
    return Response(_started(rows, b"", b""), mimetype=form.mimetype)


def _csv(demande: Demande, form: Format) -> Response:
    cells, xy = _parse_cells(demande)
    shape: Shape = "none" if not demande.layer.drawn else "xy" if xy else "wkt"
    places = place_names(demande.names, shape, degrees=demande.crs.degrees)
    text = io.StringIO()
    csv.writer(text, delimiter=cells.separateur, lineterminator="\n").writerow([*demande.names, *places])
    head = (_BOM if cells.separateur == ";" else b"") + text.getvalue().encode()  # a French spreadsheet guesses by it
    srid = demande.crs.srid
    rows = stream_csv(services().database, demande.layer, demande.selection, demande.fields, (shape, srid), cells)
    return Response(_started(rows, head, b""), mimetype=form.mimetype)


def _parse_cells(demande: Demande) -> tuple[Cells, bool]:
    """Read how CSV is wanted, and whether places are two columns. Raises BadParameterError."""
    point = demande.layer.geometry == "point"
    chosen = {}
    for name, known in (("separateur", (",", ";")), ("decimale", (".", ",")), ("geometrie", ("lonlat", "wkt"))):
        default = known[0] if name != "geometrie" or point else "wkt"
        chosen[name] = request.args.get(name, default)
        if chosen[name] not in known:
            raise BadParameterError(f"{name} = « {chosen[name][:60]} » : attendu « {known[0]} » ou « {known[1]} ».")
    if chosen["decimale"] == chosen["separateur"]:
        raise BadParameterError(
            "decimale=, demande separateur=; : la même virgule séparerait les cellules et les décimales."
        )
    if chosen["geometrie"] == "lonlat" and not point:
        raise BadParameterError(
            "geometrie=lonlat ne va qu'avec des points : pour des lignes ou des surfaces, geometrie=wkt."
        )
    return Cells(chosen["separateur"], chosen["decimale"]), chosen["geometrie"] == "lonlat"


_STREAMS: dict[str, Callable[[Demande, Format], Response]] = {"geojson": _geojson, "geojsonl": _geojsonl, "csv": _csv}
