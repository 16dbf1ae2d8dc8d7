"""The WGS84 box of a row, as the viewer takes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_DECIMALS = 6  # about 0.1 m


def build_extent(row: Mapping[str, Any]) -> list[float] | None:
    """Return [west, south, east, north] from the columns ouest, sud, est, nord; None when the row has no place."""
    values = [row[side] for side in ("ouest", "sud", "est", "nord")]
    return None if None in values else [round(value, _DECIMALS) for value in values]
