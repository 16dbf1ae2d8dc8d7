"""A server that is measured: started, asked whether it is there, watched, stopped; and ours, as `make run` starts it."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

import psutil
from dataset import DATABASE, ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dataset import Dataset

    from webmap.store.cluster import Cluster

TEMPLATES = Path(__file__).parent / "peers"
_READY_SECONDS = 40
_STOP_SECONDS = 15


@dataclass(frozen=True)
class Server:
    """One server: the commands that make it, its environment, and its addresses.

    `items` is that of a page of features (`id`, `table`, `limit`), `tiles` that of a tile (`id`, `table`, `z`, `x`, `y`);
    empty when it has none.
    """

    name: str
    commands: tuple[tuple[str, ...], ...]
    items: str
    environment: dict[str, str] = field(default_factory=dict)
    port: int = 0
    tiles: str = ""
    ready: str = ""  # asked until it answers

    def items_path(self, dataset: Dataset, limit: int) -> str:
        """Return the address, without the host, of the first `limit` features as GeoJSON."""
        return self.items.format(id=dataset.id, table=dataset.table, limit=limit)

    def tile_path(self, dataset: Dataset, zxy: tuple[int, int, int]) -> str:
        """Return the address, without the host, of one tile as MVT."""
        z, x, y = zxy
        return self.tiles.format(id=dataset.id, table=dataset.table, z=z, x=x, y=y)


class Running:
    """A server that answers: what it used so far, and its processes, to be measured."""

    def __init__(self, server: Server, log: Path) -> None:
        """Start it. Raises RuntimeError when it does not answer."""
        self.server = server
        self._log = log
        self._start()

    def _start(self) -> None:
        environment = {**os.environ, **self.server.environment}
        with self._log.open("ab") as out:
            self._processes = [
                subprocess.Popen(
                    command,
                    env=environment,
                    stdout=out,
                    stderr=out,
                    stdin=subprocess.DEVNULL,
                    cwd=ROOT,
                    start_new_session=True,
                )
                for command in self.server.commands
            ]
        try:
            _wait(self.server, self._log)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop it and all its processes."""
        for process in reversed(self._processes):
            _stop(process)

    def restart(self) -> None:
        """Stop it, whatever it is doing, and start it again."""
        self.stop()
        self._start()

    def tree(self) -> list[psutil.Process]:
        """Return its processes of now, children included."""
        roots = [psutil.Process(process.pid) for process in self._processes]
        return [each for root in roots for each in (root, *root.children(recursive=True))]

    def memory(self) -> float:
        """Return the memory of its processes in MB, what they share counted once (PSS)."""
        return sum(each.memory_full_info().pss for each in self.tree()) / 1e6


def cpu_by_process(processes: list[psutil.Process]) -> dict[int, float]:
    """Return the processor seconds of each process, by number; one that has ended is left out."""
    found = {}
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            used = process.cpu_times()
            found[process.pid] = used.user + used.system
    return found


def database_processes(cluster: Cluster) -> list[psutil.Process]:
    """Return PostgreSQL and its backends."""
    pid = int((cluster.base / "data" / "postmaster.pid").read_text(encoding="ascii").split()[0])
    server = psutil.Process(pid)
    return [server, *server.children(recursive=True)]


def free_port() -> int:
    """Return a port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def build_ours(cluster: Cluster, config: Path, database: str = DATABASE) -> Server:
    """Return our server of a deployment, as `make run` starts it."""
    port = free_port()
    return Server(
        "webmap",
        ((str(ROOT / ".venv" / "bin" / "webmap"), "serve"),),
        "/ogc/collections/{id}/items?limit={limit}&f=json",
        {
            "WEBMAP_CONFIG": str(config),
            "DATABASE_URL": cluster.dsn("webmap_proprietaire", database),
            "PORT": str(port),
            "WEBMAP_PRECHAUFFAGE": "non",  # a cold tile is one that nobody made
        },
        port,
        "/tuiles/{id}/{z}/{x}/{y}.mvt",
        "/healthz",
    )


def fill_template(template: str, **values: object) -> str:
    """Return a file of `peers/` with its values in place."""
    return Template((TEMPLATES / template).read_text(encoding="utf-8")).substitute(values)


@contextlib.contextmanager
def started(server: Server, log: Path) -> Iterator[Running]:
    """Run a server for the block, from its first answer on."""
    running = Running(server, log)
    try:
        yield running
    finally:
        running.stop()


def _wait(server: Server, log: Path) -> None:
    url = f"http://127.0.0.1:{server.port}{server.ready}"
    last: Exception | None = None
    for _ in range(_READY_SECONDS * 5):
        try:
            urllib.request.urlopen(url, timeout=10).close()
        except (OSError, urllib.error.HTTPError) as error:
            last = error
            time.sleep(0.2)
        else:
            return
    said = log.read_text(encoding="utf-8", errors="replace")[-500:]
    raise RuntimeError(f"{server.name} ne répond pas sur {url} ({last}) : {said}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Ask, then insist: spawn-fcgi's children are the servers themselves, in its session."""
    children = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for child in children:
        with contextlib.suppress(psutil.NoSuchProcess):
            child.kill()
