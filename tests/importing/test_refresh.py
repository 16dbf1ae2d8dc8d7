"""`webmap sources refresh`: what it refuses, what it says, what it puts right, and what never moves."""

from __future__ import annotations

import json
import re
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
import shapely
from shapely.geometry import Point, Polygon, box, mapping

from tests.importing.official_server import Answer
from tests.importing.published import collection, feature, irve_csv, outline, points, zipped
from webmap.importing import bringing
from webmap.importing.seeds import load_seeds
from webmap.store import placement, staging, writing

if TYPE_CHECKING:
    import psycopg
    from shapely.geometry.base import BaseGeometry

    from tests.importing.published import Desk, Feature

    Contours = dict[str, BaseGeometry]

BOWTIE = Polygon([(3.380, 50.330), (3.386, 50.336), (3.386, 50.330), (3.380, 50.336)])
ONES = points(*[{}] * 10)


def publish_irve(desk: Desk, *rows: dict[str, str]) -> None:
    desk.publish("irve", "consolidation", irve_csv(*rows).encode())


# --- shrinking, and rows set aside -------------------------------------------------------------------------------


def test_a_source_that_shrinks_is_refused_unless_accepted(desk: Desk) -> None:
    publish_irve(desk, *ONES)
    desk.refresh("irve")
    publish_irve(desk, *ONES[:8])
    assert desk.refresh("irve")["consolidation"].status == "changee"  # a fifth, as `max_shrink` allows
    state = desk.content("irve")
    publish_irve(desk, *ONES[:6])
    refused = desk.refresh("irve")["consolidation"]
    assert refused.status == "echec"
    assert "a perdu 2 lignes sur 8 (25 %)" in refused.sentence
    assert "--accepter" in refused.sentence
    assert desk.content("irve") == state
    accepted = desk.refresh("irve", accept=True)["consolidation"]
    assert "0 créée, 0 modifiée, 2 retirées" in accepted.sentence
    assert len(desk.keys("irve")) == 6


def test_rows_set_aside_are_told_with_their_reason(desk: Desk) -> None:
    broken = {**ONES[9], "puissance_nominale": "22 kW"}
    publish_irve(desk, *ONES[:9], broken)
    outcome = desk.refresh("irve")["consolidation"]
    assert outcome.status == "changee"
    assert "1 écartée, non conforme au schéma (objet 10 (FRABCE10) : puissance_nominale = « 22 kW »" in outcome.sentence
    assert len(desk.keys("irve")) == 9
    report = desk.rows("SELECT rapport FROM app.chargement WHERE couche = 'irve' ORDER BY id DESC LIMIT 1")[0][
        "rapport"
    ]
    assert report["ecartees"][0].startswith("objet 10 (FRABCE10)")
    state = desk.content("irve")
    publish_irve(desk, *[{**row, "puissance_nominale": "fort"} for row in ONES[:3]], *ONES[3:])
    refused = desk.refresh("irve")["consolidation"]
    assert "3 lignes sur 10 ne suivent plus la définition de la couche" in refused.sentence
    assert desk.content("irve") == state
    assert desk.refresh("irve", accept=True)["consolidation"].status == "changee"


def test_rows_without_identifier_do_not_collide_and_are_counted(desk: Desk) -> None:
    publish_irve(desk, *ONES[:3], *[{"id_pdc_itinerance": "Non concerné"}] * 4)
    outcome = desk.refresh("irve")["consolidation"]
    assert "4 sans identifiant près du territoire" in outcome.sentence
    assert desk.keys("irve") == ["FRABCE1", "FRABCE2", "FRABCE3"]


# --- positions ---------------------------------------------------------------------------------------------------


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


# --- what is rewritten -------------------------------------------------------------------------------------------


