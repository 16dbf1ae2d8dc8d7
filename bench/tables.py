"""Words and tables of the report: French numbers, Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webmap.web.french import nombre

if TYPE_CHECKING:
    from collections.abc import Sequence


def table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [titles, ["---"] * len(titles), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def ms(seconds: float) -> str:
    """Say a duration in milliseconds."""
    return f"{nombre(seconds * 1_000, 1)} ms"


def s(seconds: float) -> str:
    """Say a duration in seconds."""
    return f"{nombre(seconds, 2)} s"


def mo(megabytes: float) -> str:
    """Say a size."""
    return f"{nombre(megabytes, 0)} Mo"


def times(ratio: float) -> str:
    """Say a ratio."""
    return f"× {nombre(ratio, 2)}"


def percent(share: float) -> str:
    """Say a share."""
    return f"{nombre(100 * share, 2)} %"


def held(*, ok: bool) -> str:
    """Say whether a target is met, in a cell."""
    return "tenu" if ok else "**non tenu**"


def missing(line: dict[str, Any]) -> str:
    """Say why a measure is not there; empty when it is."""
    if "late" in line:
        return f"plus de {nombre(line['late'], 0)} s : arrêté"
    return f"échec ({line['error']})" if "error" in line else ""
