"""A layer's style as QML, which QGIS applies when it opens the file. Built from the same model as the map. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from collections.abc import Mapping

    from webmap.catalog.definition import LayerDefinition
    from webmap.catalog.style import Label, Rule

_KINDS = {"point": ("marker", "SimpleMarker"), "line": ("line", "SimpleLine"), "polygon": ("fill", "SimpleFill")}
_SYMBOLS = {"cross": "cross_fill"}  # the others have the same name in QGIS
_HATCHES = {
    "diagonal": "b_diagonal",
    "reverse": "f_diagonal",
    "cross": "diagonal_x",
    "horizontal": "horizontal",
    "vertical": "vertical",
    "dots": "dense6",
}


def build_qml(layer: LayerDefinition, names: Mapping[str, str]) -> str:
    """Return the QML of a layer that has a style; `names` are what its fields are called in the file.

    A style on a field that the file does not have draws every feature by the rule that takes what is left, or the first.
    """
    style = layer.style
    if style is None:
        raise ValueError(layer.id)
    root = ET.Element("qgis", {"version": "3.28.0", "styleCategories": "Symbology|Labeling"})
    field = names.get(style.field or "")
    rules = style.rules if field else (next((rule for rule in style.rules if rule.value is None), style.rules[0]),)
    if field:
        renderer = ET.SubElement(
            root, "renderer-v2", {"type": "categorizedSymbol", "attr": field, "enableorderby": "0"}
        )
        categories = ET.SubElement(renderer, "categories")
        for rank, rule in enumerate(rules):
            told = {
                "symbol": str(rank),
                "value": rule.value or "",
                "label": rule.label,
                "render": "true",
                "type": "string",
            }
            ET.SubElement(categories, "category", told)
    else:
        renderer = ET.SubElement(root, "renderer-v2", {"type": "singleSymbol", "enableorderby": "0"})
    symbols = ET.SubElement(renderer, "symbols")
    for rank, rule in enumerate(rules):
        _add_symbol(symbols, str(rank), rule, layer.geometry)
    if style.label and style.label.field in names:
        _add_label(root, style.label, names[style.label.field])
    ET.SubElement(root, "layerGeometryType").text = {"point": "0", "line": "1", "polygon": "2"}[layer.geometry]
    body = ET.tostring(root, encoding="unicode")
    return f"<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n{body}\n"


def _add_symbol(symbols: ET.Element, name: str, rule: Rule, geometry: str) -> None:
    kind, drawer = _KINDS[geometry]
    symbol = ET.SubElement(symbols, "symbol", {"type": kind, "name": name, "alpha": "1"})
    stroke = {"line_style": "dash" if rule.dash else "solid", "line_color": _color(rule.color)}
    outline = {
        "outline_color": _color(rule.stroke),
        "outline_style": "dash" if rule.dash else "solid",
        "outline_width": f"{rule.width:g}",
        "outline_width_unit": "Pixel",
    }
    fill = {"color": _color(rule.color, rule.opacity)}
    if geometry == "line":
        _add_drawer(symbol, drawer, {**stroke, "line_width": f"{rule.width:g}", "line_width_unit": "Pixel"})
    elif geometry == "point":
        marker = {"name": _SYMBOLS.get(rule.symbol, rule.symbol), "size": f"{2 * rule.size:g}", "size_unit": "Pixel"}
        _add_drawer(symbol, drawer, {**fill, **outline, **marker})
    else:
        _add_drawer(symbol, drawer, {**fill, **outline, "style": "solid"})
        if rule.hatch in _HATCHES:
            hatch = {"color": _color(rule.stroke), "style": _HATCHES[rule.hatch], "outline_style": "no"}
            _add_drawer(symbol, drawer, hatch)


def _add_drawer(symbol: ET.Element, drawer: str, options: dict[str, str]) -> None:
    layer = ET.SubElement(symbol, "layer", {"class": drawer, "enabled": "1", "pass": "0", "locked": "0"})
    told = ET.SubElement(layer, "Option", {"type": "Map"})
    for name, value in options.items():
        ET.SubElement(told, "Option", {"type": "QString", "name": name, "value": value})


def _add_label(root: ET.Element, label: Label, field: str) -> None:
    labeling = ET.SubElement(root, "labeling", {"type": "simple"})
    settings = ET.SubElement(labeling, "settings", {"calloutType": "simple"})
    text = {"fieldName": field, "isExpression": "0", "fontSize": f"{label.size:g}", "fontSizeUnit": "Pixel"}
    ET.SubElement(settings, "text-style", {**text, "textColor": _color(label.color), "textOpacity": "1"})
    # Shown from the map's own zoom on: QGIS says it as a scale, at 96 dots an inch.
    scale = 559_082_264 / 2**label.zoom_min
    ET.SubElement(settings, "rendering", {"scaleVisibility": "1", "scaleMin": f"{scale:.0f}", "scaleMax": "0"})


def _color(color: str, opacity: float = 1) -> str:
    red, green, blue = (int(color[at : at + 2], 16) for at in (1, 3, 5))
    return f"{red},{green},{blue},{round(255 * opacity)}"
