"""What a zone holds: made of whole communes, it is those communes; cut elsewhere, it says what it cannot know."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import shapely
from pyproj import Geod

from tests.store.conftest import ask, build, define, do, insert
from tests.store.zones_held import BOX, LAYERS, hold, read, told
from webmap.errors import PolygonError
from webmap.geo.polygon import parse_geojson
from webmap.store import statistics
from webmap.store.perimeters import Perimeters, fetch_drawn, fetch_layer_zones
from webmap.store.report import fetch_report
from webmap.store.statements import count_queries
from webmap.store.zones import ZoneRest, fetch_communes_report, fetch_drawn_report, fetch_held, fetch_zone_report

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from webmap.catalog.definition import LayerDefinition
    from webmap.catalog.load import Catalog
    from webmap.catalog.measure import Measure
    from webmap.store.db import Database
    from webmap.store.measures import Value
    from webmap.store.report import UnitReport

GEOD = Geod(ellps="GRS80")
SQUARE = "POLYGON((3.4 50.3,3.5 50.3,3.5 50.4,3.4 50.4,3.4 50.3))"


def by_measure(part: UnitReport) -> dict[tuple[str, str], Value]:
    return {(value.couche, value.mesure): value for value in part.values}


def contour(database: Database, decoupage: str, code: str) -> str:
    statement = (
        "SELECT ST_AsText(ST_Transform(ST_Union(c.geom), 4326), 15) FROM app.membre m JOIN pub.commune c USING (code_insee)"
        " WHERE m.decoupage = %s AND m.code = %s"
    )
    text: str = ask(database, statement, [decoupage, code])
    return text


def test_a_polygon_equal_to_a_bassin_has_the_figures_of_the_bassin(
    facts_with_contours: Database, catalog: Catalog
) -> None:
    report, zone = fetch_drawn_report(
        facts_with_contours, catalog, read(contour(facts_with_contours, "bassin", "amandinois")), BOX
    )
    bassin = fetch_report(facts_with_contours, catalog, "bassin").find("amandinois")
    assert bassin is not None
    assert zone.communes == tuple(sorted(bassin.unit.communes))
    assert report.units[0].unit.population == bassin.unit.population
    assert report.units[0].values == bassin.values
    chosen, _ = fetch_communes_report(facts_with_contours, catalog, zone.communes)
    assert chosen.units[0].values == bassin.values
    assert all(rest.conserve for rest in report.rests)
    assert fetch_report(facts_with_contours, catalog, "polygone").units == (), "nothing is left of it"


def test_a_near_union_is_read_as_the_communes_and_no_difference_can_be_made(
    facts_with_contours: Database, catalog: Catalog
) -> None:
    shape = shapely.from_wkt(contour(facts_with_contours, "commune", "59172"))
    near = shapely.transform(shape, lambda points: points + 1e-7)
    smaller = shape.difference(shapely.Point(shape.representative_point()).buffer(0.001))
    exact, zone = fetch_drawn_report(facts_with_contours, catalog, read(shape.wkt), BOX)
    moved, again_zone = fetch_drawn_report(facts_with_contours, catalog, read(near.wkt), BOX)
    assert zone.communes == again_zone.communes == ("59172",)
    assert moved.units[0].values == exact.units[0].values
    less, part = fetch_drawn_report(facts_with_contours, catalog, read(smaller.wkt), BOX)
    assert part.communes == ()
    assert less.units[0].unit.population is None
    values = by_measure(less.units[0])
    assert values["commune", "population_municipale"].indisponible == "non calculable sans carroyage"
    assert values["commune", "population_municipale"].valeur is None
    assert {v.valeur for key, v in values.items() if key[1] == "pour_1000_habitants"} == {None}
    statistical = {layer.id for layer in catalog.public if layer.statistical}
    assert statistical
    assert {v.valeur for v in less.units[0].values if v.couche in statistical} == {None}
    assert {v.indisponible for v in less.units[0].values if v.couche in statistical} == {
        "non calculable sans carroyage"
    }


def test_what_is_known_by_its_commune_is_told_beside_and_never_spread(
    facts_with_contours: Database, catalog: Catalog
) -> None:
    shape = shapely.from_wkt(contour(facts_with_contours, "commune", "59172"))  # Denain: QPV without a perimeter
    half = shape.intersection(shapely.box(*shape.bounds[:2], shape.centroid.x, shape.bounds[3]))
    report, zone = fetch_drawn_report(facts_with_contours, catalog, read(half.wkt), BOX)
    codes = list(zone.touchees)
    near = ask(facts_with_contours, "SELECT count(*) FROM pub.qpv WHERE communes && %s::text[]", [codes])
    assert near > 0
    value = by_measure(report.units[0])["qpv", "nombre"]
    assert value.valeur is None
    assert value.note is not None
    assert value.note.startswith(f"{near} autre")
    rests = [rest for rest in report.rests if isinstance(rest, ZoneRest)]
    assert len(rests) == len(report.rests)
    rest = next(rest for rest in rests if (rest.couche, rest.mesure) == ("qpv", "nombre"))
    assert rest.position_approximative == rest.ensemble == 13
    for rest in rests:
        parts = rest.somme_des_unites + rest.hors_unite + rest.hors_territoire + rest.non_localise
        parts += rest.position_approximative - rest.comptes_plusieurs_fois
        assert parts == pytest.approx(rest.ensemble, rel=1e-6, abs=1e-6), rest
        assert rest.conserve


def test_the_whole_beside_a_zone_is_that_of_the_territory(facts_with_contours: Database, catalog: Catalog) -> None:
    report, _ = fetch_drawn_report(facts_with_contours, catalog, read(SQUARE), BOX)
    for own, other in zip(
        report.ensemble.values, fetch_report(facts_with_contours, catalog, "territoire").ensemble.values, strict=True
    ):
        if other.valeur is not None:
            assert own.valeur == pytest.approx(other.valeur, rel=1e-6), own
        assert (own.valeur is None) == (other.valeur is None)
        assert (own.couche, own.mesure, own.indisponible, own.note) == (
            other.couche,
            other.mesure,
            other.indisponible,
            other.note,
        )


def test_what_insee_does_not_add_up_is_refused_beside_a_zone_too(
    database_with_contours: Database, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    do(
        database_with_contours,
        "INSERT INTO pub.filosofi (code_insee, nbmenfisc21, nbpersmenfisc21, etat, source, millesime, precision) SELECT"
        " code_insee, 10, 25, 'existant', 'insee-filosofi-2021', '2021', 'commune' FROM pub.commune",
    )
    tally_reader = statistics._tally_reader

    def wrong(layer: LayerDefinition, measure: Measure) -> Callable[[Mapping[str, Any]], statistics.Tally]:
        read = tally_reader(layer, measure)
        return (lambda row: replace(read(row), value=99)) if measure.id == "personnes_par_menage" else read

    def say() -> dict[str, tuple[float | None, str | None]]:
        report, _ = fetch_drawn_report(database_with_contours, catalog, read(SQUARE), BOX)
        beside = {name: value for (layer, name), value in by_measure(report.ensemble).items() if layer == "filosofi"}
        return {name: (value.valeur, value.indisponible) for name, value in beside.items()}

    right = say()
    assert (right["menages"], right["personnes_par_menage"]) == ((470, None), (2.5, None))
    monkeypatch.setattr(statistics, "_tally_reader", wrong)
    number, why = say().pop("personnes_par_menage")
    assert number is None
    assert why is not None
    assert why.startswith("non publié : ")
    assert say()["menages"] == (470, None)


def test_without_contours_exact_rows_are_counted_and_communes_are_not_guessed(
    database: Database, catalog: Catalog
) -> None:
    layer = LAYERS["line"]
    build(database, layer)
    insert(
        database,
        layer,
        [{"geom": "LINESTRING(3.41 50.31, 3.45 50.35)"}, {"geom": "LINESTRING(3.3 50.3, 3.35 50.3)", "code": "c9"}],
    )
    found = told(hold(database, layer, SQUARE))
    assert (found["nombre"], found["parts"]) == (1, 1)
    report, zone = fetch_drawn_report(database, catalog, read(SQUARE), BOX)
    assert zone.communes == zone.touchees == ()
    assert report.contours is False
    assert report.units[0].unit.population is None
    assert report.units[0].unit.surface_km2 == pytest.approx(
        abs(GEOD.geometry_area_perimeter(shapely.from_wkt(SQUARE))[0]) / 1e6, rel=1e-4
    )
    assert by_measure(report.units[0])["qpv", "nombre"].valeur is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("POLYGON((3.4 50.3,3.5 50.4,3.5 50.3,3.4 50.4,3.4 50.3))", "se croise vers 3,45 ; 50,35"),
        ("POLYGON((3.4 50.3,3.5 50.3,3.5 50.4,3.4 50.3),(3.3 50.3,3.35 50.3,3.35 50.35,3.3 50.3))", "a un trou hors"),
        ("POLYGON((3.4 50.3,3.5 50.3,3.45 50.3,3.4 50.3))", "corrigez"),
        ("POLYGON((3.228 50.53,3.229 50.53,3.229 50.531,3.228 50.53))", "ne touche pas le territoire"),
    ],
)
def test_a_polygon_that_is_no_zone_is_refused(facts_with_contours: Database, text: str, said: str) -> None:
    with pytest.raises(PolygonError, match=said):
        fetch_drawn(facts_with_contours, read(text), BOX)


def test_the_whole_world_is_cut_to_the_territory(facts_with_contours: Database) -> None:
    world = read("POLYGON((-180 -90,180 -90,180 90,-180 90,-180 -90))")
    zone = fetch_drawn(facts_with_contours, world, BOX).zones[0]
    assert zone.deborde
    assert zone.surface_km2 == pytest.approx(
        ask(facts_with_contours, "SELECT sum(ST_Area(ST_Transform(geom, 4326)::geography)) / 1e6 FROM pub.commune"),
        rel=1e-6,
    )


def test_features_that_overlap_are_united(facts_with_contours: Database) -> None:
    square = '{"type":"Polygon","coordinates":[[[3.4,50.3],[3.5,50.3],[3.5,50.4],[3.4,50.4],[3.4,50.3]]]}'
    feature = f'{{"type":"Feature","geometry":{square}}}'
    twice = f'{{"type":"FeatureCollection","features":[{feature},{feature}]}}'.encode()
    both = fetch_drawn(facts_with_contours, parse_geojson(twice, BOX), BOX).zones[0]
    one = fetch_drawn(facts_with_contours, read(SQUARE), BOX).zones[0]
    assert both.surface_km2 == pytest.approx(one.surface_km2, rel=1e-9)


# --- rows of a layer as zones ------------------------------------------------------------------------------------


def place_qpv(database: Database, codes: list[str]) -> None:
    """Give some QPV a perimeter of our own: squares in a row, from a place inside the territory."""
    for number, code in enumerate(codes):
        west = 3.36 + number * 0.02
        do(
            database,
            "UPDATE pub.qpv SET precision = 'exacte', geom = ST_Multi(ST_Transform(ST_MakeEnvelope(%s, 50.33, %s, 50.34, 4326), 2154))"
            " WHERE code_qp = %s",
            [west, west + 0.01, code],
        )


def test_a_row_without_a_perimeter_is_listed_and_nothing_is_said_of_it(
    database_with_contours: Database, catalog: Catalog
) -> None:
    codes = [zone.code for zone in fetch_layer_zones(database_with_contours, catalog.by_id["qpv"], BOX).zones]
    assert len(codes) == 13
    place_qpv(database_with_contours, codes[:2])
    report = fetch_zone_report(database_with_contours, catalog, "qpv", BOX)
    assert [part.unit.code for part in report.units] == codes
    for part in report.units[2:]:
        assert {value.valeur for value in part.values} == {None}
        assert {value.indisponible for value in part.values} == {"périmètre inconnu"}
    known = by_measure(report.units[0])
    assert known["commune", "surface_km2"].valeur == pytest.approx(report.units[0].unit.surface_km2)
    assert known["commune", "population_municipale"].indisponible == "non calculable sans carroyage"
    assert not [value for part in report.units for value in part.values if value.couche == "qpv"]
    assert all(rest.conserve for rest in report.rests)


def test_a_row_in_two_zones_counts_in_both_and_once_in_the_whole(database_with_contours: Database) -> None:
    layer = LAYERS["line"]
    zones = define(id="zonage", geometry="polygon", zones=True)
    for each in (layer, zones):
        build(database_with_contours, each)
    insert(
        database_with_contours,
        zones,
        [
            {"geom": "POLYGON((3.36 50.33,3.40 50.33,3.40 50.35,3.36 50.35,3.36 50.33))", "code": "a"},
            {"geom": "POLYGON((3.38 50.33,3.42 50.33,3.42 50.35,3.38 50.35,3.38 50.33))", "code": "b"},
        ],
    )
    insert(database_with_contours, layer, [{"geom": "LINESTRING(3.37 50.34, 3.41 50.34)"}])
    found = fetch_layer_zones(database_with_contours, zones, BOX)
    held = fetch_held(database_with_contours, [layer], found)["essai"]
    assert [told(held, code)["nombre"] for code in "ab"] == [1, 1]
    assert held.summary.doubles.valeurs["nombre"] == 1
    assert held.summary.ensemble.valeurs["nombre"] == 1
    assert held.summary.hors_unite.valeurs.get("nombre", 0) == 0
    overlap = told(held, "a")["km"] + told(held, "b")["km"] - (held.summary.doubles.valeurs["km"] or 0)
    assert overlap == pytest.approx(held.summary.ensemble.valeurs["km"], rel=1e-6)


def test_one_statement_per_layer_whatever_the_number_of_zones(
    database_with_contours: Database, catalog: Catalog
) -> None:
    counted = []
    codes = [zone.code for zone in fetch_layer_zones(database_with_contours, catalog.by_id["qpv"], BOX).zones]
    for placed in (codes[:1], codes):
        place_qpv(database_with_contours, placed)
        database_with_contours.kept.clear()
        database_with_contours.areas.clear()
        with count_queries() as statements:
            fetch_zone_report(database_with_contours, catalog, "qpv", BOX)
        counted.append(len(statements))
    assert counted[0] == counted[1]
    layers = [layer for layer in catalog.public if layer.measures and layer.decoupage is None and layer.id != "qpv"]
    assert counted[0] <= len(layers) + 7, "of which two for contours that were never measured"


def test_zones_of_nothing_are_no_error(database_with_contours: Database) -> None:
    zones = define(id="zonage", geometry="polygon", zones=True)
    build(database_with_contours, zones)
    found = fetch_layer_zones(database_with_contours, zones, BOX)
    assert isinstance(found, Perimeters)
    assert found.zones == ()
