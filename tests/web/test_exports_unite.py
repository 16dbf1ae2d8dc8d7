"""The five forms of `/territoires/…`: whatever a unit is written as, the same figures, and the same reasons for none."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from tests.web.documents_read import fetch, get, lines, squeeze, workbook
from tests.web.measures_read import plain, read_measures
from webmap.errors import BusyError
from webmap.web import french
from webmap.web.chiffres import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask.testing import FlaskClient
    from openpyxl.workbook import Workbook

    from tests.web.conftest import Page
    from webmap.store.db import Database

    Read = Callable[[str], Page]
    Both = Callable[[FlaskClient, str], tuple[dict[str, Any], Workbook]]

TYPES = {
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
    "html": "text/html; charset=utf-8",
}
UNITS = ["bassin/amandinois", "bassin/bassin_minier", "bassin/ostrevent", "commune/59172", "territoire/200042190"]
TABLES = ["bassin", "commune", "equipe"]


def told_in_a_cell(value: object) -> object:
    """Allow for the 16 figures a workbook keeps of a number; a JSON keeps 17."""
    return pytest.approx(value, rel=1e-14) if isinstance(value, float) else value


@pytest.fixture(scope="module")
def read_both() -> Callable[[FlaskClient, str], tuple[dict[str, Any], Workbook]]:
    """Return a function that gives the JSON and the workbook of an address, each made once for all who read it."""
    return cache(lambda client, path: (fetch(client, path), workbook(client, path)))


# --- the same values ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [*UNITS, *TABLES])
@pytest.mark.parametrize("fixture", ["reader", "reader_with_contours"])
def test_workbook_and_csv_say_what_json_says(
    request: pytest.FixtureRequest, read_both: Both, fixture: str, path: str
) -> None:
    client: FlaskClient = request.getfixturevalue(fixture)
    report, book = read_both(client, path)
    expected = lines(report)
    sheet = book["Chiffres"]
    rows = [dict(zip(COLUMNS, row, strict=True)) for row in sheet.iter_rows(min_row=2, values_only=True)]
    assert [cell.value for cell in sheet[1]] == list(COLUMNS)
    assert len(rows) == len(expected)
    for row, line in zip(rows, expected, strict=True):
        assert row == {name: told_in_a_cell(line[name]) for name in COLUMNS}
    told = list(csv.DictReader(io.StringIO(get(client, f"{path}.csv").decode())))
    assert told == [{name: "" if line[name] is None else str(line[name]) for name in COLUMNS} for line in expected]
    for line in expected:
        assert line["valeur"] is not None or line["indisponible"] or line["borne_min"] is not None


@pytest.mark.parametrize("path", [*UNITS, *TABLES])
def test_workbook_has_what_is_left_over_and_its_sources(
    reader_with_contours: FlaskClient, read_both: Both, path: str
) -> None:
    report, book = read_both(reader_with_contours, path)
    rests = list(book["Restes"].iter_rows(min_row=2, values_only=True)) if "Restes" in book.sheetnames else []
    assert rests == [tuple(rest.values()) for rest in report["restes"]]
    cuts = list(book["Partages"].iter_rows(min_row=2, values_only=True)) if "Partages" in book.sheetnames else []
    assert {(row[0], row[1], row[3]): row[4] for row in cuts if str(row[3])[:5] != "hors_"} == {
        (cut["couche"], cut["cle"], part["code"]): part["valeur"] for cut in report["partages"] for part in cut["parts"]
    }
    sources = list(book["Sources"].iter_rows(min_row=2, values_only=True))
    assert {row[0] for row in sources if row[0]} == {line["couche"] for line in lines(report)} | {"commune"}
    assert all(row[3] for row in sources if row[0]), "a licence each"
    read_me = {row[0]: row[1] for row in book["Lisez-moi"].iter_rows(min_row=2, values_only=True)}
    assert read_me["Page de l'atlas"] == f"/territoires/{path}"
    assert re.fullmatch(r"\d\d/\d\d/\d{4}", str(read_me["Données au"]))
    assert (report["avertissement"] or "") in str(read_me["Attention"])


def shown(value: dict[str, Any]) -> str:
    """Write a stated figure as a page does: once more, from the JSON alone."""
    return squeeze(f"{french.nombre(value['valeur'])} {french.accorde(value['valeur'], value['unite'])}")


@pytest.mark.parametrize("path", UNITS)
@pytest.mark.parametrize("fixture", ["reader", "reader_with_contours", "gridded"])
def test_page_and_file_say_what_json_says(
    request: pytest.FixtureRequest, read_page: Read, fixture: str, path: str
) -> None:
    client: FlaskClient = request.getfixturevalue(fixture)
    report = fetch(client, path)
    whole = {(value["couche"], value["mesure"]): value for value in report["ensemble"]["mesures"]}
    for address in (path, f"{path}.html"):
        html = get(client, address).decode()
        told = read_measures(html)
        rows = [[squeeze(cell) for cell in row] for row in read_page(html).rows]
        for value in report["unites"][0]["mesures"]:
            total = whole[value["couche"], value["mesure"]]
            if value["declare"]:
                found = [row for row in rows if row[0] == squeeze(value["libelle"]) and row[1].startswith(shown(value))]
                assert any(squeeze(value["source"]) in row[-1] for row in found), (address, value)
            elif "encore vide" not in (total["indisponible"] or ""):
                line = told.pop(value["libelle"])
                for cell, figure in zip(line.cells, (value, total), strict=report["decoupage"] != "territoire"):
                    assert line.shows(cell, figure), (address, figure)
                assert line.rule == plain(value["regle"])
                assert line.cites(value), (address, value)
        assert told == {}, address


@pytest.mark.parametrize("decoupage", TABLES)
def test_comparison_page_and_file_say_what_json_says(
    reader_with_contours: FlaskClient, read_page: Read, decoupage: str
) -> None:
    report = fetch(reader_with_contours, decoupage)
    for address in (decoupage, f"{decoupage}.html"):
        rows = read_page(get(reader_with_contours, address).decode()).rows
        for unit in report["unites"]:
            cells = Counter(squeeze(cell) for row in rows if row[0].strip() == unit["nom"] for cell in row[1:])
            wanted = Counter(squeeze(french.nombre(v["valeur"])) for v in unit["mesures"] if v["valeur"] is not None)
            assert wanted - cells == Counter(), (address, unit["nom"])


def test_a_distribution_has_one_citation_that_says_its_classes(gridded: FlaskClient) -> None:
    html = get(gridded, "bassin/bassin_minier").decode()
    values = {value["libelle"]: value for value in fetch(gridded, "bassin/bassin_minier")["unites"][0]["mesures"]}
    (line,) = [
        line for line in map(plain, re.findall(r'<p class="citation-texte">(.*?)</p>', html, re.DOTALL))
        if line.startswith("Grille de densité, ")
    ]  # fmt: skip
    for label in ("Petites villes", "Bourgs ruraux", "communes sans donnée"):
        value = values[f"Grille de densité : {label}"]
        assert value["valeur"]
        assert f"{label}, {value['valeur']} communes ;" in line
    assert "; aucune dans les autres classes (communes par valeur de « niveau_densite »" in line
    assert f"Source : {value['source']}, millésime {value['millesime']}. Atlas" in line


# --- answers -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["bassin", "bassin/ostrevent"])
def test_each_form_is_a_file_with_its_type_its_name_and_its_version(
    reader_with_contours: FlaskClient, path: str
) -> None:
    client, versions = reader_with_contours, set()
    for extension, content_type in TYPES.items():
        address = f"/territoires/{path}.{extension}"
        answer = client.get(address)
        assert answer.headers["Content-Type"] == content_type
        assert int(answer.headers["Content-Length"]) == len(answer.data) > 1000
        if extension != "json":
            name = f"territoires_{path.replace('/', '_')}.{extension}"
            assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}"'
        assert client.get(address, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
        if extension != "pdf" or path == "bassin":  # both are printed by the same hand
            assert client.get(address).data == answer.data, "the same revision, the same bytes"
        assert client.get(f"{address}?annee=2020").status_code == 400
        versions.add(answer.headers["ETag"])
    assert len(versions) == len(TYPES), "a version each"


@pytest.mark.parametrize("extension", ["xlsx", "pdf", "html"])
@pytest.mark.parametrize("path", ["canton", "canton/1", "bassin/hainaut", "commune/75056", "qpv\x00"])
def test_unknown_is_404_with_a_sentence(reader: FlaskClient, path: str, extension: str) -> None:
    response = reader.get(f"/territoires/{path}.{extension}")
    assert response.status_code == 404
    assert response.get_json()["detail"].endswith(".")


def test_a_change_makes_another_file(client: FlaskClient, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webmap.web.documents.build_pdf", lambda page, _css, _wanted: page.encode())
    addresses = [f"/territoires/bassin/ostrevent.{extension}" for extension in ("xlsx", "pdf", "html")]
    before = [client.get(address) for address in addresses]
    with database.owner() as connection:
        connection.execute("UPDATE pub.bassin SET nom = 'Ostrevent nouveau' WHERE code = 'ostrevent'")
    for address, old in zip(addresses, before, strict=True):
        new = client.get(address, headers={"If-None-Match": old.headers["ETag"]})
        assert (new.status_code, new.data == old.data) == (200, False)


def test_the_file_is_for_the_measure_asked(reader_with_contours: FlaskClient) -> None:
    asked = "?mesure=commune:population_municipale&tri=nom"
    assert b"Population municipale" in get(reader_with_contours, f"bassin.html{asked}")
    assert get(reader_with_contours, f"bassin.html{asked}") != get(reader_with_contours, "bassin.html")
    assert reader_with_contours.get("/territoires/bassin.pdf?mesure=x").status_code == 400


def test_a_printer_that_is_busy_answers_503_in_french(reader: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*_: str) -> bytes:
        raise BusyError("Plusieurs PDF sont déjà en préparation. Réessayez dans un instant.")

    monkeypatch.setattr("webmap.web.documents.build_pdf", busy)
    response = reader.get("/territoires/bassin/ostrevent.pdf", headers={"Accept": "text/html"})
    assert response.status_code == 503
    assert response.headers["Retry-After"] == "5"
    assert "Trop de demandes à la fois" in response.text
    assert "déjà en préparation" in response.text
    assert "Base de données" not in response.text
