"""`webmap territoire nouveau`: the folder of another agglomeration, from its SIREN, ready to serve; all of it or nothing.

What it says is in `territoires/modele/` (text and addresses); its communes are those the official API gives, nothing else.
"""

from __future__ import annotations

import csv
import json
import math
import re
import shutil
import string
import tempfile
import tomllib
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from webmap.config import PROJECT, load_settings, where_and_why
from webmap.errors import ConfigError, ImportRefusedError
from webmap.importing.fetch import Fetched, Remote, SourceError, fetch
from webmap.importing.part import disk_errors
from webmap.importing.seeds import load_checked_catalog

if TYPE_CHECKING:
    from collections.abc import Sequence

MODEL = PROJECT / "territoires" / "modele"
FOLDER = PROJECT / "territoires"
_MAX_BYTES = 20_000_000
_SHOWN = 10
_SIREN_DIGITS, _LUHN = 9, 10
_MAX_NAME = 120
_KM_PER_DEGREE = 111.32  # of latitude
_KM_UNKNOWN, _KM_LEAST = 6.0, 3.0  # around a centre: when the area is not given, and whatever it is
_HECTARES_PER_KM2 = 100.0
# The communes whose codes begin so are overseas, where Lambert-93, the reference of every table, means nothing.
_OVERSEAS = ("97", "98")
_COLUMNS = (
    "code_insee", "nom", "population_municipale", "population_source", "centre_lon", "centre_lat", "etat", "source",
    "source_url", "millesime",
)  # fmt: skip

T = TypeVar("T")


class _Answer(BaseModel):
    """Part of an official answer: what is not read is let go, what is read has the type it should."""

    model_config = ConfigDict(strict=True, frozen=True)


class _Epci(_Answer):
    nom: str = Field(min_length=1, max_length=_MAX_NAME)
    code: str | None = None


class _Centre(_Answer):
    type: Literal["Point"]
    coordinates: tuple[Annotated[float, Field(ge=-180, le=180)], Annotated[float, Field(ge=-90, le=90)]]


class _Commune(_Answer):
    code: str = Field(pattern=r"^([013-9]\d|2[AB1-9])\d{3}$")
    nom: str = Field(min_length=1, max_length=_MAX_NAME)
    population: int | None = Field(default=None, ge=0)
    centre: _Centre
    surface: float | None = Field(default=None, ge=0, le=1e9, description="hectares")


@dataclass(frozen=True)
class NewTerritory:
    """What was written: where, the name, how many communes, their inhabitants (None when one is unknown)."""

    folder: Path
    nom: str
    communes: int
    population: int | None


def create_territory(
    siren: str, nom: str | None, folder: Path | None, *, mirror: Path | None = None, model: Path = MODEL
) -> NewTerritory:
    """Ask for the communes of an intercommunalité and write its folder.

    Raises SourceError or ImportRefusedError, in French; then nothing was written.
    """
    _check_siren(siren)
    if nom is not None:
        _check_name(nom)
    if folder is not None:
        _check_free(folder, siren)
    with tempfile.TemporaryDirectory(prefix="webmap-") as place:
        epci, date = _ask(model, "epci", siren, TypeAdapter(_Epci), Path(place), mirror)
        communes, _ = _ask(model, "communes", siren, TypeAdapter(list[_Commune]), Path(place), mirror)
    if epci.code not in {None, siren}:
        raise ImportRefusedError(f"La source répond pour {epci.code} quand {siren} est demandé : rien n'est écrit.")
    _check_communes(siren, communes)
    name = nom.strip() if nom else epci.nom.strip()
    _check_name(name)
    target = folder or FOLDER / (_slug(name) or siren)
    if folder is None:
        _check_free(target, siren)
    _write(target, model, siren, name, communes, date)
    populations = [commune.population for commune in communes]
    known = [count for count in populations if count is not None]
    return NewTerritory(target, name, len(communes), sum(known) if len(known) == len(populations) else None)


def _check_siren(siren: str) -> None:
    """Refuse what cannot be a SIREN: nine digits, the last of which is a key (Luhn)."""
    digits = [int(sign) for sign in siren] if re.fullmatch(r"[0-9]{9}", siren) else []
    doubled = [sum(divmod(2 * digit, _LUHN)) if rank % 2 else digit for rank, digit in enumerate(digits)]
    if len(digits) != _SIREN_DIGITS or sum(doubled) % _LUHN:
        msg = f"« {siren[:20]} » n'est pas un SIREN : neuf chiffres, dont le dernier est une clé. Vérifiez-le (banatic.interieur.gouv.fr)."
        raise ImportRefusedError(msg)


def _check_name(name: str) -> None:
    if not name.strip() or not name.isprintable() or len(name) > _MAX_NAME:
        raise ImportRefusedError(f"Le nom « {name[:40]!a} » est refusé : attendu un texte d'une ligne, non vide.")


def _check_free(folder: Path, siren: str) -> None:
    """Refuse to write over a folder, or beside another of the same SIREN: both would be served from one database."""
    if folder.exists() or folder.is_symlink():
        raise ImportRefusedError(f"{folder} existe déjà : rien n'est écrit. Donnez un autre --dossier.")
    for path in sorted({*folder.parent.glob("*/webmap.toml"), *FOLDER.glob("*/webmap.toml"), PROJECT / "webmap.toml"}):
        try:
            code = tomllib.loads(path.read_text(encoding="utf-8"))["territoire"]["code"]
        except (OSError, ValueError, KeyError, TypeError):
            continue
        if code == siren:
            msg = f"Le SIREN {siren} a déjà son territoire, {path.parent} : deux dossiers partageraient la même base."
            raise ImportRefusedError(msg)


