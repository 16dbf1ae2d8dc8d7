"""Text cells to typed values: every problem of a file is found before anything is written."""

from __future__ import annotations

import csv
import datetime as dt
import math
import re
from typing import TYPE_CHECKING, Any

from webmap.catalog.definition import ETATS, PRECISIONS, Seed
from webmap.errors import ImportRefusedError
from webmap.wording import explain, explain_system

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from webmap.catalog.definition import FieldDefinition, LayerDefinition

    Row = dict[str, Any]

_CODE_INSEE = re.compile(r"([013-9]\d|2[AB1-9])\d{3}")
_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")  # what bigint holds
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_COMMON = ("precision", "code_insee", "etat", "source", "source_ligne", "source_url", "millesime")
_COORDINATES = ("lon", "lat")
_BOOLEANS = {"true": True, "false": False, "oui": True, "non": False, "o": True, "n": False}
MAX_CELL = 20_000


def read_csv(path: Path) -> list[dict[str, str]]:
    """Read a UTF-8 comma CSV with a header. Raises ImportRefusedError naming the file and what is wrong with it."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True, restkey="…")
            rows = list(reader)
            names = list(reader.fieldnames or ())
    except OSError as error:
        raise ImportRefusedError(f"{path} ne se lit pas ({explain_system(error)}).") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise ImportRefusedError(
            f"{path} n'est pas un CSV en UTF-8 séparé par des virgules ({explain(error)})."
        ) from error
    problems = [f"colonne « {name} » en double" for name in sorted({n for n in names if names.count(n) > 1})]
    problems += [
        f"ligne {number} : plus de cellules que de colonnes" for number, row in enumerate(rows, 2) if "…" in row
    ]
    problems += [f"ligne {number} : cellules manquantes" for number, row in enumerate(rows, 2) if None in row.values()]
    if problems:
        raise ImportRefusedError(f"{path} est mal formé.", problems)
    return rows


def _parse_boolean(text: str) -> bool:
    return _BOOLEANS[text.lower()]


def _parse_integer(text: str) -> int:
    if not _INTEGER.fullmatch(text):
        raise ValueError(text)
    return int(text)


def _parse_number(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value


def _parse_date(text: str) -> dt.date:
    if not _DATE.fullmatch(text):
        raise ValueError(text)
    return dt.date.fromisoformat(text)


def _parse_list(text: str) -> list[str]:
    return [part.strip() for part in text.split("|") if part.strip()]


_PARSERS: dict[str, tuple[Callable[[str], Any], str]] = {
    "text": (str, "un texte"),
    "integer": (_parse_integer, "un nombre entier"),
    "number": (_parse_number, "un nombre, avec un point décimal"),
    "date": (_parse_date, "une date AAAA-MM-JJ"),
    "boolean": (_parse_boolean, "true ou false"),
    "list": (_parse_list, "des valeurs séparées par |"),
}


def parse_field(field: FieldDefinition, text: str, problems: list[str]) -> object:
    """Return the typed value of a cell, None when empty; adds to `problems` what is wrong with it."""
    if not text:
        if field.required:
            problems.append(f"{field.id} est obligatoire et vide")
        return None
    parse, expected = _PARSERS[field.type]
    try:
        value = parse(text)
    except (ValueError, KeyError):
        problems.append(f"{field.id} = « {text[:60]} » : attendu {expected}")
        return None
    if field.enum and text not in field.enum:
        problems.append(f"{field.id} = « {text[:60]} » : attendu {' | '.join(field.enum)}")
    return value


def _parse_point(cells: dict[str, str], problems: list[str]) -> str | None:
    """Return an EWKT point in WGS84, or None when the row gives no coordinates."""
    texts = [cells.get(axis, "") for axis in _COORDINATES]
    if not any(texts):
        return None
    try:
        lon, lat = (float(text) for text in texts)
    except ValueError:
        problems.append(f"lon, lat = « {', '.join(texts)} » : attendu deux nombres")
        return None
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):  # noqa: PLR2004 - the range of degrees
        problems.append(f"lon, lat = {lon:g}, {lat:g} : hors des degrés WGS84")
    return f"SRID=4326;POINT({lon!r} {lat!r})"


def check_common(row: Row) -> list[str]:
    """List what is wrong with the common columns of a row."""
    problems = [f"{name} est obligatoire et vide" for name in ("etat", "source", "millesime") if not row[name]]
    if not (row["source_ligne"] or row["source_url"]):
        problems.append("source_ligne ou source_url manque : d'où vient cette ligne ?")
    for name, allowed in (("precision", PRECISIONS), ("etat", ETATS)):
        if row[name] and row[name] not in allowed:
            problems.append(f"{name} = « {row[name]} » : attendu {' | '.join(allowed)}")
    if row["code_insee"] and not _CODE_INSEE.fullmatch(row["code_insee"]):
        problems.append(f"code_insee = « {row['code_insee']} » : attendu un code de cinq caractères")
    if row["geom"] and not row["precision"]:
        problems.append("des coordonnées sans précision : indiquez exacte, quartier ou commune")
    if row["precision"] == "exacte" and not row["geom"]:
        problems.append("precision = exacte sans coordonnées")
    return problems


def parse_row(layer: LayerDefinition, raw: dict[str, str]) -> tuple[Row, list[str]]:
    """Return the typed row (fields, common columns, `geom` as EWKT in WGS84 or None) and the list of its problems."""
    problems = [f"{name} : plus de {MAX_CELL} caractères" for name, text in raw.items() if len(text) > MAX_CELL]
    problems += [f"{name} : caractère nul" for name, text in raw.items() if "\0" in text]
    cells = {target: raw.get(column, "") for target, column in layer.seed.columns.items()}
    names = (*layer.field_ids, *_COMMON, *_COORDINATES)
    cells |= {name: raw[name] for name in names if name in raw and name not in cells}
    cells |= dict(layer.seed.constants)
    cells = {name: text.strip() for name, text in cells.items()}
    row: Row = {field.id: parse_field(field, cells.get(field.id, ""), problems) for field in layer.fields}
    row |= {name: cells.get(name) or None for name in _COMMON}
    row["geom"] = _parse_point(cells, problems)
    named = row["code_insee"] or (layer.communes_field and row.get(layer.communes_field))
    if row["precision"] in {"commune", "quartier"} and not named:
        problems.append(f"precision = {row['precision']} sans commune : indiquez code_insee")
    return row, problems + check_common(row)


def parse_rows(layer: LayerDefinition, raws: list[dict[str, str]], where: str) -> list[Row]:
    """Parse all the rows of a file. Raises ImportRefusedError with every problem of every row, duplicate keys included."""
    rows, problems = [], []
    if raws and layer.seed == Seed():
        known = {*layer.field_ids, *_COMMON, *_COORDINATES}
        problems += [f"colonne « {name} » inconnue" for name in raws[0] if name not in known]
    seen: dict[object, int] = {}
    for number, raw in enumerate(raws, 2):
        row, found = parse_row(layer, raw)
        problems += [f"ligne {number} : {problem}" for problem in found]
        key = row[layer.key]
        if key is not None and key in seen:
            problems.append(f"ligne {number} : clé {layer.key} = « {key} » déjà vue à la ligne {seen[key]}")
        seen[key] = number
        rows.append(row)
    if problems:
        raise ImportRefusedError(f"{where} est refusé.", problems)
    return rows
