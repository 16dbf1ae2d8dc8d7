"""A refresh of the QPV: perimeters shared as measured, contradictions told, and nothing overwritten or lost."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import shapely
from shapely.geometry import box, mapping

from tests.importing.published import (
    feature,
    perimeters,
    publish_qpv,
)
from webmap.importing.seeds import load_seeds

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from tests.importing.published import Desk

    Contours = dict[str, BaseGeometry]


def test_nine_are_inside_and_four_are_shared_as_measured(desk: Desk, contours: Contours) -> None:
    before = desk.rows("SELECT code_qp, lib_qp, communes, partage, situation, source FROM pub.qpv ORDER BY 1")
    features = perimeters(desk, contours)
    publish_qpv(desk, features)
    outcome = desk.refresh("qpv")["perimetres"]
    assert "mesurés : 9 entièrement dans le territoire, 4 partagés (QN05920M" in outcome.sentence
    assert " : dit « " not in outcome.sentence  # the list of the atlas says the same
    assert " ici, " not in outcome.sentence  # names and communes too, in whatever order
    assert desk.rows("SELECT code_qp, lib_qp, communes, partage, situation, source FROM pub.qpv ORDER BY 1") == before
    assert desk.rows("SELECT DISTINCT precision FROM pub.qpv WHERE geom IS NOT NULL") == [{"precision": "exacte"}]
    whole = shapely.union_all(list(contours.values()))
    shares = [whole.intersection(shapely.from_geojson(json.dumps(f["geometry"]))).area for f in features]
    assert (
        sum(
            share < 0.98 * shapely.from_geojson(json.dumps(f["geometry"])).area
            for share, f in zip(shares, features, strict=True)
        )
        == 4
    )


def test_a_contradiction_is_told_and_nothing_is_overwritten(desk: Desk, contours: Contours) -> None:
    features = perimeters(desk, contours)
    features[0]["geometry"] = mapping(contours["59172"].representative_point().buffer(0.002))  # said to be shared
    features[1]["properties"]["lib_qp"] = "Autre nom"
    features[2]["properties"]["insee_com"] = "59207"
    inside = contours["59526"].representative_point().buffer(0.001)
    features.append(feature(inside, code_qp="QN05999N", lib_qp="Nouveau", insee_com="59526"))
    features.append(feature(box(3.235, 50.226, 3.236, 50.227), code_qp="QN06201N", lib_qp="À côté", insee_com="62000"))
    publish_qpv(desk, features)
    sentence = desk.refresh("qpv")["perimetres"].sentence
    assert "QN05920M : dit « partagé », 100 % de sa surface est dans le territoire" in sentence
    assert "QN05921M : lib_qp = « Zone Intercommunale Rives De L'Escaut » ici, « Autre nom » à la source" in sentence
    assert "QN05922M : communes = « 59112, 59207, 59491 » ici, « 59207 » à la source" in sentence
    assert "touchent le territoire et ne sont pas dans la liste : QN05999N ;" in sentence
    assert "QN06201N" not in sentence
    assert len(desk.keys("qpv")) == 13


def test_a_perimeter_that_goes_is_refused(desk: Desk, contours: Contours) -> None:
    features = perimeters(desk, contours)
    publish_qpv(desk, features)
    desk.refresh("qpv")
    state = desk.content("qpv")
    for fewer in (features[1:], [{**features[0], "geometry": None}, *features[1:]]):
        publish_qpv(desk, fewer)
        outcome = desk.refresh("qpv")["perimetres"]
        assert "a perdu 1 ligne sur 13 (8 %, QN05920M)" in outcome.sentence
        assert desk.content("qpv") == state
    assert (
        "absentes de la source ou sans périmètre : QN05920M" in desk.refresh("qpv", accept=True)["perimetres"].sentence
    )


def test_perimeters_outlive_a_changed_seed(desk: Desk, contours: Contours) -> None:
    publish_qpv(desk, perimeters(desk, contours))
    desk.refresh("qpv")
    geometries = desk.rows("SELECT code_qp, geom, precision FROM pub.qpv ORDER BY 1")
    desk.rows("DELETE FROM pub.qpv WHERE false")
    with desk.database.owner() as connection:  # as if the seed had changed since
        connection.execute("UPDATE app.chargement SET sha256 = 'x' WHERE couche = 'qpv' AND origine = 'seed'")
    report = load_seeds(desk.database, desk.catalog, desk.settings)
    assert report == ["couche qpv : 0 ligne créée, 0 modifiée, 0 retirée"]
    assert desk.rows("SELECT code_qp, geom, precision FROM pub.qpv ORDER BY 1") == geometries
