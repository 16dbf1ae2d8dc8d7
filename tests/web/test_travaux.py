"""What the page gives up, the server gives up: files, standalone maps, PDFs."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from webmap.web import presence

if TYPE_CHECKING:
    from pathlib import Path

    from flask.testing import FlaskClient

JETON = "0123456789abcdef" * 2


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(presence, "_folder", lambda: tmp_path / "abandons")
    return tmp_path / "abandons"


@pytest.mark.parametrize(
    "address",
    [
        "/exports/commune.xlsx",
        "/exports/paquet.gpkg?couches=commune,gare",
        "/cartes/ostrevent.html",
        "/territoires/bassin/ostrevent.pdf",
    ],
)
def test_a_file_given_up_is_not_made(reader: FlaskClient, address: str) -> None:
    assert reader.post(f"/travaux/{JETON}").status_code == 204
    stopped = reader.get(address, headers={"Travail": JETON})
    assert (stopped.status_code, stopped.get_json()["code"]) == (408, "client_parti")
    with reader.get(address, headers={"Travail": JETON[::-1]}) as response:
        assert response.status_code == 200


def test_only_a_token_is_noted_and_only_so_many(
    reader: FlaskClient, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("..%2F..%2Fx", JETON.upper(), JETON[:-1], f"{JETON}0"):
        assert reader.post(f"/travaux/{name}").status_code == 404
    read = reader.get(f"/travaux/{JETON}")
    assert (read.status_code, "POST" in read.get_json()["detail"], "GET" in read.get_json()["detail"]) == (
        405,
        True,
        False,
    )
    assert not folder.exists()
    monkeypatch.setattr(presence, "_MOST_KEPT", 2)
    answers = [reader.post(f"/travaux/{digit * 32}").status_code for digit in "012"]
    assert answers == [204, 204, 503]
    for path in folder.iterdir():
        os.utime(path, (0, 0))
    assert reader.post(f"/travaux/{'3' * 32}").status_code == 204
    assert [path.name for path in folder.iterdir()] == ["3" * 32]  # the old ones are swept
