"""A measure whose parts do not make its whole is not published; what is cut says its shares; decisions keep the sum."""

from __future__ import annotations

import importlib
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import shapely
from click.testing import CliRunner

from tests.store.conftest import define, do, members
from tests.store.recounted import read_contours, size
from webmap.app import create_app
from webmap.cli import main
from webmap.store import placement
from webmap.store.adhesions import leave
from webmap.store.assignments import assign
from webmap.store.checking import fetch_conservation
from webmap.store.conservation import build_layer_rests, build_refused, build_rest
from webmap.store.report import fetch_report
from webmap.store.statements import count_queries
from webmap.store.summaries import Count, LayerSummary, measured_layers

if TYPE_CHECKING:
    from collections.abc import Callable

    from click.testing import Result
    from shapely.geometry.base import BaseGeometry

    from webmap.catalog.load import Catalog
    from webmap.config import Settings
    from webmap.store.db import Database

conservation_command = importlib.import_module("webmap.cli.conservation")  # the package gives its name to the command
MEASURES = [
    {"id": "nombre", "type": "nombre", "rule": "touche", "label": "N", "unit": "objets"},
    {"id": "surface_km2", "type": "surface", "rule": "part_de_surface", "label": "S", "unit": "km²"},
    {"id": "part", "type": "nombre", "rule": "part_de_surface", "label": "P", "unit": "objets"},
]
LAYER = define(geometry="polygon", measures=MEASURES)
NOMBRE, SURFACE, PART = LAYER.measures


def count(value: float) -> Count:
    return Count(1, value, 1, {"nombre": value, "surface_km2": value, "part": value})


def summary(whole: float) -> LayerSummary:
    return LayerSummary(
        {"u": count(3), "v": count(2)},
        hors_unite=count(1),
        hors_territoire=count(0.5),
        non_localise=count(1),
        doubles=count(0.5),
        territoire=count(6.5),
        ensemble=count(whole),
    )


def test_what_adds_up_is_kept_and_what_does_not_says_by_how_much() -> None:
    rest = build_rest(NOMBRE, "essai", summary(7))
    assert (rest.somme_des_unites, rest.hors_territoire, rest.comptes_plusieurs_fois) == (5, 0.5, 0.5)
    assert (rest.ecart, rest.conserve, rest.unite) == (0, True, "objets")
    assert (build_rest(NOMBRE, "essai", summary(6)).ecart, build_rest(NOMBRE, "essai", summary(6)).conserve) == (
        1,
        False,
    )
    refused = build_refused([LAYER], {"essai": summary(6)})
    why = "non publié : les unités et le reste ne font pas l'ensemble (écart de {})"
    assert refused["essai", "nombre"] == why.format("1")
    assert build_refused([LAYER], {"essai": summary(2e6)})["essai", "surface_km2"] == why.format("2\u00a0km²")


@pytest.mark.parametrize(
    ("whole", "kept"),
    [
        (7 + 5e-8, {"surface_km2", "part"}),  # a count is exact
        (7 + 5e-6, {"surface_km2", "part"}),  # a share is rounded
        (7.9, {"surface_km2"}),  # under 1 m²
        (8.1, set()),
        (7, {"nombre", "surface_km2", "part"}),
    ],
)
def test_a_rounding_is_no_gap(whole: float, kept: set[str]) -> None:
    rests = [build_rest(measure, "essai", summary(whole)) for measure in (NOMBRE, SURFACE, PART)]
    assert {rest.mesure for rest in rests if rest.conserve} == kept


def test_a_surface_nobody_measured_leaves_nothing_over() -> None:
    bare = replace(summary(7), territoire=Count(5))
    assert [rest.mesure for rest in build_layer_rests(LAYER, bare)] == ["nombre", "part"]


# --- through the database ------------------------------------------------------------------------------------------


def draw(database: Database, code: str, shape: BaseGeometry) -> None:
    do(
        database,
        "INSERT INTO pub.trame_verte (code, nom, element, portee, document, geom, precision, etat, source, source_ligne,"
        " millesime) VALUES (%s, %s, 'reservoir', 'diagnostic', 'essai', ST_Multi(ST_GeomFromText(%s, 2154)), 'exacte',"
        " 'existant', 'facts', '1', '2026')",
        [code, f"Réservoir {code}", shapely.to_wkt(shape, rounding_precision=-1)],
    )


@pytest.fixture
def overlapping(database_with_contours: Database) -> Database:
    """Let the contour of Denain overlap its neighbours, under a réservoir that covers it."""
    contours = read_contours(database_with_contours)
    wide = contours["59172"].buffer(400)
    do(
        database_with_contours,
        "UPDATE pub.commune SET geom = ST_Multi(ST_GeomFromText(%s, 2154)) WHERE code_insee = '59172'",
        [shapely.to_wkt(wide, rounding_precision=-1)],
    )
    draw(database_with_contours, "large", wide.buffer(900))
    return database_with_contours


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, catalog: Catalog) -> Callable[[Database], Result]:
    def command(database: Database) -> Result:
        monkeypatch.setattr(conservation_command, "start_database", lambda _settings: database)
        monkeypatch.setattr(conservation_command, "load_checked_catalog", lambda _settings: catalog)
        return CliRunner().invoke(main, ["conservation"], catch_exceptions=False)

    return command


