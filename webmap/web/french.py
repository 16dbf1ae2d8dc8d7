"""How values are written for people: French numbers, dates and labels. Jinja filters, registered by `web.register`."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING

from webmap.wording import choose

if TYPE_CHECKING:
    from webmap.catalog.definition import FieldDefinition

SPACE = "\u00a0"  # no-break: « 158 351 » never wraps, and every font has it
PRECISIONS = {
    "exacte": "emplacement exact",
    "quartier": "connue au quartier : position approximative",
    "commune": "connue à la commune : position approximative",
    "schematique": "schématique",
}
ETATS = {
    "existant": "existant",
    "en_cours": "en cours",
    "programme": "programmé",
    "projet": "en projet",
    "hypothese": "hypothèse",
}
_COMPLEMENT = re.compile(r"(?:de|du|des|à|au|aux|en|par|pour|sans|hors|non|d’.*|d'.*|[A-Z0-9].*)$")
_PLURAL_IN_S = {"bal", "bleu", "festival", "landau", "pneu"}
NOT_LOCATED = "non localisé"


def nombre(value: float | None, decimals: int | None = None) -> str:
    """« 158 351 », « 12,5 », « 0,069 », « — » for None. Without `decimals`: none for whole numbers, at most 3 otherwise."""
    if value is None:
        return "—"
    if decimals is None:
        size = abs(value)  # two or three figures are enough to read, and few enough to compare
        decimals = 0 if float(value).is_integer() else (1 if size >= 10 else 2 if size >= 0.1 else 3)  # noqa: PLR2004 - three figures
    text = f"{value:z,.{decimals}f}".replace(",", SPACE).replace(".", ",")
    return text.replace("-", "−")


def date(value: dt.date | dt.datetime | None) -> str:
    """« 21/11/2026 », « — » for None."""
    return value.strftime("%d/%m/%Y") if value else "—"


def pluriel(count: float, pattern: str) -> str:
    """« 1 lieu », « 0 lieu », « 2 lieux » from « lieu(x) »: `wording.choose`, and the number as people write it."""
    return f"{nombre(count)}{SPACE}{choose(count, pattern)}"


def accorde(value: float, unit: str) -> str:
    """« liaison » for 1 or 0 « liaisons »: the first word of a plural unit loses its mark below two."""
    first, _, rest = unit.partition(" ")
    singular = first[:-1] if abs(value) < 2 and first.endswith(("s", "x")) else first  # noqa: PLR2004 - as in pluriel
    return f"{singular} {rest}".strip()


def etat(value: str | None) -> str:
    """« en projet » for `projet`."""
    return ETATS.get(value or "", value or "—")


def _plural(singular: str) -> str:
    first, _, rest = singular.partition(" ")
    in_x = first.endswith(("au", "eu")) and first not in _PLURAL_IN_S
    in_aux = first.endswith("al") and first not in _PLURAL_IN_S
    ending = first if first.endswith(("s", "x", "z")) else first + ("x" if in_x else "s")
    ending = f"{first[:-1]}ux" if in_aux else ending
    return f"{ending} {rest}".strip()


def plural(name: str) -> str:
    """« quartiers prioritaires », « points de recharge »: the noun and its adjectives agree, what completes them does not."""
    words = name.split(" ")
    end = next((at for at, word in enumerate(words) if _COMPLEMENT.match(word)), len(words))
    return " ".join([*map(_plural, words[:end]), *words[end:]])


def champ(field: FieldDefinition, value: object) -> str:
    """Write the value of a field: enum label, yes/no, list, number with its unit, date; « — » when missing."""
    match value:
        case None | [] | "":
            text = "—"
        case bool():
            text = "oui" if value else "non"
        case list():
            text = ", ".join(str(item) for item in value)
        case dt.date():
            text = date(value)
        case int() | float() if field.unit:
            digits = f"{value:.6f}".rstrip("0").partition(".")[2]  # the source's own: only what we compute is rounded
            text = f"{nombre(value, len(digits))}{SPACE}{field.unit}"
        case float():
            text = str(value).replace(".", ",")
        case _:
            text = field.enum.get(str(value), str(value))
    return text
