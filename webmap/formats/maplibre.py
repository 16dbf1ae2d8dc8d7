"""The style model as MapLibre style JSON: what QGIS, ArcGIS and web maps read beside our vector tiles.

Only what the format says without a glyph or sprite server, which would be a third party: circles, lines, fills, and texts in the
fonts of the machine that draws them. What is lost is told in `metadata`, layer by layer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webmap.catalog.bands import LABELS, LAST_ZOOM

if TYPE_CHECKING:
    from collections.abc import Sequence

    from webmap.catalog.definition import LayerDefinition
    from webmap.catalog.style import Rule, Style

    Node = dict[str, Any]

SOURCE = "atlas"
_WHITE = "#ffffff"
_DASHED = (6, 4)  # pixels, as the viewer draws what is approximate
_APPROXIMATE = ["has", "approximatif"]
_SCHEMATIC = ["has", "schematique"]


def build_maplibre(
    title: str, tilejson: str, layers: Sequence[LayerDefinition], center: tuple[float, float], *, hide: bool = False
) -> Node:
    """Return a style over one vector source, read from the TileJSON at the full address `tilejson`.

    Layers are drawn in the order given, their texts above them all; with `hide`, those the atlas opens without are there, not visible.
    """
    drawn = [part for layer in layers for part in build_layers(layer, visible=layer.shown or not hide)]
    drawn += [part for layer in layers for part in build_labels(layer, visible=layer.shown or not hide)]
    notes = {layer.id: found for layer in layers if (found := list_losses(layer))}
    return {
        "version": 8,
        "name": title,
        "metadata": {"webmap:pertes": notes},
        "center": list(center),
        "zoom": 9,
        "sources": {SOURCE: {"type": "vector", "url": tilejson}},
        "layers": drawn,
    }


def build_layers(layer: LayerDefinition, *, visible: bool = True) -> list[Node]:
    """Return the style layers of one layer of ours; empty when it is not drawn."""
    if layer.style is None:
        return []
    builders = {"point": _points, "line": _lines, "polygon": _polygons}
    common: Node = {"source": SOURCE, "source-layer": layer.id, **_zooms(layer, 0)}
    found = []
    for number, rule, condition in _matched(layer, layer.style):
        for kind, part in enumerate(builders[layer.geometry](rule)):
            filters = [*condition, *([part.pop("only")] if "only" in part else [])]
            found.append(
                {
                    "id": f"{layer.id}-{number}-{kind}",
                    "metadata": {"webmap:legende": rule.label},
                    **part,
                    **common,
                    **({"filter": ["all", *filters]} if filters else {}),
                    **({} if visible else {"layout": {**part.get("layout", {}), "visibility": "none"}}),
                }
            )
    return found


def build_labels(layer: LayerDefinition, *, visible: bool = True) -> list[Node]:
    """Return the texts of a layer: at its points, or at the places its tiles give (`<layer>_etiquette`), each once."""
    label = layer.style.label if layer.style else None
    if label is None:
        return []
    point = layer.geometry == "point"
    under: Node = {"text-anchor": "top", "text-offset": [0, 0.8]} if point else {}
    return [
        {
            "id": f"{layer.id}{LABELS}",
            "type": "symbol",
            **_zooms(layer, label.zoom_min),
            "source": SOURCE,
            "source-layer": layer.id if point else layer.id + LABELS,
            "layout": {
                "text-field": _read(layer, label.field),
                "text-size": label.size,
                **under,
                **({} if visible else {"visibility": "none"}),
            },
            "paint": {"text-color": label.color, "text-halo-color": _WHITE, "text-halo-width": 1.75},
        }
    ]


def _zooms(layer: LayerDefinition, zoom_min: float) -> Node:
    """Return between which zooms it is drawn; ours are those of 256 pixel tiles, one more than MapLibre's."""
    first = max(0, layer.zoom_min, zoom_min)
    return {
        **({"minzoom": max(0, first - 1)} if first else {}),
        **({"maxzoom": layer.zoom_max} if layer.zoom_max < LAST_ZOOM else {}),
    }


