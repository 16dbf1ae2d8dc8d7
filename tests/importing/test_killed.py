"""A refresh killed outright (SIGKILL) at any point: the layer is the old one or the new one, and the next refresh works."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.importing.published import irve_csv, points

if TYPE_CHECKING:
    from tests.importing.published import Desk

ROWS = points(*[{}] * 400)
CHILD = """
import json, os, signal, sys
from pathlib import Path
os.environ["no_proxy"] = "*"
from webmap.catalog.load import load_catalog
from webmap.config import load_settings
from webmap.importing import bringing, refresh
from webmap.store.db import Database
import dataclasses

point, dsn, url, downloads = sys.argv[1:]
settings = load_settings({})
catalog = load_catalog(settings.layers_folder)
layers = tuple(
    l.model_copy(update={"connectors": tuple(c.model_copy(update={"url": url}) for c in l.connectors)}) if l.id == "irve" else l
    for l in catalog.layers
)
catalog = dataclasses.replace(catalog, layers=layers)

def die(*args, **kwargs):
    os.kill(os.getpid(), signal.SIGKILL)

def after(real):
    def run(*args, **kwargs):
        real(*args, **kwargs)
        die()
    return run

def halfway(done, total):
    if done > 60000:
        die()

def mid_insert(connection, layer, source, given):
    # half of the rows are in, the transaction is open
    connection.execute("DELETE FROM pub.irve WHERE id_pdc_itinerance > 'FRABCE2'")
    connection.execute("UPDATE pub.irve SET nom_station = 'À moitié'")
    die()

options = {"downloads": Path(downloads), "progress": refresh.silent}
match point:
    case "before fetch": refresh._fetch_files = die
    case "mid-download": options["progress"] = halfway
    case "after staging": bringing.staging.stage = after(bringing.staging.stage)
    case "mid-insert": bringing.staging.replace_rows = mid_insert
    case "before commit": refresh.placement.refresh = after(refresh.placement.refresh)
    case "after commit":
        refresh.history.record_check = die
for outcome in refresh.refresh(Database(dsn, dsn), catalog, settings, ["irve"], refresh.Options(**options)):
    print(json.dumps([outcome.status, outcome.sentence]))
"""


@pytest.mark.parametrize(
    "point", ["before fetch", "mid-download", "after staging", "mid-insert", "before commit", "after commit"]
)
def test_killed(desk: Desk, tmp_path: object, point: str) -> None:
    desk.publish("irve", "consolidation", irve_csv(*ROWS).encode(), etag='"v1"')
    assert desk.refresh("irve")["consolidation"].status == "changee"
    old = desk.content("irve")
    body = irve_csv(*[{**row, "nom_station": "Nouveau"} for row in ROWS]).encode()
    desk.publish("irve", "consolidation", body, etag='"v2"', drip=8192, pause=0.001)
    url = next(c.url for c in desk.catalog.by_id["irve"].connectors)
    child = subprocess.run(
        [sys.executable, "-c", CHILD, point, desk.database.owner_dsn, url, str(tmp_path)],
        capture_output=True, text=True, timeout=200, check=False,
    )  # fmt: skip
    assert child.returncode == -signal.SIGKILL, child.stderr + child.stdout
    now = desk.content("irve")
    if point == "after commit":
        assert {r["nom_station"] for r in now["irve"]} == {"Nouveau"}
    else:
        assert now == old
    check = desk.rows("SELECT resultat FROM app.verification WHERE couche = 'irve'")
    assert check == [{"resultat": "changee"}]  # the last one that ended
    again = desk.refresh("irve", downloads=tmp_path)["consolidation"]
    assert again.status == ("inchangee" if point == "after commit" else "changee"), again.sentence
    assert {r["nom_station"] for r in desk.rows("SELECT nom_station FROM pub.irve")} == {"Nouveau"}
    assert len(desk.keys("irve")) == 400
    if point == "mid-download":
        assert "range" in desk.server.seen[-1].headers
    assert json.dumps(desk.refresh("irve", downloads=tmp_path)["consolidation"].status) == '"inchangee"'
