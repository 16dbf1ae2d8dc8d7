"""Statistics of communes summed by unit in the database: nothing depends on what is masked, all adds up."""

from __future__ import annotations

import csv
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import SHARED
from tests.store.conftest import ask, build, do, members, shuffled
from tests.store.statistics_filled import LAYER, NAMES, fill, read, refill
from webmap.catalog import counting
from webmap.store.published import build_published
from webmap.store.report import fetch_report
from webmap.store.statements import count_queries
from webmap.store.statistics import build_rests, fetch_statistics
from webmap.store.summaries import fetch_units

if TYPE_CHECKING:
    from webmap.catalog.load import Catalog
    from webmap.store.db import Database


# --- through the database ----------------------------------------------------------------------------------------


DENAIN, ABSCON, BELLAING = "59172", "59002", "59064"
GIVEN: dict[str, dict[str, Any]] = {
    DENAIN: {"menages": 100, "personnes": 250, "taux": 43.0, "classe": "Bourg d'été"},
    ABSCON: {"menages": 50, "personnes": 130, "taux": None, "masque": ["taux"], "classe": "Hors champ : ville"},
    BELLAING: {"menages": None, "personnes": 90, "taux": 12.5, "masque": ["menages"], "absent": ["classe"]},
}


def test_units_of_communes_through_the_database(database: Database) -> None:
    fill(database, GIVEN)
    members(database, "essai", {DENAIN: "u1", ABSCON: "u1", BELLAING: "u2"})
    with count_queries() as statements:
        found = fetch_statistics(database, [LAYER], "essai")["essai"]
    assert len(statements) == 1
    one, two = found.unites["u1"], found.unites["u2"]
    assert one["somme"].value == 150
    assert one["rapport"].value == pytest.approx(380 / 150)
    assert (one["bornes"].low, one["bornes"].high, one["bornes"].masked) == (43, 43, 1)
    assert one["classes"].classes == (1, 1)
    assert (two["somme"].value, two["somme"].masked, two["rapport"].masked) == (None, 1, 1)
    assert (two["classes"].published, two["classes"].missing) == (0, 1)
    assert (found.hors_unite["somme"].communes, found.hors_unite["somme"].missing) == (44, 44)
    assert (found.ensemble["somme"].communes, found.rows) == (47, 3)


def test_a_zero_denominator_gives_no_ratio(database: Database) -> None:
    fill(database, {DENAIN: {"menages": 0, "personnes": 3}})
    value = read(database, "commune")[DENAIN]["rapport"]
    assert (value.valeur, value.indisponible) == (None, counting.NO_DENOMINATOR)


def test_a_number_left_beside_its_own_secret_is_secret(database: Database) -> None:
    """A person may write a number in QGIS: the list of masked fields is what counts."""
    fill(database, {DENAIN: {"menages": 10, "taux": 5.0, "masque": ["taux", "menages"]}})
    values = read(database, "commune")[DENAIN]
    assert (values["bornes"].valeur, values["bornes"].indisponible) == (None, "secret statistique")
    assert values["somme"].valeur is None
    assert read(database, "territoire")["ensemble"]["bornes"].borne_min is None


number = st.one_of(st.none(), st.integers(0, 5000))
rows = st.dictionaries(
    st.sampled_from(["59002", "59038", "59064", "59092", "59100", "59109", "59172"]),
    st.fixed_dictionaries(
        {
            "menages": number,
            "personnes": number,
            "taux": number,
            "classe": st.sampled_from([None, "Bourg d'été", "Hors champ : ville"]),
            "masque": st.lists(st.sampled_from(["menages", "personnes", "taux"]), unique=True),
        }
    ),
)


def hide(given: dict[str, dict[str, Any]], stand_in: int | None) -> dict[str, dict[str, Any]]:
    return {
        code: {name: stand_in if name in row["masque"] else value for name, value in row.items()}
        for code, row in given.items()
    }


@pytest.fixture
def built(database: Database) -> Database:
    build(database, LAYER)
    return database


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(given=rows, seed=st.integers(0, 999))
def test_whatever_is_masked_nothing_depends_on_it_and_all_adds_up(
    built: Database, given: dict[str, dict[str, Any]], seed: int
) -> None:
    database = built
    codes = [unit.code for unit in fetch_units(database, "commune")]
    draw = shuffled(codes, seed)
    members(database, "essai", draw)
    refill(database, hide(given, None))
    without = fetch_statistics(database, [LAYER], "essai")["essai"]
    for stand_in in (0, 4999):
        refill(database, hide(given, stand_in))
        assert fetch_statistics(database, [LAYER], "essai")["essai"] == without
    for unit, tallies in [*without.unites.items(), (None, without.hors_unite)]:
        own = [given.get(code) for code in codes if draw[code] == unit]
        _check(tallies, own)
    _check(without.ensemble, [given.get(code) for code in codes])
    for rest in build_rests(LAYER, without):
        parts = [_number(tallies, rest.mesure) for tallies in without.unites.values()]
        assert sum(parts) == rest.somme_des_unites
        assert rest.somme_des_unites + rest.hors_unite == rest.ensemble
        assert rest.conserve


def _number(tallies: Any, name: str) -> float:  # noqa: ANN401 - measure -> tally
    if name == "somme":
        return float(tallies["somme"].value)
    tally = tallies["classes"]
    return float([*tally.classes, tally.communes - tally.published][NAMES.index(name)])


