"""What a partner's catalogue says of one layer: the facts that DCAT and ISO 19139 write, each in its own grammar."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import datetime as dt

    from webmap.catalog.definition import LayerDefinition
    from webmap.catalog.load import Theme

    Box = tuple[float, float, float, float]

CRS = "http://www.opengis.net/def/crs/EPSG/0/2154"
CRS_TITLE = "RGF93 v1 / Lambert-93"
OPEN_DATA = "données ouvertes"  # the keyword by which data.gouv.fr keeps what it harvests
_YEARS = re.compile(r"(\d{4})(?:-\d{2}){0,2}(?:\s*[-–à]\s*(\d{4}))?$")


@dataclass(frozen=True)
class Licence:
    """A licence by its name, and by its address where it is one that has one."""

    title: str
    url: str | None = None


OUVERTE = Licence(
    "Licence Ouverte / Open Licence 2.0 (Etalab)", "https://www.etalab.gouv.fr/licence-ouverte-open-licence"
)
ODBL = Licence("Open Database License (ODbL) 1.0", "https://opendatacommons.org/licenses/odbl/1-0/")
# What sources say in place of a licence: the atlas publishes what it made of them under its own, and quotes them.
_SILENT = ("non précisé", "sans objet")


@dataclass(frozen=True)
class Download:
    """One file of a layer: a short key, its name for a reader, its path in the atlas, its media type; a file or a service."""

    key: str
    title: str
    path: str
    mediatype: str
    service: bool = False


@dataclass(frozen=True)
class Publisher:
    """Who answers for the atlas: SIREN, names, public address without a final slash, e-mail if the deployment gives one."""

    code: str
    name: str
    atlas: str
    address: str
    contact: str | None


@dataclass(frozen=True)
class Notice:
    """One public layer, described. `box` is WGS84 west, south, east, north; None when no row has a place yet.

    `loaded` names the official sources its rows came from, with their licences; `file` is the last file loaded.
    """

    layer: LayerDefinition
    theme: Theme
    rows: int
    box: Box | None
    territory: Box
    issued: dt.datetime | None
    modified: dt.datetime
    loaded: tuple[tuple[str, str], ...]
    file: str | None
    downloads: tuple[Download, ...]

    @property
    def abstract(self) -> str:
        """The description, the warning a reader of the map sees too, and that the layer is empty when it is."""
        empty = "Cette couche est encore vide : aucune source ne la remplit à ce jour." if not self.rows else None
        return "\n\n".join(text for text in (self.layer.description, self.layer.warning, empty) if text)

    @property
    def lineage(self) -> str:
        """How the rows were obtained, and from which official sources the atlas loaded them since."""
        source = self.layer.source
        parts = [f"{source.name}. Producteur : {source.producer}. Millésime : {source.millesime}.", source.provenance]
        parts += [f"Source officielle chargée : {name}." for name, _ in self.loaded]
        parts += [f"Dernier fichier chargé : {self.file}."] if self.file else []
        return " ".join(parts)

    @property
    def licence(self) -> Licence:
        """The licence to reuse the layer under: the narrowest of its sources, Licence Ouverte 2.0 when none says another."""
        found = [parse_licence(text) for text in (self.layer.source.licence, *(text for _, text in self.loaded))]
        others = [licence for licence in found if licence is not None and licence != OUVERTE]
        return min(others, key=lambda licence: licence.url is not None, default=OUVERTE)

    @property
    def rights(self) -> str:
        """What the sources say of their own licence, word for word."""
        told = [f"Licence de la source : {self.layer.source.licence}."]
        told += [f"{name} : {licence}." for name, licence in self.loaded]
        if parse_licence(self.layer.source.licence) is None:
            told.append(f"L’atlas diffuse par défaut ce qu’il en a tiré sous {OUVERTE.title}.")
        return " ".join(told)

    @property
    def open(self) -> bool:
        """Whether the licence is one of open data."""
        return self.licence.url is not None

    @property
    def keywords(self) -> tuple[str, ...]:
        """Free words: theme, what a row is, and the mark of open data."""
        words = (self.theme.title, self.layer.singular, *((OPEN_DATA,) if self.open else ()))
        return tuple(dict.fromkeys(words))

    @property
    def years(self) -> tuple[int, int] | None:
        """First and last year of the millésime, when it is a date and not a sentence."""
        found = _YEARS.match(self.layer.source.millesime.strip())
        return (int(found[1]), int(found[2] or found[1])) if found else None


def parse_licence(text: str) -> Licence | None:
    """Read what a source says of its licence; None when it says nothing. One we do not know keeps its name alone."""
    lowered = text.lower()
    if lowered.startswith(_SILENT):
        return None
    if lowered.startswith("licence ouverte"):
        return OUVERTE
    return ODBL if lowered.startswith("odbl") else Licence(text)
