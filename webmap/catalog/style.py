"""The style model: one small description per layer, from which every renderer is built.

`style.toml` holds rules on one field. `build_legend` draws a rule as an SVG swatch; the viewer (OpenLayers) and the
folium file read `Style.model_dump()`, so the map, the legend and the exported file cannot disagree.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Color = Annotated[str, StringConstraints(pattern=r"^#[0-9a-f]{6}$")]
Symbol = Literal["circle", "square", "triangle", "diamond", "star", "cross", "pentagon"]
Hatch = Literal["none", "diagonal", "reverse", "cross", "horizontal", "vertical", "dots"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Rule(_Strict):
    """How features of one class look. Widths and sizes in CSS pixels at the screen's normal scale.

    `value` is compared as text with the style's `field`; a rule without `value` takes all that is left.
    """

    label: str = Field(min_length=1)
    value: str | None = None
    color: Color = "#3b6ea5"
    opacity: float = Field(default=0.35, ge=0, le=1)
    stroke: Color = "#1f3a57"
    width: float = Field(default=1.5, ge=0, le=20)
    dash: tuple[float, ...] = ()
    size: float = Field(default=7, gt=0, le=40)
    symbol: Symbol = "circle"
    hatch: Hatch = "none"


class Label(_Strict):
    """Text written on the map beside a feature, from one of its fields."""

    field: str
    zoom_min: float = Field(default=12, ge=0, le=22)
    size: float = Field(default=13, ge=6, le=60)
    color: Color = "#1d1d1f"


class Style(_Strict):
    """Rules of one layer, first match wins; the last rule has no `value` unless all values of an enum are named."""

    field: str | None = None
    rules: tuple[Rule, ...] = Field(min_length=1)
    label: Label | None = None

    def rule_for(self, properties: dict[str, object]) -> Rule | None:
        """Return the first rule that takes a feature with these properties, or None: such a feature is not drawn."""
        value = None if self.field is None else properties.get(self.field)
        for rule in self.rules:
            if rule.value is None or (value is not None and str(value) == rule.value):
                return rule
        return None

    @property
    def fields(self) -> tuple[str, ...]:
        """Fields a tile must carry for this style to be drawn."""
        wanted = [self.field, self.label.field if self.label else None]
        return tuple(dict.fromkeys(name for name in wanted if name))


# Unit shapes on a 20 × 20 box centred on 10,10 with radius 1 scaled by `size`: (x, y) multipliers.
_SHAPES: dict[str, tuple[tuple[float, float], ...]] = {
    "square": ((-0.85, -0.85), (0.85, -0.85), (0.85, 0.85), (-0.85, 0.85)),
    "triangle": ((0, -1.1), (1.0, 0.75), (-1.0, 0.75)),
    "diamond": ((0, -1.15), (1.15, 0), (0, 1.15), (-1.15, 0)),
    "pentagon": ((0, -1.05), (1.0, -0.32), (0.62, 0.85), (-0.62, 0.85), (-1.0, -0.32)),
    "star": (
        (0, -1.2), (0.29, -0.4), (1.14, -0.37), (0.48, 0.15), (0.71, 0.97),
        (0, 0.5), (-0.71, 0.97), (-0.48, 0.15), (-1.14, -0.37), (-0.29, -0.4),
    ),
    "cross": (
        (-0.35, -1.05), (0.35, -1.05), (0.35, -0.35), (1.05, -0.35), (1.05, 0.35), (0.35, 0.35),
        (0.35, 1.05), (-0.35, 1.05), (-0.35, 0.35), (-1.05, 0.35), (-1.05, -0.35), (-0.35, -0.35),
    ),
}  # fmt: skip

_HATCH_LINES: dict[str, str] = {
    "none": "",
    "diagonal": "M-2 8 8 -2M2 18 22 -2M12 18 26 4",
    "reverse": "M16 -2 26 8M2 -2 22 18M-2 8 12 22",
    "cross": "M-2 8 8 -2M2 18 22 -2M12 18 26 4M16 -2 26 8M2 -2 22 18M-2 8 12 22",
    "horizontal": "M0 4H24M0 8H24M0 12H24",
    "vertical": "M4 0V16M8 0V16M12 0V16M16 0V16M20 0V16",
    "dots": "M5 5h.1M12 5h.1M19 5h.1M5 11h.1M12 11h.1M19 11h.1",
}

_SIGN = '<svg class="swatch" width="24" height="16" viewBox="0 0 24 16" aria-hidden="true" focusable="false">{}</svg>'
# Signs that any layer may carry, beside its own classes: `precision` other than `exacte`; cells in the place of contours.
APPROXIMATE_SIGN = _SIGN.format(
    '<circle cx="12" cy="8" r="3.5" fill="#fff" stroke="#3f4a5a" stroke-width="1.6"/>'
    '<circle cx="12" cy="8" r="6.8" fill="none" stroke="#3f4a5a" stroke-width="1.3" stroke-dasharray="2.4 2"/>'
)
GROUP_SIGN = _SIGN.format(
    '<circle cx="12" cy="8" r="7" fill="#fff" stroke="#3f4a5a" stroke-width="1.6"/>'
    '<path d="M9.6 6 11 5v6M13.4 6q.6-1.2 1.7-.8 1.3.6.4 2.2L13.2 11h2.8" fill="none" stroke="#17212b" stroke-width="1.2"/>'
)
SCHEMATIC_SIGN = _SIGN.format(
    '<rect x="1" y="1" width="22" height="14" fill="#eef1f4"/>'
    '<path d="M1 9 9 1M5 15 19 1M15 15 23 7" stroke="#8b95a3" stroke-width="1"/>'
    '<rect x="1" y="1" width="22" height="14" fill="none" stroke="#6b7686" stroke-width="1.3" stroke-dasharray="4 3"/>'
)


def build_symbol_points(symbol: str, size: float, x: float, y: float) -> str:
    """Return the SVG `points` of a polygonal symbol of radius `size` pixels centred on x, y."""
    return " ".join(f"{x + dx * size:.2f},{y + dy * size:.2f}" for dx, dy in _SHAPES[symbol])


def build_legend(rule: Rule, geometry: str) -> str:
    """Return one rule as a 24 × 16 inline SVG (decorative: the label is written beside it).

    Attributes only, no `style`: it must pass a CSP without `unsafe-inline`.
    """
    dash = f' stroke-dasharray="{" ".join(f"{d:g}" for d in rule.dash)}"' if rule.dash else ""
    stroke = f'stroke="{rule.stroke}" stroke-width="{min(rule.width, 4):g}"{dash}'
    if geometry == "line":
        shape = f'<path d="M1 12 8 5 15 11 23 4" fill="none" stroke="{rule.color}" stroke-width="{min(rule.width, 5):g}"{dash}/>'
    elif geometry == "point":
        fill = f'fill="{rule.color}" fill-opacity="{rule.opacity:g}" {stroke}'
        size = min(rule.size, 7)
        if rule.symbol == "circle":
            shape = f'<circle cx="12" cy="8" r="{size:g}" {fill}/>'
        else:
            shape = f'<polygon points="{build_symbol_points(rule.symbol, size, 12, 8)}" {fill}/>'
    else:
        lines = _HATCH_LINES[rule.hatch]
        hatch = f'<path d="{lines}" stroke="{rule.stroke}" stroke-width="1.2" stroke-linecap="round"/>' if lines else ""
        shape = (
            f'<rect x="1" y="1" width="22" height="14" fill="{rule.color}" fill-opacity="{rule.opacity:g}"/>{hatch}'
            f'<rect x="1" y="1" width="22" height="14" fill="none" {stroke}/>'
        )
    return _SIGN.format(shape)
