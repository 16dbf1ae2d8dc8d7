"""The sentences of a file against those of the page: one wording, written in two languages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.front.test_geodesie import run
from webmap.formats.prose import Drawn, build_prose, describe_taille

if TYPE_CHECKING:
    from typing import Any

_JS = """(m, list) => list.map((couche) => {
  const vue = { emprise: [3, 50, 3.1, 50.1], zoom: 15, centre: {}, communes: [], total: 1 };
  return m.buildProse({ ...vue, couches: [couche] }).couches[0].phrases;
})"""
_COUNT = st.integers(0, 20_000)
_DRAWN = st.builds(
    Drawn,
    singulier=st.just("halle"),
    pluriel=st.just("halles"),
    classes=st.lists(_COUNT, min_size=1, max_size=3).map(
        lambda numbers: tuple((f"C{n}", each) for n, each in enumerate(numbers))
    ),
    approximatifs=_COUNT,
    schematiques=_COUNT,
    filtre=st.none() | st.just("CQL2, a = 1"),
    avertissement=st.none() | st.just("Liste partielle."),
)


def as_the_page_reads(drawn: Drawn) -> dict[str, Any]:
    number = sum(each for _, each in drawn.classes)
    return {
        "singulier": drawn.singulier,
        "pluriel": drawn.pluriel,
        "geometrie": "point",
        "masquees": [],
        "classes": [{"label": label, "nombre": each} for label, each in drawn.classes],
        "approximatifs": drawn.approximatifs,
        "schematiques": drawn.schematiques,
        "filtre": drawn.filtre,
        "avertissement": drawn.avertissement,
        "fraicheur": "",
        "lignes": number + 1,
        "localises": number + 1,
        "zoom_min": 0,
        "zoom_max": 22,
    }


@settings(max_examples=5, deadline=None)
@given(st.lists(_DRAWN, min_size=40, max_size=40))
def test_a_file_says_what_the_page_says(layers: list[Drawn]) -> None:
    told = run("prose.js", _JS, [as_the_page_reads(drawn) for drawn in layers])
    for drawn, page in zip(layers, told, strict=True):
        own = [text.replace("sur la carte", "dans la vue") for text in build_prose(drawn)]
        if not any(number for _, number in drawn.classes):  # the page warns only of what is seen
            own = [text for text in own if not text.startswith("Attention")]
        assert own == [text.replace("\u202f", "\u00a0") for text in page]


_LENGTH = st.floats(1e-4, 2)


@settings(max_examples=5, deadline=None)
@given(st.lists(st.tuples(st.floats(-5, 9), st.floats(41, 51), _LENGTH, _LENGTH), min_size=40, max_size=40))
def test_a_size_is_told_alike(places: list[tuple[float, float, float, float]]) -> None:
    boxes = [(west, south, west + width, south + height) for west, south, width, height in places]
    told = run("prose.js", "(m, boxes) => boxes.map(m.describeTaille)", boxes)
    assert list(map(describe_taille, boxes)) == [text.replace("\u202f", "\u00a0").replace("’", "'") for text in told]
