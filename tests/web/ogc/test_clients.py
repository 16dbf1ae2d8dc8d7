"""Programs of others read the API: GDAL, and the conformance tests of the OGC where they are installed."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import shapely
from psycopg import sql
from pyproj import Transformer

from tests.web.ogc.conftest import serve_api

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from webmap.catalog.load import Catalog
    from webmap.store.db import Database

CENTIMETRE = 0.01
# Apart from our own packages: it asks for an older pytest. `bin/prepare --tests` makes it.
OGCTESTS = Path(__file__).resolve().parents[3] / ".ogctests" / "bin" / "python"


# GDAL keeps the interpreter while it waits for an answer: in a process of its own, or the server could not give one.
GDAL = """
import json, sys, warnings
import pyogrio
warnings.simplefilter("ignore")
for layer in sys.argv[3:]:
    found, _, places, columns = pyogrio.raw.read(f"OAPIF:{sys.argv[1]}", layer=layer, **json.loads(sys.argv[2]))
    fields = {name: list(map(str, column)) for name, column in zip(found["fields"], columns)}
    wkbs = [None if place is None else place.hex() for place in (places if places is not None else [])]
    print(json.dumps({"layer": layer, "crs": found["crs"], "fields": fields, "places": wkbs}))
"""


def read_by_gdal(served: str, layers: list[str], **options: str) -> dict[str, dict[str, Any]]:
    run = subprocess.run(
        [sys.executable, "-c", GDAL, served, json.dumps(options), *layers],
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )
    assert run.returncode == 0, run.stderr[-2_000:]
    return {found["layer"]: found for found in map(json.loads, run.stdout.splitlines())}


@pytest.mark.parametrize("code", [4326, 2154])
def test_gdal_reads_every_collection_as_it_is_in_the_database(
    served: str, placed_database: Database, catalog: Catalog, code: int
) -> None:
    # Fewer rows a page than there are rows, so that GDAL follows the links.
    found = read_by_gdal(served, [layer.id for layer in catalog.public], CRS=f"EPSG:{code}", PAGE_SIZE="20")
    project: Any = Transformer.from_crs(4326, 2154, always_xy=True).transform
    for layer in catalog.public:
        with placed_database.owner() as connection:
            rows = connection.execute(
                sql.SQL("SELECT {key}::text AS cle, ST_AsBinary(geom) AS geom FROM {table}").format(
                    key=sql.Identifier(layer.key), table=sql.Identifier("pub", layer.id)
                )
            ).fetchall()
        read = dict(
            zip(found[layer.id]["fields"][layer.key], found[layer.id]["places"] or [None] * len(rows), strict=True)
        )
        assert read.keys() == {row["cle"] for row in rows}, layer.id
        for row in rows if layer.drawn else []:
            place: Any = shapely.from_wkb(read[row["cle"]])
            wanted = shapely.from_wkb(row["geom"])
            if code == 4326:
                place = shapely.transform(place, project, interleaved=False)
            assert shapely.get_num_coordinates(place) == shapely.get_num_coordinates(wanted)
            assert shapely.hausdorff_distance(place, wanted) < CENTIMETRE, (layer.id, row["cle"])


def test_gdal_takes_lambert_93_unless_told_otherwise_and_filters(served: str) -> None:
    found = read_by_gdal(served, ["commune"], where="population_municipale > 10000")["commune"]
    with urllib.request.urlopen(  # noqa: S310 - our own address
        f"{served}/collections/commune/items?filter=population_municipale%20%3E%2010000"
    ) as answer:
        assert len(found["places"]) == len(json.load(answer)["features"]) > 0
    assert found["crs"] == "EPSG:2154"


def test_the_conformance_tests_of_the_ogc_pass_whole_on_the_atlas_as_shipped(
    reader: FlaskClient, tmp_path: Path
) -> None:
    if not OGCTESTS.exists():
        pytest.skip("ogctests is not installed (make test does it: bin/prepare --tests)")
    with serve_api(reader.application) as address:
        _run_ogctests(address, tmp_path)


def _run_ogctests(address: str, tmp_path: Path) -> None:
    run = subprocess.run(
        [OGCTESTS, "-m", "ogctests", "features/core", "-i", address, "-v", "True"],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "PYTEST_ADDOPTS": "-c /dev/null -p no:cacheprovider"},  # not our own settings
        timeout=200,
    )
    summary = run.stdout.strip().splitlines()[-1]
    assert re.search(r" 29 passed", summary), run.stdout[-3_000:]
    assert "failed" not in summary
    assert "skipped" not in summary
