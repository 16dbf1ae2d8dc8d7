"""What of the bench can be wrong without a bench being run: who is found, and that every part is told."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[1]
# Any address answers, once the program was told the port as the real one is.
FAKE = """#!{python}
import http.server, os, sys
port = int(os.environ["TS_HTTPPORT"]) if "pg_tileserv" in sys.argv[0] else int(sys.argv[2].split(":")[1])
assert "/bench" in (os.environ["DATABASE_URL"] if "pg_tileserv" in sys.argv[0] else sys.argv[-1])
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.path.encode())
    def log_message(self, *_): pass
http.server.HTTPServer(("127.0.0.1", port), Answer).serve_forever()
"""
FOUND = """
import sys
from pathlib import Path
import peer_servers
from dataset import POLYGONS
from servers import started
from timing import connect, get
from webmap.store.cluster import Cluster
folder = Path(sys.argv[1])
peer_servers.PEERS = folder
found = peer_servers.build_servers(peer_servers.Data(Cluster(folder), folder / "webmap.toml", folder / "pairs"), tiles_alone=True)
for server in found[1:]:
    if server.name not in {"Martin", "pg_tileserv"}:
        continue
    with started(server, folder / "journal") as running:
        print(server.name, get(connect(server.port), server.tile_path(POLYGONS, (6, 32, 22))).decode())
"""
PARTS = """
import report, report_page, report_tiles, run
print(sorted(set(run.PARTS) ^ set(report._SECTIONS | report_tiles.SECTIONS | report_page.SECTIONS)))
"""


@pytest.fixture
def bench(tmp_path: Path) -> Callable[..., str]:
    """Return what runs a script as the bench does: its modules have names that tests may have too."""

    def run(script: str, *arguments: str) -> str:
        path = os.pathsep.join([str(ROOT / "bench"), str(ROOT)])
        environment = {**os.environ, "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}", "PYTHONPATH": path}
        done = subprocess.run(
            [sys.executable, "-c", script, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True,
            check=False, timeout=60,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def test_tile_servers_on_the_path_are_measured_and_no_other(bench: Callable[..., str], tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "sans").mkdir()
    (tmp_path / "avec").mkdir()
    assert bench(FOUND, str(tmp_path / "sans")) == ""
    for program in ("martin", "pg_tileserv"):
        fake = tmp_path / "bin" / program
        fake.write_text(FAKE.format(python=sys.executable), encoding="utf-8")
        fake.chmod(0o755)
    said = ["Martin /communes/6/32/22", "pg_tileserv /public.communes/6/32/22.pbf"]
    assert bench(FOUND, str(tmp_path / "avec")).splitlines() == said


def test_every_part_has_its_section(bench: Callable[..., str]) -> None:
    assert bench(PARTS) == "[]\n"