def list_losses(layer: LayerDefinition) -> list[str]:
    """Tell, in French, what of the atlas's drawing this style does not say."""
    if layer.style is None:
        return []
    rules = layer.style.rules
    losses = []
    if layer.geometry == "point" and any(rule.symbol != "circle" for rule in rules):
        losses.append("Les symboles de l’atlas (carré, triangle, étoile…) deviennent des cercles.")
    if layer.geometry == "polygon" and any(rule.hatch != "none" for rule in rules):
        losses.append("Les hachures de l’atlas ne sont pas rendues.")
    if layer.geometry == "point" and any(rule.dash for rule in rules):
        losses.append("Les contours tiretés des symboles deviennent continus.")
    return losses


def _matched(layer: LayerDefinition, style: Style) -> list[tuple[int, Rule, list[Any]]]:
    """Return (rank, rule, filters) of each rule that can match: the first that takes a feature draws it, no other."""
    found: list[tuple[int, Rule, list[Any]]] = []
    before: list[str] = []
    for number, rule in enumerate(style.rules):
        if rule.value is None:
            left = [["!=", _read(layer, style.field), value] for value in before] if style.field else []
            found.append((number, rule, left))
            break
        if style.field is not None and rule.value not in before:
            before.append(rule.value)
            found.append((number, rule, [["==", _read(layer, style.field), rule.value]]))
    return found


def _read(layer: LayerDefinition, field: str) -> list[Any]:
    """Expression: the field as text. Plain for texts, the commonest: QGIS reads few expressions."""
    kind = next((known.type for known in layer.fields if known.id == field), "text")
    return ["get", field] if kind == "text" else ["to-string", ["get", field]]


def _points(rule: Rule) -> list[Node]:
    """Full where the place is exact; hollow, in the rule's colour, where it is approximate."""
    full = {
        "circle-radius": rule.size,
        "circle-color": rule.color,
        "circle-opacity": rule.opacity,
        "circle-stroke-color": rule.stroke,
        "circle-stroke-width": rule.width,
    }
    hollow = {
        "circle-radius": rule.size,
        "circle-color": _WHITE,
        "circle-opacity": 0.85,
        "circle-stroke-color": rule.stroke if _pale(rule.color) else rule.color,
        "circle-stroke-width": max(2, rule.width),
    }
    return [
        {"type": "circle", "paint": full, "only": ["!", _APPROXIMATE]},
        {"type": "circle", "paint": hollow, "only": _APPROXIMATE},
    ]


def _pale(color: str) -> bool:
    """Whether a line of this colour would not be seen on white; the threshold of the viewer (static/src/couleur.js)."""
    red, green, blue = (int(color[start : start + 2], 16) / 255 for start in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.72  # noqa: PLR2004 - luminance


def _lines(rule: Rule) -> list[Node]:
    casing = {"type": "line", "paint": {"line-color": _WHITE, "line-opacity": 0.9, "line-width": rule.width + 2.5}}
    return [casing, *_strokes(rule.color, max(1, rule.width), rule.dash, _APPROXIMATE)]


def _polygons(rule: Rule) -> list[Node]:
    fill = {"type": "fill", "paint": {"fill-color": rule.color, "fill-opacity": rule.opacity}}
    return [fill, *(_strokes(rule.stroke, rule.width, rule.dash, _SCHEMATIC) if rule.width else [])]


def _strokes(color: str, width: float, dash: Sequence[float], doubtful: list[str]) -> list[Node]:
    """Return a line dashed by its rule; else one that is solid, and dashed where the place is in doubt.

    Two layers, since MapLibre reads no attribute in a dash array; its unit there is the line's width.
    """
    width = max(width, 0.1)  # thinner is not seen, and divides below
    paint = {"line-color": color, "line-width": width}
    if dash:
        return [{"type": "line", "paint": {**paint, "line-dasharray": [part / width for part in _even(dash)]}}]
    dashed = {**paint, "line-dasharray": [part / width for part in _DASHED]}
    return [
        {"type": "line", "paint": paint, "only": ["!", doubtful]},
        {"type": "line", "paint": dashed, "only": doubtful},
    ]


def _even(dash: Sequence[float]) -> Sequence[float]:
    """Return the dashes as an even list: a canvas repeats an odd one twice, MapLibre does not."""
    return dash if len(dash) % 2 == 0 else (*dash, *dash)
