"""`webmap territoire nouveau`: a territory made from its SIREN, and what is refused."""

from __future__ import annotations

import csv
import json
import re
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from tests.conftest import copied
from tests.importing.official_server import Answer, official_server
from tests.territories import FIRST, Served, get_json, read_pages, read_territory, serve
from webmap.app import create_app
from webmap.cli import main
from webmap.errors import ImportRefusedError
from webmap.importing import territory
from webmap.importing.fetch import Remote, SourceError
from webmap.importing.mirror import add_file
from webmap.importing.seeds import load_seeds
from webmap.store.schema import upgrade

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from webmap.store.cluster import Cluster

SIREN = "200099992"  # invented, with the key a SIREN must have
NAME = "Deux Rivières"


# --- a territory made from its SIREN ------------------------------------------------------------------------------


COMMUNES: list[dict[str, Any]] = [
    {"code": "59998", "nom": "Haute-Rivière", "population": 1200, "surface": 900.5,
     "centre": {"type": "Point", "coordinates": [3.10004, 50.30004]}},
    {"code": "59999", "nom": "Basse-Rivière", "population": 800,
     "centre": {"type": "Point", "coordinates": [3.15, 50.31]}},
]  # fmt: skip
EPCI: dict[str, Any] = {"nom": NAME, "code": SIREN}


def make_mirror(folder: Path, epci: object = EPCI, communes: object = COMMUNES) -> Path:
    """Make a mirror that holds what the API would answer."""
    for name, content in ((f"epci/{SIREN}.json", epci), (f"epci/{SIREN}-communes.json", communes)):
        path = folder / "réponse.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        add_file(folder / "miroir", Remote("https://example.invalid/api", name, 10_000_000), path)
    return folder / "miroir"


