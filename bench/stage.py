"""What every measure is given: the database, the servers, and a place to write."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dataset import DATASETS, empty_store
from servers import started
from timing import connect, get

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from dataset import Dataset
    from servers import Running, Server

    from webmap.config import Settings
    from webmap.store.cluster import Cluster

_WARM_TILES = [(14, 8192 + x, 5632) for x in range(8)]


@dataclass(frozen=True)
class Stage:
    """One run: `servers` are ours first, then the peers installed here."""

    cluster: Cluster
    settings: Settings
    folder: Path
    servers: list[Server]
    minutes: float = 1  # of panning, for what looks at the memory of the page
    datasets: Sequence[Dataset] = DATASETS

    @property
    def ours(self) -> Server:
        """Our server, on the data of the bench."""
        return self.servers[0]

    def run(self, server: Server) -> AbstractContextManager[Running]:
        """Run a server for the block."""
        return started(server, self.folder / "serveur.log")

    def warm(self, server: Server) -> None:
        """Let a server open its connections and plan its statements, on tiles that nothing measures."""
        for zxy in _WARM_TILES:  # a connection each: they go to both processes
            for dataset in self.datasets:
                connection = connect(server.port)
                get(connection, server.tile_path(dataset, zxy))
                connection.close()

    def refresh(self, running: Running) -> None:
        """Start our server again as if it had never answered."""
        empty_store()
        running.restart()
        self.warm(running.server)


def say(text: str) -> None:
    """Tell what is being done, and when."""
    print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)
