"""What tiles say of a row, and which of its shapes they draw: names and types of the columns of the schemas `tuile` and `trace`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from webmap.catalog.bands import Band
    from webmap.catalog.definition import LayerDefinition

_LABELLED = ("polygon", "line")  # a point is its own place
_TYPES = {
    "integer": "bigint",
    "number": "double precision",
    "boolean": "boolean",
}  # of values of MVT; what is not there is text
FLAGS = ("approximatif", "schematique")
# A trace is a place on the grid of the whole world, in 24 bits a side: 4 096 * 2^12. What a tile counts is 21 bits, in zigzag, with
# half a tile around: 4 096 * 2^7. An attribute is four bytes, and the length of all of them is one.
_FINEST_TRACE, _DEEPEST_TRACE, _MOST_ATTRIBUTES = 12, 7, 31


def style_fields(layer: LayerDefinition) -> tuple[str, ...]:
    """Return the fields of a layer that its tiles carry besides key and name: what the style reads."""
    return tuple(name for name in layer.style.fields if name not in {"cle", "nom"}) if layer.style else ()


def has_labels(layer: LayerDefinition) -> bool:
    """Whether the tiles of a layer hold its labels, as points apart."""
    return layer.geometry in _LABELLED and layer.style is not None and layer.style.label is not None


def drawn_values(layer: LayerDefinition) -> dict[str, str]:
    """Return what stands beside the shapes (column -> its type in SQL), in order.

    The field of the labels goes with the labels, when they stand apart.
    """
    rules = layer.style.field if layer.style else None
    fields = {name: name for name in style_fields(layer) if name == rules or not has_labels(layer)}
    return {column: column_type(layer, field) for column, field in {"nom": layer.name, **fields}.items()}


def key_type(layer: LayerDefinition) -> str:
    """Return the type in SQL of the key of a layer, as the tables hold it: joined by another, no index would serve."""
    kinds = {field.id: field.type for field in layer.fields}
    return "date" if kinds.get(layer.key) == "date" else column_type(layer, layer.key)


def column_type(layer: LayerDefinition, name: str) -> str:
    """Return the type in SQL of a column as tiles write it; a common column is text."""
    return next((_TYPES.get(field.type, "text") for field in layer.fields if field.id == name), "text")


def shape_column(band: Band) -> str:
    """Name of the column that holds the shapes of a band."""
    return f"_geom_{band.zoom_max}" if band.tolerance else "geom"


def simplified_bands(layer: LayerDefinition) -> list[Band]:
    """Return the bands of a layer whose shapes are not those of the rows."""
    return [] if layer.geometry == "point" else [band for band in layer.drawing if band.tolerance]


def traced_bands(layer: LayerDefinition) -> list[Band]:
    """Return those whose shapes are encoded when they are written."""
    bands = simplified_bands(layer)
    firsts = [0, *(band.zoom_max + 1 for band in bands)]
    if len(drawn_values(layer)) + len(FLAGS) >= _MOST_ATTRIBUTES:
        return []
    return [
        band
        for band, first in zip(bands, firsts, strict=False)
        if band.zoom_max <= _FINEST_TRACE and band.zoom_max - first <= _DEEPEST_TRACE
    ]