def test_an_area_on_overlapping_contours_is_not_published(
    overlapping: Database, settings: Settings, run: Callable[[Database], Result]
) -> None:
    client = create_app(settings, overlapping).test_client()
    report = client.get("/territoires/bassin.json").get_json()
    (rest,) = [r for r in report["restes"] if (r["couche"], r["mesure"]) == ("trame_verte", "surface_km2")]
    assert rest["conserve"] is False
    assert rest["ecart"] > 0.1
    for unit in (*report["unites"], report["ensemble"]):
        told = {(value["couche"], value["mesure"]): value for value in unit["mesures"]}
        for measure in ("surface_km2", "part_surface"):
            value = told["trame_verte", measure]
            assert value["valeur"] is None
            assert value["indisponible"].startswith("non publié : les unités et le reste ne font pas l'ensemble (écart")
        assert told["trame_verte", "nombre"]["valeur"] is not None, "the row itself is counted once in each"
    assert "non publié : les unités" in client.get("/territoires/bassin/bassin_minier").text.replace("&#39;", "'")
    done = run(overlapping)
    assert done.exit_code == 1
    assert [line.split()[:3] for line in done.output.splitlines() if line.startswith("bassin ")] == [
        ["bassin", "trame_verte", "surface_km2"],
        ["bassin", "trame_verte", "part_surface"],
    ]
    assert done.output.splitlines()[-1].endswith("10 écarts, chiffres non publiés")


@pytest.mark.parametrize("contours", [False, True])
def test_the_shipped_facts_are_conserved(
    facts: Database,
    facts_with_contours: Database,
    catalog: Catalog,
    run: Callable[[Database], Result],
    *,
    contours: bool,
) -> None:
    database = facts_with_contours if contours else facts
    checked = fetch_conservation(database, catalog)
    counted = {(layer.id, m.id) for layer in measured_layers(catalog) for m in layer.measures if m.type != "distincts"}
    assert checked.mesures >= len(counted)
    assert (checked.decoupages, checked.ecarts) == (5, ())
    rests = {rest.couche: rest for rest in fetch_report(database, catalog, "bassin").rests if rest.mesure == "nombre"}
    assert isinstance(rests["poche_pauvrete"].ensemble, int), "a count is written without a decimal"
    done = run(database)
    assert (done.exit_code, done.output) == (
        0, f"{checked.mesures} mesures contrôlées sur 5 découpages : aucun écart\n"
    )  # fmt: skip


def test_what_straddles_says_its_shares(database_with_contours: Database, catalog: Catalog, settings: Settings) -> None:
    contours = read_contours(database_with_contours)
    territory = shapely.union_all(list(contours.values()))
    edge = shapely.Point(shapely.get_coordinates(territory.convex_hull)[0])
    draw(database_with_contours, "bord", edge.buffer(2000))
    draw(database_with_contours, "dedans", contours["59172"].representative_point().buffer(50))
    whole = size("polygon", edge.buffer(2000)) / 1e6
    for decoupage in ("bassin", "territoire"):
        cuts = (
            create_app(settings, database_with_contours).test_client().get(f"/territoires/{decoupage}.json").get_json()
        )
        (cut,) = cuts["partages"]
        assert (cut["couche"], cut["cle"], cut["nom"], cut["unite"]) == ("trame_verte", "bord", "Réservoir bord", "km²")
        assert cut["total"] == pytest.approx(whole, rel=1e-4)
        outside = size("polygon", edge.buffer(2000).difference(territory)) / 1e6
        assert cut["hors_territoire"] == pytest.approx(outside, rel=1e-4)
        assert sum(part["part"] for part in cut["parts"]) + outside / whole == pytest.approx(1, rel=1e-4)
    costs = []
    for decoupage in ("bassin", "commune"):
        database_with_contours.kept.clear()
        with count_queries() as counted:
            fetch_report(database_with_contours, catalog, decoupage)
        costs.append(len(counted))
    assert costs[0] == costs[1]


def test_decisions_move_the_parts_and_keep_the_sum(database_with_contours: Database, catalog: Catalog) -> None:
    database = database_with_contours
    shape = read_contours(database)["59092"].buffer(300)
    draw(database, "bouchain", shape)

    def parts() -> dict[str, float]:
        report = fetch_report(database, catalog, "bassin")
        told = {
            part.unit.code: value.valeur or 0
            for part in report.units
            for value in part.values
            if (value.couche, value.mesure) == ("trame_verte", "surface_km2")
        }
        (cut,) = report.partages
        assert {part.code: part.valeur for part in cut.parts} == pytest.approx({c: v for c, v in told.items() if v})
        return {**told, "hors_territoire": cut.hors_territoire}

    before = parts()
    with database.owner() as connection:
        assert assign(connection, "bassin", "59092", "amandinois", "essai") == "ostrevent"
        placement.refresh(connection, catalog)
    moved = parts()
    assert moved["amandinois"] > before["amandinois"] + 1
    with database.owner() as connection:
        leave(connection, "59092", "2027-01-01", "essai")
        placement.refresh(connection, catalog)
    left = parts()
    assert left["hors_territoire"] > before["hors_territoire"] + 1
    for told in (before, moved, left):
        assert sum(told.values()) == pytest.approx(size("polygon", shape) / 1e6, rel=1e-4)
    assert fetch_conservation(database, catalog).ecarts == ()


def test_a_unit_of_nothing_is_conserved(database: Database, catalog: Catalog) -> None:
    members(database, "bassin", {})
    assert fetch_conservation(database, catalog).ecarts == ()
