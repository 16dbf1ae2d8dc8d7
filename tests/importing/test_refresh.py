"""`webmap sources refresh`: what it refuses, what it says, what it puts right, and what never moves."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from tests.importing.official_server import Answer
from tests.importing.published import (
    HASTE,
    ONES,
    collection,
    feature,
    irve_csv,
    publish_contours,
    publish_irve,
)
from webmap.importing import refresh as refreshing

if TYPE_CHECKING:
    import pytest
    from shapely.geometry.base import BaseGeometry

    from tests.importing.published import Desk

    Contours = dict[str, BaseGeometry]


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


# --- everything down, and the deadline ---------------------------------------------------------------------------


def test_with_every_source_down_it_ends_in_time_and_says_what_is_missing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    for layer in desk.catalog.layers:
        for connector in layer.connectors:
            if connector.format != "wfs":
                desk.publish(layer.id, connector.id, b"", status=503)
    desk.server.serve("/wfs/ows", Answer(b"", status=503))
    state = desk.content()
    monkeypatch.setattr(refreshing, "PACE", replace(HASTE, sleep=time.sleep))
    outcomes = desk.refresh(deadline=0.4)  # less than the first wait: nobody waits at all
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
