"""Drawings as WeasyPrint sees them: what the style sheet says, on the elements themselves."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Any

import pytest

from webmap.formats.dessin import SVG, Painter

CSS = """
:root { --encre: #17212b; --fort: #073b45 }
svg .barre { fill: var(--encre); color: red }
.parts .barre { fill: var(--fort) }
svg text { font-size: 14px }
.etiquette { paint-order: stroke; stroke: #ffffff; stroke-width: 3px }
.limite { stroke-width: 3; vector-effect: non-scaling-stroke }
.absente { fill: var(--inconnue) }
@media print { .barre { stroke: #000000 } }
@media (max-width: 36em) { svg text { font-size: 26px } }
details::details-content { fill: red }
.barre::before { fill: red }
.barre:hover { fill: red }
"""


def paint(drawing: str, around: str = "") -> Any:  # noqa: ANN401 - an element
    root = ET.fromstring(
        f'<html><body><div class="{around}"><svg xmlns="http://www.w3.org/2000/svg">{drawing}</svg></div></body></html>'
    )
    Painter(CSS, "DejaVu Sans").paint(root)
    return root.find(f".//{SVG}svg")


def test_rules_of_the_page_are_written_on_the_elements() -> None:
    bar = paint('<rect class="barre" fill="red"/>').find(f"{SVG}rect")
    assert bar.attrib == {"class": "barre", "fill": "#17212b", "stroke": "#000000"}
    assert paint('<rect class="barre"/>', "parts").find(f"{SVG}rect").get("fill") == "#073b45", "by what is around it"
    assert paint("<text>a</text>").find(f"{SVG}text").get("font-size") == "14px", "not the size of a phone"
    assert paint('<rect fill="#123456"/>').find(f"{SVG}rect").attrib == {"fill": "#123456"}
    assert paint('<rect class="absente"/>').find(f"{SVG}rect").get("fill") == "none"
    assert paint("").get("font-family") == "DejaVu Sans"


@pytest.mark.parametrize(("scale", "width"), [("scale(0.01)", 300), ("scale(2) translate(1 2)", 1.5), ("", 3)])
def test_a_line_keeps_its_width_whatever_the_scale(scale: str, width: float) -> None:
    path = paint(f'<g transform="{scale}"><path class="limite"/></g>').find(f".//{SVG}path")
    assert float(path.get("stroke-width")) == width


@pytest.mark.parametrize(
    "text", ['<text class="etiquette">Denain</text>', '<text paint-order="stroke" stroke="#ffffff">Denain</text>']
)
def test_a_halo_stands_behind_its_text(text: str) -> None:
    halo, label = paint(text).findall(f"{SVG}text")
    assert (halo.text, halo.get("stroke"), halo.get("fill")) == ("Denain", "#ffffff", "#ffffff")
    assert (label.text, label.get("stroke")) == ("Denain", "none")


def test_a_drawing_has_a_title_to_be_read_by() -> None:
    root = ET.fromstring(
        '<html><svg xmlns="http://www.w3.org/2000/svg" aria-label="Carte &lt;b&gt;"/>'
        '<svg xmlns="http://www.w3.org/2000/svg"><title>Parts</title></svg>'
        '<svg xmlns="http://www.w3.org/2000/svg" aria-hidden="true"/></html>'
    )
    Painter(CSS, "x").paint(root)
    assert [title.text for title in root.iter(f"{SVG}title")] == ["Carte <b>", "Parts", " "]
