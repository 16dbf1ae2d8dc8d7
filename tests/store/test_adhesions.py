"""Communes that leave and join: today's list, its history, and what follows from it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from webmap.app import create_app
from webmap.errors import BadParameterError
from webmap.importing.run import load_source
from webmap.importing.seeds import load_seeds
from webmap.store import placement
from webmap.store.adhesions import fetch_adhesions, fetch_members, join, leave

if TYPE_CHECKING:
    from pathlib import Path

    from webmap.catalog.load import Catalog
    from webmap.config import Settings
    from webmap.store.db import Database

EMERCHICOURT = "59192"
BOUCHAIN = "59092"


def quit_agglomeration(database: Database, catalog: Catalog, code: str, date: str = "2027-01-01") -> str:
    with database.owner() as connection:
        name = leave(connection, code, date, "arrêté du préfet")
        placement.refresh(connection, catalog)
    return name


def codes(database: Database, date: str) -> set[str]:
    return {row["code_insee"] for row in fetch_members(database, date)}


def test_the_list_at_a_date_knows_who_had_left(database: Database) -> None:
    assert len(codes(database, "2026-11-21")) == 47
    assert EMERCHICOURT in codes(database, "2021-01-01")
    assert EMERCHICOURT not in codes(database, "2022-07-01")
    assert len(codes(database, "2023-01-01")) == 46
    assert EMERCHICOURT in codes(database, "2026-01-01")


def test_every_summary_follows_a_departure(
    database_with_contours: Database, catalog: Catalog, settings: Settings
) -> None:
    client = create_app(settings, database_with_contours).test_client()
    before = client.get("/territoires/territoire.json").get_json()["unites"][0]
    assert quit_agglomeration(database_with_contours, catalog, BOUCHAIN) == "Bouchain"
    after = client.get("/territoires/territoire.json").get_json()["unites"][0]
    assert after["nombre_communes"] == 46
    assert after["population"] == before["population"] - 4054
    assert after["surface_km2"] < before["surface_km2"]
    ostrevent = client.get("/territoires/bassin/ostrevent.json").get_json()["unites"][0]
    assert BOUCHAIN not in ostrevent["communes"]
    assert client.get(f"/territoires/commune/{BOUCHAIN}").status_code == 404
    with database_with_contours.owner() as connection:
        cells = connection.execute(
            "SELECT 1 FROM app.cellule WHERE couche = 'commune' AND cle = %s", [BOUCHAIN]
        ).fetchall()
        row = connection.execute(
            "SELECT abs(ST_Area(b.geom) - (SELECT sum(ST_Area(c.geom)) FROM pub.commune c JOIN app.membre m USING (code_insee)"
            " WHERE m.decoupage = 'bassin' AND m.code = 'ostrevent')) AS ecart FROM pub.bassin b WHERE code = 'ostrevent'"
        ).fetchone()
    assert cells == []
    assert row is not None
    assert row["ecart"] < 1


def test_a_changed_seed_does_not_bring_a_departed_commune_back(
    database: Database, catalog: Catalog, settings: Settings
) -> None:
    quit_agglomeration(database, catalog, BOUCHAIN)
    with database.owner() as connection:
        connection.execute("UPDATE app.chargement SET sha256 = 'autre' WHERE couche = 'commune'")
    load_seeds(database, catalog, settings)
    assert BOUCHAIN not in codes(database, "2027-02-01")
    with database.owner() as connection:
        assert connection.execute("SELECT 1 FROM pub.commune WHERE code_insee = %s", [BOUCHAIN]).fetchall() == []


def test_who_comes_back_finds_its_population_and_its_bassin(
    database_with_contours: Database, catalog: Catalog, settings: Settings, contours_file: Path
) -> None:
    database = database_with_contours
    quit_agglomeration(database, catalog, BOUCHAIN)
    with database.owner() as connection:
        join(connection, BOUCHAIN, "Bouchain", "2028-01-01", "retour")
        placement.refresh(connection, catalog)
    client = create_app(settings, database).test_client()
    ostrevent = client.get("/territoires/bassin/ostrevent.json").get_json()
    assert BOUCHAIN in ostrevent["unites"][0]["communes"]
    assert ostrevent["unites"][0]["population"] == 19_165
    assert ostrevent["unites"][0]["surface_km2"] is None  # its contour did not come back with it
    load_source(database, catalog, settings, "commune", contours_file)
    assert client.get("/territoires/bassin/ostrevent.json").get_json()["unites"][0]["surface_km2"] > 10
    periods = [(row["depuis"], row["jusque"]) for row in fetch_adhesions(database, BOUCHAIN)]
    assert periods == [("", "2027-01-01"), ("2028-01-01", None)]
    assert codes(database, "2027-06-01") == codes(database, "2028-01-01") - {BOUCHAIN}


def test_a_new_member_has_no_invented_population(database: Database, settings: Settings, catalog: Catalog) -> None:
    with database.owner() as connection:
        join(connection, "59606", "Valenciennes", "2028-01-01", "fusion")
        placement.refresh(connection, catalog)
    whole = create_app(settings, database).test_client().get("/territoires/territoire.json").get_json()["unites"][0]
    assert whole["nombre_communes"] == 48
    assert whole["population"] is None


def test_the_page_of_a_commune_tells_its_membership(database: Database, settings: Settings) -> None:
    page = create_app(settings, database).test_client().get(f"/territoires/commune/{EMERCHICOURT}").text
    assert "depuis 2019, jusqu&#39;au 2022-07-01" in page or "depuis 2019, jusqu'au 2022-07-01" in page
    assert "Adhésion" not in create_app(settings, database).test_client().get(f"/territoires/commune/{BOUCHAIN}").text


@pytest.mark.parametrize(
    ("code", "date"),
    [("75056", "2027-01-01"), (EMERCHICOURT, "2025-01-01"), ("'; DROP TABLE pub.commune; --", "2027-01-01")],
)
def test_a_departure_without_meaning_is_refused(database: Database, code: str, date: str) -> None:
    with pytest.raises(BadParameterError), database.owner() as connection:
        leave(connection, code, date, "motif")
    assert len(codes(database, "2026-11-21")) == 47


@pytest.mark.parametrize(("code", "date"), [(BOUCHAIN, "2027-01-01"), (EMERCHICOURT, "2021-01-01")])
def test_an_arrival_without_meaning_is_refused(database: Database, catalog: Catalog, code: str, date: str) -> None:
    if code == EMERCHICOURT:
        quit_agglomeration(database, catalog, code)
    state = codes(database, "2030-01-01")
    with pytest.raises(BadParameterError), database.owner() as connection:
        join(connection, code, "Nom", date, "motif")
    assert codes(database, "2030-01-01") == state


def test_the_seed_of_memberships_is_json_free_of_rows(database: Database) -> None:
    with database.owner() as connection:
        rows = connection.execute("SELECT code_insee, commune FROM app.adhesion").fetchall()
    assert json.dumps(rows) == json.dumps([{"code_insee": EMERCHICOURT, "commune": None}] * 2)
