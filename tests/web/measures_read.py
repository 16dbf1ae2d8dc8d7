"""The measures of a unit as its page says them, whatever the table: label, cells, rule, source. Citations are left out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape
from typing import TYPE_CHECKING, Any

from webmap.formats.rapport import detach
from webmap.web import french

if TYPE_CHECKING:
    from collections.abc import Iterator

_TABLE = re.compile(r'<table class="(mesures|repartition)">(.*?)</table>', re.DOTALL)
_ROW = re.compile(r"<tr\b[^>]*>(.*?)</tr>", re.DOTALL)
_CELL = re.compile(r"<t[hd]\b[^>]*>(.*?)</t[hd]>", re.DOTALL)
_NONE = re.compile(r'<span class="aucune">.*? : (.*?)\.</span>')
_ADDED = re.compile(r" ; et pour « (.*?) » : (.*?)(?= ; et pour « |$)")


@dataclass(frozen=True)
class Told:
    """One measure: `cells` are the unit's and the territory's; `source` is that of its group; `bare` cells have no unit."""

    label: str
    cells: tuple[str, ...]
    rule: str
    source: str
    bare: bool

    def shows(self, cell: str, value: dict[str, Any]) -> bool:
        """Whether a cell gives this value of the JSON, or its reason for none."""
        if value["borne_min"] is not None:
            low, high = french.nombre(value["borne_min"]), french.nombre(value["borne_max"])
            written = f"de {low} à {high} {french.accorde(value['borne_max'], value['unite'])}"
        elif value["valeur"] is None:
            written = value["indisponible"]
        elif self.bare:
            return cell == plain(french.nombre(value["valeur"]))
        else:
            written = f"{french.nombre(value['valeur'])} {french.accorde(value['valeur'], value['unite'])}"
        return cell.startswith(plain(written))

    def cites(self, value: dict[str, Any]) -> bool:
        """Whether the source of the group, with what it adds for this measure, is exactly that of the JSON."""
        main, vintage, rest = self.source.partition(f" ({plain(value['millesime'])})")
        added = [more for labels, more in _ADDED.findall(rest) if self.label in labels.split(" », « ")]
        return bool(vintage) and " ; ".join([main, *added]) == plain(value["source"])


def plain(text: str) -> str:
    """Return a text without elements, with every kind of space as one plain space."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", "", text))).strip()


def read_measures(html: str) -> dict[str, Told]:
    """Full label, as in the JSON -> what the page says."""
    found: dict[str, Told] = {}
    for kind, table in _TABLE.findall(detach(html, "citation")):
        for told in _read_plain(table) if kind == "mesures" else _read_distribution(table):
            assert told.label not in found, told.label
            found[told.label] = told
    return found


def _read_plain(table: str) -> Iterator[Told]:
    for body in table.split("<tbody>")[1:]:
        *rows, (source,) = [[plain(cell) for cell in _CELL.findall(row)] for row in _ROW.findall(body)]
        for label, *cells, rule in rows:
            yield Told(label, tuple(cells), rule, source, bare=False)


def _read_distribution(table: str) -> Iterator[Told]:
    title = plain(re.findall(r"<caption>(.*?)</caption>", table)[0]).partition(" : ")[0]
    *rows, last = _ROW.findall(table.partition("<tbody>")[2])
    rule, source = (plain(re.findall(rf'<span class="{name}">(.*?)</span>', last)[0]) for name in ("regle", "source"))
    lines = [[plain(cell) for cell in _CELL.findall(row)] for row in rows]
    lines += [[plain(label), "0", "0"] for text in _NONE.findall(last) for label in text.split(" ; ")]
    for label, *cells in lines:
        yield Told(f"{title} : {label}", tuple(cells), rule, source, bare=True)
