"""The comparison page, as its tests read it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tests.web.conftest import Page

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    Report = dict[str, Any]
    Table = tuple[list[str], list[list[str]]]


def squeeze(text: str) -> str:
    return re.sub(r"[ \n\t\r]+", " ", text).strip()


def tables(page: Page) -> list[Table]:
    """Header and rows of each table of the page, in order."""
    found: list[Table] = []
    for row in page.rows:
        cells = [squeeze(cell) for cell in row]
        if cells[0] in {"Unité", "N°"}:
            found.append((cells, []))
        else:
            found[-1][1].append(cells)
    return found


def values(part: Report) -> dict[tuple[str, str], Report]:
    return {(value["couche"], value["mesure"]): value for value in part["mesures"] if not value["declare"]}


def drawn(page: Page, tag: str, **wanted: str) -> list[dict[str, str | None]]:
    """Return the elements of a name with these attributes."""
    return [
        attributes
        for name, attributes in page.tags
        if name == tag and all(attributes.get(key) == value for key, value in wanted.items())
    ]


def read(client: FlaskClient, path: str) -> Page:
    """Ask for a page of `/territoires/` and read it."""
    response = client.get(f"/territoires/{path}")
    assert response.status_code == 200, response.text
    return Page(response.text)
