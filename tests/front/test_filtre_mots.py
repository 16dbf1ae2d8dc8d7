"""A filter told by a file against the same filter told by the page: one wording, written in two languages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.front.test_geodesie import run
from webmap.web.filtre_mots import Field, describe_filter

if TYPE_CHECKING:
    from typing import Any

_TYPES = {"note": "text", "classe": "text", "puissance": "number", "pose": "date", "public": "boolean", "noms": "list"}
_WORDS = {"classe": {"a": "Accès libre", "b": "Réservé"}}
FIELDS = {
    name: Field(f"Le champ {name}", kind, "kW" if name == "puissance" else None, _WORDS.get(name, {}))
    for name, kind in _TYPES.items()
}
CHAMPS = [
    {"id": name, "libelle": field.label, "type": field.type, "unite": field.unit, "valeurs": dict(field.words) or None}
    for name, field in FIELDS.items()
]
_JS = """(m, { champs, filtres }) => filtres.map((filtre) => [m.buildCql2(filtre, champs), m.describeFiltre(filtre, champs)])"""
_TEXT = st.text(st.sampled_from(list("aé'\\%_()\"")), min_size=1, max_size=6)
_VALUES = {
    "note": (("est", "pas", "contient", "sans", "commence"), _TEXT),
    "classe": (("est", "pas"), st.sampled_from("ab")),
    "puissance": (
        ("min", "max", "plus", "moins", "est", "pas"),
        st.integers(-99_999, 99_999).map(str)
        | st.decimals(0, 999, places=4).map(lambda value: str(value).replace(".", ",")),
    ),
    "pose": (("min", "max", "plus", "moins", "est", "pas"), st.dates().map(str)),
    "public": (("est",), st.sampled_from(("true", "false"))),
    "noms": (("contient", "sans"), _TEXT),
}


def _conditions(champ: str) -> st.SearchStrategy[dict[str, Any]]:
    operators, values = _VALUES[champ]
    asked = st.tuples(st.sampled_from(operators), values) | st.tuples(st.sampled_from(("rempli", "vide")), st.just(""))
    return asked.map(lambda each: {"champ": champ, "operateur": each[0], "valeur": each[1]})


_FILTRE = st.fixed_dictionaries(
    {
        "lien": st.sampled_from(("et", "ou")),
        "conditions": st.lists(st.one_of(*map(_conditions, _VALUES)), min_size=1, max_size=3),
    }
)


@settings(max_examples=5, deadline=None)
@given(st.lists(_FILTRE, min_size=60, max_size=60))
def test_a_file_tells_a_filter_as_the_builder_does(filtres: list[dict[str, Any]]) -> None:
    for text, told in run("cql2.js", _JS, {"champs": CHAMPS, "filtres": filtres}):
        assert describe_filter(text, FIELDS) == told.replace("\u202f", "\u00a0"), text


A, B, NO_NOTE = "«_Accès libre_»", "«_Réservé_»", "le champ note n’est pas renseigné"
POWER, BETWEEN = "le champ puissance au moins 50_kW", "le champ puissance entre 3_kW et 7,5_kW"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("(puissance >= 50) AND (classe IN ('a','b') OR note IS NULL)", f"{POWER} et (le champ classe est {A} ou {B} ou {NO_NOTE})"),
        ("classe NOT IN ('a') AND puissance BETWEEN 3 AND 7.5", f"le champ classe n’est pas {A} et {BETWEEN}"),
        ("S_INTERSECTS(geom,POLYGON((0 0,1 0,1 1,0 0)))", "emplacement dans une zone dessinée"),
        ("note LIKE 'a%'", "CQL2, note LIKE 'a%'"),
        ("inconnu = 1", "CQL2, inconnu = 1"),
        ("NOT (note = 'a' AND classe = 'a')", "CQL2, NOT (note = 'a' AND classe = 'a')"),
        ('{"op": "isNull"}', 'CQL2, {"op": "isNull"}'),
    ],
)  # fmt: skip
def test_what_the_builder_does_not_write_is_told_or_left_as_it_is(text: str, told: str) -> None:
    assert describe_filter(text, FIELDS) == told.replace("_", "\u00a0")
