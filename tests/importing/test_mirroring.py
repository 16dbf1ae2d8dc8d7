"""A mirror made by `webmap sources mirror`, and real files read from one, checked with an independent reader."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
from typing import TYPE_CHECKING, Any

import geopandas
import pytest
import shapely
from pyproj import Geod

from tests.conftest import SHARED, copied
from tests.importing.official_server import official_server
from tests.importing.published import FILOSOFI_ENTRY, Desk, collection, grid_csv, irve_csv, points, zipped
from tests.importing.test_connectors import FILES, TABLES, WFS, publish_good
from webmap.importing.mirror import add_file, read_index
from webmap.importing.mirroring import mirror_sources
from webmap.importing.pages import page_remote
from webmap.importing.refresh import build_url
from webmap.importing.remote import Remote

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from shapely.geometry.base import BaseGeometry

    from webmap.catalog.load import Catalog
    from webmap.config import Settings
    from webmap.store.cluster import Cluster

REAL = SHARED / "data"
CONTOURS = REAL / "communes" / "communes_caph_admin-express-2018.geojson"
IRVE = REAL / "irve" / "irve_schema23_operateur_freti_france_2025-06-17.csv.gz"
NATURE = REAL / "ecologie"
WATER = REAL / "hydrographie" / "scarpe_escaut_troncons_2017.geojson"
INCOMES = REAL / "benchmark" / "filosofi_2021_communes_france.csv.gz"
GRIDS = REAL / "social" / "anct_grilles_densite_ruralite_centralite_caph.csv"
STATIONS = REAL / "mobilite" / "gares_sncf_caph_bbox.geojson"


def silent(_done: int, _total: int | None) -> None:
    """Show nothing."""


# --- made here ---------------------------------------------------------------------------------------------------


def test_a_mirror_is_made_then_read_with_the_servers_gone(
    desk: Desk, contours: dict[str, BaseGeometry], tmp_path: Path
) -> None:
    for layer_id, connector_id in [*FILES, *WFS, *TABLES]:
        publish_good(desk, layer_id, connector_id, contours)
    desk.change_connector("cours_eau", "troncons", page_size=4)
    made = dict(mirror_sources(desk.catalog, desk.settings, tmp_path, silent))
    assert set(made.values()) == {None}
    assert len(made) == 14
    assert {"eau/troncons.json", "eau/troncons-2.json", "eau/troncons-3.json"} <= read_index(tmp_path).keys()
    assert list(tmp_path.glob(".arrivee-*")) == []
    desk.server._routes.clear()
    seen = len(desk.server.seen)
    outcomes = desk.refresh(mirror=tmp_path)
    assert {o.status for o in outcomes.values()} == {"changee"}
    assert len(desk.keys("cours_eau")) == 10
    assert len(desk.server.seen) == seen
    assert {o.status for o in desk.refresh(mirror=tmp_path).values()} == {"inchangee"}
    assert read_index(tmp_path)["irve/consolidation.csv"].etag == '"v1"'


def test_a_source_that_fails_keeps_what_the_mirror_had(
    desk: Desk, contours: dict[str, BaseGeometry], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for layer_id, connector_id in [*FILES, *WFS, *TABLES]:
        publish_good(desk, layer_id, connector_id, contours)
    dict(mirror_sources(desk.catalog, desk.settings, tmp_path, silent))
    index = read_index(tmp_path)
    del desk.wfs["patrinat_zps:zps"]
    desk.server._routes = {path: route for path, route in desk.server._routes.items() if "liste-des-gares" not in path}
    made = dict(mirror_sources(desk.catalog, desk.settings, tmp_path, silent))
    assert {name for name, why in made.items() if why} == {"nature/zps.json", "mobilite/gares.geojson"}
    assert "404" in str(made["mobilite/gares.geojson"])
    after = read_index(tmp_path)
    assert {name: entry.sha256 for name, entry in after.items()} == {
        name: entry.sha256 for name, entry in index.items()
    }
    del monkeypatch


def test_a_mirror_that_lacks_a_file_leaves_the_layer(desk: Desk, tmp_path: Path) -> None:
    desk.publish("irve", "consolidation", irve_csv(*points({})).encode())
    list(mirror_sources(desk.catalog, desk.settings, tmp_path, silent))
    outcomes = desk.refresh("irve", "gare", mirror=tmp_path)
    assert outcomes["consolidation"].status == "changee"
    assert "ne contient pas mobilite/gares.geojson" in outcomes["gares"].sentence
    (tmp_path / "irve" / "consolidation.csv").write_bytes(b"autre")
    state = desk.content("irve")
    assert "tronqué ou a changé" in desk.refresh("irve", mirror=tmp_path)["consolidation"].sentence
    assert desk.content("irve") == state


# --- real files --------------------------------------------------------------------------------------------------


def rename(path: Path, names: dict[str, str], fill: Callable[[int, dict[str, Any]], dict[str, Any]]) -> bytes:
    """Return a real file with the property names of the official service."""
    features = json.loads(path.read_text(encoding="utf-8"))["features"]
    return collection(
        [
            {**f, "properties": fill(n, {names.get(key, key): value for key, value in f["properties"].items()})}
            for n, f in enumerate(features)
        ]
    )


@pytest.fixture(scope="module")
def real_mirror(catalog: Catalog, settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Map ../shared/data into a mirror, in the shapes of the official sources."""
    wanted = [CONTOURS, IRVE, WATER, STATIONS, NATURE, INCOMES, GRIDS]
    if absent := [path.name for path in wanted if not path.exists()]:
        pytest.skip(f"../shared/data lacks {', '.join(absent)}: real files are not part of this repository")
    folder = tmp_path_factory.mktemp("mirror")
    waters = {"ID": "cleabs", "TOPON_Parc": "cpx_toponyme_de_cours_d_eau", "CLASS_PNR": "nature"}
    zsc = NATURE / "natura2000_zsc_fr3100506_fr3100507_actuel_2021.geojson"
    pnr = NATURE / "pnr_scarpe_escaut_perimetre_2021.geojson"
    bodies = {
        "contours": CONTOURS.read_bytes(),
        "consolidation": gzip.decompress(IRVE.read_bytes()),
        "zsc": rename(zsc, {"SITECODE": "sitecode", "SITENAME": "sitename"}, lambda _n, p: p),
        "pnr": rename(pnr, {"INTITULE": "nom_site"}, lambda _n, p: {**p, "id_mnhn": "FR8000037"}),
        # The same BD TOPO id comes several times in this copy: the real service gives each reach its own.
        "troncons": rename(WATER, waters, lambda n, p: {**p, "cleabs": f"{p['cleabs']}-{n}"}),
        "gares": STATIONS.read_bytes(),
        "communes": zipped(gzip.decompress(INCOMES.read_bytes()), FILOSOFI_ENTRY),
    }
    with GRIDS.open(encoding="utf-8", newline="") as file:
        classes = list(csv.DictReader(file))
    for name in ("densite", "ruralite", "centralite"):
        bodies[name] = grid_csv(name, {row["insee_com"]: row[f"niveau_{name}"] for row in classes})
    for layer in catalog.layers:
        for connector in layer.connectors:
            if connector.id in bodies:
                url = build_url(connector, settings)
                path = folder / "arrivee"
                path.write_bytes(bodies[connector.id])
                wfs = connector.format == "wfs"
                remote = page_remote(connector, url, 0) if wfs else Remote(url, connector.file, connector.max_bytes)
                add_file(folder, remote, path)
                path.unlink()
    return folder


