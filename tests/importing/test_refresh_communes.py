"""A refresh of the communes: contours come whole or are refused, and who leaves, joins or changes population is told."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from shapely.geometry import box

from tests.importing.published import publish_contours

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from tests.importing.published import Desk

    Contours = dict[str, BaseGeometry]


def test_contours_come_and_bassins_follow(bare_desk: Desk, contours: Contours) -> None:
    desk = bare_desk
    publish_contours(desk, contours)
    outcome = desk.refresh("commune")["contours"]
    assert outcome.status == "changee"
    assert "47 lignes lues" in outcome.sentence
    assert desk.rows("SELECT count(*) AS n FROM pub.commune WHERE geom IS NOT NULL") == [{"n": 47}]
    union = desk.rows(
        "SELECT d.code FROM pub.bassin d WHERE d.geom IS NULL OR NOT ST_Equals(d.geom, (SELECT ST_Union(c.geom)"
        " FROM pub.commune c JOIN app.membre m USING (code_insee) WHERE m.decoupage = 'bassin' AND m.code = d.code))"
    )
    assert union == []


def test_an_exclave_is_kept(desk: Desk, contours: Contours) -> None:
    exclave = contours["59172"].representative_point().buffer(0.002)
    moved = {**contours, "59172": contours["59172"].difference(exclave)}
    moved["59526"] = contours["59526"].union(exclave)
    publish_contours(desk, moved)
    assert desk.refresh("commune")["contours"].status == "changee"
    rows = desk.rows("SELECT ST_NumGeometries(geom) AS n FROM pub.commune WHERE code_insee = '59526'")
    assert rows == [{"n": 2}]
    bassins = {r["code"]: r["n"] for r in desk.rows("SELECT code, ST_NumGeometries(geom) AS n FROM pub.bassin")}
    assert bassins["amandinois"] == 2


def test_gaps_and_overlaps_are_refused(desk: Desk, contours: Contours) -> None:
    publish_contours(desk, contours)
    desk.refresh("commune")
    state = desk.content("commune", "bassin")
    inner = contours["59172"].representative_point()
    hole = contours["59172"].difference(inner.buffer(0.01))
    for moved, sentence in [
        ({**contours, "59172": hole}, "un trou de .* km² entre 59172"),
        ({**contours, "59172": contours["59172"].buffer(0.02)}, "se recouvrent sur .* % de la plus petite"),
    ]:
        publish_contours(desk, moved)
        outcome = desk.refresh("commune")["contours"]
        assert outcome.status == "echec"
        assert re.search(sentence, outcome.sentence), outcome.sentence
        assert desk.content("commune", "bassin") == state
    sliver = contours["59172"].difference(inner.buffer(0.0003))
    publish_contours(desk, {**contours, "59172": sliver})
    assert desk.refresh("commune")["contours"].status == "changee"


def test_a_commune_that_leaves_or_joins_is_told(desk: Desk, contours: Contours) -> None:
    publish_contours(desk, contours)
    desk.refresh("commune")
    state = desk.content("commune", "bassin")
    without = {code: c for code, c in contours.items() if code != "59092"}
    joined = {**contours, "59999": box(3.0, 50.0, 3.1, 50.1)}
    for moved, sentence in [
        (without, "1 commune du territoire sans contour : 59092 ; si elles ont quitté l'agglomération"),
        (joined, "1 commune absente de la liste de l'atlas : 59999 Nouvelle ; si elles ont rejoint l'agglomération"),
    ]:
        publish_contours(desk, moved)
        outcome = desk.refresh("commune")["contours"]
        assert outcome.status == "echec"
        assert sentence in outcome.sentence
        assert desk.content("commune", "bassin") == state
    publish_contours(desk, joined)
    assert "laissées de côté : 59999 Nouvelle" in desk.refresh("commune", accept=True)["contours"].sentence
    publish_contours(desk, without)
    accepted = desk.refresh("commune", accept=True)["contours"]
    assert "laissées comme elles étaient : 59092" in accepted.sentence
    assert len(desk.keys("commune")) == 47


def test_populations_of_another_vintage_are_told_and_never_mixed(desk: Desk, contours: Contours) -> None:
    before = desk.rows(
        "SELECT code_insee, population_municipale, population_source, millesime FROM pub.commune ORDER BY 1"
    )
    publish_contours(desk, contours, population=1000)
    outcome = desk.refresh("commune")["contours"]
    assert "Populations de la source : 47000 habitants, 158351 dans l'atlas ; non reprises" in outcome.sentence
    after = desk.rows(
        "SELECT code_insee, population_municipale, population_source, millesime FROM pub.commune ORDER BY 1"
    )
    assert after == before
    assert len({r["population_source"] for r in after}) == 1
