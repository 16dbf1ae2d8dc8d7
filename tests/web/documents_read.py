"""A document of `/territoires/…` in each of its forms, as its tests read it."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Any

import openpyxl

if TYPE_CHECKING:
    from flask.testing import FlaskClient
    from openpyxl.workbook import Workbook


def get(client: FlaskClient, path: str) -> bytes:
    response = client.get(f"/territoires/{path}")
    assert response.status_code == 200, response.text[:300]
    body: bytes = response.data
    return body


def fetch(client: FlaskClient, path: str) -> dict[str, Any]:
    found: dict[str, Any] = client.get(f"/territoires/{path}.json").get_json()
    return found


def lines(report: dict[str, Any]) -> list[dict[str, Any]]:
    """Every value of a JSON, with its unit, and those of the whole after: the lines of the CSV and of the workbook."""
    parts = [(report["decoupage"], unit) for unit in report["unites"]]
    if report["decoupage"] != "territoire":
        parts.append(("territoire", report["ensemble"]))
    return [{"decoupage": d, **unit, **value} for d, unit in parts for value in unit["mesures"]]


def workbook(client: FlaskClient, path: str) -> Workbook:
    return openpyxl.load_workbook(io.BytesIO(get(client, f"{path}.xlsx")))


def squeeze(text: str) -> str:
    """Drop blanks, which a line of print moves, and the two words a style sheet adds."""
    return re.sub(r"\s", "", text).replace("Règle:", "").replace("Source:", "")
