"""A refresh and where things are: put right, left, contradicted, dropped outside, repaired; every one counted and told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import shapely
from shapely.geometry import Point, Polygon

from tests.importing.published import (
    ONES,
    collection,
    feature,
    outline,
    points,
    publish_irve,
)

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from tests.importing.published import Desk

    Contours = dict[str, BaseGeometry]

BOWTIE = Polygon([(3.380, 50.330), (3.386, 50.336), (3.386, 50.330), (3.380, 50.336)])


def test_positions_put_right_left_and_contradicted(desk: Desk, contours: Contours) -> None:
    denain, raismes = contours["59172"].representative_point(), contours["59491"].representative_point()
    texts = [
        f"[{denain.x}, {denain.y}]",
        f"[{denain.y}, {denain.x}]",
        f"[{raismes.x}, {raismes.y}]",
        f"[{str(denain.x).replace('.', ',')}; {str(denain.y).replace('.', ',')}]",
        "[55.45, -20.88]",
    ]
    publish_irve(desk, *points(*[{"coordonneesXY": text} for text in texts]))
    outcome = desk.refresh("irve")["consolidation"]
    assert "1 position remise dans l'ordre longitude, latitude" in outcome.sentence
    assert "1 position hors de France métropolitaine dans les deux sens, laissée telle quelle" in outcome.sentence
    assert "1 dont le code INSEE contredit la position" in outcome.sentence
    assert "1 dit une commune du territoire et est placée loin de lui, laissée de côté (FRABCE5)" in outcome.sentence
    rows = desk.rows(
        "SELECT ST_AsText(ST_SnapToGrid(ST_Transform(geom, 4326), 1e-7)) AS p FROM pub.irve ORDER BY id_pdc_itinerance"
    )
    assert len(rows) == 4
    assert rows[0] == rows[1] == rows[3] != rows[2]


def test_a_row_without_coordinates_is_known_by_its_commune_and_stays_put(desk: Desk) -> None:
    publish_irve(desk, *ONES[:4], {**ONES[4], "coordonneesXY": "inconnu"})
    outcome = desk.refresh("irve")["consolidation"]
    assert "1 sans géométrie" in outcome.sentence
    row = desk.rows(
        "SELECT precision, code_insee, geom IS NOT NULL AS posee FROM pub.irve WHERE id_pdc_itinerance = 'FRABCE5'"
    )
    assert row == [{"precision": "commune", "code_insee": "59172", "posee": True}]
    state = desk.content("irve")
    publish_irve(desk, *ONES[:4], {**ONES[4], "coordonneesXY": "toujours inconnu"})
    again = desk.refresh("irve")["consolidation"]
    assert again.status == "inchangee"
    assert {**desk.content("irve"), "charges": []} == {**state, "charges": []}


def test_the_outside_is_dropped_and_counted(desk: Desk, contours: Contours) -> None:
    west = min(outline(contours).coords)
    told = {"libelle": "Gare", "voyageurs": "O", "fret": "N", "code_ligne": "1"}
    near, inside = Point(west[0] - 0.01, west[1]), contours["59172"].representative_point()
    desk.publish(
        "gare", "gares", collection([feature(near, code_uic="1", **told), feature(inside, code_uic="2", **told)])
    )
    assert "1 hors du territoire" in desk.refresh("gare")["gares"].sentence
    assert desk.keys("gare") == ["2"]


def test_duplicates_are_one_and_their_lists_are_merged(desk: Desk, contours: Contours) -> None:
    p = contours["59526"].representative_point()
    told = {"libelle": "St-Amand", "voyageurs": "O", "fret": "O"}
    rows = [feature(Point(p.x + n / 1e4, p.y), code_uic="87343103", code_ligne=f"26{n}000", **told) for n in range(3)]
    desk.publish("gare", "gares", collection(rows))
    outcome = desk.refresh("gare")["gares"]
    assert "2 doublons d'identifiant réunis" in outcome.sentence
    assert desk.rows("SELECT code_uic, code_ligne, voyageurs, fret FROM pub.gare") == [
        {"code_uic": "87343103", "code_ligne": ["260000", "261000", "262000"], "voyageurs": True, "fret": True}
    ]


def test_an_invalid_geometry_is_repaired_and_counted(desk: Desk) -> None:
    names = {"nom": "Nœud", "id_mnhn": "310000001"}
    desk.publish_wfs(
        "patrinat_znieff1:znieff1", [feature(BOWTIE, **names), feature(Point(3.38, 50.33), **{**names, "id_mnhn": "2"})]
    )
    desk.keep_only("zonage_nature", "znieff1")
    outcome = desk.refresh("zonage_nature")["znieff1"]
    assert "1 géométrie réparée" in outcome.sentence
    assert "1 sans géométrie" in outcome.sentence  # a point is no surface
    row = desk.rows("SELECT ST_IsValid(geom) AS saine, ST_NumGeometries(geom) AS n FROM pub.zonage_nature")
    assert row == [{"saine": True, "n": 2}]


def test_lines_lose_their_height_and_become_multi(desk: Desk, contours: Contours) -> None:
    p = contours["59172"].representative_point()
    line = shapely.LineString([(p.x, p.y, 20), (p.x + 0.001, p.y, 19)])
    desk.publish_wfs(
        "BDTOPO_V3:troncon_hydrographique", [feature(line, cleabs="T1", cpx_toponyme_de_cours_d_eau=None, nature="x")]
    )
    desk.refresh("cours_eau")
    assert desk.rows("SELECT GeometryType(geom) AS t, nom FROM pub.cours_eau") == [
        {"t": "MULTILINESTRING", "nom": None}
    ]