def test_a_newer_file_that_says_the_same_changes_no_row(desk: Desk) -> None:
    body = irve_csv(*ONES).encode()
    desk.publish("irve", "consolidation", body, last_modified="Wed, 01 Jul 2026 10:00:00 GMT")
    desk.refresh("irve")
    assert {r["millesime"] for r in desk.rows("SELECT millesime FROM pub.irve")} == {"2026-07-01"}
    desk.publish("irve", "consolidation", body + b"\n", last_modified="Thu, 02 Jul 2026 10:00:00 GMT")
    outcome = desk.refresh("irve")["consolidation"]
    assert outcome.status == "inchangee"
    assert "0 créée, 0 modifiée, 0 retirée" in outcome.sentence
    assert {r["millesime"] for r in desk.rows("SELECT millesime FROM pub.irve")} == {"2026-07-02"}
    desk.publish("irve", "consolidation", irve_csv({**ONES[0], "nom_station": "Autre"}, *ONES[1:]).encode())
    assert "0 créée, 1 modifiée, 0 retirée" in desk.refresh("irve")["consolidation"].sentence


def test_a_wfs_that_writes_the_hour_in_its_answer_has_not_changed(desk: Desk, contours: Contours) -> None:
    rows = [feature(contours["59172"].representative_point().buffer(0.001), id_mnhn="1", nom="A")]
    desk.keep_only("zonage_nature", "znieff1")
    hours = iter(range(100))
    desk.server.serve_by(
        "/wfs/ows", lambda _seen: Answer(collection(rows, numberMatched=1, timeStamp=str(next(hours))))
    )
    assert desk.refresh("zonage_nature")["znieff1"].status == "changee"
    state = desk.content("zonage_nature")
    assert desk.refresh("zonage_nature")["znieff1"].sentence == "inchangée depuis le dernier chargement"
    assert desk.content("zonage_nature") == state


def test_a_mapping_that_changes_reads_the_same_bytes_again(desk: Desk) -> None:
    desk.publish("irve", "consolidation", irve_csv(*ONES).encode(), etag='"v1"')
    desk.refresh("irve")
    columns = {"code_insee": "code_insee_commune", "observations": "horaires"}
    before = desk.catalog
    desk.change_connector("irve", "consolidation", columns=columns)
    assert desk.refresh("irve")["consolidation"].status == "changee"
    assert {r["observations"] for r in desk.rows("SELECT observations FROM pub.irve")} == {"24/7"}
    desk.catalog = before  # back to the first mapping: what it loaded long ago is not what is there
    assert desk.refresh("irve")["consolidation"].status == "changee"
    assert {r["observations"] for r in desk.rows("SELECT observations FROM pub.irve")} == {None}


def test_contours_that_change_cut_again(desk: Desk, contours: Contours) -> None:
    p = contours["59172"].representative_point()
    desk.publish(
        "irve",
        "consolidation",
        irve_csv(*ONES, {"id_pdc_itinerance": "FRXXXE1", "coordonneesXY": f"[{p.x}, {p.y}]"}).encode(),
        etag='"v1"',
    )
    desk.refresh("irve")
    assert "FRXXXE1" in desk.keys("irve")
    cut = contours["59172"].difference(p.buffer(0.001))
    publish_contours(desk, {**contours, "59172": cut})
    outcomes = desk.refresh("commune", "irve", accept=True)  # a hole in the coverage: asked for
    assert outcomes["contours"].status == "changee"
    assert "1 retirée" in outcomes["consolidation"].sentence
    assert "FRXXXE1" not in desk.keys("irve")


# --- communes ----------------------------------------------------------------------------------------------------


def publish_contours(desk: Desk, contours: Contours, **more: Any) -> None:  # noqa: ANN401 - properties
    names = {r["code_insee"]: r for r in desk.rows("SELECT code_insee, nom, population_municipale FROM pub.commune")}
    features = [
        feature(
            c, code=code, nom=names[code]["nom"] if code in names else "Nouvelle", population=more.get("population")
        )
        for code, c in contours.items()
    ]
    desk.publish("commune", "contours", collection(features))


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


# --- QPV ---------------------------------------------------------------------------------------------------------


