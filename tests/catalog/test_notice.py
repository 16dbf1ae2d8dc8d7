"""What catalogues are told of a licence, a vintage, an empty layer: nothing more than the sources say."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest

from webmap.catalog.notice import ODBL, OPEN_DATA, OUVERTE, Licence, Notice, parse_licence

if TYPE_CHECKING:
    from webmap.catalog.load import Catalog

NOW = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)
TERRITORY = (3.2, 50.2, 3.6, 50.6)


def notice(catalog: Catalog, layer_id: str = "qpv", licence: str = "Licence Ouverte 2.0", **told: object) -> Notice:
    layer = catalog.by_id[layer_id]
    source = layer.source.model_copy(update={"licence": licence, **told})
    theme = next(theme for theme in catalog.themes if theme.id == layer.theme)
    changed = layer.model_copy(update={"source": source})
    return Notice(changed, theme, 3, None, TERRITORY, None, NOW, (), None, ())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Licence Ouverte 2.0", OUVERTE),
        ("Licence Ouverte", OUVERTE),
        ("Licence Ouverte (diffusion de l’ANCT) ; non précisée dans le dépôt lu", OUVERTE),
        ("ODbL (SNCF Réseau)", ODBL),
        ("Non précisée par le document", None),
        ("Sans objet", None),
        ("CC BY-NC 4.0", Licence("CC BY-NC 4.0")),
    ],
)
def test_a_licence_is_read_for_what_it_is(text: str, expected: Licence | None) -> None:
    assert parse_licence(text) == expected


def test_a_silent_source_is_under_the_open_licence_and_said_so(catalog: Catalog) -> None:
    told = notice(catalog, licence="Non précisée par le document")
    assert told.licence == OUVERTE
    assert "Non précisée par le document" in told.rights
    assert "par défaut" in told.rights
    assert "par défaut" not in notice(catalog).rights


@pytest.mark.parametrize(
    ("text", "expected"), [("ODbL", ODBL), ("Tous droits réservés", Licence("Tous droits réservés"))]
)
def test_a_loaded_source_narrows_the_licence(catalog: Catalog, text: str, expected: Licence) -> None:
    first = notice(catalog)
    told = Notice(**{**first.__dict__, "loaded": (("Registre", text), ("Autre", "Licence Ouverte 2.0"))})
    assert told.licence == expected
    assert (OPEN_DATA in told.keywords) is (expected == ODBL)
    assert text in told.rights
    assert "Registre" in told.lineage


@pytest.mark.parametrize(
    ("text", "years"),
    [
        ("2024", (2024, 2024)),
        ("2023-10", (2023, 2023)),
        ("2024-04-08", (2024, 2024)),
        ("2015-2020", (2015, 2020)),
        ("COG 2025", None),
        ("Sans objet", None),
        ("2022, géographie communale 2025", None),
        ("2023-10 pour les noms ; affectation de travail non datée", None),
    ],
)
def test_a_vintage_is_a_period_only_when_it_is_a_date(
    catalog: Catalog, text: str, years: tuple[int, int] | None
) -> None:
    assert notice(catalog, millesime=text).years == years


def test_every_theme_with_geometry_has_its_equivalents(catalog: Catalog) -> None:
    for theme in catalog.themes:
        drawn = [layer for layer in catalog.public if layer.theme == theme.id and layer.drawn]
        assert theme.ue
        assert theme.iso
        assert theme.inspire or not drawn
