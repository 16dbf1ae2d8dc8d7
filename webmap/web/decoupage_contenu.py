"""What the page of a découpage says, whatever it is written as: the map of one measure, its ranking, and all the measures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from flask import request

from webmap.errors import BadParameterError, NotFoundError
from webmap.store.outlines import fetch_outlines
from webmap.web.classes import (
    CUSTOM,
    MAX_CLASSES,
    METHODS,
    MIN_CLASSES,
    build_classes,
    build_custom,
    parse_bounds,
)
from webmap.web.columns import Column, build_columns, hidden_reasons, sort_units
from webmap.web.reports import page_context
from webmap.web.services import services
from webmap.web.thematic_map import HATCH, build_map, describe_map, shade

if TYPE_CHECKING:
    from collections.abc import Sequence

    from webmap.store.report import Report

QUERY = ("mesure", "methode", "classes", "bornes", "tri", "sens")
_NAME = "nom"
_DESCENDING, _ASCENDING = "decroissant", "croissant"
_DEFAULTS = ("commune:densite", "commune:population_municipale")
_CLASSES = 5
# What is left over of a measure, as rows under the units: words and field of a Rest.
_RESTS = (
    ("Hors unité", "hors_unite"),
    ("Hors du territoire", "hors_territoire"),
    ("Non localisé", "non_localise"),
    ("Comptés plusieurs fois", "comptes_plusieurs_fois"),
)


@dataclass(frozen=True)
class Choice:
    """What the reader asked for: a measure, how it is cut into classes, and the order of the tables."""

    column: Column
    methode: str
    classes: int
    bornes: tuple[float, ...]
    bornes_text: str
    tri: str
    sens: str

    @property
    def query(self) -> dict[str, str]:
        """The parameters of an address that shows the same map."""
        named = {"mesure": self.column.key, "methode": self.methode, "classes": str(self.classes)}
        return named | ({"bornes": self.bornes_text} if self.bornes else {})

    def sort_link(self, key: str) -> str:
        """Return the query of a header: sorts by it, the other way when it is sorted already."""
        usual = _ASCENDING if key == _NAME else _DESCENDING
        other = _DESCENDING if self.sens == _ASCENDING else _ASCENDING
        return "?" + urlencode({**self.query, "tri": key, "sens": other if key == self.tri else usual})

    def aria_sort(self, key: str) -> str | None:
        """Return `aria-sort` of a header, None for one the table is not sorted by."""
        return None if key != self.tri else "ascending" if self.sens == _ASCENDING else "descending"


def parse_choice(columns: Sequence[Column]) -> Choice:
    """Read the query of the request. Raises BadParameterError in a sentence for whatever it does not know."""
    by_key = {column.key: column for column in columns}
    default = next((key for key in _DEFAULTS if key in by_key and by_key[key].shown), columns[0].key)
    mesure = request.args.get("mesure", default)
    if mesure not in by_key:
        msg = f"mesure = « {mesure[:80]} » : mesure inconnue. Choisissez-en une dans la liste de la page ({request.path})."
        raise BadParameterError(msg)
    tri = request.args.get("tri", mesure)
    if tri != _NAME and tri not in by_key:
        raise BadParameterError(
            f"tri = « {tri[:80]} » : donnez « nom », ou une mesure de la page sous la forme couche:mesure."
        )
    bornes_text = request.args.get("bornes", "").strip()
    return Choice(
        column=by_key[mesure],
        methode=_one_of("methode", tuple(METHODS), next(iter(METHODS))),
        classes=_parse_count(),
        bornes=parse_bounds(bornes_text) if bornes_text else (),
        bornes_text=bornes_text,
        tri=tri,
        sens=_one_of("sens", (_DESCENDING, _ASCENDING), _ASCENDING if tri == _NAME else _DESCENDING),
    )


def _one_of(name: str, known: tuple[str, ...], default: str) -> str:
    value = request.args.get(name, default)
    if value not in known:
        raise BadParameterError(f"{name} = « {value[:60]} » : valeurs possibles : {', '.join(known)}.")
    return value


def _parse_count() -> int:
    text = request.args.get("classes", str(_CLASSES))
    if text not in {str(count) for count in range(MIN_CLASSES, MAX_CLASSES + 1)}:
        raise BadParameterError(f"classes = « {text[:60]} » : un nombre entier de {MIN_CLASSES} à {MAX_CLASSES}.")
    return int(text)


def fetch_decoupage_content(report: Report) -> dict[str, Any]:
    """Return what `decoupage_contenu.html` reads, for the query of the request."""
    atlas = services()
    columns = build_columns(report, atlas.catalog)
    if not columns:
        msg = f"Le découpage « {report.decoupage} » n'a encore aucune unité. Les autres sont à l'adresse /territoires."
        raise NotFoundError(msg)
    choice = parse_choice(columns)
    column = choice.column
    by_key = {each.key: each for each in columns}
    classes = None
    if column.rate and column.numbers:
        values = list(column.numbers.values())
        classes = (
            build_custom(values, choice.bornes)
            if choice.bornes
            else build_classes(values, choice.methode, choice.classes)
        )
    ascending = choice.sens == _ASCENDING
    ranked = sort_units(report.units, column, descending=not (choice.tri == column.key and ascending))
    numbers = {part.unit.code: line for line, part in enumerate(ranked, start=1)}
    if choice.tri == _NAME:
        ranked = sort_units(report.units, None, descending=not ascending)
    members = {code for part in report.units for code in part.unit.communes}
    return {
        **page_context(report),
        "choix": choice,
        "colonne": column,
        "colonnes": columns,
        "carte": build_map(fetch_outlines(atlas.database, report.decoupage), column, classes, numbers, members),
        "carte_en_mots": describe_map(column, {part.unit.code: part.unit.nom for part in report.units}),
        "classes": classes,
        "teintes": [shade(rank, len(classes.effectifs)) for rank in range(len(classes.effectifs))] if classes else [],
        "hachure": HATCH,
        "methode": CUSTOM if choice.bornes else METHODS[choice.methode],
        "methodes": METHODS,
        "effectifs_possibles": range(MIN_CLASSES, MAX_CLASSES + 1),
        "classement": ranked,
        "numeros": numbers,
        "rangs": column.ranks,
        "tri": by_key.get(choice.tri),
        "lignes": sort_units(report.units, by_key.get(choice.tri), descending=not ascending),
        "restes": _RESTS,
        "couches_montrees": {each.couche for each in columns if each.shown},
        "sans_valeur": hidden_reasons(columns),
        "hors_unite": report.ensemble.unit.nombre_communes - len(members),
    }
