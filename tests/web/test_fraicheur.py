"""How fresh a layer is, in words: from its rows' vintages, its last change, the checks of its sources."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from webmap.web.fraicheur import build_fraicheur, millesime

if TYPE_CHECKING:
    from webmap.catalog.load import Catalog

DAY = dt.datetime(2026, 11, 21, 8, 0, tzinfo=dt.UTC)


def counts(*vintages: str) -> dict[str, Any]:
    return {"lignes": 5, "millesimes": list(vintages), "sources": ["caph-pdt"], "modifiee": DAY, "revision": 7}


def test_a_vintage_is_a_french_date_or_the_words_of_the_source() -> None:
    written = ["2024-04-08", "2023-10", "2024", "COG 2025", "non précisé"]
    assert [millesime(text) for text in written] == ["08/04/2024", "10/2023", "2024", "COG 2025", "non précisé"]


def test_a_layer_says_its_vintages_and_its_last_change(catalog: Catalog) -> None:
    found = build_fraicheur(catalog.by_id["espace_nature"], counts("2024-04-08"), {}, lambda name: f"« {name} »")
    assert found["court"] == "millésime 08/04/2024"
    assert found["phrases"] == [
        "Source : « caph-pdt ». Millésime : 08/04/2024.",
        "Modifiée dans l’atlas le 21/11/2026 (révision 7).",
    ]
    many = build_fraicheur(catalog.by_id["espace_nature"], counts("2017", "2024", "2019"), {}, str)
    assert many["court"] == "millésime 2017 à 2024"


def test_an_empty_layer_has_no_vintage(catalog: Catalog) -> None:
    layer = catalog.by_id["trame_verte"]
    found = build_fraicheur(layer, {"lignes": 0}, {}, str)
    name = layer.source.name
    assert found == {"court": "", "source": name, "millesime": "", "phrases": [f"Source : {name}."]}


def test_each_source_says_when_it_was_checked_or_that_it_failed(catalog: Catalog) -> None:
    layer = next(layer for layer in catalog.public if len(layer.connectors) == 1 and layer.drawn)
    name = layer.connectors[0].id
    for result, words in (("inchange", "vérifiée le 21/11/2026"), ("echec", "échec le 21/11/2026")):
        check = {(layer.id, name): {"resultat": result, "verifiee": DAY}}
        found = build_fraicheur(layer, counts("2026"), check, str)
        assert words in found["phrases"][-1]
        assert ("en échec" in found["court"]) == (result == "echec")
    assert build_fraicheur(layer, counts("2026"), {}, str)["phrases"][-1] == "Source officielle : jamais demandée."
