"""The summaries of `/territoires/…` as their tests read them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    Report = dict[str, Any]

DECOUPAGES = ("bassin", "equipe", "bv2022", "commune", "territoire")


def get(client: FlaskClient, decoupage: str) -> Report:
    response = client.get(f"/territoires/{decoupage}.json")
    assert response.status_code == 200
    report: Report = json.loads(response.text, parse_constant=pytest.fail)  # NaN is no JSON
    return report


def values(unit: Report) -> dict[tuple[str, str], Report]:
    return {(v["couche"], v["mesure"]): v for v in unit["mesures"]}
