"""Features of a source to rows near the territory, typed; what is put right, left aside or elsewhere is counted, to be told."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import shapely

from webmap.importing.source_rows import build_source_row, is_no_identifier
from webmap.wording import agree

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from webmap.catalog.connector import Connector
    from webmap.catalog.definition import LayerDefinition
    from webmap.importing.readers import Feature

    Row = dict[str, Any]

_MARGIN = 0.05  # degrees around the territory's box: what is surely outside is not even staged
_NAMED = 5


@dataclass(frozen=True)
class Around:
    """The territory, as far as reading needs it: its box (west, south, east, north in degrees) and its communes."""

    extent: tuple[float, float, float, float]
    communes: frozenset[str]

    @property
    def box(self) -> tuple[float, float, float, float]:
        """The box with its margin."""
        west, south, east, north = self.extent
        return west - _MARGIN, south - _MARGIN, east + _MARGIN, north + _MARGIN


@dataclass
class Tally:
    """What was met while reading a source, row by row."""

    read: int = 0
    swapped: int = 0
    abroad: int = 0
    without_key: int = 0
    misplaced: list[str] = field(default_factory=list)
    aside: list[str] = field(default_factory=list)
    columns: set[str] = field(default_factory=set)

    def told(self) -> list[str]:
        """Say it in French."""
        parts = [agree(self.read, "ligne(s) dans la source")]
        if self.swapped:
            parts.append(agree(self.swapped, "position(s) remise(s) dans l'ordre longitude, latitude"))
        if self.abroad:
            parts.append(
                agree(
                    self.abroad,
                    "position(s) hors de France métropolitaine dans les deux sens, laissée(s) telle(s) quelle(s)",
                )
            )
        if self.without_key:
            parts.append(agree(self.without_key, "sans identifiant près du territoire, laissée(s) de côté"))
        if self.misplaced:
            parts.append(
                agree(
                    len(self.misplaced),
                    "(dit|disent) une commune du territoire et (est|sont) placée(s) loin de lui, laissée(s) de côté",
                )
                + f" ({_some(self.misplaced)})"
            )
        if self.aside:
            parts.append(f"{agree(len(self.aside), 'écartée(s), non conforme(s) au schéma')} ({self.aside[0]})")
        return parts


def build_rows(
    layer: LayerDefinition, connector: Connector, features: Iterable[Feature], date: str, around: Around, tally: Tally
) -> Iterator[Row]:
    """Yield typed rows near the territory; a row that does not fit the layer's fields is set aside in `tally`.

    `date` (ISO) is the file's: the vintage of rows whose source states none.
    """
    wanted = wanted_columns(layer, connector)
    west, south, east, north = around.box
    for number, feature in enumerate(features, 1):
        properties = feature.properties
        tally.read, tally.swapped, tally.abroad = number, tally.swapped + feature.swapped, tally.abroad + feature.abroad
        if number == 1 or connector.format != "csv":  # every row of a CSV has the same columns
            tally.columns |= wanted & properties.keys()
        key = (properties.get(connector.key) or "").strip()
        bounds = _bounds(feature)
        if bounds is None and feature.drawn is not None:
            tally.aside.append(f"objet {number} ({key}) : géométrie illisible")
            continue
        named = (properties.get(connector.columns.get("code_insee", "code_insee")) or "").strip() in around.communes
        if bounds is None:
            near = named or connector.mode == "geometry"
        else:
            near = bounds[0] <= east and bounds[2] >= west and bounds[1] <= north and bounds[3] >= south
            if named and not near:
                tally.misplaced.append(key)
        if not near:
            continue
        if not key or is_no_identifier(connector, key):
            tally.without_key += 1
            continue
        row, problems = build_source_row(layer, connector, properties, date)
        if problems:
            tally.aside.append(f"objet {number} ({key}) : {', '.join(problems)}")
        else:
            yield {**row, "geometry": feature.geometry}


def wanted_columns(layer: LayerDefinition, connector: Connector) -> set[str]:
    """Return the columns of a source that would fill a field, or be compared with one."""
    if connector.mode == "geometry":
        return {connector.key, *connector.compare.values()}
    return {connector.columns.get(name, name) for name in (*layer.field_ids, "code_insee", "etat")}


def _bounds(feature: Feature) -> tuple[float, float, float, float] | None:
    """Return the box of a feature; None when it has no geometry, or one that cannot be read."""
    if feature.point is not None:
        return (*feature.point, *feature.point)
    if feature.drawn is None:
        return None
    try:
        west, south, east, north = shapely.from_geojson(feature.drawn).bounds
    except (shapely.errors.GEOSException, ValueError):
        return None
    return (west, south, east, north) if west <= east else None  # NaN: empty


def _some(names: list[str]) -> str:
    return ", ".join(names[:_NAMED]) + ("…" if len(names) > _NAMED else "")
