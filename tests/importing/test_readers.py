"""From bytes to features: encodings, forms, and the points of IRVE files as operators write them."""

from __future__ import annotations

import hashlib
import json
import tracemalloc
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.importing.published import IRVE, collection, feature, irve_csv, zipped
from webmap.catalog.connector import Connector
from webmap.errors import ImportRefusedError
from webmap.importing.readers import Feature, parse_point, read_features, read_page

if TYPE_CHECKING:
    from pathlib import Path


def connector(kind: str, **changes: object) -> Connector:
    content = {"id": "essai", "format": kind, "url": "https://example.org/x", "file": "x.json", "source": "s"}
    content |= {"licence": "LO", "key": "code"}
    content |= {"point": "coordonneesXY", "key": "id_pdc_itinerance"} if kind == "csv" else {}
    content |= {"entry": "*.geojson"} if kind == "zip" else {}
    return Connector.model_validate({**content, **changes})


def read(tmp_path: Path, kind: str, body: bytes, **changes: object) -> list[Any]:
    path = tmp_path / "fichier"
    path.write_bytes(body)
    return list(read_features(connector(kind, **changes), [path]))


# --- points ------------------------------------------------------------------------------------------------------

ORDER, SWAPPED, ABROAD, NOTHING = "order", "swapped", "abroad", None


@pytest.mark.parametrize(
    ("text", "point", "how"),
    [
        ("[3.384, 50.330]", (3.384, 50.33), ORDER),
        ("[50.330,3.384]", (3.384, 50.33), SWAPPED),
        ("3.384,50.330", (3.384, 50.33), ORDER),
        ("(3.384, 50.330)", (3.384, 50.33), ORDER),
        ("[3,384, 50,330]", (3.384, 50.33), ORDER),
        ("[50,330;3,384]", (3.384, 50.33), SWAPPED),
        ("[3e0, 5.033e1]", (3.0, 50.33), ORDER),
        ("[-1.5, 48.1]", (-1.5, 48.1), ORDER),
        ("[48.1, -1.5]", (-1.5, 48.1), SWAPPED),
        ("[55.45, -20.88]", (55.45, -20.88), ABROAD),  # La Réunion: neither way in metropolitan France
        ("[0, 0]", (0.0, 0.0), ABROAD),
        ("", None, NOTHING),
        ("[]", None, NOTHING),
        ("[3.384]", None, NOTHING),
        ("[3.384, 50.33, 20]", None, NOTHING),
        ("[nan, 50.33]", None, NOTHING),
        ("[inf, 50.33]", None, NOTHING),
        ("[1e999, 50.33]", None, NOTHING),
        ("[720000, 7030000]", None, NOTHING),
        ("[3_3, 50_3]", None, NOTHING),
        ("[٣.٣, 50.3]", None, NOTHING),
        ("N 50°20', E 3°23'", None, NOTHING),
    ],
)
def test_a_point(text: str, point: tuple[float, float] | None, how: str | None) -> None:
    found = parse_point(text, {})
    assert found.point == point
    assert (found.geometry is None) == (point is None)
    assert (found.swapped, found.abroad) == (how == SWAPPED, how == ABROAD)
    if found.geometry:
        assert json.loads(found.geometry) == {"type": "Point", "coordinates": list(point or ())}


@given(st.floats(-5.5, 9.7), st.floats(41, 51.5))
def test_a_point_of_france_is_read_the_same_both_ways(lon: float, lat: float) -> None:
    assert parse_point(f"[{lon!r}, {lat!r}]", {}).point == parse_point(f"[{lat!r}, {lon!r}]", {}).point == (lon, lat)


@given(st.text(max_size=40))
def test_no_text_breaks_the_reading_of_a_point(text: str) -> None:
    found = parse_point(text, {})
    assert found.geometry is None or json.loads(found.geometry)["type"] == "Point"


def test_a_mixed_file_is_put_right_row_by_row(tmp_path: Path) -> None:
    rows = [{"coordonneesXY": text} for text in ("[3.384, 50.330]", "[50.330, 3.384]", "[55.4, -20.9]", "rien")]
    found = read(tmp_path, "csv", irve_csv(*rows).encode())
    assert [f.point for f in found] == [(3.384, 50.33), (3.384, 50.33), (55.4, -20.9), None]
    assert [f.swapped for f in found] == [False, True, False, False]


# --- CSV ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("delimiter", [",", ";"])
@pytest.mark.parametrize("bom", ["", "\ufeff"])
def test_a_csv_of_either_separator_with_or_without_bom(tmp_path: Path, delimiter: str, bom: str) -> None:
    text = irve_csv({"nom_station": 'Mairie ; « L\'Haÿ », "ouest"\nsuite'}, delimiter=delimiter)
    found = read(tmp_path, "csv", (bom + text).encode())
    assert found[0].properties == {**IRVE, "nom_station": 'Mairie ; « L\'Haÿ », "ouest"\nsuite'}


