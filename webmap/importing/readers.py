"""From a downloaded file to features: properties as text, a geometry, one at a time where the format allows it."""

from __future__ import annotations

import csv
import fnmatch
import hashlib
import io
import json
import re
import zipfile
import zlib
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from webmap.errors import ImportRefusedError
from webmap.wording import agree, explain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from webmap.catalog.connector import Connector

_MAX_UNZIPPED = 400_000_000  # bytes; the national QPV file unzips to a few tens of millions
_MAX_RATIO = 200  # a text compresses ten times, a bomb a thousand
_LONGEST_LINE = 1_000_000  # characters
_JSON_WORDS = {True: "true", False: "false"}


class Feature(NamedTuple):
    """One object of a source: its properties as text (None where null) and its geometry, WGS84."""

    properties: Mapping[str, str | None]
    drawn: str | None = None  # GeoJSON text
    point: tuple[float, float] | None = None  # (lon, lat), for a point read from a CSV
    swapped: bool = False
    abroad: bool = False

    @property
    def geometry(self) -> str | None:
        """The geometry as GeoJSON text; a point is written only when it is asked for."""
        if self.point is None:
            return self.drawn
        return f'{{"type": "Point", "coordinates": [{self.point[0]!r}, {self.point[1]!r}]}}'


@dataclass(frozen=True)
class PageContent:
    """What a WFS page holds: its rows, each as a digest, and how many the server says there are in all."""

    rows: tuple[str, ...]
    matched: int | None

    @property
    def digest(self) -> str:
        """Digest of the rows alone: a server writes the hour in each answer."""
        return hashlib.sha256(" ".join(self.rows).encode()).hexdigest()


def read_features(connector: Connector, paths: Iterable[Path]) -> Iterator[Feature]:
    """Yield the features of one or several files of a connector. Raises ImportRefusedError naming the fault."""
    readers = {"geojson": _read_geojson, "wfs": _read_geojson, "zip": _read_zip, "csv": _read_csv}
    for path in paths:
        yield from readers[connector.format](connector, path)


def read_page(path: Path) -> PageContent:
    """Read a WFS page. Ids do not tell rows apart: some servers draw new ones at each request."""
    collection = _parse(path.read_bytes(), path.name)
    rows = tuple(
        hashlib.sha256(json.dumps([f.get("properties"), f.get("geometry")], sort_keys=True).encode()).hexdigest()
        for f in collection["features"]
    )
    matched = collection.get("numberMatched")
    return PageContent(rows, matched if type(matched) is int else None)


def _read_geojson(connector: Connector, path: Path) -> Iterator[Feature]:
    yield from _features(connector, path.read_bytes(), path.name)


def _read_zip(connector: Connector, path: Path) -> Iterator[Feature]:
    try:
        with zipfile.ZipFile(path) as archive:
            found = [
                info
                for info in archive.infolist()
                if fnmatch.fnmatchcase(_named_as(info.filename, connector.entry or ""), connector.entry or "")
                and not info.filename.startswith("__MACOSX/")
            ]
            if len(found) != 1:
                msg = f"{path.name} : {agree(len(found), 'fichier(s) répond(|ent)')} à « {connector.entry} », attendu un seul."
                raise ImportRefusedError(msg, [info.filename for info in archive.infolist()[:20]])
            size, packed = found[0].file_size, max(found[0].compress_size, 1)
            if size > _MAX_UNZIPPED or size / packed > _MAX_RATIO:
                raise ImportRefusedError(f"{path.name} : « {found[0].filename} » est trop gros une fois décompressé.")
            name = f"{path.name}, {found[0].filename}"
            if (connector.entry or "").lower().endswith(".csv"):
                with archive.open(found[0]) as raw:
                    yield from _read_rows(connector, raw, name)
                return
            content = archive.read(found[0])
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError) as error:
        raise ImportRefusedError(f"{path.name} n'est pas un ZIP complet ({explain(error)}).") from error
    yield from _features(connector, content, name)


def _named_as(path: str, pattern: str) -> str:
    """Return what of a path in an archive is compared with a pattern: its name alone when the pattern has no folder."""
    return path if "/" in pattern else path.rpartition("/")[2]


