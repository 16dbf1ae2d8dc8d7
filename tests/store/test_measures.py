"""From counts to numbers: a value, or why there is none, never a zero in its place."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.store.conftest import build, define, insert
from webmap.catalog import counting
from webmap.store.measures import Context, Value, build_stated, build_unit_values, build_values
from webmap.store.report import fetch_report
from webmap.store.summaries import Count, LayerSummary, Unit, fetch_summaries, fetch_units

if TYPE_CHECKING:
    from webmap.catalog.load import Catalog
    from webmap.store.db import Database

CONTEXT = Context(contours=True, contour_source="contours X", population_source="population Y", cited={})
UNIT = Unit("u", "U", 2, 4000, 50.0, ("59002", "59172"), (3.2, 50.2, 3.6, 50.6), (3.4, 50.4))


def measured(kind: str, geometry: str, field: str | None = None) -> dict[str, Any]:
    rule = {"longueur": "part_de_longueur", "surface": "part_de_surface", "part_surface": "part_de_surface"}
    measure = {"id": "m", "type": kind, "rule": rule.get(kind, "point_dans"), "label": "M", "unit": "u"}
    measure |= {"field": field} if field else {}
    return {"geometry": geometry, "measures": [measure]}


def counted(number: int, value: float | None = None, *, mesurees: int = 0) -> Count:
    """Make a count of rows, whose measure `m` is `value`, the number of rows by default."""
    return Count(number, mesurees=mesurees, valeurs={"m": number if value is None else value})


UNKNOWN = Count(2, valeurs={"m": None})


def value_of(kind: str, count: Count, context: Context = CONTEXT, unit: Unit = UNIT, *, whole: bool = False) -> Value:
    geometry = {"longueur": "line", "surface": "polygon", "part_surface": "polygon"}.get(kind, "point")
    number = {"id": "n", "type": "integer", "label": "N"}
    layer = define(more=[number], **measured(kind, geometry, "n" if kind in {"somme", "distincts"} else None))
    everything = replace(count, nombre=count.nombre + 1)
    summary = LayerSummary({"u": count}, non_localise=counted(1), territoire=everything, ensemble=everything)
    (value,) = build_values(layer, unit, summary, context, whole=whole)
    return value


@pytest.mark.parametrize(
    ("kind", "count", "expected"),
    [
        ("nombre", counted(3), 3),
        ("nombre", counted(0), 0),
        ("somme", counted(3, 12.5), 12.5),
        ("somme", counted(0), 0),
        ("distincts", counted(3, 2), 2),
        ("pour_1000", counted(8), 2),
        ("longueur", counted(2, 1500.0, mesurees=2), 1.5),
        ("longueur", counted(0), 0),
        ("surface", counted(2, 2.5e6, mesurees=2), 2.5),
        ("part_surface", counted(2, 5e6, mesurees=2), 10),
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
        ("longueur", counted(0), NO_CONTOURS, UNIT, counting.NO_CONTOURS),
        ("surface", counted(2, 5.0, mesurees=2), NO_CONTOURS, UNIT, counting.NO_CONTOURS),
        ("part_surface", counted(2), NO_CONTOURS, UNIT, counting.NO_CONTOURS),
        (
            "part_surface",
            counted(2, 5.0, mesurees=2),
            CONTEXT,
            replace(UNIT, surface_km2=None),
            counting.NO_CONTOURS,
        ),
        ("surface", counted(2), CONTEXT, UNIT, counting.NO_EXACT_PLACE),
        ("longueur", counted(2), CONTEXT, UNIT, counting.NO_EXACT_PLACE),
        ("pour_1000", counted(2), CONTEXT, replace(UNIT, population=None), counting.NO_POPULATION),
        ("pour_1000", counted(2), CONTEXT, replace(UNIT, population=0), counting.NO_POPULATION),
        ("somme", UNKNOWN, CONTEXT, UNIT, counting.NO_VALUE),
    ],
)
def test_no_number_says_why(kind: str, count: Count, context: Context, unit: Unit, why: str) -> None:
    value = value_of(kind, count, context, unit)
    assert (value.valeur, value.indisponible) == (None, why)


def test_an_empty_layer_counts_nothing_rather_than_zero() -> None:
    summary = LayerSummary({})
    (value,) = build_values(define(**measured("nombre", "point")), UNIT, summary, CONTEXT, whole=False)
    assert (value.valeur, value.indisponible) == (None, counting.EMPTY_LAYER)


def test_sources_and_notes_stand_beside_the_number() -> None:
    assert value_of("surface", counted(1, 1.0, mesurees=1)).source == "Essai ; contours X"
    assert value_of("pour_1000", counted(1)).source == "Essai ; population Y"
    cited = replace(CONTEXT, cited={"essai": ("Document Z", "2024, 2025")})
    assert value_of("surface", counted(1, 1.0, mesurees=1), cited).source == "Document Z ; contours X"
    assert value_of("nombre", counted(1), cited).millesime == "2024, 2025"
    assert value_of("nombre", counted(3)).note is None
    assert value_of("nombre", counted(3), whole=True).note == "dont 1 non localisés"
    partial = value_of("surface", counted(3, 1.0, mesurees=2)).note
    assert partial is not None
    assert partial.startswith("2 sur 3 à l'emplacement exact")


def test_a_row_in_two_units_makes_the_sum_meaningless() -> None:
    summary = LayerSummary(
        {"u": counted(2), "v": counted(1)}, doubles=counted(1), territoire=counted(2), ensemble=counted(2)
    )
    (value,) = build_values(define(**measured("nombre", "point")), UNIT, summary, CONTEXT, whole=False)
    assert (value.valeur, value.additive) == (2, False)


def test_a_refused_measure_says_so_and_gives_no_number() -> None:
    value = value_of("surface", counted(2, 2.5e6, mesurees=2), replace(CONTEXT, refused={("essai", "m"): "non publié"}))
    assert (value.valeur, value.indisponible) == (None, "non publié")


def test_a_unit_says_its_own_figures_first(catalog: Catalog) -> None:
    commune = catalog.by_id["commune"]
    told = {value.mesure: value for value in build_unit_values(commune, UNIT, CONTEXT)}
    assert list(told) == ["population_municipale", "nombre", "surface_km2", "densite"]
    assert [value.valeur for value in told.values()] == [4000, 2, 50.0, 80.0]
    assert [value.unite for value in told.values()] == ["hab.", "communes", "km²", "hab./km²"]
    assert [value.additive for value in told.values()] == [True, True, True, False]
    assert told["surface_km2"].source == "contours X"
    bare = replace(UNIT, surface_km2=None)
    assert [value.valeur for value in build_unit_values(commune, bare, CONTEXT)] == [4000, 2, None, None]
    unknown = {value.mesure: value for value in build_unit_values(commune, replace(UNIT, population=None), CONTEXT)}
    for name in ("population_municipale", "densite"):
        assert (unknown[name].valeur, unknown[name].indisponible) == (None, counting.UNKNOWN_POPULATION)


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
    *,
    contours: bool,
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
            if (v.couche, v.mesure) == (rest.couche, rest.mesure)
        ]
        assert rest.conserve
        assert sum(counts) == pytest.approx(rest.somme_des_unites)
        parts = rest.somme_des_unites + rest.hors_unite + rest.hors_territoire + rest.non_localise
        assert parts - rest.comptes_plusieurs_fois == pytest.approx(rest.ensemble)


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
