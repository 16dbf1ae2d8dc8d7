"""SVG drawings of a page, made readable by a printer of SVG that sees neither the page's style sheet nor its ARIA labels.

WeasyPrint draws an inline SVG from its own attributes alone: what the style sheet says is written on each element.
"""

from __future__ import annotations

import copy
import re
from typing import TYPE_CHECKING, Any

import cssselect2
import tinycss2

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

SVG = "{http://www.w3.org/2000/svg}"
_DRAWN = {
    "fill", "fill-opacity", "fill-rule", "stroke", "stroke-width", "stroke-opacity", "stroke-dasharray", "stroke-linecap",
    "stroke-linejoin", "opacity", "display", "font-size", "font-weight", "font-style", "text-anchor",
}  # fmt: skip
_KEPT_STROKE = "vector-effect"  # `non-scaling-stroke`: a width in pixels whatever the scale of the drawing
_VARIABLE = re.compile(r"var\((--[\w-]+)\)")
_SCALE = re.compile(r"scale\(([\d.e+-]+)")


class Painter:
    """The rules of one style sheet that concern drawings, printed."""

    def __init__(self, css: str, font: str) -> None:
        """Read the sheet once. `font` is the family of every text of a drawing."""
        self._font = font
        self._matcher: Any = cssselect2.Matcher()
        rules = list(_qualified(tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True)))
        variables = {
            declaration.name: _text(declaration.value)
            for rule in rules
            if _text(rule.prelude) == ":root"
            for declaration in tinycss2.parse_blocks_contents(rule.content)
            if declaration.type == "declaration" and declaration.name.startswith("--")
        }
        for rule in rules:
            self._read(rule, variables)

    def paint(self, root: Any) -> None:  # noqa: ANN401 - an ElementTree element
        """Write on the drawings below `root`, an HTML tree, what the sheet says of them, and a title each can be read by."""
        # cssselect2 walks the page from its root, so that a rule may name what stands around a drawing.
        wrapper = cssselect2.ElementWrapper.from_html_root(root)
        for element in wrapper.iter_subtree():
            if element.etree_element.tag == f"{SVG}svg":
                self._paint_drawing(element)

    def _read(self, rule: Any, variables: dict[str, str]) -> None:  # noqa: ANN401 - tinycss2 has no types
        said = {
            declaration.name: _VARIABLE.sub(lambda found: variables.get(found[1], "none"), _text(declaration.value))
            for declaration in tinycss2.parse_blocks_contents(rule.content)
            if declaration.type == "declaration" and declaration.name in {*_DRAWN, _KEPT_STROKE, "paint-order"}
        }
        if not said:
            return
        try:
            selectors = cssselect2.compile_selector_list(rule.prelude)
        except cssselect2.SelectorError:  # of a browser only (`::details-content`): nothing drawn is named so
            return
        for selector in selectors:
            if selector.pseudo_element is None:
                self._matcher.add_selector(selector, said)

    def _paint_drawing(self, drawing: Any) -> None:  # noqa: ANN401 - cssselect2 has no types
        element = drawing.etree_element
        element.set("font-family", self._font)
        if element.find(f"{SVG}title") is None:
            title = element.makeelement(f"{SVG}title", {})
            # A blank one for what only decorates: a tagged figure must have a text, and this one says nothing more.
            title.text = element.get("aria-label") or " "
            element.insert(0, title)
        for node in list(drawing.iter_subtree()):  # a list: halos are added on the way
            said: dict[str, str] = {}
            for _, _, _, declarations in self._matcher.match(node):
                said |= declarations
            if said or "paint-order" in node.etree_element.attrib:
                _write(node, said)


def _qualified(rules: Iterable[Any]) -> Iterator[Any]:
    """Yield the rules that apply on paper, in order."""
    for rule in rules:
        if rule.type == "qualified-rule":
            yield rule
        elif rule.type == "at-rule" and (rule.lower_at_keyword, _text(rule.prelude)) == ("media", "print"):
            yield from _qualified(tinycss2.parse_rule_list(rule.content, skip_comments=True, skip_whitespace=True))


def _text(tokens: Any) -> str:  # noqa: ANN401 - as above
    written: str = tinycss2.serialize(tokens)
    return written.strip()


def _write(node: Any, said: dict[str, str]) -> None:  # noqa: ANN401 - as above
    element = node.etree_element
    if said.get(_KEPT_STROKE) == "non-scaling-stroke":
        width = float(said.get("stroke-width", element.get("stroke-width", "1")).removesuffix("px"))
        said = {**said, "stroke-width": f"{width / _scale(node):g}"}
    for name in _DRAWN & said.keys():
        element.set(name, said[name])
    if "stroke" in (said.get("paint-order") or element.get("paint-order", "")):
        _put_behind(node)


def _put_behind(node: Any) -> None:  # noqa: ANN401 - as above
    """Draw the halo of a text as a text behind it: drawn on it, it would cover it."""
    element, parent = node.etree_element, node.parent.etree_element
    halo = copy.deepcopy(element)
    halo.tail = None
    halo.set("fill", element.get("stroke", "none"))
    parent.insert(list(parent).index(element), halo)
    element.set("stroke", "none")


def _scale(node: Any) -> float:  # noqa: ANN401 - as above
    """Return by how much the groups around an element enlarge it."""
    scale = 1.0
    while node is not None and node.etree_element.tag != f"{SVG}svg":
        for found in _SCALE.findall(node.etree_element.get("transform", "")):
            scale *= abs(float(found)) or 1.0
        node = node.parent
    return scale