@pytest.fixture(scope="module")
def real(
    catalog: Catalog, settings: Settings, real_mirror: Path, cluster: Cluster, filled: str
) -> Iterator[tuple[Desk, dict[str, Any]]]:
    """Refresh everything from the mirror, once for the tests that follow."""
    with copied(cluster, filled) as database, official_server() as server:
        desk = Desk(server, database, catalog, settings)
        yield desk, desk.refresh(mirror=real_mirror)


Real = tuple[Desk, dict[str, Any]]


def whole(epsg: int = 2154) -> BaseGeometry:
    """Return the union of the real contours, read without webmap."""
    union: BaseGeometry = geopandas.read_file(CONTOURS).to_crs(epsg).union_all()
    return union


def test_the_contours(real: Real) -> None:
    desk, outcomes = real
    assert outcomes["contours"].status == "changee"
    assert "La Sentinelle" in outcomes["contours"].sentence
    row = desk.rows(
        "SELECT count(geom) AS n, sum(ST_Area(ST_Transform(geom, 4326)::geography)) / 1e6 AS km2 FROM pub.commune"
    )[0]
    assert row["n"] == 47
    assert row["km2"] == pytest.approx(372.9, abs=0.1)
    geod = geopandas.read_file(CONTOURS)
    independent = sum(abs(Geod(ellps="GRS80").geometry_area_perimeter(g)[0]) for g in geod.geometry) / 1e6
    assert row["km2"] == pytest.approx(independent, rel=1e-4)


def test_the_charging_points(real: Real) -> None:
    desk, outcomes = real
    sentence = outcomes["consolidation"].sentence
    assert "2238 lignes dans la source" in sentence
    assert "2238 positions remises dans l'ordre longitude, latitude" in sentence
    rows = list(csv.DictReader(io.StringIO(gzip.decompress(IRVE.read_bytes()).decode())))
    territory = whole(4326)
    expected = set()
    for row in rows:
        lat, lon = (float(x) for x in re.findall(r"[-\d.]+", row["coordonneesXY"]))
        if territory.covers(shapely.Point(lon, lat)):
            expected.add((row["id_pdc_itinerance"], row["id_station_itinerance"]))
    found = desk.rows("SELECT id_pdc_itinerance AS pdc, id_station_itinerance AS station, code_insee FROM pub.irve")
    assert {(r["pdc"], r["station"]) for r in found} == expected
    assert (len(found), len({r["station"] for r in found}), {r["code_insee"] for r in found}) == (5, 1, {"59172"})


