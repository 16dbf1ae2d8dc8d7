"""From counts to numbers: a value, or why there is none, never a zero in its place."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.store.conftest import build, define, insert
from webmap.catalog import counting
from webmap.store.measures import Context, Value, build_rest, build_stated, build_values
from webmap.store.report import fetch_report
from webmap.store.summaries import Count, LayerSummary, Unit, fetch_summaries, fetch_units

if TYPE_CHECKING:
    from webmap.catalog.load import Catalog
    from webmap.store.db import Database

CONTEXT = Context(contours=True, contour_source="contours X", population_source="population Y", cited={})
UNIT = Unit("u", "U", 2, 4000, 50.0, ("59002", "59172"), (3.2, 50.2, 3.6, 50.6), (3.4, 50.4))
EMPTY = Count()


def measured(kind: str, geometry: str, field: str | None = None) -> dict[str, Any]:
    measure = {"id": "m", "type": kind, "label": "M", "unit": "u"} | ({"field": field} if field else {})
    return {"geometry": geometry, "measures": [measure]}


def value_of(kind: str, count: Count, context: Context = CONTEXT, unit: Unit = UNIT, *, whole: bool = False) -> Value:
    geometry = {"longueur": "line", "surface": "polygon", "part_surface": "polygon"}.get(kind, "point")
    number = {"id": "n", "type": "integer", "label": "N"}
    layer = define(more=[number], **measured(kind, geometry, "n" if kind in {"somme", "distincts"} else None))
    summary = LayerSummary({"u": count}, EMPTY, Count(1), replace(count, nombre=count.nombre + 1))
    (value,) = build_values(layer, unit, summary, context, whole=whole)
    return value


@pytest.mark.parametrize(
    ("kind", "count", "expected"),
    [
        ("nombre", Count(3), 3),
        ("nombre", Count(0), 0),
        ("somme", Count(3, extras=(("m", 12.5),)), 12.5),
        ("somme", Count(0), 0),
        ("distincts", Count(3, extras=(("m", 2.0),)), 2),
        ("pour_1000", Count(8), 2),
        ("longueur", Count(2, longueur=1500.0, mesurees=2), 1.5),
        ("longueur", Count(0), 0),
        ("surface", Count(2, surface=2.5e6, mesurees=2), 2.5),
        ("part_surface", Count(2, surface=5e6, mesurees=2), 10),
    ],
)
def test_a_number_in_its_unit(kind: str, count: Count, expected: float) -> None:
    value = value_of(kind, count)
    assert value.valeur == pytest.approx(expected)
    assert value.indisponible is None
    assert value.regle
    assert value.source.startswith("Essai")
    assert value.additive == (kind in {"nombre", "somme", "longueur", "surface"})


NO_CONTOURS = replace(CONTEXT, contours=False)


@pytest.mark.parametrize(
    ("kind", "count", "context", "unit", "why"),
    [
        ("longueur", Count(0), NO_CONTOURS, UNIT, counting.NO_CONTOURS),
        ("surface", Count(2, surface=5.0, mesurees=2), NO_CONTOURS, UNIT, counting.NO_CONTOURS),
        ("part_surface", Count(2), NO_CONTOURS, UNIT, counting.NO_CONTOURS),
        (
            "part_surface",
            Count(2, surface=5.0, mesurees=2),
            CONTEXT,
            replace(UNIT, surface_km2=None),
            counting.NO_CONTOURS,
        ),
        ("surface", Count(2), CONTEXT, UNIT, counting.NO_EXACT_PLACE),
        ("longueur", Count(2), CONTEXT, UNIT, counting.NO_EXACT_PLACE),
        ("pour_1000", Count(2), CONTEXT, replace(UNIT, population=None), counting.NO_POPULATION),
        ("pour_1000", Count(2), CONTEXT, replace(UNIT, population=0), counting.NO_POPULATION),
        ("somme", Count(2, extras=(("m", None),)), CONTEXT, UNIT, counting.NO_VALUE),
    ],
)
def test_no_number_says_why(kind: str, count: Count, context: Context, unit: Unit, why: str) -> None:
    value = value_of(kind, count, context, unit)
    assert (value.valeur, value.indisponible) == (None, why)


def test_an_empty_layer_counts_nothing_rather_than_zero() -> None:
    summary = LayerSummary({}, EMPTY, EMPTY, EMPTY)
    (value,) = build_values(define(**measured("nombre", "point")), UNIT, summary, CONTEXT, whole=False)
    assert (value.valeur, value.indisponible) == (None, counting.EMPTY_LAYER)


def test_sources_and_notes_stand_beside_the_number() -> None:
    assert value_of("surface", Count(1, surface=1.0, mesurees=1)).source == "Essai ; contours X"
    assert value_of("pour_1000", Count(1)).source == "Essai ; population Y"
    cited = replace(CONTEXT, cited={"essai": ("Document Z", "2024, 2025")})
    assert value_of("surface", Count(1, surface=1.0, mesurees=1), cited).source == "Document Z ; contours X"
    assert value_of("nombre", Count(1), cited).millesime == "2024, 2025"
    assert value_of("nombre", Count(3)).note is None
    assert value_of("nombre", Count(3), whole=True).note == "dont 1 non localisés"
    partial = value_of("surface", Count(3, surface=1.0, mesurees=2)).note
    assert partial is not None
    assert partial.startswith("2 sur 3 à l'emplacement exact")


def test_a_row_in_two_units_makes_the_sum_meaningless() -> None:
    summary = LayerSummary({"u": Count(2), "v": Count(1)}, Count(1), Count(1), Count(4))
    (value,) = build_values(define(**measured("nombre", "point")), UNIT, summary, CONTEXT, whole=False)
    assert not value.additive
    rest = build_rest(define(), summary)
    assert (rest.hors_unite, rest.non_localise, rest.comptes_plusieurs_fois, rest.ensemble) == (1, 1, 1, 4)


def test_stated_figures_are_not_counted_ones(catalog: Catalog) -> None:
    stated = build_stated(catalog, catalog.public)
    assert len(stated) == sum(len(layer.figures) for layer in catalog.public)
    for value in stated:
        assert value.declare
        assert not value.additive
        assert value.regle == counting.STATED
        assert value.source.split(" (")[0] in {document.title for document in catalog.documents.values()}
    twelve = [value for value in stated if value.couche == "qpv" and value.valeur == 12]
    assert twelve


@pytest.mark.parametrize("decoupage", ["bassin", "commune", "territoire", "bv2022", "equipe"])
@pytest.mark.parametrize("contours", [False, True])
def test_every_shipped_number_has_a_rule_a_source_or_a_reason(
    facts: Database,
    facts_with_contours: Database,
    catalog: Catalog,
    decoupage: str,
    contours: bool,  # noqa: FBT001 - a case
) -> None:
    report = fetch_report(facts_with_contours if contours else facts, catalog, decoupage)
    assert report.contours == contours
    values = [value for unit in (*report.units, report.ensemble) for value in unit.values]
    assert values
    for value in values:
        assert value.regle, value
        assert value.source, value
        assert value.millesime, value
        assert (value.valeur is None) == (value.indisponible is not None), value
    for rest in report.rests:
        counts = [
            v.valeur or 0
            for unit in report.units
            for v in unit.values
            if (v.couche, v.mesure) == (rest.couche, "nombre")
        ]
        assert sum(counts) + rest.hors_unite + rest.non_localise - rest.comptes_plusieurs_fois == rest.ensemble


def test_a_sum_nobody_gave_is_unavailable_through_the_database(database: Database) -> None:
    layer = define(more=[{"id": "n", "type": "integer", "label": "N"}], **measured("somme", "point", "n"))
    build(database, layer)
    given: list[dict[str, Any]] = [
        {"code_insee": "59172", "n": None},
        {"code_insee": "59002", "n": 4},
        {"code_insee": "59002", "n": 3},
    ]
    insert(database, layer, given)
    summary = fetch_summaries(database, [layer], "commune")["essai"]
    values = {
        unit.nom: build_values(layer, unit, summary, CONTEXT, whole=False)[0]
        for unit in fetch_units(database, "commune")
    }
    assert (values["Denain"].valeur, values["Denain"].indisponible) == (None, counting.NO_VALUE)
    assert (values["Abscon"].valeur, values["Abscon"].indisponible) == (7, None)
    assert (values["Haveluy"].valeur, values["Haveluy"].indisponible) == (0, None)
