"""`/territoires/….pdf`: what a screen reader hears of it is what the file and the JSON say."""

from __future__ import annotations

import csv
import io
import subprocess
from collections import Counter
from functools import cache
from typing import TYPE_CHECKING

import pytest

from tests.conftest import copied
from tests.web.documents_read import fetch, get, lines, squeeze, workbook
from tests.web.pdf_read import Element, read_structure
from webmap.app import create_app
from webmap.formats.rapport import detach
from webmap.store.schema import upgrade

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from flask.testing import FlaskClient

    from tests.web.conftest import Page
    from webmap.catalog.load import Catalog
    from webmap.config import Settings
    from webmap.store.cluster import Cluster
    from webmap.store.db import Database

    Read = Callable[[str], Page]

HOSTILE = '=HYPERLINK("http://x") <script>alert(1)</script> \u202e\u0645\u0631\u062d\u0628\u0627 ' + "x" * 10_000


def poppler_structure(path: Path) -> list[Element]:
    said = subprocess.run(["pdfinfo", "-struct-text", path], capture_output=True, check=True, text=True).stdout
    found: list[Element] = []
    for line in said.splitlines():
        bare = line.strip()
        if bare.startswith('"'):
            found[-1][2].append(bare.removeprefix('"').removesuffix('"'))
        elif bare and not bare.startswith(("/", "Span")):
            found.append(((len(line) - len(line.lstrip())) // 2, bare.split()[0].removesuffix(":"), []))
    return found


def spoken(structure: list[Element]) -> str:
    return squeeze("".join(text for _, _, texts in structure for text in texts))


def pdf_rows(structure: list[Element]) -> Counter[tuple[str, ...]]:
    """Rows of cells, those of headers left out (they are repeated on each page)."""
    rows: list[list[str]] = []
    inside = -1  # depth of the open cell
    for depth, kind, texts in structure:
        if kind == "TR":
            rows.append([])
        if kind in {"TH", "TD"}:
            rows[-1].append("")
            inside = depth
        elif depth <= inside:
            inside = -1
        if inside >= 0:
            rows[-1][-1] += "".join(texts)
    return Counter(tuple(map(squeeze, row)) for row in rows if row and not _header(row))


def page_rows(page: Page) -> Counter[tuple[str, ...]]:
    return Counter(tuple(map(squeeze, row)) for row in page.rows if row and not _header(row))


def _header(row: list[str]) -> bool:
    return squeeze(row[0]) in {"Mesure", "Classe", "Unité", "Couche", "Chiffre", "N°", "Élément", "Objet"} or squeeze(row[-1]) in {
        "Règleetsource", "Couches", "Part", "Ensemble", "Rang",
    }  # fmt: skip


# --- the same values ---------------------------------------------------------------------------------------------


# A unit of each kind, two tables.
PRINTED = [
    ("gridded", "bassin/amandinois"),
    ("reader", "commune/59172"),
    ("reader_with_contours", "territoire/200042190"),
    ("reader_with_contours", "bassin"),
    ("reader_with_contours", "equipe"),
]


@pytest.fixture(scope="module")
def printed() -> Callable[[FlaskClient, str], bytes]:
    """Return a function that prints an address, once for all who read it."""
    return cache(lambda client, path: get(client, f"{path}.pdf"))


@pytest.mark.parametrize(("fixture", "path"), PRINTED)
def test_pdf_says_what_the_file_says(
    request: pytest.FixtureRequest,
    read_page: Read,
    printed: Callable[[FlaskClient, str], bytes],
    fixture: str,
    path: str,
) -> None:
    client: FlaskClient = request.getfixturevalue(fixture)
    html = get(client, f"{path}.html").decode()
    page = read_page(detach(html, "citation"))
    structure = read_structure(printed(client, path))
    expected, found = page_rows(page), pdf_rows(structure)
    assert expected
    assert expected - found == Counter()
    assert found - expected == Counter()
    everything = spoken(structure)
    report = fetch(client, path)
    for unit in report["unites"]:
        assert squeeze(unit["nom"]) in everything
    if report["avertissement"]:
        assert squeeze(report["avertissement"]) in everything
    if fixture == "gridded":  # each distribution is a table
        assert html.count('<table class="repartition">') == 3
        assert [row for row in found if row[0] == "Petitesvilles" and len(row) == 3]
    if fixture == "reader":
        assert [row for row in found if "indisponible(contoursnonchargés)" in row]


# --- hostile and empty -------------------------------------------------------------------------------------------


def test_the_structure_is_that_which_poppler_hears(
    reader_with_contours: FlaskClient, printed: Callable[[FlaskClient, str], bytes], tmp_path: Path
) -> None:
    path = tmp_path / "equipe.pdf"
    path.write_bytes(printed(reader_with_contours, "equipe"))
    heard, found = poppler_structure(path), read_structure(path.read_bytes())
    assert [(depth, kind) for depth, kind, _ in found] == [(depth, kind) for depth, kind, _ in heard]
    assert [squeeze("".join(texts)) for *_, texts in found] == [squeeze("".join(texts)) for *_, texts in heard]


@pytest.fixture
def hostile(client: FlaskClient, database: Database) -> FlaskClient:
    """Give a unit, and a place in it, a name that attacks whatever it is written in."""
    with database.owner() as connection:
        connection.execute("UPDATE pub.bassin SET nom = %s WHERE code = 'ostrevent'", [HOSTILE])
        connection.execute("UPDATE pub.espace_nature SET nom = %s", [HOSTILE])
    return client


def test_hostile_names_break_no_form(hostile: FlaskClient, read_page: Read) -> None:
    for path in ("bassin", "bassin/ostrevent"):
        assert HOSTILE in {unit["nom"] for unit in fetch(hostile, path)["unites"]}
        told = list(csv.DictReader(io.StringIO(get(hostile, f"{path}.csv").decode())))
        assert "'" + HOSTILE in {row["nom"] for row in told}
        cells = [cell for sheet in workbook(hostile, path) for row in sheet.iter_rows() for cell in row]
        assert HOSTILE in {cell.value for cell in cells}
        assert not [cell for cell in cells if cell.data_type == "f" or cell.hyperlink]
        page = read_page(get(hostile, f"{path}.html").decode())
        assert page.count("script") == 0
        assert "<script>alert(1)</script>" in page.text
    # One printing: the sheet is what the page is made into, whichever the page.
    assert "<script>alert(1)</script>" in spoken(read_structure(get(hostile, "bassin.pdf")))


@pytest.fixture(scope="module")
def empty(cluster: Cluster, settings: Settings, catalog: Catalog) -> Iterator[FlaskClient]:
    """Return a client for tests that only read, of an atlas whose tables are made, and hold nothing."""
    with copied(cluster, None) as database:
        upgrade(database, catalog, settings)
        yield create_app(settings, database).test_client()


@pytest.mark.parametrize("path", ["bassin", "commune", "territoire", "territoire/200042190"])
def test_an_empty_atlas_has_every_form_and_no_figure(empty: FlaskClient, path: str) -> None:
    report = fetch(empty, path)
    counted = [line for line in lines(report) if not line["declare"] and line["couche"] != "commune"]
    assert [line["valeur"] for line in counted if line["valeur"] is not None] == []
    sheet = workbook(empty, path)["Chiffres"]
    assert sheet.max_row == 1 + len(lines(report))
    assert get(empty, f"{path}.csv").count(b"\r\n") == 1 + len(lines(report))
    if not report["unites"]:
        for address in (path, f"{path}.html", f"{path}.pdf"):
            response = empty.get(f"/territoires/{address}")
            assert (response.status_code, "n'a encore aucune unité" in response.text) == (404, True)
        return
    assert b"<h1" in get(empty, f"{path}.html")
    assert [kind for _, kind, _ in read_structure(get(empty, f"{path}.pdf")) if kind == "H1"]