def test_the_nature_zones(real: Real) -> None:
    desk, outcomes = real
    assert outcomes["zsc"].status == outcomes["pnr"].status == "changee"
    for name in ("znieff1", "znieff2", "zps"):
        assert f"ne contient pas nature/{name}.json" in outcomes[name].sentence
    rows = desk.rows("SELECT code, nature, type_zonage, ST_Area(geom) / 1e4 AS ha FROM pub.zonage_nature ORDER BY code")
    assert [(r["code"], r["nature"], r["type_zonage"]) for r in rows] == [
        ("FR3100507", "protection", "Natura 2000 ZSC"),
        ("FR8000037", "protection", "Parc naturel régional"),
    ]
    zsc = geopandas.read_file(NATURE / "natura2000_zsc_fr3100506_fr3100507_actuel_2021.geojson").to_crs(2154)
    pnr = geopandas.read_file(NATURE / "pnr_scarpe_escaut_perimetre_2021.geojson").to_crs(2154)
    assert rows[0]["ha"] == pytest.approx(zsc[zsc.SITECODE == "FR3100507"].area.sum() / 1e4, rel=1e-6)
    assert rows[1]["ha"] == pytest.approx(pnr.area.sum() / 1e4, rel=1e-6)


def test_the_watercourses(real: Real) -> None:
    desk, _ = real
    row = desk.rows("SELECT count(*) AS n, sum(ST_Length(geom)) AS m FROM pub.cours_eau")[0]
    reaches = geopandas.read_file(WATER).to_crs(2154)
    inside = reaches[reaches.intersects(whole())]
    assert row["n"] == len(inside) == 80
    assert row["m"] == pytest.approx(inside.length.sum(), rel=1e-6)


def test_the_stations(real: Real) -> None:
    desk, outcomes = real
    stations = geopandas.read_file(STATIONS)
    inside = stations[stations.intersects(whole(4326))]
    rows = desk.rows(
        "SELECT code_uic, libelle, voyageurs, fret, cardinality(code_ligne) AS lignes FROM pub.gare ORDER BY 1"
    )
    assert {r["code_uic"] for r in rows} == set(inside.code_uic)
    assert len({r["libelle"] for r in rows}) == 11
    assert "doublons d'identifiant réunis" in outcomes["gares"].sentence
    passengers = {code for code, v in zip(stations.code_uic, stations.voyageurs, strict=True) if v == "O"}
    assert {r["code_uic"] for r in rows if r["voyageurs"]} == passengers & set(inside.code_uic)
    assert {r["lignes"] for r in rows if r["code_uic"] == "87343103"} == {3}


def test_the_incomes(real: Real) -> None:
    desk, outcomes = real
    assert "34909 lignes dans la source" in outcomes["communes"].sentence
    rows = {r["code_insee"]: r for r in desk.rows("SELECT * FROM pub.filosofi")}
    assert len(rows) == 47
    assert [rows[code]["tp6021"] for code in ("59172", "59361", "59207")] == [43.0, 36.0, 33.0]
    assert sum(r["tp6021"] is not None for r in rows.values()) == 20
    assert all((r["tp6021"] is None) == ("tp6021" in (r["secret"] or ())) for r in rows.values())
    with gzip.open(INCOMES, "rt", encoding="utf-8", newline="") as file:
        told = {r["CODGEO"]: r for r in csv.DictReader(file, delimiter=";") if r["CODGEO"] in rows}
    fields = [f.id for f in desk.catalog.by_id["filosofi"].fields if f.type != "list"]
    for code, row in rows.items():
        for name in fields:
            text = told[code][name.upper()]
            assert (name in (row["secret"] or ())) == (text == "s"), (code, name)
            assert row[name] == (None if text == "s" else float(text.replace(",", "."))), (code, name)


def test_the_grids(real: Real) -> None:
    desk, _ = real
    with GRIDS.open(encoding="utf-8", newline="") as file:
        told = {r.pop("insee_com"): r for r in csv.DictReader(file)}
    names = "lib_com, niveau_densite, niveau_ruralite, niveau_centralite"
    found = {r.pop("code_insee"): r for r in desk.rows(f"SELECT code_insee, {names} FROM pub.grille_densite")}
    assert {code: {**row, "lib_com": f"Commune {code}"} for code, row in told.items()} == found


def test_again_changes_nothing(real: Real, real_mirror: Path) -> None:
    desk, _ = real
    state = desk.content()
    again = desk.refresh(mirror=real_mirror)
    assert {o.status for name, o in again.items() if name not in {"znieff1", "znieff2", "zps", "perimetres"}} == {
        "inchangee"
    }
    assert desk.content() == state
