"""`/territoires/…` over HTTP: addresses refused, versions, what an answer costs, and when it is made again."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING, Any

import pytest

from tests.web.summaries_read import DECOUPAGES, get, values
from webmap.app import create_app
from webmap.store.report import fetch_report
from webmap.store.statements import count_queries
from webmap.web import reports

if TYPE_CHECKING:
    from pathlib import Path

    from flask.testing import FlaskClient

    from webmap.catalog.load import Catalog
    from webmap.config import Settings
    from webmap.store.db import Database


@pytest.mark.parametrize("suffix", ["", ".json", ".csv"])
@pytest.mark.parametrize("path", ["canton", "canton/1", "bassin/hainaut", "commune/75056", "territoire/1", "cours_eau"])
def test_unknown_decoupage_or_unit_is_404_with_a_sentence(reader: FlaskClient, path: str, suffix: str) -> None:
    response = reader.get(f"/territoires/{path}{suffix}")
    assert response.status_code == 404
    detail = response.get_json()["detail"]
    assert detail.endswith(".")
    assert any(part in detail for part in path.split("/"))


def test_a_parameter_is_refused(reader: FlaskClient) -> None:
    for path in ("", "/bassin", "/bassin.json", "/bassin/amandinois.csv"):
        assert reader.get(f"/territoires{path}?annee=2020").status_code == 400


@pytest.mark.parametrize("suffix", ["", ".json", ".csv"])
def test_revalidation_costs_nothing_until_a_layer_changes(client: FlaskClient, database: Database, suffix: str) -> None:
    path = f"/territoires/bassin{suffix}"
    etag = client.get(path).headers["ETag"]
    assert client.get(path, headers={"If-None-Match": etag}).status_code == 304
    with database.owner() as connection:
        connection.execute(
            "UPDATE pub.espace_nature SET observation = 'changé' WHERE code = (SELECT min(code) FROM pub.espace_nature)"
        )
    fresh = client.get(path, headers={"If-None-Match": etag})
    assert (fresh.status_code, fresh.headers["ETag"] == etag) == (200, False)


def test_a_commune_that_changes_bassin_changes_every_summary(client: FlaskClient, database: Database) -> None:
    before = client.get("/territoires/bassin.json")
    with database.owner() as connection:
        connection.execute(
            "UPDATE app.appartenance SET unite = 'ostrevent' WHERE decoupage = 'bassin' AND code_insee = '59172'"
        )
        connection.execute("UPDATE app.revision SET revision = revision + 1 WHERE couche = 'commune'")
    after = client.get("/territoires/bassin.json", headers={"If-None-Match": before.headers["ETag"]})
    assert after.status_code == 200
    counts = {unit["code"]: unit["nombre_communes"] for unit in before.get_json()["unites"]}
    assert {unit["code"]: unit["nombre_communes"] for unit in after.get_json()["unites"]} == {
        **counts,
        "ostrevent": counts["ostrevent"] + 1,
        "bassin_minier": counts["bassin_minier"] - 1,
    }


def test_a_summary_made_once_costs_one_statement(unkept: FlaskClient) -> None:
    path = "/territoires/bassin/ostrevent.json"
    first = unkept.get(path)
    with count_queries() as statements:
        identity, gzipped = unkept.get(path), unkept.get(path, headers={"Accept-Encoding": "gzip"})
    assert len(statements) == 2
    assert "app.revision" in statements[0]
    assert first.data == identity.data == gzip.decompress(gzipped.data)
    assert identity.headers["ETag"] == gzipped.headers["ETag"]
    assert gzipped.headers["Content-Encoding"] == "gzip"
    assert identity.headers["Vary"] == gzipped.headers["Vary"] == "Accept-Encoding"
    assert unkept.get("/territoires/bassin/nulle-part.json").status_code == 404


def test_a_kept_summary_is_answered_before_the_routes_as_they_answer_it(
    unkept: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [
        f"/territoires/bassin{rest}"
        for rest in ("/ostrevent.json", ".json", "/ostrevent", "", "/ostrevent.csv", ".csv")
    ]
    made = [unkept.get(path, headers={"Accept-Encoding": "gzip"}) for path in paths]
    front = unkept.application.wsgi_app
    monkeypatch.setattr(front, "_behind", lambda _wsgi, start: start("418 Behind", []) and [])
    for path, first in zip(paths, made, strict=True):
        again = unkept.get(path, headers={"Accept-Encoding": "gzip"})
        assert (again.status_code, again.data) == (200, first.data)
        assert sorted(again.headers) == sorted(first.headers)
        seen = unkept.get(path, headers={"If-None-Match": first.headers["ETag"]})
        assert (seen.status_code, seen.data, seen.headers["ETag"]) == (304, b"", first.headers["ETag"])
        head = unkept.head(path)
        assert (head.status_code, head.data) == (200, b"")
        assert int(head.headers["Content-Length"]) == len(gzip.decompress(first.data))
    others = ["/territoires/bassin/.json", "/territoires/bassin.json?x=1", "/territoires/bassin/%FF.json"]
    assert [unkept.get(path).status_code for path in [*others, "/territoires/bassin/amandinois.json"]] == [418] * 4
    assert unkept.post(paths[0]).status_code == 418


def test_a_summary_made_while_the_data_change_is_of_one_state(
    settings: Settings, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = create_app(settings.model_copy(update={"octets_folder": tmp_path}), database).test_client()

    def edited(*asked: Any) -> Any:  # noqa: ANN401 - what fetch_report takes and gives
        report = fetch_report(*asked)
        with database.owner() as connection:
            connection.execute("DELETE FROM pub.espace_nature")
        return report

    monkeypatch.setattr(reports, "fetch_report", edited)
    before = client.get("/territoires/bassin.json")
    monkeypatch.undo()
    assert values(before.get_json()["ensemble"])["espace_nature", "nombre"]["valeur"] == 10
    after = [
        client.get("/territoires/bassin.json", headers={"If-None-Match": before.headers["ETag"]}) for _ in range(2)
    ]
    assert [each.status_code for each in after] == [200, 200]
    assert before.data != after[0].data == after[1].data
    now = client.application.extensions["webmap"].kept_figures.fetch_version()
    assert len(list((tmp_path / "syntheses" / now).iterdir())) == 1, "what was there before is not kept as what is"


def test_cost_does_not_depend_on_the_number_of_units(unkept: FlaskClient, catalog: Catalog) -> None:
    costs = {}
    database = unkept.application.extensions["webmap"].database
    for decoupage in DECOUPAGES[:-1]:
        database.kept.clear()  # whichever tests ran before
        with count_queries() as statements:
            get(unkept, decoupage)
        costs[decoupage] = len(statements)
    assert len(set(costs.values())) == 1, costs
    measured = [layer for layer in catalog.public if layer.measures and layer.decoupage is None]
    assert costs["bassin"] <= len(measured) + 7, "one a layer, and a few for the units and their sources"


def test_file_name_is_safe_whatever_the_code(client: FlaskClient, database: Database) -> None:
    code = 'é"; x\r\nX: y'
    with database.owner() as connection:
        connection.execute(
            "INSERT INTO pub.bassin (code, nom, etat, source, millesime) VALUES (%s, 'x', 'existant', 'x', '2026')",
            [code],
        )
    response = client.get("/territoires/bassin/%C3%A9%22;%20x%0D%0AX:%20y.csv")
    assert response.status_code == 200
    assert response.headers["Content-Disposition"] == 'attachment; filename="territoires_bassin_----x--X--y.csv"'
