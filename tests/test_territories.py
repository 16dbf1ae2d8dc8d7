"""Other territories: the one shipped beside the first, and one made from its SIREN; the program is the same, the base is not."""

from __future__ import annotations

import csv
import json
import re
import shutil
from collections import Counter, deque
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import shapely
from click.testing import CliRunner

from tests.conftest import connect
from tests.importing.official_server import Answer, official_server
from webmap.app import create_app
from webmap.cli import main
from webmap.config import load_settings
from webmap.errors import ImportRefusedError
from webmap.importing import territory
from webmap.importing.fetch import Remote, SourceError
from webmap.importing.mirror import add_file
from webmap.importing.refresh import Options, refresh
from webmap.importing.seeds import load_checked_catalog, load_seeds
from webmap.store.schema import upgrade

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flask.testing import FlaskClient

    from webmap.catalog.load import Catalog
    from webmap.config import Settings
    from webmap.importing.refresh import Outcome
    from webmap.store.cluster import Cluster
    from webmap.store.db import Database

ROOT = Path(__file__).resolve().parent.parent
BETHUNE = ROOT / "territoires" / "bethune-bruay"
FIRST = ("Hainaut", "Amandinois", "Ostrevent", "Denain", "Valenciennes", "200042190")
SIREN = "200099992"  # invented, with the key a SIREN must have
NAME = "Deux Rivières"


@dataclass(frozen=True)
class Served:
    """A territory with its database, and a client of its pages."""

    settings: Settings
    catalog: Catalog
    database: Database
    client: FlaskClient


def read_territory(folder: Path) -> tuple[Settings, Catalog]:
    settings = load_settings({"WEBMAP_CONFIG": str(folder / "webmap.toml")})
    return settings, load_checked_catalog(settings)


def serve(cluster: Cluster, folder: Path) -> Iterator[Served]:
    """Create the territory's own database, fill it with its facts, serve it; drop it all at the end."""
    settings, catalog = read_territory(folder)
    cluster.create_database(settings.database_name)
    database = connect(cluster, settings.database_name)
    try:
        upgrade(database, catalog, settings)
        load_seeds(database, catalog, settings)
        yield Served(settings, catalog, database, create_app(settings, database).test_client())
    finally:
        database.close()
        cluster.drop_database(settings.database_name)


_FORMS = re.compile(r"\.(pdf|xlsx|html)(\?|$)|[?&](tri|sens|telecharger)\b")
_SAME_KIND = 8  # pages of one template read, of each extension: the 73 communes differ by what their tables already say


def read_pages(client: FlaskClient) -> dict[str, str]:
    """Follow the links of the site from the map page, a few communes for all, and return what each address answers."""
    found: dict[str, str] = {}
    kinds: Counter[str] = Counter()
    waiting = deque(["/", "/territoires", "/couches"])
    while waiting:
        path = waiting.popleft()
        kind = re.sub(r"(?<=/territoires/commune/)\d+", "", path)
        if path in found or kinds[kind] == _SAME_KIND:
            continue
        kinds[kind] += 1
        answer = client.get(path)
        assert answer.status_code in {200, 307}, (path, answer.status_code)
        found[path] = answer.get_data(as_text=True)
        if answer.mimetype == "text/html":
            links = re.findall(r'href="(/[^"#]*)', found[path])
            # The other forms of a page say what it says, and tests of their own compare them.
            left = ("/static", "/cartes", "/actifs", "/exports")
            waiting.extend(link for link in links if not link.startswith(left) and not _FORMS.search(link))
    return found


def get_json(client: FlaskClient, path: str) -> Any:  # noqa: ANN401 - whatever JSON says
    answer = client.get(path)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return answer.get_json()


# --- Béthune-Bruay ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def bethune(cluster: Cluster) -> Iterator[Served]:
    yield from serve(cluster, BETHUNE)


def test_it_has_its_own_name_and_database(bethune: Served, settings: Settings) -> None:
    assert bethune.settings.territoire.code == "200072460"
    assert bethune.settings.database_name == "webmap_200072460" != settings.database_name
    assert {layer.id for layer in bethune.catalog.layers} == {
        *bethune.settings.couches, "borne_irve", "quartier_agglomeration",
    }  # fmt: skip


def test_no_page_speaks_of_the_first_territory(bethune: Served) -> None:
    pages = read_pages(bethune.client)
    assert len(pages) > 80
    assert {(path, word) for path, text in pages.items() for word in FIRST if word in text} == set()
    assert bethune.settings.territoire.titre in pages["/"]


