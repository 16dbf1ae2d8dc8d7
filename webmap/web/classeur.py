"""A report as the sheets of a workbook: how to read it, its figures, what is left over, its sources."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, fields
from typing import TYPE_CHECKING

from flask import Response

from webmap.formats.classeur import Column, Sheet, build_classeur
from webmap.store.conservation import Rest
from webmap.web import french
from webmap.web.chiffres import COLUMNS, build_lines
from webmap.web.reports import fetch_date, page_context
from webmap.web.responses import as_download
from webmap.web.services import services

if TYPE_CHECKING:
    from webmap.store.conservation import Straddle
    from webmap.store.report import Report, UnitReport

_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_UNDATED = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
_SOURCE = {"couche": 22, "nom": 50, "producteur": 36, "licence": 36, "millesime": 16, "adresse": 40, "provenance": 80}
_CUT = ("couche", "cle", "nom", "partie", "valeur", "unite", "part", "total")
_WIDTHS = {"nom": 22, "libelle": 38, "indisponible": 30, "regle": 50, "source": 50, "note": 30}
_HOW_TO_READ = {
    "Valeur manquante": (
        "Une cellule « valeur » vide n'est jamais un zéro : la colonne « indisponible » de la même ligne dit pourquoi il "
        "n'y a pas de valeur. Rien n'est estimé à la place."
    ),
    "Secret statistique": (
        "« borne_min » et « borne_max » encadrent ce qu'aucune somme ne donne (une médiane, un taux) d'après les "
        "communes publiées ; « communes_masquees » compte celles que le producteur tient secrètes."
    ),
    "Sommes": (
        "« additive » dit si les valeurs des unités s'additionnent. Sinon, un même objet compte dans plusieurs unités, "
        "ou la mesure est un taux, une part, une médiane."
    ),
    "Ensemble": (
        "Les lignes dont « decoupage » est « territoire » sont celles de l'ensemble, non localisés compris. Les mesures "
        "« declare_… » sont des chiffres que les documents affirment : l'atlas ne les a pas calculés."
    ),
    "Onglets": (
        "Chiffres : une ligne par valeur, avec sa règle et sa source. Restes : somme_des_unites + hors_unite + "
        "hors_territoire + non_localise − comptes_plusieurs_fois = ensemble. Partages : ce que les limites coupent, une "
        "ligne par partie. Sources : producteur, licence et date de chaque couche et document."
    ),
}


def respond_xlsx(report: Report, only: UnitReport | None = None) -> Response:
    """Return the workbook of a découpage, or of one of its units, as a download."""
    atlas = services()
    date = fetch_date()
    context = page_context(report)
    subject = f"{only.unit.nom} ({context['decoupage_titre'].lower()})" if only else context["decoupage_pluriel"]
    notices = [context["avertissement"], context["schematique"]]
    facts = {
        "Objet": subject,
        "Territoire": atlas.settings.territoire.nom,
        "Découpage": context["decoupage_titre"],
        "Données au": french.date(date),
        "Page de l'atlas": "/".join(["/territoires", report.decoupage, *([only.unit.code] if only else [])]),
        "Attention": " ".join(f"{notice.rstrip('.')}." for notice in notices if notice) or None,
        **_HOW_TO_READ,
    }
    lines = list(build_lines(report, only))
    sheets = [
        Sheet("Lisez-moi", (Column("rubrique", 22, wrap=True), Column("texte", 100, wrap=True)), list(facts.items())),
        Sheet(
            "Chiffres",
            tuple(Column(name, _WIDTHS.get(name, 14), wrap=name in _WIDTHS) for name in COLUMNS),
            [[line[name] for name in COLUMNS] for line in lines],
        ),
        *_build_rests(report),
        _build_sources({line["couche"] for line in lines}, {line["source"] for line in lines}),
    ]
    title = f"{atlas.settings.territoire.titre} : {subject}"
    created = (date or _UNDATED).replace(tzinfo=None)  # the format has no time zone
    body = build_classeur(title, atlas.settings.territoire.titre, created, sheets)
    names = ["territoires", report.decoupage, *([only.unit.code] if only else [])]
    return as_download(Response(body, mimetype=_TYPE), names, "xlsx")


def _build_rests(report: Report) -> list[Sheet]:
    """Return what is left over, and what straddles; no sheet without a line."""
    names = [field.name for field in fields(Rest)]
    rests = [[asdict(rest)[name] for name in names] for rest in report.rests]
    cuts = [line for cut in report.partages for line in _build_cut(cut)]
    sheets = [
        Sheet("Restes", tuple(Column(name, 22) for name in names), rests),
        Sheet("Partages", tuple(Column(name, 22) for name in _CUT), cuts),
    ]
    return [sheet for sheet in sheets if sheet.rows]


def _build_cut(cut: Straddle) -> list[tuple[str | float | None, ...]]:
    parts = [(part.code, part.valeur) for part in cut.parts]
    parts += [("hors_unite", cut.hors_unite), ("hors_territoire", cut.hors_territoire)]
    return [
        (cut.couche, cut.cle, cut.nom, where, value, cut.unite, value / cut.total if cut.total else None, cut.total)
        for where, value in parts
    ]


def _build_sources(couches: set[str], cited: set[str]) -> Sheet:
    catalog = services().catalog
    layers = [
        (layer.id, s.name, s.producer, s.licence, s.millesime, s.url, s.provenance)
        for layer in catalog.public
        for s in [layer.source]
        if layer.id in couches | {"commune"}
    ]
    documents = [
        (None, document.title, document.producer, None, document.date, document.url, document.note)
        for name, document in catalog.documents.items()
        if any(catalog.cite(name) in source for source in cited)
    ]
    return Sheet(
        "Sources", tuple(Column(name, width, wrap=True) for name, width in _SOURCE.items()), [*layers, *documents]
    )
