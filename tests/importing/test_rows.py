"""From text cells to typed values, with every problem of a file."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webmap.catalog.definition import LayerDefinition
from webmap.errors import ImportRefusedError
from webmap.importing.rows import MAX_CELL, parse_row, parse_rows, read_csv

if TYPE_CHECKING:
    from pathlib import Path

KINDS = ("text", "integer", "number", "date", "boolean", "list")
LAYER = LayerDefinition.model_validate(
    {
        "id": "essai",
        "title": "Essais",
        "singular": "essai",
        "theme": "territoire",
        "description": "Une couche d'essai.",
        "geometry": "point",
        "key": "code",
        "name": "nom",
        "source": {"name": "S", "producer": "P", "licence": "L", "millesime": "2026", "provenance": "Un test."},
        "fields": [
            {"id": "code", "label": "Code", "required": True},
            {"id": "nom", "label": "Nom", "required": True},
            {"id": "couleur", "label": "Couleur", "enum": {"a": "A", "b": "B"}},
            *({"id": f"f_{kind}", "type": kind, "label": kind} for kind in KINDS),
        ],
        "style": {"rules": [{"label": "Tout"}]},
    }
)
GOOD = {
    "code": "c1",
    "nom": "N",
    "couleur": "a",
    "precision": "exacte",
    "code_insee": "59172",
    "etat": "existant",
    "source": "s",
    "source_ligne": "12",
    "source_url": "",
    "millesime": "2026",
    "lon": "3.4",
    "lat": "50.3",
}


def problems_of(**changes: str) -> list[str]:
    return parse_row(LAYER, GOOD | changes)[1]


def test_a_good_row_is_typed() -> None:
    cells = {"f_integer": "-12", "f_number": "1.5", "f_date": "2026-11-21", "f_boolean": "Oui", "f_list": "a | b||c "}
    row, problems = parse_row(LAYER, GOOD | cells | {"nom": "  N  "})
    assert problems == []
    assert (row["nom"], row["f_integer"], row["f_number"], row["f_boolean"]) == ("N", -12, 1.5, True)
    assert row["f_date"] == dt.date(2026, 11, 21)
    assert row["f_list"] == ["a", "b", "c"]
    assert row["f_text"] is None
    assert row["source_url"] is None
    assert row["geom"] == "SRID=4326;POINT(3.4 50.3)"
    assert set(row) == {*LAYER.field_ids, *GOOD} - {"lon", "lat"} | {"geom"}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"code": " "}, "code est obligatoire et vide"),
        ({"nom": ""}, "nom est obligatoire et vide"),
        ({"couleur": "c"}, "couleur = « c » : attendu a | b"),
        ({"f_integer": "1.5"}, "attendu un nombre entier"),
        ({"f_integer": "1_000"}, "attendu un nombre entier"),
        ({"f_integer": "99999999999999999999"}, "attendu un nombre entier"),
        ({"f_number": "1,5"}, "avec un point décimal"),
        ({"f_number": "nan"}, "avec un point décimal"),
        ({"f_number": "-inf"}, "avec un point décimal"),
        ({"f_number": "1e999"}, "avec un point décimal"),
        ({"f_date": "21/11/2026"}, "une date AAAA-MM-JJ"),
        ({"f_date": "20261121"}, "une date AAAA-MM-JJ"),
        ({"f_date": "2026-02-30"}, "une date AAAA-MM-JJ"),
        ({"f_boolean": "peut-être"}, "true ou false"),
        ({"etat": ""}, "etat est obligatoire"),
        ({"etat": "fini"}, "etat = « fini » : attendu existant"),
        ({"source": ""}, "source est obligatoire"),
        ({"millesime": ""}, "millesime est obligatoire"),
        ({"source_ligne": ""}, "source_ligne ou source_url manque"),
        ({"precision": "vague"}, "precision = « vague »"),
        ({"precision": ""}, "des coordonnées sans précision"),
        ({"lon": "", "lat": ""}, "precision = exacte sans coordonnées"),
        ({"lat": ""}, "attendu deux nombres"),
        ({"lon": "est"}, "attendu deux nombres"),
        ({"lon": "700000", "lat": "7000000"}, "hors des degrés WGS84"),
        ({"lon": "nan"}, "hors des degrés WGS84"),
        ({"code_insee": "5917"}, "cinq caractères"),
        ({"code_insee": "2C004"}, "cinq caractères"),
        ({"f_text": "x" * (MAX_CELL + 1)}, f"plus de {MAX_CELL} caractères"),
        ({"f_text": "a\0b"}, "f_text : caractère nul"),
    ],
)
def test_a_wrong_cell_is_told(changes: dict[str, str], reason: str) -> None:
    problems = problems_of(**changes)
    assert reason in problems[0]
    assert problems[1:] in ([], ["precision = exacte sans coordonnées"])


@pytest.mark.parametrize("precision", ["commune", "quartier"])
def test_a_place_known_by_commune_names_it(precision: str) -> None:
    changes = {"precision": precision, "lon": "", "lat": ""}
    assert problems_of(**changes) == []
    assert problems_of(**changes, code_insee="") == [f"precision = {precision} sans commune : indiquez code_insee"]


def test_corsican_codes_and_urls_are_welcome() -> None:
    assert problems_of(code_insee="2A004", source_ligne="", source_url="https://exemple.fr") == []


def test_every_problem_of_every_row_and_duplicate_keys_at_once() -> None:
    raws = [GOOD, GOOD | {"couleur": "z", "etat": "?"}, GOOD | {"code": "c2", "nom": ""}]
    with pytest.raises(ImportRefusedError) as refused:
        parse_rows(LAYER, [*raws, GOOD | {"code": "c3", "surplus": "x"}], "essai.csv")
    told = refused.value.problems
    assert [line.split(" :")[0] for line in told] == ["ligne 3", "ligne 3", "ligne 3", "ligne 4"]
    assert "ligne 3 : clé code = « c1 » déjà vue à la ligne 2" in told
    assert str(refused.value).startswith("essai.csv est refusé.")


def test_an_unknown_column_is_told_once() -> None:
    raws = [GOOD | {"colour": "a"}, GOOD | {"colour": "a", "code": "c2"}]
    with pytest.raises(ImportRefusedError) as refused:
        parse_rows(LAYER, raws, "essai.csv")
    assert refused.value.problems == ["colonne « colour » inconnue"]


def test_columns_of_another_name_and_constants() -> None:
    seed = {"columns": {"code": "ID"}, "constants": {"etat": "projet", "source": "doc"}}
    layer = LayerDefinition.model_validate({**LAYER.model_dump(), "seed": seed})
    row, problems = parse_row(layer, {**GOOD, "ID": "k", "etat": "existant"})
    assert problems == []
    assert (row["code"], row["etat"], row["source"]) == ("k", "projet", "doc")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"a,b\n1,2,3\n4\n", "ligne 2 : plus de cellules que de colonnes\nligne 3 : cellules manquantes"),
        ("a,b\n\xe9,2\n".encode("latin-1"), "n'est pas un CSV en UTF-8"),
        (b'a,b\n"1,2\n', "n'est pas un CSV en UTF-8"),
        (b"a,a\n1,2\n", "colonne « a » en double"),
    ],
)
def test_a_broken_csv_is_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(content)
    with pytest.raises(ImportRefusedError, match=reason):
        read_csv(path)


def test_a_missing_csv_is_named(tmp_path: Path) -> None:
    with pytest.raises(ImportRefusedError, match=r"absent\.csv ne se lit pas"):
        read_csv(tmp_path / "absent.csv")


def test_what_excel_writes_is_read(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes('\ufeffcode,nom\r\n1,"é, ""x""\nsuite"\r\n'.encode())
    assert read_csv(path) == [{"code": "1", "nom": 'é, "x"\nsuite'}]


@given(st.dictionaries(st.sampled_from([*LAYER.field_ids, *GOOD]), st.text(max_size=40)))
def test_no_text_breaks_the_reading(cells: dict[str, str]) -> None:
    row, problems = parse_row(LAYER, cells)
    assert set(row) >= set(LAYER.field_ids)
    assert problems or (row["code"] and row["etat"] and row["source"])