def perimeters(desk: Desk, contours: Contours) -> list[Feature]:
    """Return 9 perimeters inside the territory, and 4 across its border, for the codes the atlas has."""
    edges = [outline(contours).interpolate(share, normalized=True) for share in (0.1, 0.35, 0.6, 0.85)]
    rows = desk.rows("SELECT code_qp, lib_qp, communes, partage FROM pub.qpv ORDER BY code_qp")
    inside = iter([contours[code].representative_point() for code in sorted(contours)])
    across = iter(edges)
    return [
        feature(
            (next(across) if r["partage"] else next(inside)).buffer(0.002),
            code_qp=r["code_qp"],
            lib_qp=r["lib_qp"],
            insee_com=", ".join(reversed(r["communes"])),
        )
        for r in rows
    ]


def publish_qpv(desk: Desk, features: list[Feature]) -> None:
    desk.publish("qpv", "perimetres", zipped(collection(features)))


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


# --- everything down, and the deadline ---------------------------------------------------------------------------


def test_with_every_source_down_it_ends_in_time_and_says_what_is_missing(desk: Desk) -> None:
    for layer in desk.catalog.layers:
        for connector in layer.connectors:
            if connector.format != "wfs":
                desk.publish(layer.id, connector.id, b"", status=503)
    desk.server.serve("/wfs/ows", Answer(b"", status=503))
    state = desk.content()
    start = time.monotonic()
    outcomes = desk.refresh(deadline=2.0)
    assert time.monotonic() - start < 6
    assert len(outcomes) == sum(len(layer.connectors) for layer in desk.catalog.layers)
    assert {o.status for o in outcomes.values()} == {"echec"}
    assert all("503" in o.sentence or "délai" in o.sentence for o in outcomes.values())
    assert desk.content() == state


