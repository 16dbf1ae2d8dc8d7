"""Commune contours, from a GeoJSON file (`code`, `nom`) to the layer: every doubt is told before anything is written.

The one way in: `webmap sources load commune` and the official connector both end in `bring_contours`.
"""

from __future__ import annotations

import codecs
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import shapely
from shapely.geometry import shape

from webmap.errors import ImportRefusedError
from webmap.store import contours as store
from webmap.wording import agree, explain, explain_system

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from webmap.store.writing import Connection

MAX_BYTES = 200_000_000
_SHOWN = 10
# A commune's centre lies in its contour, or near it: rounded centres and concave communes leave a margin, in degrees
# (about 2 km). Further than that, the file speaks of another place, or its axes are swapped.
_CENTRE_MARGIN = 0.02


@dataclass(frozen=True)
class Contour:
    """One commune's contour, WGS84, as hexadecimal EWKB; `nom` is the file's, which may drop the article."""

    code_insee: str
    nom: str
    ewkb: str
    population: int | None = None


@dataclass(frozen=True)
class Arrival:
    """What a file of contours brought: how many were read and changed, the communes that are not ours, what to tell."""

    read: int
    changed: int
    others: tuple[str, ...]
    told: tuple[str, ...]


def bring_contours(connection: Connection, path: Path, *, members: bool = False, accept: bool = False) -> Arrival:
    """Give every commune the contour of a file, in the caller's transaction. Raises ImportRefusedError.

    With `members` the file holds the agglomeration's communes and no other: one that is not ours has joined it. `accept`
    takes a file that lacks a commune, has one more, or leaves a hole.
    """
    known = store.fetch_centres(connection)
    if not known:
        raise ImportRefusedError("La couche commune est vide : lancez d'abord `webmap db upgrade`.")
    centres = {code: row.centre for code, row in known.items()}
    found, others = read_contours(path, centres, members=members, accept=accept)
    store.check_coverage(connection, found, path.name, accept=accept)
    changed = store.update_contours(connection)
    told = []
    if renamed := sorted(
        f"{c.nom} ({known[c.code_insee].nom})" for c in found if c.nom and c.nom != known[c.code_insee].nom
    ):
        told.append(f"Noms différents de la liste officielle, laissés tels quels dans l'atlas : {', '.join(renamed)}.")
    if missing := sorted(known.keys() - {c.code_insee for c in found}):
        told.append(f"Sans contour dans la source, laissées comme elles étaient : {', '.join(missing)}.")
    if members and others:
        told.append(f"Dans la source et pas dans la liste de l'atlas, laissées de côté : {', '.join(others)}.")
    there, here = _total(c.population for c in found), _total(row.population for row in known.values())
    if there is not None and here is not None and there != here:
        told.append(
            f"Populations de la source : {there} habitants, {here} dans l'atlas ; non reprises, deux millésimes ne se mêlent pas."
        )
    return Arrival(len(found), changed, tuple(others), tuple(told))


def _total(populations: Iterable[int | None]) -> int | None:
    """Sum, unknown as soon as one is."""
    listed = list(populations)
    return None if None in listed else sum(filter(None, listed))


def read_contours(
    path: Path, centres: Mapping[str, tuple[float, float] | None], *, members: bool = False, accept: bool = False
) -> tuple[list[Contour], list[str]]:
    """Read the contours of the communes in `centres` (code -> WGS84 centre). Returns them and what other communes there are.

    Raises ImportRefusedError unless each commune has exactly one valid surface around its centre.
    """
    features = _read_features(path)
    problems: list[str] = []
    contours: dict[str, Contour] = {}
    others: list[str] = []
    for number, feature in enumerate(features, 1):
        found = feature.get("properties") if isinstance(feature, dict) else None
        properties = found if isinstance(found, dict) else {}
        code = str(properties.get("code") or "")
        if code not in centres:
            others.append(f"{code} {properties.get('nom') or ''}".strip())
            if not code:
                problems.append(f"objet {number} : pas de propriété « code »")
            continue
        if code in contours:
            problems.append(f"objet {number} : la commune {code} est déjà venue")
            continue
        geometry = _parse_geometry(feature.get("geometry"), f"objet {number}, commune {code}", centres[code], problems)
        if geometry is not None:
            name = str(properties.get("nom") or "")
            population = properties.get("population")
            counted = population if isinstance(population, int) else None
            contours[code] = Contour(code, name, shapely.to_wkb(geometry, hex=True), counted)
    problems += [] if accept else _check_members(centres, contours, others if members else [])
    if problems:
        shown = problems[: 2 * _SHOWN] + (
            [f"… et {agree(len(problems) - 2 * _SHOWN, 'autre(s)')}"] if len(problems) > 2 * _SHOWN else []
        )
        raise ImportRefusedError(f"{path.name} est refusé, les contours en place sont inchangés.", shown)
    return [contours[code] for code in sorted(contours)], others


