"""A map as one HTML file that opens with the network off: what it shows, from definitions, styles and features.

`standalone.py` draws it with folium and closes the file. Folium is given geometries and ranks; every text of a fact
travels in our own JSON, and the page writes it as text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from webmap.catalog.style import Hatch, Rule, build_legend, build_symbol_points
from webmap.formats.carte_textes import label_values, name_feature, write_date, write_values
from webmap.formats.prose import Drawn, build_prose
from webmap.formats.standalone import CARTE_CSP, PAGE_JS, Group, Page, build_json, build_page, render_folium
from webmap.wording import agree

if TYPE_CHECKING:
    from pathlib import Path

    from webmap.catalog.definition import LayerDefinition

__all__ = ["CARTE_CSP", "CarteLayer", "build_carte"]

SCHEMATIC_NOTICE = "Cellules schématiques, pas des limites administratives"
APPROXIMATE_LEGEND = "Position approximative (connue au quartier ou à la commune)"
_GEOMETRIES = {"Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon", "GeometryCollection"}
# Three looks for each rule, in this order in `styles`.
_EXACT, _APPROXIMATE, _SCHEMATIC = range(3)
# Inside an approximate feature: nothing, or white where a small outline alone would not be read.
_HOLLOW = ({"weight": 2, "fillOpacity": 0}, {"weight": 2, "fillColor": "#ffffff", "fillOpacity": 0.85})
# A tile of 8 by 8 and its rotation: seamless, unlike the lines of a legend swatch.
_HATCH_TILES: dict[Hatch, tuple[str, int]] = {
    "diagonal": ("M0 4H8", -45),
    "reverse": ("M0 4H8", 45),
    "cross": ("M0 4H8M4 0V8", 45),
    "horizontal": ("M0 4H8", 0),
    "vertical": ("M4 0V8", 0),
    "dots": ("M4 4h.1", 45),
}


@dataclass(frozen=True)
class CarteLayer:
    """A layer of the map: its definition, and a GeoJSON FeatureCollection in WGS84 whose properties are its columns.

    `plural` names several of its rows; `filtre` says which were kept, None when all are there.
    """

    definition: LayerDefinition
    features: Mapping[str, Any]
    plural: str
    filtre: str | None = None


@dataclass(frozen=True)
class _Sorted:
    """The features of a layer: those drawn (with the rank of their style), without a place, without a rule."""

    drawn: tuple[tuple[Mapping[str, Any], int], ...]
    unlocated: tuple[Mapping[str, Any], ...]
    unruled: tuple[Mapping[str, Any], ...]


def build_carte(  # noqa: PLR0913 - keywords only, each one thing the map shows
    *,
    title: str,
    subtitle: str,
    layers: Sequence[CarteLayer],
    background: Mapping[str, Any],
    schematic: bool,
    bounds: tuple[float, float, float, float],
    sources: Sequence[str],
    date: str,
    assets: Path,
) -> str:
    """Return the whole file. Raises MissingAssetError when `assets` lacks a file the page would otherwise fetch."""
    drawn = [_sort(layer) for layer in layers]
    definitions = [layer.definition for layer in layers]
    texts = {
        "layers": [_build_texts(definition, drawn[i], i) for i, definition in enumerate(definitions)],
        "communes": [str(feature["properties"].get("nom") or "") for feature in background["features"]],
    }
    parts = render_folium(_build_groups(definitions, drawn), _build_background(background, schematic=schematic), bounds)
    looks = {rank % 3 for found in drawn for _, rank in found.drawn}
    notice = f'<p class="avis">{SCHEMATIC_NOTICE}</p>' if schematic or _SCHEMATIC in looks else ""
    prose = _build_prose_section(layers, drawn, title, len(background["features"]))
    filtered = [f"{layer.definition.title} ({layer.filtre})" for layer in layers if layer.filtre]
    if filtered:
        notice += f'<p class="avis">Carte filtrée : {escape(" ; ".join(filtered))}.</p>'
    legend = "".join(_build_layer_legend(definition, drawn[i]) for i, definition in enumerate(definitions))
    page = Page(
        title=f"{title} — {subtitle}" if subtitle else title,
        head=parts.header,
        masthead=f"<h1>{escape(title)}</h1><p>{escape(subtitle)}</p>{notice}",
        panel=legend
        + (_build_approximate_legend() if _APPROXIMATE in looks else "")
        + prose
        + _build_sources(sources, date),
        map_html=parts.html + _build_patterns(definitions),
        scripts=(f"const CARTE={build_json(texts)};\n{PAGE_JS}", f"{parts.script}\ncarteReady({parts.name});"),
    )
    return build_page(page, assets)


def _build_background(background: Mapping[str, Any], *, schematic: bool) -> Group:
    style: dict[str, Any] = {"color": "#a59f90", "weight": 1, "fillColor": "#faf8f3", "fillOpacity": 1}
    if schematic:
        style |= {"dashArray": "4 4", "fillColor": "url(#motif-fond)"}
    shapes = [_build_shape(feature, i, 0) for i, feature in enumerate(background["features"]) if _located(feature)]
    return Group("", shapes, style)


def _build_groups(definitions: Sequence[LayerDefinition], drawn: Sequence[_Sorted]) -> list[Group]:
    titles = [definition.title for definition in definitions]
    names = [f"{d.title} ({d.id})" if titles.count(d.title) > 1 else d.title for d in definitions]
    return [
        Group(name, [_build_shape(feature, n, rank) for n, (feature, rank) in enumerate(found.drawn)])
        for name, found in zip(names, drawn, strict=True)
    ]


def _located(feature: Mapping[str, Any]) -> bool:
    geometry = feature.get("geometry") or {}
    return bool(geometry.get("coordinates") or geometry.get("geometries"))


def _sort(layer: CarteLayer) -> _Sorted:
    drawn, unlocated, unruled = [], [], []
    style = layer.definition.style
    for feature in layer.features["features"]:
        rule = style.rule_for(feature["properties"]) if style else None
        if not _located(feature):
            unlocated.append(feature)
        elif style is None or rule is None:
            unruled.append(feature)
        else:
            drawn.append((feature, 3 * style.rules.index(rule) + _variant(feature["properties"])))
    return _Sorted(tuple(drawn), tuple(unlocated), tuple(unruled))


def _variant(properties: Mapping[str, Any]) -> int:
    if properties.get("schematique"):
        return _SCHEMATIC
    return _EXACT if properties.get("precision", "exacte") == "exacte" else _APPROXIMATE


def _build_shape(feature: Mapping[str, Any], rank: int, style: int) -> dict[str, Any]:
    return {"type": "Feature", "geometry": _round(feature["geometry"]), "properties": {"i": rank, "s": style}}


def _round(value: object) -> object:
    """Keep only what GeoJSON geometry is, at 0.1 m: any other member could carry text through folium."""
    if isinstance(value, Mapping):
        if value["type"] not in _GEOMETRIES:
            raise ValueError(f"{value['type']!r} is not a GeoJSON geometry")
        content = "geometries" if value["type"] == "GeometryCollection" else "coordinates"
        return {"type": value["type"], content: _round(value[content])}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_round(item) for item in value]
    return round(float(str(value)), 6)


def _build_texts(definition: LayerDefinition, found: _Sorted, index: int) -> dict[str, Any]:
    """Return all that the page writes or styles for one layer: `rows` are [name, value of each label or None]."""
    fields = [field for field in definition.fields if field.id != definition.name]
    rules = definition.style.rules if definition.style else ()
    return {
        "singular": definition.singular,
        "labels": label_values(fields),
        "rows": [
            [name_feature(definition, feature), *write_values(fields, feature["properties"])]
            for feature, _ in found.drawn
        ],
        "styles": [
            _build_look(rule, definition.geometry, look, f"motif-{index}-{n}")
            for n, rule in enumerate(rules)
            for look in range(3)
        ],
    }


def _build_look(rule: Rule, geometry: str, look: int, pattern: str) -> dict[str, Any]:
    """Return a rule as Leaflet path options and, for a symbol that is not a circle, as an SVG icon."""
    line = geometry == "line"
    path: dict[str, Any] = {
        "color": rule.color if line else rule.stroke,
        "weight": rule.width,
        "fill": not line,
        "fillColor": rule.color,
        "fillOpacity": rule.opacity,
        "radius": rule.size,
        "dashArray": " ".join(f"{d:g}" for d in rule.dash) or None,
    }
    if rule.hatch != "none" and geometry == "polygon":
        path |= {"fillColor": f"url(#{pattern})", "fillOpacity": 1}
    if look == _SCHEMATIC:
        path["dashArray"] = path["dashArray"] or "3 3"
    if look == _APPROXIMATE:
        path |= {"color": rule.color, "dashArray": "2.5 2"} | ({} if line else _HOLLOW[geometry == "point"])
    path["lineCap"] = "butt" if path["dashArray"] else "round"
    if geometry != "point" or rule.symbol == "circle":
        return {"path": path}
    box = round(2 * (1.2 * rule.size + path["weight"]))
    dash = f' stroke-dasharray="{path["dashArray"]}"' if path["dashArray"] else ""
    icon = (
        f'<svg width="{box}" height="{box}" aria-hidden="true" focusable="false">'
        f'<polygon points="{build_symbol_points(rule.symbol, rule.size, box / 2, box / 2)}" fill="{path["fillColor"]}" '
        f'fill-opacity="{path["fillOpacity"]:g}" stroke="{path["color"]}" stroke-width="{path["weight"]:g}"{dash}/></svg>'
    )
    return {"path": path, "icon": icon, "box": box}


def _build_patterns(definitions: Sequence[LayerDefinition]) -> str:
    tiles = [_build_pattern("motif-fond", "#faf8f3", 1, "#e3ded2", "diagonal")]
    for i, definition in enumerate(definitions):
        for n, rule in enumerate(definition.style.rules if definition.style else ()):
            if rule.hatch != "none" and definition.geometry == "polygon":
                tiles.append(_build_pattern(f"motif-{i}-{n}", rule.color, rule.opacity, rule.stroke, rule.hatch))
    return f'<svg class="motifs" aria-hidden="true" focusable="false"><defs>{"".join(tiles)}</defs></svg>'


def _build_pattern(name: str, color: str, opacity: float, stroke: str, hatch: Hatch) -> str:
    lines, angle = _HATCH_TILES[hatch]
    return (
        f'<pattern id="{name}" width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate({angle})">'
        f'<rect width="8" height="8" fill="{color}" fill-opacity="{opacity:g}"/>'
        f'<path d="{lines}" stroke="{stroke}" stroke-width="{2.4 if hatch == "dots" else 1.2}" stroke-linecap="round"/></pattern>'
    )


def _build_layer_legend(definition: LayerDefinition, found: _Sorted) -> str:
    rules = definition.style.rules if definition.style else ()
    counts = [sum(1 for _, rank in found.drawn if rank // 3 == n) for n in range(len(rules))]
    lines = [
        f"<li>{build_legend(rule, definition.geometry)}<span>{escape(rule.label)} ({count})</span></li>"
        for rule, count in zip(rules, counts, strict=True)
    ]
    total = f"{len(found.drawn)} sur la carte" if definition.drawn else "liste sans géométrie"
    return (
        f"<section><h2>{escape(definition.title)} <small>{total}</small></h2><ul>{''.join(lines)}</ul>"
        + _build_list(definition, found.unlocated, "non localisé", "non localisés")
        + _build_list(definition, found.unruled, "non dessiné, hors légende", "non dessinés, hors légende")
        + "</section>"
    )


def _build_list(definition: LayerDefinition, features: Sequence[Mapping[str, Any]], one: str, many: str) -> str:
    if not features:
        return ""
    names = "".join(f"<li>{escape(name_feature(definition, feature))}</li>" for feature in features)
    count = f"{len(features)} {one if len(features) == 1 else many}"
    return f"<details><summary>{count}</summary><ul>{names}</ul></details>"


def _build_prose_section(layers: Sequence[CarteLayer], drawn: Sequence[_Sorted], title: str, communes: int) -> str:
    """Write the map in words, which the map itself names as its description."""
    lines = []
    for layer, found in zip(layers, drawn, strict=True):
        style = layer.definition.style
        looks = [rank % 3 for _, rank in found.drawn]
        told = Drawn(
            singulier=layer.definition.singular,
            pluriel=layer.plural,
            classes=tuple(
                (rule.label, sum(rank // 3 == n for _, rank in found.drawn))
                for n, rule in enumerate(style.rules if style else ())
            ),
            approximatifs=looks.count(_APPROXIMATE),
            schematiques=looks.count(_SCHEMATIC),
            sans_lieu=len(found.unlocated),
            hors_legende=len(found.unruled),
            filtre=layer.filtre,
            avertissement=layer.definition.warning,
        )
        lines.append(
            f"<li><strong>{escape(layer.definition.title)}</strong> : {escape(' '.join(build_prose(told)))}</li>"
        )
    shown = f"{agree(len(layers), 'couche(s)')}, dans l’ordre de la légende :" if layers else "Aucune couche."
    return (
        f'<section class="mots"><h2>La carte en mots</h2><div id="mots"><p>{escape(title)}. Au fond, '
        f"{agree(communes, 'commune(s)')}. {shown}</p><ul>{''.join(lines)}</ul></div></section>"
    )


def _build_approximate_legend() -> str:
    rule = Rule(label=APPROXIMATE_LEGEND, color="#ffffff", stroke="#555555", opacity=0.85, width=2, dash=(2.5, 2))
    line = f"<li>{build_legend(rule, 'point')}<span>{rule.label}</span></li>"
    return f"<section><h2>Précision</h2><ul>{line}</ul></section>"


def _build_sources(sources: Sequence[str], date: str) -> str:
    lines = "".join(f"<li>{escape(source)}</li>" for source in sources)
    return (
        f'<section class="sources"><h2>Sources</h2><ul>{lines}</ul><p>Carte établie le {escape(write_date(date))}, '
        "lisible sans réseau. Dessinée avec folium et Leaflet.</p></section>"
    )
