"""Strengths and gaps: whatever the numbers, each sentence is French, and what it claims is read back and true."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.web.reports_made import MISSING, TYPES, make_report, make_unit, make_value
from webmap.web.french import nombre
from webmap.web.phrases import Phrases, build_phrases

if TYPE_CHECKING:
    from webmap.store.report import Report

RATE, SHARE, LENGTH = ("mare", "pour_1000_habitants"), ("mare", "part_surface"), ("mare", "longueur_km")
NAMES = ("Ouest", "Étangs", "d'Aunelle", "Sud", "L'Écluse")
NUMBERS = st.one_of(
    st.none(), st.just(0), st.just(0.0), st.integers(0, 5), st.floats(0, 0.2), st.floats(0, 1e5),
    st.sampled_from([math.nan, math.inf]),
)  # fmt: skip
CLAIM = re.compile(
    r"^(?P<label>.+), (?P<nom>Ouest|Étangs|d'Aunelle|Sud|L'Écluse) : "
    r"(?:valeur recensée (?P<value>−?[\d\u00a0]+(?:,\d+)?)|aucune \w+ recensée \((?P<none>0)\))(?:\u00a0(?:%|km))?, "
    r"(?P<position>plus|moins|autant) que l'ensemble du territoire \((?P<whole>[\d\u00a0]+(?:,\d+)?)(?:\u00a0%)?\)"
    r"(?P<nearly>, à l'arrondi près)?"
    r"(?: ; rang (?P<rank>\d+) sur (?P<of>\d+) unités renseignées, de la plus forte valeur à la plus faible(?P<tied> \(à égalité\))?)?"
    r"\. Source : Inventaire des mares, millésime 2019\.$"
)
AMOUNT = re.compile(
    r"soit (?P<share>[\d\u00a0]+,\d)\u00a0% de l'ensemble du territoire \([^)]+\), (?P<position>plus|moins|autant) que "
    r"sa part de la population \((?P<people>[\d\u00a0]+,\d)\u00a0%\)\. Source : Inventaire des mares, millésime 2019\.$"
)


def read(text: str) -> float:
    return float(text.replace("\u00a0", "").replace("−", "-").replace(",", "."))


def write(report: Report, at: int = 0) -> Phrases:
    return build_phrases(report.units[at], report.units, report.ensemble, TYPES)


def only(found: Phrases) -> tuple[str, str]:
    """Return the list and the sentence, of which there is exactly one."""
    pairs = [(name, each) for name in ("atouts", "besoins", "egaux", "inconnus") for each in getattr(found, name)]
    assert len(pairs) == 1
    return pairs[0]


def assert_french(sentence: str) -> None:
    assert not re.search(r"nan|inf\b|None|NaN|  | \.|\bde [.,;:)]", sentence)
    assert sentence.endswith(".")
    assert sentence[0].isupper()


def finite(number: float | None) -> bool:
    return number is not None and math.isfinite(number)


@given(
    st.lists(NUMBERS, min_size=1, max_size=5),
    NUMBERS,
    st.sampled_from(["atout", "besoin"]),
    st.sampled_from([RATE, SHARE]),
)
def test_a_rate_gives_one_sentence_whose_claim_is_true(
    numbers: list[float | None], whole: float | None, sens: str, key: tuple[str, str]
) -> None:
    report = make_report(dict(zip(NAMES, numbers, strict=False)), whole, key, sens)
    for at, number in enumerate(numbers):
        name, sentence = only(write(report, at))
        assert_french(sentence)
        assert NAMES[at] in sentence
        if not (finite(number) and finite(whole)):
            assert name == "inconnus"
            assert "plus que" not in sentence
            assert "moins que" not in sentence
            continue
        assert number is not None
        assert whole is not None
        claim = CLAIM.match(sentence)
        assert claim, sentence
        value, territory = read(claim["value"] or claim["none"]), read(claim["whole"])
        assert (claim["none"] is not None) == (number == 0), "a zero is not seen where there is something"
        assert claim["position"] == ("autant" if value == territory else "plus" if value > territory else "moins")
        assert (claim["nearly"] is not None) == (value == territory and number != whole)
        expected = {"autant": "egaux", "plus": "atouts", "moins": "besoins"}[claim["position"]]
        if sens == "besoin":
            expected = {"atouts": "besoins", "besoins": "atouts"}.get(expected, expected)
        assert name == expected
        rivals = [each for each in numbers if each is not None and math.isfinite(each)]
        assert (claim["rank"] is not None) == (len(rivals) > 1)
        if claim["rank"]:
            assert int(claim["of"]) == len(rivals)
            assert int(claim["rank"]) == 1 + sum(each > number for each in rivals)
            assert (claim["tied"] is not None) == (rivals.count(number) > 1)


@given(NUMBERS, NUMBERS, st.one_of(st.none(), st.integers(0, 20_000)), st.one_of(st.none(), st.integers(0, 20_000)))
def test_a_length_is_read_against_the_population(
    number: float | None, whole: float | None, people: int | None, everyone: int | None
) -> None:
    part = make_unit("Ouest", [make_value(LENGTH, number)], population=people)
    ensemble = make_unit("Pays des Mares", [make_value(LENGTH, whole)], population=everyone)
    name, sentence = only(build_phrases(part, [part], ensemble, TYPES))
    assert_french(sentence)
    nothing = not finite(whole) or whole is None or read(nombre(whole)) == 0
    if not finite(number) or nothing or people is None or not everyone:
        assert name == "inconnus"
        return
    claim = AMOUNT.search(sentence)
    assert claim, sentence
    assert number is not None
    assert whole is not None
    share, population = read(claim["share"]), read(claim["people"])
    assert share == pytest.approx(100 * number / whole, abs=0.051)
    assert population == pytest.approx(100 * people / everyone, abs=0.051)
    position = "autant" if share == population else "plus" if share > population else "moins"
    assert claim["position"] == position
    assert name == {"autant": "egaux", "plus": "atouts", "moins": "besoins"}[position]
    assert ("aucune longueur recensée (0)" in sentence) == (number == 0)


def test_the_sentences_as_they_are_read() -> None:
    report = make_report({"Ouest": 0.13, "Étangs": 0, "Sud": None}, 0.1, RATE)
    order = "de la plus forte valeur à la plus faible. Source : Inventaire des mares, millésime 2019."
    (strength,) = write(report).atouts
    assert strength == (
        "Mares pour 1 000 habitants, Ouest : valeur recensée 0,13, plus que l'ensemble du territoire (0,10) ; rang 1 sur 2 "
        f"unités renseignées, {order}"
    )
    (gap,) = write(report, 1).besoins
    assert gap == (
        "Mares pour 1 000 habitants, Étangs : aucune présence recensée (0), moins que l'ensemble du territoire (0,10) ; rang "
        f"2 sur 2 unités renseignées, {order}"
    )
    assert write(report, 2).inconnus == (f"Mares pour 1 000 habitants, Sud : {MISSING}.",)


def test_a_need_below_the_territory_is_no_gap() -> None:
    report = make_report({"Ouest": 1.5, "Sud": 9}, 4, SHARE, "besoin")
    assert (
        write(report).atouts[0].startswith("Part de la surface en mare, Ouest : valeur recensée 1,50\u00a0%, moins que")
    )
    assert write(report, 1).besoins


def test_a_territory_without_a_value_is_said_not_guessed() -> None:
    name, sentence = only(write(make_report({"Ouest": 3}, None, RATE)))
    assert name == "inconnus"
    assert f"sans comparaison possible : {MISSING}" in sentence


@pytest.mark.parametrize("key", [("mare", "distincts"), RATE])
def test_nothing_is_said_where_nothing_can_be(key: tuple[str, str]) -> None:
    report = make_report({"Ouest": 3}, 4, key, None if key == RATE else "atout")
    assert write(report) == Phrases((), (), (), ())


def test_no_vintage_leaves_no_hole() -> None:
    report = make_report({"Ouest": 3}, 4, RATE)
    bare = replace(report.units[0].values[0], millesime="")
    unit = replace(report.units[0], values=(bare,))
    assert build_phrases(unit, [unit], report.ensemble, TYPES).besoins[0].endswith("Source : Inventaire des mares.")