def test_a_database_that_is_gone_does_not_stop_the_run(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    publish_irve(desk, *ONES)
    monkeypatch.setattr(desk.database, "owner_dsn", desk.database.owner_dsn + " dbname=absente")
    outcomes = desk.refresh("irve", "gare")
    assert {o.status for o in outcomes.values()} == {"echec"}
    assert "La base de données ne répond pas" in outcomes["consolidation"].sentence


# --- two at once, and a database that stops ----------------------------------------------------------------------


def test_two_refreshes_at_once_end_the_same(desk: Desk, contours: Contours) -> None:
    publish_irve(desk, *ONES)
    publish_contours(desk, contours)
    publish_qpv(desk, perimeters(desk, contours))
    found: list[dict[str, Any]] = []
    threads = [
        threading.Thread(target=lambda ids=ids: found.append(desk.refresh(*ids)))
        for ids in (("commune", "qpv", "irve"), ("irve",), ("qpv", "irve"), ("commune",))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(found) == 4
    statuses = [outcome.status for outcomes in found for outcome in outcomes.values()]
    assert "echec" not in statuses, [o.sentence for outcomes in found for o in outcomes.values()]
    assert len(desk.keys("irve")) == 10
    assert {o.status for o in desk.refresh("qpv", "irve").values()} <= {"inchangee"}


def test_one_writes_while_the_other_waits(desk: Desk, contours: Contours, monkeypatch: pytest.MonkeyPatch) -> None:
    point = contours["59172"].representative_point()
    told = {"libelle": "Gare", "voyageurs": "O", "fret": "N", "code_ligne": "1"}
    desk.publish("gare", "gares", collection([feature(point, code_uic="2", **told)]))
    publish_irve(desk, *ONES)
    writing_now, most = [0], [0]
    replace, place = staging.replace_rows, placement.refresh

    def enter(*args: Any) -> Any:  # noqa: ANN401 - as replace_rows
        writing_now[0] += 1
        most[0] = max(most[0], writing_now[0])
        time.sleep(0.3)
        return replace(*args)

    def leave(*args: Any) -> None:  # noqa: ANN401 - as placement.refresh
        place(*args)
        writing_now[0] -= 1

    monkeypatch.setattr(staging, "replace_rows", enter)
    monkeypatch.setattr(placement, "refresh", leave)
    threads = [threading.Thread(target=desk.refresh, args=[name]) for name in ("irve", "gare")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert (most, len(desk.keys("irve")), len(desk.keys("gare"))) == ([1], 10, 1)


def test_an_older_download_never_replaces_a_newer_one(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    publish_irve(desk, *ONES)
    desk.refresh("irve")
    real = writing.take_turn
    done: list[int] = []

    def late(connection: Any) -> None:  # noqa: ANN401 - a connection
        if not done:
            done.append(1)
            publish_irve(desk, *[{**row, "nom_station": "Le plus récent"} for row in ONES])
            assert desk.refresh("irve")["consolidation"].status == "changee"
        real(connection)

    monkeypatch.setattr(bringing, "take_turn", late)
    publish_irve(desk, *[{**row, "nom_station": "Le plus ancien"} for row in ONES])
    outcome = desk.refresh("irve")["consolidation"]
    assert (outcome.status, "une autre commande vient de mettre cette source à jour" in outcome.sentence) == (
        "inchangee",
        True,
    )
    assert {r["nom_station"] for r in desk.rows("SELECT nom_station FROM pub.irve")} == {"Le plus récent"}


def test_one_download_at_a_time_in_a_kept_folder(desk: Desk, tmp_path: Any) -> None:  # noqa: ANN401 - a path
    gate = threading.Event()
    body = irve_csv(*ONES).encode()
    desk.publish("irve", "consolidation", body, stop_at=100, gate=gate)
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(desk.refresh("irve", downloads=tmp_path)["consolidation"]))
    thread.start()
    while not list(tmp_path.rglob("*.part")):
        time.sleep(0.01)
    second = desk.refresh("irve", downloads=tmp_path)["consolidation"]
    assert (second.status, second.sentence) == ("inchangee", "une autre commande met cette source à jour en ce moment")
    gate.set()
    thread.join()
    assert found[0].status == "changee"
    assert [p.name for p in tmp_path.rglob("*.csv")] == []


def test_a_download_that_was_stopped_goes_on(desk: Desk, tmp_path: Any) -> None:  # noqa: ANN401 - a path
    body = irve_csv(*points(*[{}] * 2000)).encode()
    desk.publish("irve", "consolidation", body, etag='"v1"', cut=200_000)
    assert desk.refresh("irve", downloads=tmp_path, deadline=0.6)["consolidation"].status == "echec"
    (part,) = tmp_path.rglob("*.part")
    left = part.stat().st_size
    assert left in {200_000, 400_000}, "each try brought as much, and the delay may have left time for two"
    desk.publish("irve", "consolidation", body, etag='"v1"')
    assert desk.refresh("irve", downloads=tmp_path)["consolidation"].status == "changee"
    assert desk.server.seen[-1].headers["range"] == f"bytes={left}-"
    assert len(desk.keys("irve")) == 2000


STEPS = ["stage", "build_geometries", "keep_territory", "replace_rows", "placement"]


@pytest.mark.parametrize("step", STEPS)
def test_a_connection_cut_at_any_step_leaves_the_old_state(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    publish_irve(desk, *ONES)
    desk.refresh("irve")
    state = desk.content("irve")
    module, name = (placement, "refresh") if step == "placement" else (staging, step)
    real = getattr(module, name)
    cut: list[Any] = []

    def then_cut(connection: psycopg.Connection[Any], *args: Any) -> Any:  # noqa: ANN401 - whatever the step takes
        answer = real(connection, *args)
        if not cut:
            cut.append(desk.rows("SELECT pg_terminate_backend(%s)", [connection.info.backend_pid]))
        return answer

    monkeypatch.setattr(module, name, then_cut)
    publish_irve(desk, *[{**row, "nom_station": "Nouveau"} for row in ONES])
    outcome = desk.refresh("irve")["consolidation"]
    assert outcome.status == "echec"
    assert "La base s'est interrompue pendant l'écriture, rien n'a changé" in outcome.sentence
    assert desk.content("irve") == state
    assert desk.refresh("irve")["consolidation"].status == "changee"