def _read_address(model: Path, what: str) -> dict[str, str]:
    """Return what the model says of one of its two sources: address, name in a mirror, and what rows cite."""
    return dict(tomllib.loads((model / "sources.toml").read_text(encoding="utf-8"))[what])


def _ask(model: Path, what: str, siren: str, shape: TypeAdapter[T], place: Path, mirror: Path | None) -> tuple[T, str]:
    """Return one answer of the API, in the shape expected, and the date it was given (ISO). Raises SourceError, ImportRefusedError."""
    address = _read_address(model, what)
    url, name = (address[key].replace("{siren}", siren) for key in ("url", "file"))
    try:
        found = fetch(Remote(url, name, _MAX_BYTES), place, mirror=mirror)
    except SourceError as error:
        raise SourceError(f"{error}\nVérifiez aussi le SIREN {siren} : celui d'une intercommunalité.") from error
    if not isinstance(found, Fetched):
        raise SourceError(f"{name} : réponse inattendue de la source.")
    try:
        return shape.validate_json(found.path.read_bytes()), found.date.date().isoformat()
    except ValidationError as error:
        problems = [where_and_why(problem) for problem in error.errors()[:_SHOWN]]
        raise ImportRefusedError(f"{name} n'a pas la forme attendue : rien n'est écrit.", problems) from error


def _check_communes(siren: str, communes: Sequence[_Commune]) -> None:
    if not communes:
        raise ImportRefusedError(f"La source ne donne aucune commune pour {siren} : rien n'est écrit.")
    codes = [commune.code for commune in communes]
    problems = [f"{code} est donnée plusieurs fois" for code in sorted({c for c in codes if codes.count(c) > 1})]
    problems += [f"« {c.nom[:40]!a} » ({c.code}) n'est pas un nom" for c in communes if not c.nom.isprintable()]
    problems += [
        f"{c.nom} ({c.code}) est outre-mer : cet atlas range tout en Lambert-93, qui ne vaut qu'en métropole"
        for c in communes
        if c.code.startswith(_OVERSEAS)
    ]
    if problems:
        raise ImportRefusedError("La liste des communes est refusée : rien n'est écrit.", problems[:_SHOWN])


def _slug(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name.replace("œ", "oe").replace("Œ", "oe")).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:60].strip("-")


def _compute_extent(communes: Sequence[_Commune]) -> tuple[float, float, float, float]:
    """Return west, south, east, north around the centres, each widened by twice the radius of a disc of the commune's area."""
    boxes = []
    for commune in communes:
        lon, lat = commune.centre.coordinates
        reach = _KM_UNKNOWN
        if commune.surface is not None:
            reach = max(_KM_LEAST, 2 * math.sqrt(commune.surface / _HECTARES_PER_KM2 / math.pi))
        high = reach / _KM_PER_DEGREE
        wide = high / math.cos(math.radians(lat))
        boxes.append((lon - wide, lat - high, lon + wide, lat + high))
    west, south, east, north = zip(*boxes, strict=True)
    return round(min(west), 3), round(min(south), 3), round(max(east), 3), round(max(north), 3)


def _write(target: Path, model: Path, siren: str, name: str, communes: Sequence[_Commune], date: str) -> None:
    """Write everything in a hidden folder beside the target, check that it can be served, then give it its name."""
    quoted = json.dumps(name, ensure_ascii=False)[1:-1]  # a TOML string escapes as a JSON one
    extent = ", ".join(map(str, _compute_extent(communes)))
    words = {"siren": siren, "nom": quoted, "date": date, "nombre": str(len(communes)), "etendue": extent}
    with disk_errors(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        staged = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
        try:
            for path in [model / "webmap.toml", *sorted((model / "layers").rglob("*.toml"))]:
                copy = staged / path.relative_to(model)
                copy.parent.mkdir(parents=True, exist_ok=True)
                text = string.Template(path.read_text(encoding="utf-8")).substitute(words)
                copy.write_text(text, encoding="utf-8")
            _write_communes(
                staged / "layers" / "commune" / "seed.csv", communes, date, _read_address(model, "communes")
            )
            _check_served(staged)
            staged.chmod(0o755)
            staged.rename(target)
        except BaseException:
            shutil.rmtree(staged, ignore_errors=True)
            raise


def _write_communes(path: Path, communes: Sequence[_Commune], date: str, cited: dict[str, str]) -> None:
    origin = cited["population_source"].replace("{date}", date)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(_COLUMNS)
        for commune in sorted(communes, key=lambda commune: commune.code):
            known = commune.population is not None
            lon, lat = commune.centre.coordinates
            row = [commune.code, commune.nom.strip(), commune.population if known else "", origin if known else ""]
            writer.writerow(
                [*row, round(lon, 3), round(lat, 3), "existant", cited["source"], cited["source_url"], date]
            )


def _check_served(folder: Path) -> None:
    """Read what was written as the atlas will. Raises ImportRefusedError with what it would refuse."""
    try:
        settings = load_settings({"WEBMAP_CONFIG": str(folder / "webmap.toml")})
        load_checked_catalog(settings)
    except ConfigError as error:
        problems = [problem.replace(f"{folder}/", "") for problem in error.problems]
        raise ImportRefusedError(
            "Le territoire écrit ne pourrait pas être servi : rien n'est gardé.", problems
        ) from error
