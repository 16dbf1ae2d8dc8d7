"""One HTML file that needs nothing else: assets inlined, a closed content policy, the same bytes for the same content.

Knows folium, Leaflet and the shape of the page, not what a layer is: `carte.py` gives the pieces.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote

from webmap.errors import WebmapError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from branca.element import Element, Figure
    from folium import Map as FoliumMap

# The policy of the response that serves such a file: what the file says of itself, in an origin of its own. The file's
# own <meta> is tighter still: it names the digest of each of its scripts, so a browser ignores its 'unsafe-inline'.
_CLOSED = (
    "default-src 'none'; script-src 'unsafe-inline'{digests}; style-src 'unsafe-inline'; img-src data:; font-src data:"
)
_CLOSED += "; base-uri 'none'; form-action 'none'"
CARTE_CSP = f"sandbox allow-scripts; {_CLOSED.format(digests='')}; frame-ancestors 'self'"

_LAYERS_ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 26 26" fill="none" stroke="#333" stroke-width="2" '
    'stroke-linejoin="round"><path d="M13 3 23 9 13 15 3 9ZM3 13 13 19 23 13M3 17 13 23 23 17"/></svg>'
)
# Images leaflet.css names: the two icons of its layer control are redrawn, the default marker is never used.
_IMAGES = {
    "images/layers.png": "data:image/svg+xml," + quote(_LAYERS_ICON),
    "images/layers-2x.png": "data:image/svg+xml," + quote(_LAYERS_ICON),
    "images/marker-icon.png": "data:,",
}
_MEDIA_TYPES = {".png": "image/png", ".svg": "image/svg+xml", ".woff2": "font/woff2"}

PAGE_CSS = Path(__file__).with_name("carte.css").read_text(encoding="utf-8")
PAGE_JS = Path(__file__).with_name("carte.js").read_text(encoding="utf-8")

_SCRIPT_LINK = re.compile(r'<script src="([^"]+)"></script>')
_STYLE_LINK = re.compile(r'<link rel="stylesheet" href="([^"]+)"\s*/?>')
_META = re.compile(r"<meta\b[^>]*>")
_CSS_URL = re.compile(r"""url\(\s*['"]?([^'")]+)['"]?\s*\)""")
_REMOTE = re.compile(r"<script\s[^>]*src=|<link\b|@import|url\((?!\s*['\"]?(?:data:|#))", re.IGNORECASE)
_INLINE_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)
_GENERATED_ID = re.compile(r"[0-9a-f]{32}")


class MissingAssetError(WebmapError):
    """A file the standalone page needs is not in the assets folder, so the page cannot be made."""

    code = "fichier_manquant"


@dataclass(frozen=True)
class Group:
    """Features drawn and switched together. Each has only a geometry and `i`, `s`: the ranks of its texts and style."""

    name: str
    features: Sequence[Mapping[str, Any]]
    style: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Parts:
    """What folium renders for a map, and the JavaScript name of that map."""

    header: str
    html: str
    script: str
    name: str


@dataclass(frozen=True)
class Page:
    """What goes into the file. `title` is plain text; `head`, `panel` and `map_html` are HTML already escaped."""

    title: str
    head: str
    masthead: str
    panel: str
    map_html: str
    scripts: tuple[str, ...]


def build_json(value: object) -> str:
    """Return JSON that is safe inside a `<script>`: nothing in it can close the element or open a comment."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True, allow_nan=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def build_stable_ids(text: str, generated: Iterable[str]) -> str:
    """Replace folium's random ids by their rank in the text. Only those: 32 hexadecimal digits in a fact stay."""
    known = set(generated)
    ranks: dict[str, str] = {}

    def rank(match: re.Match[str]) -> str:
        found = match.group()
        return ranks.setdefault(found, str(len(ranks) + 1)) if found in known else found

    return _GENERATED_ID.sub(rank, text)


def render_folium(groups: Sequence[Group], background: Group, bounds: tuple[float, float, float, float]) -> Parts:
    """Draw the groups, the last on top, over the background. Imported here: folium costs most of a second.

    Text never goes through folium, but for the names of the layer control: branca compiles what it has rendered as a
    Jinja template once more, so a stored `{{ … }}` would run on the server.
    """
    import folium  # noqa: PLC0415 - loaded when a map is taken away
    from folium.map import CustomPane  # noqa: PLC0415 - as above
    from folium.utilities import JsCode  # noqa: PLC0415 - as above

    west, south, east, north = bounds
    middle = [(south + north) / 2, (west + east) / 2]
    chart = folium.Map(location=middle, tiles=None, zoom_control=False, zoom_snap=0.25, attribution_control=False)
    chart.default_js = [(name, url) for name, url in chart.default_js if name == "leaflet"]
    chart.default_css = [(name, url) for name, url in chart.default_css if name == "leaflet_css"]
    chart.add_child(CustomPane("fond", z_index=300))
    chart.add_child(CustomPane("noms", z_index=620))
    folium.GeoJson(
        {"type": "FeatureCollection", "features": background.features},
        control=False,
        interactive=False,
        on_each_feature=JsCode("carteCommune"),
        style=JsCode(f"() => ({build_json(background.style)})"),
        pane="fond",
    ).add_to(chart)
    for i, group in enumerate(groups):
        chart.add_child(CustomPane(f"couche{i}", z_index=400 + i, pointer_events=True))
        folium.GeoJson(
            {"type": "FeatureCollection", "features": group.features},
            name=_build_control_name(group.name),
            control=bool(group.features),
            on_each_feature=JsCode(f"(feature, item) => carteFeature({i}, feature, item)"),
            style=JsCode(f"(feature) => carteStyle({i}, feature)"),
            point_to_layer=JsCode(f"(feature, latlng) => cartePoint({i}, feature, latlng)"),
            pane=f"couche{i}",
        ).add_to(chart)
    if any(group.features for group in groups):
        options: dict[str, Any] = {"collapsed": JsCode("window.innerWidth < 800")}
        chart.add_child(folium.LayerControl(**options))
    chart.fit_bounds([[south, west], [north, east]], padding=(12, 12))
    return _render_parts(chart)


