"""From a downloaded file to features: properties as text, a geometry, one at a time where the format allows it."""

from __future__ import annotations

import csv
import fnmatch
import io
import json
import zipfile
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

from webmap.errors import ImportRefusedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from webmap.catalog.connector import Connector

_MAX_UNZIPPED = 1_000_000_000  # bytes; the national QPV file unzips to a few tens of millions
_MAX_RATIO = 200  # a text compresses ten times, a bomb a thousand
_JSON_WORDS = {True: "true", False: "false"}


@dataclass(frozen=True)
class Feature:
    """One object of a source: its properties as text (None where null) and its geometry as GeoJSON text, WGS84."""

    properties: Mapping[str, str | None]
    geometry: str | None
    swapped: bool = False


def read_features(connector: Connector, paths: Iterable[Path]) -> Iterator[Feature]:
    """Yield the features of one or several files of a connector. Raises ImportRefusedError naming the fault."""
    readers = {"geojson": _read_geojson, "wfs": _read_geojson, "zip": _read_zip, "csv": _read_csv}
    for path in paths:
        yield from readers[connector.format](connector, path)


def count_features(path: Path) -> tuple[int, list[str]]:
    """Return how many features a WFS page holds, and their ids, by which a server that serves the same page for ever is caught."""
    features = _parse(path.read_bytes(), path.name)
    return len(features), [
        json.dumps([f.get("id"), f.get("properties")], sort_keys=True, default=str) for f in features
    ]


def _read_geojson(connector: Connector, path: Path) -> Iterator[Feature]:
    yield from _features(connector, path.read_bytes(), path.name)


def _read_zip(connector: Connector, path: Path) -> Iterator[Feature]:
    try:
        with zipfile.ZipFile(path) as archive:
            found = [info for info in archive.infolist() if fnmatch.fnmatchcase(info.filename, connector.entry or "")]
            if len(found) != 1:
                msg = f"{path.name} : {len(found)} fichiers répondent à « {connector.entry} », attendu un seul."
                raise ImportRefusedError(msg, [info.filename for info in archive.infolist()[:20]])
            size, packed = found[0].file_size, max(found[0].compress_size, 1)
            if size > _MAX_UNZIPPED or size / packed > _MAX_RATIO:
                raise ImportRefusedError(f"{path.name} : « {found[0].filename} » est trop gros une fois décompressé.")
            content = archive.read(found[0])
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, OSError) as error:
        raise ImportRefusedError(f"{path.name} n'est pas un ZIP complet ({error}).") from error
    yield from _features(connector, content, f"{path.name}, {found[0].filename}")


def _parse(content: bytes, name: str) -> list[dict[str, Any]]:
    try:
        collection = json.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise ImportRefusedError(f"{name} n'est plus en UTF-8 : la source a changé d'encodage.") from error
    except (json.JSONDecodeError, RecursionError) as error:
        raise ImportRefusedError(f"{name} n'est pas du JSON complet ({error}).") from error
    features = collection.get("features") if isinstance(collection, dict) else None
    if not isinstance(features, list) or not all(isinstance(feature, dict) for feature in features):
        raise ImportRefusedError(f"{name} n'est pas une FeatureCollection GeoJSON : la source a changé de forme.")
    return features


def _features(connector: Connector, content: bytes, name: str) -> Iterator[Feature]:
    features = _parse(content, name)
    if features:
        _require_columns(connector, features[0].get("properties") or {}, name)
    for feature in features:
        properties = feature.get("properties") or {}
        geometry = feature.get("geometry")
        yield Feature(
            {key: _text(value) for key, value in properties.items()}, json.dumps(geometry) if geometry else None
        )


def _text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return _JSON_WORDS[value]
    return json.dumps(value, ensure_ascii=False)


def _require_columns(connector: Connector, present: Iterable[str], name: str) -> None:
    wanted = {connector.key, *connector.columns.values(), *connector.compare.values()} | (
        {connector.point} if connector.point else set()
    )
    missing = sorted(wanted - set(present))
    if missing:
        msg = f"{name} n'a plus la colonne {', '.join(missing)} : la source a changé, la couche reste comme elle était."
        raise ImportRefusedError(msg)


def _read_csv(connector: Connector, path: Path) -> Iterator[Feature]:
    """Read a CSV line by line: memory does not grow with the file. Comma or semicolon, told by the header."""
    with path.open("rb") as raw:
        yield from _read_rows(connector, raw, path.name)


def _read_rows(connector: Connector, raw: IO[bytes], name: str) -> Iterator[Feature]:
    text = io.TextIOWrapper(raw, encoding="utf-8-sig", newline="")
    try:
        header = text.readline()
        delimiter = ";" if header.count(";") > header.count(",") else ","
        names = next(csv.reader([header], delimiter=delimiter), [])
        _require_columns(connector, names, name)
        for number, row in enumerate(csv.DictReader(text, names, delimiter=delimiter, restkey="…", strict=True), 2):
            if "…" in row or None in row.values():
                raise ImportRefusedError(f"{name}, ligne {number} : nombre de cellules différent de l'en-tête.")
            geometry, swapped = parse_point(row[connector.point or ""])
            yield Feature(row, geometry, swapped)
    except UnicodeDecodeError as error:
        raise ImportRefusedError(f"{name} n'est plus en UTF-8 : la source a changé d'encodage.") from error
    except csv.Error as error:
        raise ImportRefusedError(f"{name} n'est pas un CSV bien formé ({error}).") from error
    finally:
        text.detach()


# Metropolitan France, the box the national consolidation itself uses to tell longitude from latitude
# (etalab/transport-site, irve/coordinate_correction.ex).
_LONGITUDES, _LATITUDES = (-5.5, 9.7), (41.0, 51.5)


def parse_point(text: str | None) -> tuple[str | None, bool]:
    """Read « [lon, lat] » into a GeoJSON point, and whether the two had to be put back in order.

    (None, False) when the text is no pair of numbers; a pair that is in France neither way is left as it is.
    """
    try:
        x, y = (float(part) for part in (text or "").strip().strip("[]").split(","))
    except ValueError:
        return None, False
    swapped = not _in_france(x, y) and _in_france(y, x)
    lon, lat = (y, x) if swapped else (x, y)
    if not (abs(lon) <= 180 and abs(lat) <= 90):  # noqa: PLR2004 - the range of degrees; also refuses NaN
        return None, False
    return json.dumps({"type": "Point", "coordinates": [lon, lat]}), swapped


def _in_france(lon: float, lat: float) -> bool:
    return _LONGITUDES[0] <= lon <= _LONGITUDES[1] and _LATITUDES[0] <= lat <= _LATITUDES[1]
