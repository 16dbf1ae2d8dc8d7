"""The five forms of a zone (a QPV, a polygon): the same figures on the page, in JSON, XLSX, CSV, HTML and in the PDF's text."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest

from tests.conftest import copied
from tests.web.documents_read import get, squeeze
from tests.web.measures_read import plain, read_measures
from tests.web.pdf_read import read_structure
from webmap.app import create_app
from webmap.web import french

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask.testing import FlaskClient

    from webmap.config import Settings
    from webmap.store.cluster import Cluster

FORMS = ("json", "csv", "xlsx", "pdf", "html")
SQUARE = "?wkt=POLYGON((3.3%2050.3,3.5%2050.3,3.5%2050.4,3.3%2050.4,3.3%2050.3))"
PLACED = ["QN05950M", "QN05952M"]  # the QPV that get a perimeter of our own
POSTED = {"wkt": "POLYGON((3.3 50.3,3.5 50.3,3.5 50.4,3.3 50.4,3.3 50.3))"}


@pytest.fixture(scope="module")
def zoned(settings: Settings, cluster: Cluster, contoured: str) -> Iterator[FlaskClient]:
    """Return a client for tests that only read, of an atlas where two QPV have a perimeter, the others none."""
    with copied(cluster, contoured) as database:
        with database.owner() as connection:
            for rank, code in enumerate(PLACED):
                west = 3.3 + 0.03 * rank
                connection.execute(
                    "UPDATE pub.qpv SET precision = 'exacte', geom ="
                    " ST_Multi(ST_Transform(ST_MakeEnvelope(%s, 50.32, %s, 50.36, 4326), 2154)) WHERE code_qp = %s",
                    [west, west + 0.03, code],
                )
        yield create_app(settings, database).test_client()


def read_pdf(body: bytes) -> str:
    return squeeze("".join(text for *_, texts in read_structure(body) for text in texts))


def written(value: dict[str, Any]) -> str:
    return squeeze(f"{french.nombre(value['valeur'])} {french.accorde(value['valeur'], value['unite'])}")


@pytest.mark.parametrize(
    ("path", "query"), [("qpv/QN05950M", ""), ("polygone", SQUARE), ("polygone", "?communes=59172,59491")]
)
def test_each_form_of_a_zone_says_what_json_says(zoned: FlaskClient, path: str, query: str) -> None:
    report = zoned.get(f"/territoires/{path}.json{query}").get_json()
    [unit] = report["unites"]
    values = [value for value in unit["mesures"] if value["valeur"] is not None]
    missing = [value for value in unit["mesures"] if value["indisponible"] and value["borne_min"] is None]
    assert any(value["valeur"] for value in values)
    told_in_pdf = read_pdf(get(zoned, f"{path}.pdf{query}"))
    for address in (f"{path}{query}", f"{path}.html{query}"):
        html = get(zoned, address).decode()
        told, text = read_measures(html), plain(html)
        for value in values:
            assert told[value["libelle"]].shows(told[value["libelle"]].cells[0], value), (address, value)
            assert told[value["libelle"]].rule == plain(value["regle"])
            assert told[value["libelle"]].cites(value)
            assert squeeze(value["libelle"]) in told_in_pdf
            assert written(value) in told_in_pdf, value
        for value in missing:
            reason = value["indisponible"]
            assert "encore vide" in reason or reason in text, value
        assert text.count("Chiffres clés") == 1
        caption = re.search(r'<p id="plan-mots">(.*?)</p>', html)
        assert caption
        assert "d'ouest en est" in plain(caption[1])
        assert squeeze(plain(caption[1])) in told_in_pdf
        for source in {value["source"].split(" ; ")[0] for value in values}:
            assert source in text
    sheet = openpyxl.load_workbook(io.BytesIO(get(zoned, f"{path}.xlsx{query}")))["Chiffres"]
    head, *rows = sheet.iter_rows(values_only=True)
    cells = {
        (row["couche"], row["mesure"]): row["valeur"]
        for row in (dict(zip(head, row, strict=True)) for row in rows[: len(unit["mesures"])])
    }
    lines = list(csv.DictReader(io.StringIO(get(zoned, f"{path}.csv{query}").decode())))
    for value, line in zip(unit["mesures"], lines, strict=False):
        cell = cells[value["couche"], value["mesure"]]
        assert cell == (value["valeur"] and pytest.approx(value["valeur"], rel=1e-14)), value
        assert line["valeur"] == ("" if value["valeur"] is None else str(value["valeur"]))


def test_zones_side_by_side_say_what_json_says(zoned: FlaskClient) -> None:
    report = zoned.get("/territoires/qpv.json").get_json()
    pages = [plain(get(zoned, path).decode()) for path in ("qpv", "qpv.html")]
    told_in_pdf = read_pdf(get(zoned, "qpv.pdf"))
    for unit in report["unites"]:
        assert squeeze(unit["nom"]) in told_in_pdf
        for value in unit["mesures"] if unit["code"] in PLACED else []:
            if value["valeur"] is not None:
                assert all(f"{french.nombre(value['valeur'])} " in page.replace("\u00a0", " ") for page in pages)
                assert written(value) in told_in_pdf, value


def test_a_zone_without_a_perimeter_says_so_in_each_form(reader_with_contours: FlaskClient) -> None:
    for path in ("qpv", "qpv/QN05950M"):
        assert "érimètre inconnu" in get(reader_with_contours, path).decode()
        assert "érimètre inconnu" in get(reader_with_contours, f"{path}.html").decode()
        assert "érimètreinconnu" in read_pdf(get(reader_with_contours, f"{path}.pdf"))


def test_a_polygon_too_long_for_an_address_has_its_files_by_post(zoned: FlaskClient) -> None:
    asked = get(zoned, f"polygone.html{SQUARE}")
    answer = zoned.post("/territoires/polygone.html", data=POSTED)
    assert answer.status_code == 200
    assert read_measures(answer.text) == read_measures(asked.decode())
    printed = zoned.post("/territoires/polygone.pdf", data=POSTED)
    assert (printed.status_code, printed.mimetype, printed.data[:5]) == (200, "application/pdf", b"%PDF-")


@pytest.mark.parametrize("form", FORMS)
def test_an_unknown_zone_or_a_bad_polygon_is_refused_in_each_form(reader: FlaskClient, form: str) -> None:
    assert reader.get(f"/territoires/qpv/nulle-part.{form}").status_code == 404
    crossed = reader.get(
        f"/territoires/polygone.{form}?wkt=POLYGON((3.4%2050.3,3.5%2050.4,3.5%2050.3,3.4%2050.4,3.4%2050.3))"
    )
    assert crossed.status_code == 422
    assert reader.get(f"/territoires/polygone.{form}").status_code == 400
