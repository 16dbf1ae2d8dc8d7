"""Addresses, asked of the geocoder that `webmap.toml` names: bounded, and silent for a while after it failed.

What comes back is GeocodeJSON, a GeoJSON whose properties include `label`, `type`, `citycode`, `postcode`
(https://github.com/geocoders/geocodejson-spec), as the Géoplateforme and Addok answer.
"""

from __future__ import annotations

import json
import math
import threading
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from webmap.importing.remote import SourceError
from webmap.importing.transport import Countdown, Pace, RetryableError, open_url

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from webmap.config import Geocodage
    from webmap.geo.bbox import Bbox

_SECONDS = 2.0  # for one request, name lookup included: who types does not wait longer
_SILENCE = 60.0  # seconds without asking after a failure
_AT_ONCE = 4  # a worker's threads are for the atlas first
_MAX_BYTES = 200_000
_ASKED, _KEPT = 20, 6  # the service knows the whole country, the atlas one territory
_LONGEST = 120
_OK = 200
_NATURES = {
    "housenumber": "adresse",
    "street": "voie",
    "locality": "lieu-dit",
    "municipality": "commune",
}
_ABSENT = "Adresses indisponibles : leur service ne répond pas."


@dataclass(frozen=True)
class Address:
    """A place the geocoder knows: WGS84 degrees, `nature` is a French word."""

    nom: str
    nature: str
    detail: str
    lon: float
    lat: float


class Geocoder:
    """The geocoder of a deployment, for one worker. Thread-safe."""

    def __init__(self, service: Geocodage, extent: Bbox, clock: Callable[[], float] = time.monotonic) -> None:
        """`extent`, in degrees: its middle is what results are preferred near."""
        self.attribution = service.attribution
        self._url = service.url
        self._near = ((extent[0] + extent[2]) / 2, (extent[1] + extent[3]) / 2)
        self._pace = replace(Pace(), connect=_SECONDS, read=_SECONDS, clock=clock)
        self._clock = clock
        self._silent_until = -math.inf
        self._turns = threading.BoundedSemaphore(_AT_ONCE)

    def search(self, text: str, communes: Mapping[str, str]) -> tuple[list[Address], str | None]:
        """Return the addresses in `communes` (INSEE code -> name) for `text`, and why there are none when the service is away.

        Never raises, never lasts more than two seconds; at once while the service is known to be away.
        """
        if self._clock() < self._silent_until or not self._turns.acquire(blocking=False):
            return [], _ABSENT
        try:
            return _read(self._ask(text), communes), None
        except (RetryableError, SourceError, ValueError, RecursionError):
            self._silent_until = self._clock() + _SILENCE
            return [], _ABSENT
        finally:
            self._turns.release()

    def _ask(self, text: str) -> bytes:
        lon, lat = self._near
        query = urlencode({"q": text, "index": "address", "limit": _ASKED, "autocomplete": 1, "lon": lon, "lat": lat})
        countdown = Countdown(_SECONDS, self._clock)
        headers = {"Accept": "application/json", "User-Agent": "webmap"}
        received = bytearray()
        with open_url(f"{self._url}?{query}", headers, countdown, self._pace) as response:
            if response.status != _OK:
                raise RetryableError(f"{response.host} répond {response.status}")
            while block := response.read(65_536):
                received += block
                if len(received) > _MAX_BYTES:
                    raise RetryableError(f"{response.host} répond trop long")
        return bytes(received)


def _read(body: bytes, communes: Mapping[str, str]) -> list[Address]:
    """Read GeocodeJSON; what is not an address of these communes is left out. Raises ValueError when it is not one."""
    content = json.loads(body)
    features = content.get("features") if isinstance(content, dict) else None
    if not isinstance(features, list):
        raise ValueError("no list of features")  # noqa: TRY004 - one kind of failure for whatever is not GeocodeJSON
    found = [_address(each, communes) for each in features[:_ASKED]]
    return [each for each in found if each][:_KEPT]


def _address(feature: Any, communes: Mapping[str, str]) -> Address | None:  # noqa: ANN401 - whatever JSON can say
    match feature:
        case {
            "properties": {"label": str(label), "citycode": str(code), **told},
            "geometry": {"type": "Point", "coordinates": [int() | float() as lon, int() | float() as lat, *_]},
        } if code in communes and -180 <= lon <= 180 and -90 <= lat <= 90:  # noqa: PLR2004 - degrees
            nature = _NATURES.get(str(told.get("type")), "adresse")
            place = f"{str(told.get('postcode') or '')[:10]} {communes[code]}".strip()
            return Address(label[:_LONGEST], nature, place, float(lon), float(lat))
    return None