def test_blank_lines_are_nothing(tmp_path: Path) -> None:
    assert len(read(tmp_path, "csv", (irve_csv({}) + "\n\r\n").encode())) == 1


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (irve_csv({"nom_station": "Gare été"}).encode("cp1252"), "n'est plus en UTF-8 : la source a changé d'encodage"),
        (irve_csv({}).encode("utf-16"), "n'est plus en UTF-8|n'a plus la colonne"),
        (irve_csv({}).replace("id_pdc_itinerance", "id").encode(), "n'a plus la colonne id_pdc_itinerance"),
        (irve_csv({}).replace("coordonneesXY", "xy").encode(), "n'a plus la colonne coordonneesXY"),
        (irve_csv({}).encode() + b"1,2,3\n", "ligne 3 : nombre de cellules différent de l'en-tête"),
        (irve_csv({}).encode()[:-40], "nombre de cellules différent"),
        (irve_csv({"nom_station": "x" * 200_000}).encode(), "n'est pas un CSV bien formé .*une cellule démesurée"),
        (irve_csv({}).encode() + b'"jamais ferme', "nombre de cellules différent|n'est pas un CSV bien formé"),
        (b"", "n'a plus la colonne"),
    ],
    ids=["cp1252", "utf-16", "key", "point", "cells", "cut", "huge cell", "quote", "empty"],
)
def test_a_csv_that_changed(tmp_path: Path, body: bytes, sentence: str) -> None:
    with pytest.raises(ImportRefusedError, match=sentence):
        read(tmp_path, "csv", body)


def test_a_file_without_line_ends_is_not_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(b"x" * 50_000_000)
    tracemalloc.start()
    with pytest.raises(ImportRefusedError):
        list(read_features(connector("csv"), [path]))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20_000_000


def test_memory_does_not_grow_with_a_csv(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    line = irve_csv({}).splitlines(keepends=True)
    path.write_text(line[0] + line[1] * 20_000, encoding="utf-8")
    tracemalloc.start()
    assert sum(1 for _ in read_features(connector("csv"), [path])) == 20_000
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2_000_000


def test_a_table_has_no_point(tmp_path: Path) -> None:
    found = read(tmp_path, "csv", b"id_pdc_itinerance;x\n1;s\n", point=None)
    assert found == [Feature({"id_pdc_itinerance": "1", "x": "s"})]
    assert found[0].geometry is None


def test_memory_does_not_grow_with_a_csv_in_a_zip(tmp_path: Path) -> None:
    lines = ["code;x\n", *(f"{n};{hashlib.sha256(str(n).encode()).hexdigest() * 4}\n" for n in range(40_000))]
    path = tmp_path / "x.zip"
    path.write_bytes(zipped("".join(lines).encode(), "dossier/x.csv"))
    del lines
    tracemalloc.start()
    assert sum(1 for _ in read_features(connector("zip", entry="x.csv"), [path])) == 40_000
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2_000_000


# --- GeoJSON and ZIP ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"<html></html>", "n'est pas du JSON complet"),
        (collection([feature(None, code="1")])[:-3], "n'est pas du JSON complet"),
        ('{"type": "FeatureCollection", "features": [{"é": 1}]}'.encode("cp1252"), "n'est plus en UTF-8"),
        (b"[" * 100_000, "n'est pas du JSON complet|trop gros"),
        (b'{"features": [' + b"9" * 5000 + b"]}", "n'est pas du JSON complet"),
        (b"[]", "n'est pas une FeatureCollection"),
        (b'{"features": {}}', "n'est pas une FeatureCollection"),
        (b'{"features": [1]}', "n'est pas une FeatureCollection"),
        (collection([feature(None, autre="1")]), "n'a plus la colonne code"),
        (b'{"features": [{"properties": [1]}]}', "n'a plus la colonne code"),
        (collection([], crs={"type": "name", "properties": {"name": "EPSG:2154"}}), "est en EPSG:2154, attendu WGS84"),
    ],
)
def test_geojson_that_changed(tmp_path: Path, body: bytes, sentence: str) -> None:
    with pytest.raises(ImportRefusedError, match=sentence):
        read(tmp_path, "geojson", body)
    with pytest.raises(ImportRefusedError, match=sentence):
        read(tmp_path, "zip", zipped(body))


def test_values_become_text(tmp_path: Path) -> None:
    values = {"code": 7, "b": True, "n": None, "f": 1.5, "l": ["é"], "t": "x"}
    found = read(tmp_path, "geojson", collection([feature(None, **values)]))
    assert found[0].properties == {"code": "7", "b": "true", "n": None, "f": "1.5", "l": '["é"]', "t": "x"}
    assert found[0].geometry is None


def test_an_entry_that_lies_about_its_size_gives_no_more_than_it_says(tmp_path: Path) -> None:
    packed = bytearray(zipped(b"x" * 5_000_000, "a.geojson"))
    place = packed.rfind(b"PK\x01\x02")
    packed[place + 24 : place + 28] = (100).to_bytes(4, "little")
    with pytest.raises(ImportRefusedError, match=r"n'est pas un ZIP complet|trop gros|JSON"):
        read(tmp_path, "zip", bytes(packed))


# --- pages -------------------------------------------------------------------------------------------------------


def test_a_page_is_known_by_its_rows_not_by_its_hour_nor_by_drawn_ids(tmp_path: Path) -> None:
    path = tmp_path / "page.json"
    rows = [feature(None, code=str(n)) for n in range(3)]
    path.write_bytes(collection([{**r, "id": f"fid-{n}"} for n, r in enumerate(rows)], timeStamp="1", numberMatched=9))
    first = read_page(path)
    path.write_bytes(collection([{**r, "id": f"fid-x{n}"} for n, r in enumerate(rows)], timeStamp="2", numberMatched=9))
    again = read_page(path)
    assert first == again
    assert (len(first.rows), first.matched, first.digest) == (3, 9, again.digest)


@pytest.mark.parametrize("matched", ["unknown", None, True, "3"])
def test_a_server_may_not_say_how_many_rows_there_are(tmp_path: Path, matched: object) -> None:
    path = tmp_path / "page.json"
    path.write_bytes(collection([], numberMatched=matched))
    assert read_page(path).matched is None