def test_its_units_are_its_communes_and_itself(bethune: Served) -> None:
    page = bethune.client.get("/territoires").get_data(as_text=True)
    assert re.findall(r'id="decoupage-(\w+)"', page) == ["commune", "territoire"]
    communes = get_json(bethune.client, "/territoires/commune.json")
    names = {unit["nom"] for unit in communes["unites"]}
    assert len(communes["unites"]) == 73
    assert [unit["nom"] for unit in communes["unites"]][8:10] == ["Béthune", "Beugin"], (
        "accents do not change the order"
    )
    assert {"Béthune", "Bruay-la-Buissière", "Lozinghem"} <= names
    assert all(unit["code"].startswith("62") for unit in communes["unites"])


def test_an_unknown_population_is_said_and_never_zero(bethune: Served) -> None:
    whole = get_json(bethune.client, "/territoires/territoire/200072460.json")["unites"][0]
    assert (whole["population"], whole["nombre_communes"], whole["surface_km2"]) == (None, 73, None)
    rates = [value for value in whole["mesures"] if value["mesure"] == "pour_1000_habitants"]
    assert rates
    assert all(value["valeur"] is None for value in rates)
    espace = next(value for value in rates if value["couche"] == "espace_nature")
    assert espace["indisponible"] == "indisponible (population inconnue)"
    page = bethune.client.get("/territoires/territoire/200072460").get_data(as_text=True)
    assert "population inconnue" in page
    table = bethune.client.get("/territoires/commune").get_data(as_text=True)
    assert "population inconnue" in table
    assert "Liste incomplète" in table
    assert "Liste incomplète" in page
    assert not re.search(r'>0 <span class="unite">habitants', page)


def test_bornes_are_told_as_the_document_tells_them(bethune: Served) -> None:
    whole = get_json(bethune.client, "/territoires/territoire/200072460.json")["unites"][0]
    values = {(value["couche"], value["mesure"]): value for value in whole["mesures"]}
    assert values["borne_irve", "nombre"]["valeur"] == 13
    stated = {name: value["valeur"] for (couche, name), value in values.items() if couche == "borne_irve"}
    assert [
        stated[f"declare_bornes_{name}"]
        for name in ("en_service", "rapides", "2021", "sites_nommes", "objectif_2024", "envisagees_2023")
    ] == [53, 8, 32, 21, 100, 15]
    assert not any(value["additive"] for value in values.values() if value["declare"])
    assert values["irve", "nombre"]["valeur"] is None, "a borne is no point de recharge"
    rows = get_json(bethune.client, "/exports/borne_irve.geojson")["features"]
    assert {row["properties"]["precision"] for row in rows} == {"commune"}
    assert all(row["geometry"] and row["properties"]["source_ligne"] for row in rows)


def test_a_site_on_three_communes_counts_in_each_and_once_in_all(bethune: Served) -> None:
    report = get_json(bethune.client, "/territoires/commune.json")
    counts = {
        unit["nom"]: value["valeur"]
        for unit in report["unites"]
        for value in unit["mesures"]
        if (value["couche"], value["mesure"]) == ("espace_nature", "nombre") and value["valeur"]
    }
    assert counts == {"Auchel": 1, "Lozinghem": 1, "Marles-les-Mines": 1}
    rest = next(rest for rest in report["restes"] if rest["couche"] == "espace_nature")
    assert (rest["ensemble"], rest["comptes_plusieurs_fois"], rest["non_localise"]) == (1, 2, 0)


def test_figures_of_trames_and_quartiers(bethune: Served) -> None:
    figures = {(layer.id, figure.id): figure.value for layer in bethune.catalog.layers for figure in layer.figures}
    assert figures["trame_verte", "sites_entretenus"] == 11
    assert figures["trame_verte", "surface_entretenue"] == 220
    assert figures["trame_verte", "surface_geree"] == 500
    assert figures["qpv", "quartiers_declares"] == 16
    assert figures["quartier_agglomeration", "quartiers_declares"] == 5
    for couche in ("qpv", "quartier_agglomeration", "trame_verte", "trame_bleue", "trame_noire", "gare"):
        assert get_json(bethune.client, f"/exports/{couche}.geojson")["features"] == []


