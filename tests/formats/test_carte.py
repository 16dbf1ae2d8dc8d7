"""The standalone map: what is in the file, and what can never be."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest

from webmap.catalog.definition import LayerDefinition
from webmap.formats.carte import CARTE_CSP, CarteLayer, build_carte
from webmap.formats.standalone import MissingAssetError, build_inlined, build_json, build_stable_ids

ASSETS = Path(__file__).parents[2] / "static" / "dist" / "folium"
BOUNDS = (3.22, 50.22, 3.58, 50.53)
HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(1)</script>",
    "<!--<script>",
    "{{ 7 * 7 }}{% for x in y %}{#",
    'L\'Haÿ "des" `${alert(1)}` \u2028 \\',
)
_SOURCE = {
    "name": "Essai",
    "producer": "Essai",
    "licence": "Essai",
    "millesime": "2026",
    "provenance": "écrit pour ce test",
}


def a_layer(definition: LayerDefinition, features: dict[str, Any], filtre: str | None = None) -> CarteLayer:
    return CarteLayer(definition, features, f"plusieurs {definition.id}", filtre)


def a_definition(layer_id: str, geometry: str, rules: list[dict[str, Any]], **changes: object) -> LayerDefinition:
    """Build a layer with a key, a name and one field of each kind that is written differently."""
    fields: list[dict[str, Any]] = [
        {"id": "id", "label": "Identifiant", "required": True},
        {"id": "nom", "label": "Nom"},
        {"id": "genre", "label": "Genre", "enum": {"a": "grand genre", "b": "petit genre"}},
        {"id": "surface", "type": "number", "label": "Surface", "unit": "m²"},
        {"id": "ouvert", "type": "boolean", "label": "Ouvert"},
        {"id": "jour", "type": "date", "label": "Ouverture"},
        {"id": "annee", "type": "integer", "label": "Année"},
    ]
    whole: dict[str, Any] = {
        "id": layer_id,
        "title": f"Couche {layer_id}",
        "singular": f"un {layer_id}",
        "theme": "essai",
        "description": "Essai.",
        "geometry": geometry,
        "key": "id",
        "name": "nom",
        "source": _SOURCE,
        "fields": fields,
        "style": {"field": "genre" if len(rules) > 1 else None, "rules": rules},
    }
    return LayerDefinition.model_validate(whole | changes)


def a_feature(number: int, geometry: dict[str, Any] | None, **properties: object) -> dict[str, Any]:
    """Build a feature of `a_definition`, with the common columns."""
    own = {"id": f"n{number}", "nom": f"Objet {number}", "genre": "a" if number % 2 else "b", "precision": "exacte"}
    common = {"etat": "en_cours", "source": "facts.md", "source_ligne": "12", "source_url": None, "millesime": "2026"}
    return {"type": "Feature", "id": f"n{number}", "geometry": geometry, "properties": own | common | properties}


def a_place(number: int) -> tuple[float, float]:
    """Return the south-west corner of one cell of a 10 by 5 grid over the territory."""
    return 3.23 + 0.034 * (number % 10), 50.24 + 0.055 * (number // 10)


def a_square(number: int) -> dict[str, Any]:
    x, y = a_place(number)
    ring = [[x, y], [x + 0.03, y], [x + 0.03, y + 0.05], [x, y + 0.05], [x, y]]
    return {"type": "Polygon", "coordinates": [ring]}


def a_point(number: int) -> dict[str, Any]:
    x, y = a_place(number)
    return {"type": "Point", "coordinates": [x + 0.015, y + 0.025]}


def a_collection(features: list[dict[str, Any]]) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": features}


def the_layers() -> list[CarteLayer]:
    """50 polygons, 50 points of two symbols (10 approximate, hostile names), 2 lines, and 6 rows without a place."""
    polygons = a_definition(
        "zone",
        "polygon",
        [
            {"label": "Zone A", "value": "a", "hatch": "diagonal", "color": "#2e7d32"},
            {"label": "Zone <b>", "value": "b"},
        ],
    )
    points = a_definition(
        "halle",
        "point",
        [
            {"label": "Grande halle", "value": "a", "color": "#b3261e", "opacity": 0.9},
            {"label": "Petite halle", "value": "b", "symbol": "star", "color": "#6a1b9a", "opacity": 0.9},
        ],
        title="Halles <img src=x onerror=alert(1)> {{ 7 * 7 }}",
    )
    lines = a_definition("liaison", "line", [{"label": "Liaison", "color": "#0b57d0", "width": 4, "dash": (8, 4)}])
    names = dict(enumerate(HOSTILE))
    halles = [
        a_feature(i, a_point(i), nom=names.get(i, f"Halle {i}"), precision="commune" if i >= 40 else "exacte")
        for i in range(50)
    ]
    halles[1]["properties"] |= {
        "surface": 12345.5,
        "ouvert": True,
        "jour": "2026-03-01",
        "annee": 2024,
        "source": HOSTILE[0],
    }
    halles += [a_feature(100 + i, None, nom=f"Sans lieu {HOSTILE[0]}") for i in range(6)]
    way = [
        {"type": "LineString", "coordinates": [[3.24, 50.26 + y], [3.4, 50.4 + y], [3.55, 50.3 + y]]} for y in (0, 0.1)
    ]
    return [
        a_layer(polygons, a_collection([a_feature(i, a_square(i), nom=f"Zone {i}") for i in range(50)])),
        a_layer(lines, a_collection([a_feature(i, shape) for i, shape in enumerate(way)])),
        a_layer(points, a_collection(halles)),
    ]


def the_carte(**changes: object) -> str:
    """Build the file; fails clearly when the front end was not built."""
    assert (ASSETS / "leaflet.js").is_file(), (
        f"{ASSETS} est vide : `make test` construit d'abord l'interface (npm run build)"
    )
    communes = [{"type": "Feature", "geometry": a_square(i), "properties": {"nom": f"Commune {i}"}} for i in (0, 4, 27)]
    whole: dict[str, Any] = {
        "title": "Denaisis </title><script>alert(1)</script>",
        "subtitle": "La Porte du Hainaut {{ 7 * 7 }}",
        "layers": the_layers(),
        "background": a_collection(communes),
        "schematic": True,
        "bounds": BOUNDS,
        "sources": ["facts.md, lignes 1 à 40", HOSTILE[0]],
        "date": "2026-11-21",
        "assets": ASSETS,
    }
    return build_carte(**whole | changes)


def the_texts(html: str) -> dict[str, Any]:
    """Return what the page is given as texts and styles."""
    found = re.search(r"const CARTE=(.*);\n", html)
    assert found
    texts: dict[str, Any] = json.loads(found.group(1))
    return texts


def test_nothing_outside_the_file() -> None:
    html = the_carte()
    markup = re.sub(r"<script>.*?</script>", "", html, flags=re.DOTALL)
    assert not re.search(r"<link|<script|<[^>]*\s(src|href)=", markup)
    assert all(url.startswith(("data:", "#")) for url in re.findall(r"""url\(["']?([^"')]+)""", markup))
    addresses = set(re.findall(r"https?://[\w./-]+", html)) - {"http://www.w3.org/2000/svg", "https://leafletjs.com"}
    assert addresses == set()
    assert "sourceMappingURL" not in html
    assert len(html) < 500_000


def test_each_script_is_named_in_its_policy() -> None:
    html = the_carte()
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', html)
    assert policy
    assert policy.group(1).startswith("default-src 'none'; ")
    scripts = re.findall(r"<script>(.*?)</script>", html, flags=re.DOTALL)
    assert len(scripts) == 4  # leaflet, folium's switches, ours, the map
    for script in scripts:
        assert base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() in policy.group(1)
    assert html.index("Content-Security-Policy") < html.index("<script")


def test_header_policy_closes_everything() -> None:
    assert CARTE_CSP.startswith("sandbox allow-scripts; default-src 'none'; ")
    assert "http" not in CARTE_CSP
    assert "allow-same-origin" not in CARTE_CSP


def test_same_request_same_bytes() -> None:
    assert the_carte() == the_carte()


def test_hostile_text_stays_text() -> None:
    html = the_carte()
    assert "<img" not in html
    assert "<script>alert" not in html
    assert html.count("<script") == html.count("</script") == 4
    rows = the_texts(html)["layers"][2]["rows"]
    assert [row[0] for row in rows[:5]] == list(HOSTILE)


def test_no_text_is_compiled_as_a_template() -> None:
    """Jinja, in branca, would run `{{ 7 * 7 }}` and stop at an unclosed `{#`: each text is found as it was given."""
    html = the_carte()
    assert html.count("La Porte du Hainaut {{ 7 * 7 }}") == 2
    assert "\\u0026#123;\\u0026#123; 7 * 7 \\u0026#125;\\u0026#125;" in html
    assert the_texts(html)["layers"][2]["rows"][3][0] == HOSTILE[3]


def test_sheet_in_french() -> None:
    layer = the_texts(the_carte())["layers"][2]
    sheet = dict(zip(layer["labels"], layer["rows"][1][1:], strict=True))
    assert sheet == {
        "Identifiant": "n1",
        "Genre": "grand genre",
        "Surface": "12\u202f345,5\u00a0m²",
        "Ouvert": "oui",
        "Ouverture": "01/03/2026",
        "Année": "2024",
        "État": "en cours",
        "Précision": "exacte",
        "Code INSEE": None,
        "Source": HOSTILE[0],
        "Ligne": "12",
        "Adresse": None,
        "Millésime": "2026",
    }


def test_legend_counts_and_lists_what_has_no_place() -> None:
    html = the_carte()
    assert "Grande halle (25)" in html
    assert "Petite halle (25)" in html
    assert "Zone &lt;b&gt; (25)" in html
    assert "<summary>6 non localisés</summary>" in html
    assert html.count("<li>Sans lieu &lt;img") == 6
    assert "Position approximative" in html
    one = [
        a_layer(
            the_layers()[2].definition,
            a_collection([a_feature(1, None), a_feature(2, {"type": "Point", "coordinates": []})]),
        )
    ]
    html = the_carte(layers=[a_layer(one[0].definition, a_collection([a_feature(1, None)]))])
    assert "<summary>1 non localisé</summary>" in html
    assert "Position approximative" not in html
    assert "<summary>2 non localisés</summary>" in the_carte(layers=one)


def test_feature_of_no_class_is_counted_not_drawn() -> None:
    layer = the_layers()[0]
    html = the_carte(layers=[a_layer(layer.definition, a_collection([a_feature(1, a_square(1), genre="c")]))])
    assert "<summary>1 non dessiné, hors légende</summary>" in html
    assert the_texts(html)["layers"][0]["rows"] == []


def test_notice_only_when_schematic() -> None:
    notice = "Cellules schématiques, pas des limites administratives"
    assert notice in the_carte()
    assert notice not in the_carte(schematic=False)
    cell = a_layer(the_layers()[0].definition, a_collection([a_feature(1, a_square(1), schematique=True)]))
    assert notice in the_carte(schematic=False, layers=[cell])


def test_looks_follow_the_style_model() -> None:
    zone, liaison, halle = the_texts(the_carte())["layers"]
    exact, approximate, schematic = zone["styles"][3:6]
    assert exact["path"] | {"weight": 0} == {
        "color": "#1f3a57",
        "dashArray": None,
        "fill": True,
        "fillColor": "#3b6ea5",
        "fillOpacity": 0.35,
        "lineCap": "round",
        "radius": 7,
        "weight": 0,
    }
    assert approximate["path"]["fillOpacity"] == 0
    assert approximate["path"]["dashArray"] == "2.5 2"
    assert schematic["path"]["dashArray"] == "3 3"
    assert zone["styles"][0]["path"]["fillColor"] == "url(#motif-0-0)"
    assert liaison["styles"][0]["path"]["dashArray"] == "8 4"
    assert liaison["styles"][0]["path"]["color"] == "#0b57d0"
    assert "icon" not in halle["styles"][0]
    assert 'fill-opacity="0.9"' in halle["styles"][3]["icon"]
    assert 'fill="#ffffff"' in halle["styles"][4]["icon"]


def test_two_layers_of_one_title_are_both_switched() -> None:
    first = a_definition("un", "point", [{"label": "x"}], title="Même titre")
    second = a_definition("deux", "point", [{"label": "x"}], title="Même titre")
    content = a_collection([a_feature(1, a_point(1))])
    html = the_carte(layers=[a_layer(first, content), a_layer(second, content)])
    assert '"M\\u00eame titre (un)"' in html
    assert '"M\\u00eame titre (deux)"' in html


@pytest.mark.parametrize("layers", [[], the_layers()[:1]])
def test_few_layers(layers: list[CarteLayer]) -> None:
    assert "<h1>" in the_carte(layers=layers, background=a_collection([]))


def test_layer_without_geometry_is_a_list() -> None:
    engagement = a_definition("engagement", "none", [{"label": "x"}], style=None)
    html = the_carte(layers=[a_layer(engagement, a_collection([a_feature(1, None, nom="Sobriété")]))])
    assert "liste sans géométrie" in html
    assert "<li>Sobriété</li>" in html


def test_geometry_carries_no_other_member() -> None:
    shape = a_point(1) | {"note": "{{ 7 * 7 }}"}
    layer = a_layer(the_layers()[2].definition, a_collection([a_feature(1, shape)]))
    assert '"note"' not in the_carte(layers=[layer])
    odd = a_layer(layer.definition, a_collection([a_feature(1, {"type": "{{ 7 }}", "coordinates": [1]})]))
    with pytest.raises(ValueError, match="not a GeoJSON geometry"):
        the_carte(layers=[odd])


def test_missing_file_stops_the_build(tmp_path: Path) -> None:
    with pytest.raises(MissingAssetError, match=r"leaflet\.js"):
        the_carte(assets=tmp_path)


@pytest.mark.parametrize(
    ("head", "css"),
    [
        ('<script src="https://cdn.example/d3.min.js"></script>', ""),
        ('<link rel="stylesheet" href="https://cdn.example/a.css"/>', "p{background:url(https://cdn.example/a.png)}"),
    ],
)
def test_every_address_needs_a_vendored_file(tmp_path: Path, head: str, css: str) -> None:
    if css:
        (tmp_path / "a.css").write_text(css, encoding="utf-8")
    with pytest.raises(MissingAssetError, match=r"d3\.min\.js|a\.png"):
        build_inlined(head, tmp_path)


def test_vendored_image_becomes_its_own_text(tmp_path: Path) -> None:
    (tmp_path / "a.css").write_text("p{background:url('https://cdn.example/a.png')}</style>", encoding="utf-8")
    (tmp_path / "a.png").write_bytes(b"png")
    head = build_inlined('<link rel="stylesheet" href="https://cdn.example/a.css"/>', tmp_path)
    assert 'url("data:image/png;base64,cG5n")' in head
    assert head.count("</style") == 1


def test_json_cannot_leave_its_script() -> None:
    text = build_json(list(HOSTILE))
    assert not set("<>&\u2028\u2029") & set(text)
    assert json.loads(text) == list(HOSTILE)


def test_only_generated_ids_change() -> None:
    mine, other = "0123456789abcdef" * 2, "f" * 32
    assert build_stable_ids(f"map_{mine} {other} map_{mine}", [mine]) == f"map_1 {other} map_1"