def run_new(*arguments: str | Path) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["territoire", "nouveau", *map(str, arguments)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output


@pytest.fixture(scope="module")
def invented(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("invented")
    code, said = run_new(SIREN, "--dossier", folder / "deux", "--mirror", make_mirror(folder))
    assert code == 0, said
    assert said.splitlines() == [
        f"{NAME} : 2 communes, 2\N{NARROW NO-BREAK SPACE}000 habitants, dans {folder / 'deux'}.",
        f"Pour le servir : WEBMAP_CONFIG={folder / 'deux' / 'webmap.toml'} PORT=8001 make run",
    ]
    yield from serve(cluster, folder / "deux")


def test_the_new_territory_is_served(invented: Served) -> None:
    assert invented.settings.database_name == f"webmap_{SIREN}"
    whole = get_json(invented.client, f"/territoires/territoire/{SIREN}.json")["unites"][0]
    assert (whole["nom"], whole["nombre_communes"], whole["population"]) == (NAME, 2, 2000)
    communes = get_json(invented.client, "/territoires/commune.json")["unites"]
    assert {unit["nom"]: unit["population"] for unit in communes} == {"Haute-Rivière": 1200, "Basse-Rivière": 800}
    page = invented.client.get("/").get_data(as_text=True)
    (atlas,) = re.findall(r'<script type="application/json"[^>]*>(.*?)</script>', page, re.DOTALL)
    state = json.loads(atlas)
    assert state["territoire"]["nom"] == NAME
    units = next(each for each in state["decoupages"] if each["id"] == "commune")["unites"]
    assert len(units) == 2
    assert all(unit["centre"] and unit["etendue"] for unit in units), "each has its schematic cell"
    west, south, east, north = invented.settings.territoire.etendue
    assert (west < 3.1, 3.15 < east < 3.3, south < 50.3, 50.31 < north < 50.4) == (True,) * 4


def test_no_page_of_it_speaks_of_another_territory(invented: Served) -> None:
    pages = read_pages(invented.client)
    words = (*FIRST, "Béthune", "Auchel", "200072460")
    assert {(path, word) for path, text in pages.items() for word in words if word in text} == set()


def test_its_rows_say_where_they_come_from(invented: Served) -> None:
    assert invented.settings.facts_folder is not None
    with (invented.settings.facts_folder / "commune" / "seed.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["code_insee"], row["centre_lon"], row["source"]) for row in rows] == [
        ("59998", "3.1", "geo-api-communes"), ("59999", "3.15", "geo-api-communes"),
    ]  # fmt: skip
    assert all("année de recensement non précisée" in row["population_source"] for row in rows)
    assert {layer.id for layer in invented.catalog.layers} == set(invented.settings.couches)
    assert all(layer.connectors for layer in invented.catalog.layers), "each is filled by its source"


def test_a_territory_of_one_commune_has_a_cell(cluster: Cluster, tmp_path: Path) -> None:
    alone = [{**COMMUNES[0], "population": None}]
    code, said = run_new(
        SIREN,
        "--nom",
        'L\'« Île » "seule" \\ bis',
        "--dossier",
        tmp_path / "une",
        "--mirror",
        make_mirror(tmp_path, communes=alone),
    )
    assert code == 0, said
    assert "1 commune, population inconnue" in said
    settings, catalog = read_territory(tmp_path / "une")
    assert settings.territoire.nom == 'L\'« Île » "seule" \\ bis'
    with copied(cluster, None) as database:
        upgrade(database, catalog, settings)
        load_seeds(database, catalog, settings)
        unit = get_json(create_app(settings, database).test_client(), "/territoires/commune.json")["unites"][0]
        with database.owner() as connection:
            cells = connection.execute("SELECT couche, cle FROM app.cellule").fetchall()
    assert unit["population"] is None
    assert {"couche": "commune", "cle": "59998"} in cells


def test_the_name_of_the_source_names_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(territory, "FOLDER", tmp_path / "territoires")
    mirror = make_mirror(tmp_path, {"nom": "CC de l'Œuf, Sud-Avesnois"})
    assert run_new(SIREN, "--mirror", mirror)[0] == 0
    assert [path.name for path in (tmp_path / "territoires").iterdir()] == ["cc-de-l-oeuf-sud-avesnois"]


def test_it_is_asked_of_the_official_server(tmp_path: Path) -> None:
    with official_server() as server:
        model = tmp_path / "modele"
        shutil.copytree(territory.MODEL, model)
        text = (model / "sources.toml").read_text(encoding="utf-8")
        (model / "sources.toml").write_text(text.replace("https://geo.api.gouv.fr/epcis", f"{server.url}/epcis"))
        server.serve(f"/epcis/{SIREN}", Answer(json.dumps(EPCI).encode()))
        server.serve(f"/epcis/{SIREN}/communes", Answer(json.dumps(COMMUNES).encode()))
        made = territory.create_territory(SIREN, None, tmp_path / "deux", model=model)
        assert (made.nom, made.communes, made.population) == (NAME, 2, 2000)
        with pytest.raises(SourceError, match="Vérifiez aussi le SIREN 200099984"):
            territory.create_territory("200099984", None, tmp_path / "autre" / "trois", model=model)
        assert not (tmp_path / "autre").exists()


# --- refusals -----------------------------------------------------------------------------------------------------


def left(folder: Path) -> list[str]:
    """Return what a refused command left beside its mirror."""
    return sorted(path.name for path in folder.iterdir() if path.name not in {"miroir", "réponse.json"})


@pytest.mark.parametrize("siren", ["20009999", "200099993", "20009999X", "²00099992", "../../etc", ""])
def test_what_is_no_siren_is_refused(siren: str, tmp_path: Path) -> None:
    code, said = run_new("--dossier", tmp_path / "x", "--mirror", make_mirror(tmp_path), "--", siren)
    assert code == 1
    assert "n'est pas un SIREN" in said
    assert left(tmp_path) == []


@pytest.mark.parametrize(
    ("epci", "communes", "words"),
    [
        ([], COMMUNES, "n'a pas la forme attendue"),
        ({"nom": 12}, COMMUNES, "n'a pas la forme attendue"),
        ({"nom": ""}, COMMUNES, "n'a pas la forme attendue"),
        ({"nom": "A\nB"}, COMMUNES, "est refusé"),
        ({"nom": NAME, "code": "200072460"}, COMMUNES, "200072460"),
        (EPCI, {"code": 404, "message": "Not found"}, "n'a pas la forme attendue"),
        (EPCI, [], "aucune commune"),
        (EPCI, [*COMMUNES, COMMUNES[0]], "59998 est donnée plusieurs fois"),
        (EPCI, [{**COMMUNES[0], "code": "5999"}], "0.code"),
        (EPCI, [{**COMMUNES[0], "population": "1200"}], "0.population"),
        (EPCI, [{**COMMUNES[0], "population": -1}], "0.population"),
        (EPCI, [{**COMMUNES[0], "centre": {"type": "Point", "coordinates": [503.0, 3.0]}}], "0.centre"),
        (EPCI, [{"code": "59998", "nom": "Haute-Rivière"}], "0.centre"),
        (EPCI, [{**COMMUNES[0], "nom": "A\u0000B"}], "n'est pas un nom"),
        (EPCI, [{**COMMUNES[0], "code": "97411"}], "outre-mer"),
        (EPCI, "[1, 2]", "n'a pas la forme attendue"),
        (EPCI, '[{"code": "59998"', None),
    ],
)  # fmt: skip
def test_an_answer_of_another_shape_is_refused(
    epci: object, communes: object, words: str | None, tmp_path: Path
) -> None:
    if words is None:  # cut short: the mirror itself would not take it
        mirror = make_mirror(tmp_path)
        (mirror / "epci" / f"{SIREN}-communes.json").write_text(str(communes), encoding="utf-8")
        words = "tronqué ou a changé"
    else:
        mirror = make_mirror(tmp_path, epci, communes)
    code, said = run_new(SIREN, "--dossier", tmp_path / "x", "--mirror", mirror)
    assert code == 1, said
    assert words in said
    assert "Traceback" not in said
    assert left(tmp_path) == []


def test_an_existing_folder_is_refused_before_anything_is_asked(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    code, said = run_new(SIREN, "--dossier", tmp_path / "x", "--mirror", tmp_path / "nulle-part")
    assert (code, "existe déjà" in said) == (1, True)
    assert list((tmp_path / "x").iterdir()) == []


def test_a_siren_has_one_territory(tmp_path: Path) -> None:
    for siren in ("200072460", "200042190"):
        code, said = run_new(siren, "--dossier", tmp_path / "x", "--mirror", tmp_path)
        assert (code, "a déjà son territoire" in said) == (1, True)
    assert run_new(SIREN, "--dossier", tmp_path / "x", "--mirror", make_mirror(tmp_path))[0] == 0
    assert "a déjà son territoire" in run_new(SIREN, "--dossier", tmp_path / "y", "--mirror", tmp_path)[1]


@pytest.mark.parametrize("name", ["", "   ", "a\nb", "x" * 200])
def test_a_name_that_is_none_is_refused(name: str, tmp_path: Path) -> None:
    code, said = run_new(SIREN, "--nom", name, "--dossier", tmp_path / "x", "--mirror", tmp_path)
    assert (code, "est refusé" in said) == (1, True)


def test_nothing_is_left_when_writing_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(territory, "_write_communes", fail)
    code, said = run_new(SIREN, "--dossier", tmp_path / "x", "--mirror", make_mirror(tmp_path))
    assert code == 1
    assert "plein" in said
    assert left(tmp_path) == []


def test_what_could_not_be_served_is_not_kept(tmp_path: Path) -> None:
    model = tmp_path / "modele"
    shutil.copytree(territory.MODEL, model)
    (model / "layers" / "qpv" / "layer.toml").write_text('titre = "$nom"\n', encoding="utf-8")
    with pytest.raises(ImportRefusedError, match="ne pourrait pas être servi") as caught:
        territory.create_territory(SIREN, None, tmp_path / "x", mirror=make_mirror(tmp_path), model=model)
    assert "layers/qpv/layer.toml" in str(caught.value.problems)
    assert left(tmp_path) == ["modele"]
