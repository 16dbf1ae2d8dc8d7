"""Tables with one row a commune: INSEE's ZIP with its secrets, the grids of the ANCT, and what may be wrong with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.importing.published import (
    FILOSOFI,
    FILOSOFI_ENTRY,
    collection,
    filosofi_csv,
    filosofi_zip,
    grid_csv,
    zipped,
)
from webmap.importing.source_rows import build_source_row

if TYPE_CHECKING:
    from pathlib import Path

    from tests.importing.published import Desk
    from webmap.catalog.load import Catalog

FAR = {"75056": FILOSOFI["59172"]}


def publish(desk: Desk, body: bytes) -> None:
    desk.publish("filosofi", "communes", body)


def test_the_incomes_of_the_communes_come_with_their_secrets(desk: Desk) -> None:
    publish(desk, filosofi_zip({**FAR, **FILOSOFI}))
    outcome = desk.refresh("filosofi")["communes"]
    assert outcome.status == "changee", outcome.sentence
    assert "3 lignes lues près du territoire ; 3 créées" in outcome.sentence
    assert "sans géométrie" not in outcome.sentence
    rows = {r["code_insee"]: r for r in desk.rows("SELECT * FROM pub.filosofi")}
    assert rows.keys() == FILOSOFI.keys()
    whole, masked, absent = (rows[code] for code in FILOSOFI)
    assert (whole["nbmenfisc21"], whole["tp6021"], whole["pimpot21"]) == (7000, 41.5, -8.7)
    assert (whole["secret"], whole["non_disponible"]) == (None, None)
    assert (whole["millesime"], whole["source"], whole["precision"]) == ("2021", "insee-filosofi-2021", "commune")
    assert (masked["med21"], masked["tp6021"], masked["non_disponible"]) == (22000, None, None)
    assert {"tp6021", "pimp21", "d121", "rd21"} <= set(masked["secret"])
    assert not {"nbmenfisc21", "nbpersmenfisc21", "med21", "code_insee"} & set(masked["secret"])
    assert absent["secret"] is None
    assert set(absent["non_disponible"]) == {name.lower() for name in FILOSOFI["59172"]}
    again = desk.refresh("filosofi")["communes"]
    assert again.sentence == "inchangée depuis le dernier chargement"


def test_a_value_that_becomes_secret_leaves_the_database(desk: Desk) -> None:
    publish(desk, filosofi_zip(FILOSOFI))
    desk.refresh("filosofi")
    publish(desk, filosofi_zip({**FILOSOFI, "59172": {**FILOSOFI["59172"], "TP6021": "s"}}))
    assert "1 modifiée" in desk.refresh("filosofi")["communes"].sentence
    assert desk.rows("SELECT tp6021, secret FROM pub.filosofi WHERE code_insee = '59172'") == [
        {"tp6021": None, "secret": ["tp6021"]}
    ]
    publish(desk, filosofi_zip(FILOSOFI))
    desk.refresh("filosofi")
    assert desk.rows("SELECT tp6021, secret FROM pub.filosofi WHERE code_insee = '59172'") == [
        {"tp6021": 41.5, "secret": None}
    ]


@pytest.mark.parametrize("delimiter", [";", ","])
@pytest.mark.parametrize("bom", ["", "\ufeff"])
@pytest.mark.parametrize("folder", ["", "base-cc-filosofi-2021-geo2024_csv/"])
def test_the_layout_may_vary(desk: Desk, delimiter: str, bom: str, folder: str) -> None:
    publish(desk, zipped((bom + filosofi_csv(FILOSOFI, delimiter)).encode(), folder + FILOSOFI_ENTRY))
    outcome = desk.refresh("filosofi")["communes"]
    assert outcome.status == "changee", outcome.sentence
    assert desk.rows("SELECT tp6021 FROM pub.filosofi WHERE tp6021 IS NOT NULL") == [{"tp6021": 41.5}]


def broken(old: str, new: str) -> bytes:
    return zipped(filosofi_csv(FILOSOFI).replace(old, new, 1).encode(), FILOSOFI_ENTRY)


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (broken("TP6021", "TP6022"), "n'a plus la colonne TP6021 : la source a changé"),
        (broken("CODGEO", "GEO"), "n'a plus la colonne CODGEO"),
        (zipped(filosofi_csv(FILOSOFI, "\t").encode(), FILOSOFI_ENTRY), "n'a plus la colonne CODGEO"),
        (zipped(filosofi_csv(FILOSOFI).encode("utf-16"), FILOSOFI_ENTRY), "n'est plus en UTF-8|n'a plus la colonne"),
        (broken("7000", "sept mille"), "1 ligne sur 3 ne suit plus la définition"),
        (broken("41,5", "41,5;"), "nombre de cellules différent de l'en-tête"),
        (broken("41,5", "x"), "tp6021 = « x » : attendu un nombre"),
        (broken("41,5", "S"), "tp6021 = « S » : attendu un nombre"),
        (broken("41,5", "ns"), "tp6021 = « ns » : attendu un nombre"),
        (broken("7000", "7000,5"), "nbmenfisc21 = « 7000,5 » : attendu un nombre entier"),
        (zipped(b"GEO;OBS_VALUE\n", "DS_FILOSOFI_CC_data.csv"), "0 fichier répond à « cc_filosofi_2021_COM.csv »"),
        (zipped(filosofi_csv(FILOSOFI).encode(), f"a/{FILOSOFI_ENTRY}", FILOSOFI_ENTRY), "2 fichiers répondent à"),
        (zipped(b"", FILOSOFI_ENTRY), "n'a plus la colonne"),
        (zipped(filosofi_csv({}).encode(), FILOSOFI_ENTRY), "a perdu 3 lignes sur 3"),
        (filosofi_zip(FAR), "a perdu 3 lignes sur 3"),
        (filosofi_zip({"59172": FILOSOFI["59172"]}), "a perdu 2 lignes sur 3"),
        (zipped(b"CODGEO;" + b"x" * 30_000_000, FILOSOFI_ENTRY), "trop gros une fois décompressé"),
        (filosofi_csv(FILOSOFI).encode(), "ZIP"),
        (collection([]), "ZIP"),
    ],
    ids=lambda case: case if isinstance(case, str) else "",
)
def test_a_file_that_changed_leaves_the_layer_as_it_was(desk: Desk, body: bytes, sentence: str) -> None:
    publish(desk, filosofi_zip(FILOSOFI))
    desk.refresh("filosofi")
    state = desk.content("filosofi")
    publish(desk, body)
    outcome = desk.refresh("filosofi")["communes"]
    assert outcome.status == "echec"
    assert any(part in outcome.sentence for part in sentence.split("|")), outcome.sentence
    assert desk.content("filosofi") == state


def test_a_zip_cut_while_it_streams_is_refused(desk: Desk, tmp_path: Path) -> None:
    del tmp_path
    many = {f"{n:05}": FILOSOFI["59172"] for n in range(10_000, 60_000)}
    packed = bytearray(filosofi_zip({**many, **FILOSOFI}))
    middle = len(packed) // 3
    packed[middle : middle + 50] = bytes(50)
    publish(desk, bytes(packed))
    outcome = desk.refresh("filosofi")["communes"]
    assert outcome.status == "echec", outcome.sentence
    assert desk.keys("filosofi") == []


def test_an_empty_cell_is_neither_secret_nor_unavailable(catalog: Catalog) -> None:
    layer = catalog.by_id["filosofi"]
    cells = {"CODGEO": "59172", **FILOSOFI["59172"], "TP6021": "", "MED21": " s ", "D121": "nd"}
    row, problems = build_source_row(layer, layer.connectors[0], cells, "2026-01-01")
    assert problems == []
    assert (row["tp6021"], row["med21"], row["d121"]) == (None, None, None)
    assert (row["secret"], row["non_disponible"]) == (["med21"], ["d121"])


# --- grids -------------------------------------------------------------------------------------------------------


def test_three_files_fill_one_row_a_commune(desk: Desk) -> None:
    outside = "Hors champ : DOM ou commune urbaine"
    desk.publish("grille_densite", "densite", grid_csv("densite", {"59172": "Grands centres urbains", "75056": "x"}))
    desk.publish("grille_densite", "ruralite", grid_csv("ruralite", {"59172": outside}))
    desk.publish("grille_densite", "centralite", grid_csv("centralite", {"59172": "N/A"}))
    outcomes = desk.refresh("grille_densite")
    assert {o.status for o in outcomes.values()} == {"changee"}, outcomes
    assert desk.rows(
        "SELECT lib_com, niveau_densite, niveau_ruralite, niveau_centralite, non_disponible FROM pub.grille_densite"
    ) == [
        {
            "lib_com": "Commune 59172", "niveau_densite": "Grands centres urbains", "niveau_ruralite": outside,
            "niveau_centralite": None, "non_disponible": ["niveau_centralite"],
        }
    ]  # fmt: skip
    # One file read again leaves what the two others gave, and what the third did not have.
    desk.publish("grille_densite", "densite", grid_csv("densite", {"59172": "Petites villes"}))
    desk.refresh("grille_densite")
    row = desk.rows("SELECT niveau_densite, niveau_ruralite, non_disponible FROM pub.grille_densite")[0]
    assert row == {
        "niveau_densite": "Petites villes", "niveau_ruralite": outside, "non_disponible": ["niveau_centralite"],
    }  # fmt: skip


def test_an_unknown_class_is_refused_not_stored(desk: Desk) -> None:
    desk.publish("grille_densite", "densite", grid_csv("densite", {"59172": "Métropole du futur"}))
    outcome = desk.refresh("grille_densite")["densite"]
    assert outcome.status == "echec"
    assert "niveau_densite = « Métropole du futur » : attendu Grands centres urbains" in outcome.sentence
