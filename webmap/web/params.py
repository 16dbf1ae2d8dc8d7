"""Reading what a request asks for: every parameter is hostile, an unknown one is an error that says what is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import request

from webmap.errors import BadParameterError, NotFoundError
from webmap.geo.bbox import parse_bbox
from webmap.store.features import Selection
from webmap.store.filters import parse_filter
from webmap.store.units import unit_exists

if TYPE_CHECKING:
    from collections.abc import Iterable

    from webmap.catalog.definition import LayerDefinition
    from webmap.catalog.load import Catalog
    from webmap.store.db import Database

FILTER = ("filter", "filter-lang", "filter-crs")
MAX_LAYERS = 30
MAX_ZOOM = 22
_MAX_TEXT = 200


def decoupage_ids(catalog: Catalog) -> tuple[str, ...]:
    """Return the découpages of this deployment, finest last: the catalogue's, then commune and territoire."""
    return (*(layer.id for layer in catalog.decoupages), "commune", "territoire")


def require_decoupage(catalog: Catalog, decoupage: str) -> str:
    """Return a known découpage. Raises NotFoundError naming those there are."""
    known = decoupage_ids(catalog)
    if decoupage not in known:
        msg = f"Il n'y a pas de découpage « {decoupage[:60]} ». Découpages disponibles : {', '.join(known)}."
        raise NotFoundError(msg)
    return decoupage


def zone_ids(catalog: Catalog) -> tuple[str, ...]:
    """Return the layers whose rows are zones: units that have pages and figures, and filter nothing."""
    return tuple(layer.id for layer in catalog.public if layer.zones)


def require_unit_layer(catalog: Catalog, name: str) -> str:
    """Return a known découpage or layer of zones. Raises NotFoundError naming those there are."""
    return name if name in zone_ids(catalog) else require_decoupage(catalog, name)


def refuse_unknown(known: Iterable[str], lists: Iterable[str] = ()) -> None:
    """Raise BadParameterError when the query string has a parameter not in `known`, or one twice that is not in `lists`."""
    allowed = frozenset(known)
    for name in request.args:
        if name not in allowed:
            listed = (
                f"paramètres possibles : {', '.join(sorted(allowed))}" if allowed else "cette adresse n'en prend aucun"
            )
            raise BadParameterError(f"Paramètre « {name[:60]} » inconnu ; {listed}.")
        if name not in lists and len(request.args.getlist(name)) > 1:
            raise BadParameterError(f"Paramètre « {name} » donné plusieurs fois : gardez-en un.")


def parse_units(database: Database, catalog: Catalog) -> tuple[tuple[str, str], ...]:
    """Read the unit filters (`bassin=…`, `commune=…`, any découpage). Raises BadParameterError for an unknown code."""
    units = []
    for decoupage in decoupage_ids(catalog):
        if decoupage not in request.args:
            continue
        code = request.args[decoupage]
        if len(code) > _MAX_TEXT or "\x00" in code or not unit_exists(database, decoupage, code):
            msg = f"{decoupage} = « {code[:60]} » : code inconnu. Les codes sont à l'adresse /territoires/{decoupage}.json."
            raise BadParameterError(msg)
        units.append((decoupage, code))
    return tuple(units)


def parse_selection(database: Database, catalog: Catalog, layer: LayerDefinition) -> Selection:
    """Read `bbox`, the unit filters and the CQL2 filter of an export. Raises BadParameterError."""
    bbox = request.args.get("bbox")
    condition, language, system = (request.args.get(name) for name in (filter_name(layer), *FILTER[1:]))
    return Selection(
        bbox=None if bbox is None else parse_bbox(bbox),
        units=parse_units(database, catalog),
        filter=None if condition is None else parse_filter(layer, condition, language, system),
    )


def filter_name(layer: LayerDefinition) -> str:
    """Return the parameter that filters a layer: `filter`, or `filter.<couche>` where a request is about several."""
    return f"filter.{layer.id}" if "couches" in request.args else FILTER[0]


def parse_layers(catalog: Catalog, text: str, *, drawn: bool = True) -> list[LayerDefinition]:
    """Read `a,b,c` into public layers. Raises NotFoundError for an unknown one, BadParameterError for too many or twice."""
    ids = text.split(",")
    if len(ids) > MAX_LAYERS:
        raise BadParameterError(f"{len(ids)} couches demandées : {MAX_LAYERS} au plus à la fois.")
    if len(set(ids)) < len(ids):
        raise BadParameterError("La même couche est demandée deux fois.")
    return [(require_drawn(catalog, layer_id) if drawn else catalog.require_public(layer_id)) for layer_id in ids]


def require_drawn(catalog: Catalog, layer_id: str) -> LayerDefinition:
    """Return a public layer that has a geometry. Raises NotFoundError."""
    layer = catalog.require_public(layer_id)
    if not layer.drawn:
        raise NotFoundError(f"La couche « {layer.id} » est une liste sans géométrie : elle n'a pas de tuile.")
    return layer


def parse_tile(z: str, x: str, y: str) -> tuple[int, int, int]:
    """Read the address of a tile of the XYZ grid. Raises BadParameterError when there is no such tile."""
    texts = (z, x, y)
    if not all(text.isascii() and text.isdecimal() and len(text) <= 8 for text in texts):  # noqa: PLR2004 - 2^22 has 7 digits
        raise BadParameterError("Adresse de tuile : z, x et y sont des nombres entiers.")
    zoom, column, row = map(int, texts)
    if zoom > MAX_ZOOM or column >= 2**zoom or row >= 2**zoom:
        raise BadParameterError(f"Adresse de tuile : z va de 0 à {MAX_ZOOM}, x et y de 0 à 2^z − 1.")
    return zoom, column, row


def parse_search() -> str:
    """Read `q`. Raises BadParameterError when it is missing or longer than 200 characters."""
    text = request.args.get("q")
    if text is None:
        raise BadParameterError("Donnez le texte cherché dans le paramètre q, par exemple q=gare.")
    if len(text) > _MAX_TEXT or "\x00" in text:
        raise BadParameterError(f"q : {_MAX_TEXT} caractères au plus.")
    return text
