"""The geocoder: what it says of addresses, and what who types never waits for."""

from __future__ import annotations

import json
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.importing.official_server import Answer, official_server
from webmap.config import Geocodage
from webmap.importing import geocodage
from webmap.importing.geocodage import Geocoder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.importing.official_server import OfficialServer

EXTENT = (3.2, 50.2, 3.6, 50.6)
COMMUNES = {"59172": "Denain"}


def feature(label: str, citycode: str | None = "59172", **told: object) -> dict[str, Any]:
    return {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [3.39, 50.33]},
        "properties": {
            "label": label, "citycode": citycode, "type": "street", "postcode": "59220", "city": "Denain", **told,
        },
    }  # fmt: skip


def collection(*features: object) -> Answer:
    return Answer(json.dumps({"type": "FeatureCollection", "features": features}).encode())


@pytest.fixture
def server() -> Iterator[OfficialServer]:
    with official_server() as found:
        yield found


def geocoder(url: str) -> Geocoder:
    return Geocoder(Geocodage(url=url, attribution="Essai"), EXTENT)


def test_addresses_of_the_territory_say_what_they_are(server: OfficialServer) -> None:
    url = server.serve(
        "/search",
        collection(
            feature("Rue X 59220 Denain"), feature("Rue X 75001 Paris", "75101"), feature("1 Rue X", type="housenumber")
        ),
    )
    found, missing = geocoder(url).search("rue x & y", COMMUNES)
    assert missing is None
    assert [(each.nom, each.nature, each.detail) for each in found] == [
        ("Rue X 59220 Denain", "voie", "59220 Denain"),
        ("1 Rue X", "adresse", "59220 Denain"),
    ]
    assert server.seen[0].params["q"] == "rue x & y"


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"[]", b'{"features": 3}', b"[" * 5000, b"x" * 300_000],
    ids=["empty", "page", "list", "number", "deep", "long"],
)
def test_what_is_not_geocodejson_silences_it(server: OfficialServer, body: bytes) -> None:
    service = geocoder(server.serve("/search", Answer(body)))
    for _ in range(3):
        found, missing = service.search("rue", COMMUNES)
        assert found == []
        assert missing
        assert missing.startswith("Adresses indisponibles")
    assert len(server.seen) == 1


def test_features_that_are_not_addresses_are_left_out(server: OfficialServer) -> None:
    strange: list[object] = [None, 3, {}, feature("x") | {"geometry": None}, feature("x", citycode=None)]
    strange += [feature("x") | {"geometry": {"type": "Point", "coordinates": [900, 50]}}, feature("la bonne")]
    found, missing = geocoder(server.serve("/search", collection(*strange))).search("x", COMMUNES)
    assert ([each.nom for each in found], missing) == (["la bonne"], None)


def test_a_service_that_hangs_is_left_in_two_seconds_then_at_once(
    server: OfficialServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert geocodage._SECONDS == 2
    monkeypatch.setattr(geocodage, "_SECONDS", 0.1)
    gate, hung = threading.Event(), []

    def hang(_: object) -> Answer:
        hung.append(gate.wait(120))
        return collection()

    service = geocoder(server.serve_by("/search", hang))
    assert service.search("rue", COMMUNES)[1]
    assert service.search("rue", COMMUNES)[1]
    assert hung == [], "left while it still says nothing"
    assert len(server.seen) <= 1, "the second time it is not even asked"
    gate.set()


def test_it_is_asked_again_after_a_minute(server: OfficialServer) -> None:
    url = server.serve("/search", Answer(b"", status=429), collection(feature("Rue X")))
    now = [time.monotonic()]
    service = Geocoder(Geocodage(url=url, attribution="Essai"), EXTENT, clock=lambda: now[0])
    assert service.search("rue", COMMUNES)[1]
    now[0] += 59
    assert service.search("rue", COMMUNES)[1]
    now[0] += 2
    assert [each.nom for each in service.search("rue", COMMUNES)[0]] == ["Rue X"]


def test_nobody_at_the_address_is_no_error() -> None:
    assert geocoder("http://127.0.0.1:9/search").search("rue", COMMUNES)[0] == []