def _parse(content: bytes, name: str) -> dict[str, Any]:
    """Return a FeatureCollection in WGS84, whose `features` are objects."""
    try:
        collection = json.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise ImportRefusedError(f"{name} n'est plus en UTF-8 : la source a changé d'encodage.") from error
    except (ValueError, RecursionError) as error:
        raise ImportRefusedError(f"{name} n'est pas du JSON complet ({explain(error)}).") from error
    features = collection.get("features") if isinstance(collection, dict) else None
    if not isinstance(features, list) or not all(isinstance(feature, dict) for feature in features):
        raise ImportRefusedError(f"{name} n'est pas une FeatureCollection GeoJSON : la source a changé de forme.")
    crs = collection.get("crs")
    named = crs.get("properties") if isinstance(crs, dict) else None
    system = str(named.get("name") or "") if isinstance(named, dict) else ""
    if system and not system.endswith(("CRS84", "4326")):
        raise ImportRefusedError(f"{name} est en {system}, attendu WGS84 : la source a changé de projection.")
    return dict(collection)


def _features(connector: Connector, content: bytes, name: str) -> Iterator[Feature]:
    features = _parse(content, name)["features"]
    if features:
        _require_columns(connector, _properties(features[0]), name)
    for feature in features:
        geometry = feature.get("geometry")
        yield Feature(
            {key: _text(value) for key, value in _properties(feature).items()},
            json.dumps(geometry) if geometry else None,
        )


def _properties(feature: Mapping[str, Any]) -> Mapping[str, Any]:
    found = feature.get("properties")
    return found if isinstance(found, dict) else {}


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
    lines = iter(lambda: text.readline(_LONGEST_LINE), "")  # a file without line ends is not read whole
    try:
        header = next(lines, "")
        delimiter = ";" if header.count(";") > header.count(",") else ","
        names = next(csv.reader([header], delimiter=delimiter), [])
        _require_columns(connector, names, name)
        place = names.index(connector.point) if connector.point else None
        for number, row in enumerate(csv.reader(lines, delimiter=delimiter, strict=True), 2):
            if not row:
                continue
            if len(row) != len(names):
                raise ImportRefusedError(f"{name}, ligne {number} : nombre de cellules différent de l'en-tête.")
            properties = dict(zip(names, row, strict=True))
            yield Feature(properties) if place is None else parse_point(row[place], properties)
    except UnicodeDecodeError as error:
        raise ImportRefusedError(f"{name} n'est plus en UTF-8 : la source a changé d'encodage.") from error
    except csv.Error as error:
        raise ImportRefusedError(f"{name} n'est pas un CSV bien formé ({explain(error)}).") from error
    finally:
        text.detach()


# Metropolitan France, the box the national consolidation itself uses to tell longitude from latitude
# (etalab/transport-site, irve/coordinate_correction.ex).
_LONGITUDES, _LATITUDES = (-5.5, 9.7), (41.0, 51.5)


_NUMBER = r"([+-]?[0-9]+(?:[.][0-9]*)?(?:[eE][+-]?[0-9]+)?)"
_PAIR = re.compile(rf"[\s\[(]*{_NUMBER}\s*,\s*{_NUMBER}[\s\])]*")
_WITH_COMMAS = re.compile(r"[\s\[(]*([+-]?[0-9]+,[0-9]+)\s*[,; ]\s*([+-]?[0-9]+,[0-9]+)[\s\])]*")  # « [3,38, 50,32] »


def parse_point(text: str, properties: Mapping[str, str | None]) -> Feature:
    """Return a feature placed by « [lon, lat] »: put back in order when only the other way is in France.

    Without geometry when the text is no pair of numbers; a pair that is in France neither way is left as it is.
    """
    if found := _PAIR.fullmatch(text):
        x, y = float(found[1]), float(found[2])
    elif found := _WITH_COMMAS.fullmatch(text):
        x, y = float(found[1].replace(",", ".")), float(found[2].replace(",", "."))
    else:
        return Feature(properties)
    if _in_france(x, y):
        return Feature(properties, None, (x, y))
    if _in_france(y, x):
        return Feature(properties, None, (y, x), swapped=True)
    if abs(x) <= 180 and abs(y) <= 90:  # noqa: PLR2004 - the range of degrees
        return Feature(properties, None, (x, y), abroad=True)
    return Feature(properties)


def _in_france(lon: float, lat: float) -> bool:
    return _LONGITUDES[0] <= lon <= _LONGITUDES[1] and _LATITUDES[0] <= lat <= _LATITUDES[1]
