"""How fresh a layer is, in the words written beside it on the map. Pure: rows' vintages, last change, checks of its sources."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from webmap.web.french import date

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from webmap.catalog.definition import LayerDefinition

_ISO = re.compile(r"(\d{4})-(\d{2})(?:-(\d{2}))?")
_FEW = 2  # vintages told one by one


def build_fraicheur(
    layer: LayerDefinition,
    counts: Mapping[str, Any],
    checks: Mapping[tuple[str, str], Mapping[str, Any]],
    cite: Callable[[str], str],
) -> dict[str, Any]:
    """Return what is known of how fresh a layer is.

    `court`, a few words for one line; `phrases`, all of it; `source` and `millesime`, what a citation says. An empty layer has
    neither `court` nor `millesime`.
    """
    if not counts["lignes"]:
        return {
            "court": "",
            "source": layer.source.name,
            "millesime": "",
            "phrases": [f"Source : {layer.source.name}."],
        }
    vintages = [millesime(each) for each in sorted(counts["millesimes"])]
    told = " et ".join(vintages) if len(vintages) <= _FEW else f"{vintages[0]} à {vintages[-1]}"
    sources = " ; ".join(cite(source) for source in counts["sources"])
    found = [(connector.id, checks.get((layer.id, connector.id))) for connector in layer.connectors]
    failed = [check for _, check in found if check and check["resultat"] == "echec"]
    return {
        "court": f"millésime {told}" + (" · source en échec" if failed else ""),
        "source": sources,
        "millesime": told,
        "phrases": [
            f"Source : {sources}. Millésime : {', '.join(vintages)}.",
            f"Modifiée dans l’atlas le {date(counts['modifiee'])} (révision {counts['revision']}).",
            *(_check(name, check, several=len(found) > 1) for name, check in found),
        ],
    }


def millesime(text: str) -> str:
    """« 08/04/2024 » for 2024-04-08, « 10/2023 » for 2023-10; anything else as the source writes it."""
    found = _ISO.fullmatch(text)
    return "/".join(part for part in reversed(found.groups()) if part) if found else text


def _check(name: str, check: Mapping[str, Any] | None, *, several: bool) -> str:
    source = f"Source officielle « {name} »" if several else "Source officielle"
    if not check:
        return f"{source} : jamais demandée."
    if check["resultat"] == "echec":
        return f"{source} : échec le {date(check['verifiee'])}, la couche est restée comme elle était."
    return f"{source} : vérifiée le {date(check['verifiee'])}."
