"""Counts agree, and no English of the standard library reaches a person."""

from __future__ import annotations

import csv
import json
import tomllib
import zipfile
import zlib
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from webmap.wording import agree, explain, explain_system

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize(
    ("count", "pattern", "said"),
    [
        (0, "ligne(s) lue(s)", "0 ligne lue"),
        (1, "ligne(s) lue(s)", "1 ligne lue"),
        (2, "ligne(s) lue(s)", "2 lignes lues"),
        (1, "source(s) n'(a|ont) pas répondu", "1 source n'a pas répondu"),
        (3, "source(s) n'(a|ont) pas répondu", "3 sources n'ont pas répondu"),
        (1, "source(s) manque(|nt)", "1 source manque"),
        (2, "source(s) manque(|nt)", "2 sources manquent"),
    ],
)
def test_a_count_and_its_words_agree(count: int, pattern: str, said: str) -> None:
    assert agree(count, pattern) == said


def read_zip(content: bytes) -> bytes:
    with zipfile.ZipFile(BytesIO(content)) as archive:
        return archive.read(archive.namelist()[0])


@pytest.mark.parametrize(
    ("read", "said"),
    [
        (lambda: json.loads("<html>"), "illisible à partir de la ligne 1, colonne 1"),
        (lambda: json.loads('{"a": 1,\n "b" 2}'), "illisible à partir de la ligne 2, colonne 6"),
        (lambda: json.loads("[" * 100_000), "des objets imbriqués sans fin"),
        (lambda: json.loads("9" * 5000), "un nombre démesuré"),
        (b"caf\xe9".decode, "l'octet 4 n'est pas de l'UTF-8"),
        (lambda: tomllib.loads("a = 1\nb 2"), "illisible à partir de la ligne 2, colonne 3"),
        (lambda: tomllib.loads("a = "), "interrompu avant la fin|illisible à partir de la ligne 1, colonne 5"),
        (lambda: list(csv.reader(["x" * 200_000])), "une cellule démesurée"),
        (lambda: list(csv.reader(['"a" b'], strict=True)), "un guillemet mal placé ou jamais fermé"),
        (lambda: list(csv.reader(['"a'], strict=True)), "un guillemet mal placé ou jamais fermé"),
        (lambda: read_zip(b"PK"), "une archive interrompue ou abîmée"),
        (lambda: zlib.decompress(b"x"), "une archive interrompue ou abîmée"),
        (lambda: int("x"), "contenu illisible"),
    ],
)
def test_what_a_reader_found_wrong_is_told_in_french(read: Callable[[], object], said: str) -> None:
    with pytest.raises((ValueError, csv.Error, RecursionError, zipfile.BadZipFile, zlib.error)) as failed:
        read()
    assert any(part in explain(failed.value) for part in said.split("|"))


def test_what_the_system_refused_is_told_in_french() -> None:
    for path, said in ((Path("absent"), "il n'existe pas"), (Path("/"), "c'est un dossier")):
        with pytest.raises(OSError, match=r"absent|Is a directory") as failed:
            path.read_bytes()
        assert explain_system(failed.value) == said
    assert explain_system(OSError(0, "inconnue")) == "inconnue"