def _check(tallies: Any, own: list[dict[str, Any] | None]) -> None:  # noqa: ANN401 - as above
    """Recompute a unit from its rows, without SQL."""

    def shown(row: dict[str, Any] | None, *names: str) -> bool:
        return row is not None and all(row[n] is not None and n not in row["masque"] for n in names)

    def total(name: str) -> int:
        return sum(row[name] for row in own if row)

    if not own:
        assert not tallies
        return
    whole = all(shown(row, "menages") for row in own)
    assert tallies["somme"].value == (total("menages") if whole else None)
    both = all(shown(row, "menages", "personnes") for row in own) and total("menages")
    expected = float(Fraction(total("personnes"), total("menages"))) if both else None
    assert tallies["rapport"].value == (pytest.approx(expected) if expected is not None else None)
    rates = [row["taux"] for row in own if row and shown(row, "taux")]
    assert (tallies["bornes"].low, tallies["bornes"].high) == ((min(rates), max(rates)) if rates else (None, None))
    assert tallies["bornes"].masked == sum(1 for row in own if row and "taux" in row["masque"])
    classes = tallies["classes"]
    assert sum(classes.classes) + classes.communes - classes.published == len(own)


# --- weighed before it is published ------------------------------------------------------------------------------


def test_what_is_published_is_weighed_in_every_unit(database: Database) -> None:
    members(database, "essai", {"59002": "a", "59038": "a", "59172": "b"})
    row = {"menages": 10, "personnes": 25, "taux": 12.0, "classe": "Bourg d'été"}
    fill(
        database, {code: {**row, "masque": ["taux"] if code == "59038" else []} for code in ("59002", "59038", "59172")}
    )
    found = fetch_statistics(database, [LAYER], "essai")["essai"]
    rests = list(build_published(LAYER, found))
    assert {rest.mesure for rest in rests} == {"somme", "rapport", "bornes", "classes"}
    assert all(rest.conserve for rest in rests)
    masked = [rest for rest in rests if (rest.mesure, rest.unite) == ("bornes", "communes masquées")]
    assert [(rest.somme_des_unites, rest.hors_unite, rest.ensemble) for rest in masked] == [(1, 0, 1)]
    assert (found.unites["a"]["rapport"].sums, found.unites["a"]["somme"].sums) == ((50, 20), (20,))


# --- the shipped layers ------------------------------------------------------------------------------------------


def test_until_they_are_filled_they_say_so(facts: Database, catalog: Catalog) -> None:
    report = fetch_report(facts, catalog, "bassin")
    for part in (*report.units, report.ensemble):
        values = [v for v in part.values if v.couche in {"filosofi", "grille_densite"}]
        assert {(v.valeur, v.indisponible) for v in values} == {(None, counting.EMPTY_LAYER)}
        order = list(dict.fromkeys(v.couche for v in part.values if not v.declare and v.couche != "commune"))
        shown = [layer.id for layer in catalog.public if layer.id in order]
        assert order == shown


INCOMES = SHARED / "data" / "social" / "filosofi_2021_communes_caph.csv"


@pytest.mark.skipif(not INCOMES.exists(), reason="../shared/data lacks INSEE's file: it is not part of this repository")
def test_the_real_incomes_are_those_of_the_file(database: Database, catalog: Catalog) -> None:
    layer = catalog.by_id["filosofi"]
    with INCOMES.open(encoding="utf-8", newline="") as file:
        told = {row["CODGEO"]: row for row in csv.DictReader(file)}
    fields = [field.id for field in layer.fields if field.type != "list"]

    def parse(code: str, name: str) -> float | None:
        text = told[code][name.upper()]
        return None if text == "s" else float(text.replace(",", "."))

    common = {"etat": "existant", "source": "insee-filosofi-2021", "millesime": "2021", "precision": "commune"}
    for code in told:
        row = {name: parse(code, name) for name in fields}
        masked = [name for name, value in row.items() if value is None] or None
        content = {**common, "code_insee": code, **row, "secret": masked}
        names, marks = ", ".join(content), ", ".join(f"%({name})s" for name in content)
        do(database, f"INSERT INTO pub.filosofi ({names}) VALUES ({marks})", content)
    assert ask(database, "SELECT count(tp6021) FROM pub.filosofi") == 20
    communes = read(database, "commune", layer)
    assert [communes[code]["taux_pauvrete"].valeur for code in (DENAIN, "59361", "59207")] == [43.0, 36.0, 33.0]
    assert communes[BELLAING]["taux_pauvrete"].indisponible == "secret statistique"
    for decoupage in ("bassin", "bv2022", "equipe"):
        for unit in fetch_units(database, decoupage):
            values = read(database, decoupage, layer)[unit.code]
            households = [parse(code, "nbmenfisc21") or 0 for code in unit.communes]
            people = [parse(code, "nbpersmenfisc21") or 0 for code in unit.communes]
            assert values["menages"].valeur == sum(households)
            assert values["personnes_par_menage"].valeur == pytest.approx(sum(people) / sum(households))
            rates = [rate for code in unit.communes if (rate := parse(code, "tp6021")) is not None]
            poverty = values["taux_pauvrete"]
            if len(unit.communes) > 1:
                assert (poverty.borne_min, poverty.borne_max) == ((min(rates), max(rates)) if rates else (None, None))
            assert poverty.communes_masquees == len(unit.communes) - len(rates)
    whole = read(database, "territoire", layer)["ensemble"]
    assert (whole["menages"].valeur, whole["taux_pauvrete"].note) == (63580, "20 communes ; 27 masquées")