def _check_members(known: Iterable[str], found: Iterable[str], joined: list[str]) -> list[str]:
    problems = []
    missing = sorted(set(known) - set(found))
    if missing:
        problems.append(
            f"{agree(len(missing), 'commune(s) du territoire')} sans contour : {_shorten(missing)} ;"
            " si elles ont quitté l'agglomération, dites-le (webmap communes quitter), ou ajoutez --accepter pour s'en passer"
        )
    if joined:
        problems.append(
            f"{agree(len(joined), 'commune(s) absente(s)')} de la liste de l'atlas : {_shorten(joined)} ;"
            " si elles ont rejoint l'agglomération, dites-le (webmap communes rejoindre), ou ajoutez --accepter pour s'en passer"
        )
    return problems


def _shorten(names: list[str]) -> str:
    return f"{', '.join(names[:_SHOWN])}{'…' if len(names) > _SHOWN else ''}"


def _read_features(path: Path) -> list[Any]:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ImportRefusedError(
                f"{path.name} dépasse {MAX_BYTES // 1_000_000} Mo : extrayez-en les communes du territoire."
            )
        raw = path.read_bytes()
    except OSError as error:
        raise ImportRefusedError(f"{path} ne se lit pas ({explain_system(error)}).") from error
    try:
        content = json.loads(raw.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:  # not UTF-8, not JSON, or a number of 5 000 digits
        msg = f"{path.name} n'est pas du GeoJSON en UTF-8. Attendu : une FeatureCollection avec les propriétés code et nom."
        raise ImportRefusedError(msg, [_advise(raw, error)]) from error
    if (
        not isinstance(content, dict)
        or content.get("type") != "FeatureCollection"
        or not isinstance(content.get("features"), list)
    ):
        raise ImportRefusedError(f"{path.name} n'est pas une FeatureCollection GeoJSON.")
    name = _crs_name(content.get("crs"))
    if name and not name.endswith(("CRS84", "4326")):
        raise ImportRefusedError(
            f"{path.name} est en {name} : attendu WGS84 (longitude, latitude), comme tout GeoJSON."
        )
    return list(content["features"])


def _advise(raw: bytes, error: Exception) -> str:
    """Say what the file is instead of GeoJSON, and what to do about it."""
    if not raw.strip():
        return "Le fichier est vide : téléchargez-le de nouveau."
    if raw.removeprefix(codecs.BOM_UTF8).lstrip().startswith(b"<"):
        return "C'est une page web, ou du XML : enregistrez le fichier GeoJSON lui-même, non la page qui y mène."
    if isinstance(error, UnicodeDecodeError):
        return f"Dans ce fichier, {explain(error)} : enregistrez-le en UTF-8."
    return f"JSON refusé : {explain(error)}. Téléchargez le fichier de nouveau, en entier."


def _crs_name(crs: object) -> str:
    """Return the name in GeoJSON 2008's `crs` member, whatever is in its place."""
    properties = crs.get("properties") if isinstance(crs, dict) else None
    return str(properties.get("name") or "") if isinstance(properties, dict) else ""


def _parse_geometry(
    raw: object, where: str, centre: tuple[float, float] | None, problems: list[str]
) -> shapely.Geometry | None:
    try:
        geometry = shapely.force_2d(shape(raw))  # type: ignore[arg-type]  # hostile on purpose: what fails is caught
    except (AttributeError, KeyError, TypeError, ValueError, IndexError, shapely.errors.ShapelyError):
        problems.append(f"{where} : géométrie absente ou illisible")
        return None
    if geometry.geom_type not in {"Polygon", "MultiPolygon"} or geometry.is_empty:
        problems.append(f"{where} : {geometry.geom_type}, attendu une surface")
        return None
    if not geometry.is_valid:
        problems.append(f"{where} : contour invalide ({shapely.is_valid_reason(geometry)})")
        return None
    west, south, east, north = geometry.bounds
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):  # noqa: PLR2004 - the range of degrees
        problems.append(f"{where} : coordonnées hors des degrés WGS84 ; le fichier est peut-être en Lambert-93")
        return None
    if centre is not None and geometry.distance(shapely.Point(*centre)) > _CENTRE_MARGIN:
        problems.append(
            f"{where} : loin du centre connu de la commune ; longitude et latitude sont peut-être inversées"
        )
        return None
    return geometry