def test_every_line_cited_says_what_is_written() -> None:
    """Needs the report itself: a copy of the seed documents beside the project."""
    found = sorted((ROOT.parent / "shared" / "seeds").glob("002_*.txt"))
    if not found:
        pytest.skip("the report is not on this machine")
    lines = found[0].read_text(encoding="utf-8").split("\n")
    checks = {292: "100 communes", 726: "100", 738: "15 bornes", 753: "53", 758: "8 bornes rapides", 764: "32 bornes"}
    checks |= {766: "21 bornes", 1429: "sites suivis", 1463: "500 ha", 1486: "trame noire", 3022: "16 quartiers"}
    assert {number for number, words in checks.items() if words not in lines[number - 1]} == set()
    with (BETHUNE / "layers" / "commune" / "seed.csv").open(encoding="utf-8", newline="") as file:
        communes = list(csv.DictReader(file))
    for row in communes:
        for cited in row["source_ligne"].split("; "):
            first, _, last = cited.partition("-")
            text = re.sub(r"[^a-zéèêëâôûùîœ]", "", " ".join(lines[int(first) - 1 : int(last or first)]).lower())
            word = re.sub(r"[^a-zéèêëâôûùîœ]", "", row["nom"].lower().removeprefix("la "))[:6]
            assert word in text or word.replace("é", "e") in text or word == "vieill", (row["nom"], cited)
    assert {row["population_municipale"] for row in communes} == {""}


def test_both_territories_are_served_side_by_side(bethune: Served, client: FlaskClient) -> None:
    one, other = (get_json(each, "/territoires/commune.json")["unites"] for each in (client, bethune.client))
    assert len(one) == 47
    assert {unit["code"] for unit in one} & {unit["code"] for unit in other} == set()
    pages = [each.get("/").get_data(as_text=True) for each in (client, bethune.client)]
    assert ["Amandinois" in page for page in pages] == [True, False]
    assert bethune.client.get("/territoires/bassin").status_code == 404
    assert client.get("/territoires/bassin").status_code == 200
    assert client.get("/exports/borne_irve.geojson").status_code == 404


def test_the_official_list_completes_the_communes_named(
    cluster: Cluster, bethune: Served, tmp_path: Path, make_database: Callable[[str | None], Database]
) -> None:
    del cluster
    database = make_database(None)
    upgrade(database, bethune.catalog, bethune.settings)
    load_seeds(database, bethune.catalog, bethune.settings)
    with (BETHUNE / "layers" / "commune" / "seed.csv").open(encoding="utf-8", newline="") as file:
        named = [
            (row["code_insee"], row["nom"], float(row["centre_lon"]), float(row["centre_lat"]))
            for row in csv.DictReader(file)
        ]
    listed = [*named, ("62049", "Auchy-au-Bois", 2.372, 50.555)]  # a commune the report does not name
    features = [
        {
            "type": "Feature",
            "properties": {"code": code, "nom": name, "population": 100 + rank},
            "geometry": shapely.box(lon - 0.001, lat - 0.001, lon + 0.001, lat + 0.001).__geo_interface__,
        }
        for rank, (code, name, lon, lat) in enumerate(listed)
    ]
    outcome = refresh_communes(database, bethune, tmp_path, features)
    assert outcome.status == "changee", outcome.sentence
    app = create_app(bethune.settings, database).test_client()
    whole = get_json(app, "/territoires/territoire/200072460.json")["unites"][0]
    assert whole["nombre_communes"] == 74
    assert whole["population"] == sum(range(100, 174))
    assert whole["surface_km2"] > 0
    assert load_seeds(database, bethune.catalog, bethune.settings) == [], "the facts do not come back over it"


def refresh_communes(database: Database, served: Served, folder: Path, features: list[dict[str, Any]]) -> Outcome:
    """Refresh the communes from a mirror made of these features."""
    connector = served.catalog.by_id["commune"].connectors[0]
    path = folder / "communes.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    add_file(folder / "miroir", Remote("https://example.invalid/communes", connector.file, 10_000_000), path)
    options = Options(mirror=folder / "miroir")
    (outcome,) = refresh(database, served.catalog, served.settings, ["commune"], options)
    return outcome


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
    name = "seule"
    cluster.create_database(name)
    database = connect(cluster, name)
    try:
        upgrade(database, catalog, settings)
        load_seeds(database, catalog, settings)
        unit = get_json(create_app(settings, database).test_client(), "/territoires/commune.json")["unites"][0]
        with database.owner() as connection:
            cells = connection.execute("SELECT couche, cle FROM app.cellule").fetchall()
    finally:
        database.close()
        cluster.drop_database(name)
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