def build_inlined(head: str, assets: Path) -> str:
    """Replace each script and stylesheet link by the vendored file of that name; raise when there is none."""

    def script(match: re.Match[str]) -> str:
        code = _read(assets, match.group(1))
        code = re.sub(r"^//# sourceMappingURL=.*$", "", code, flags=re.MULTILINE)
        code = code.replace("</script", "<\\/script").replace("<!--", "<\\!--")
        return f"<script>{code}</script>"

    def style(match: re.Match[str]) -> str:
        return f"<style>{_build_css(_read(assets, match.group(1)), assets)}</style>"

    return _STYLE_LINK.sub(style, _SCRIPT_LINK.sub(script, _META.sub("", head)))


def build_page(page: Page, assets: Path) -> str:
    """Assemble the file, and refuse to return one that would ask for anything outside itself."""
    head = build_inlined(page.head, assets) + f"<style>{PAGE_CSS}</style>"
    scripts = "".join(f"<script>{script}</script>\n" for script in page.scripts)
    digests = "".join(f" 'sha256-{_digest(code)}'" for code in _INLINE_SCRIPT.findall(head + scripts))
    markup = _INLINE_SCRIPT.sub("", head)
    remote = _REMOTE.search(markup)
    if remote is not None:
        msg = f"La carte autonome dépendrait d'un fichier extérieur : {markup[remote.start() :][:120]}"
        raise MissingAssetError(msg)
    return (
        '<!DOCTYPE html>\n<html lang="fr">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_CLOSED.format(digests=digests)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(page.title)}</title>\n{head}\n</head>\n<body>\n"
        f'<header class="titre">{page.masthead}</header>\n<main>{page.map_html}</main>\n'
        f'<aside aria-label="Légende et sources" tabindex="0">{page.panel}</aside>\n'
        f"{scripts}</body>\n</html>\n"
    )


def _build_control_name(name: str) -> str:
    """Return a name as HTML, for Leaflet writes it so, with nothing in it that Jinja would read."""
    return escape(name).replace("{", "&#123;").replace("}", "&#125;")


def _render_parts(chart: FoliumMap) -> Parts:
    root = cast("Figure", chart.get_root())
    root.render()
    texts = [part.render() for part in (root.header, root.html, root.script)]
    stable = build_stable_ids("\x00".join([*texts, chart.get_name()]), _generated_ids(root))
    return Parts(*stable.split("\x00"))


def _generated_ids(element: Element) -> Iterator[str]:
    yield element._id  # noqa: SLF001 - branca has no public name for it
    parts = [getattr(element, name) for name in ("header", "html", "script") if hasattr(element, name)]
    for child in [*parts, *element._children.values()]:  # noqa: SLF001 - as above
        yield from _generated_ids(child)


def _digest(code: str) -> str:
    return base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()


def _vendored(assets: Path, url: str) -> Path:
    path = assets / url.rsplit("/", 1)[-1]
    if not path.is_file():
        msg = f"La carte autonome a besoin de {url}, et {path} manque : construire l'interface (`npm run build` dans static/)."
        raise MissingAssetError(msg)
    return path


def _read(assets: Path, url: str) -> str:
    return _vendored(assets, url).read_text(encoding="utf-8")


def _build_css(css: str, assets: Path) -> str:
    def inline(match: re.Match[str]) -> str:
        url = match.group(1)
        if url.startswith(("data:", "#")):
            return match.group()
        if url in _IMAGES:
            return f'url("{_IMAGES[url]}")'
        path = _vendored(assets, url)
        media = _MEDIA_TYPES.get(path.suffix)
        if media is None:
            msg = f"La carte autonome ne sait pas inclure {url}."
            raise MissingAssetError(msg)
        return f'url("data:{media};base64,{base64.b64encode(path.read_bytes()).decode()}")'

    bare = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    return _CSS_URL.sub(inline, bare).replace("</style", "<\\/style")
