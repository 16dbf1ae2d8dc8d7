"""Asking a server and timing it: bounded in number and in time, processor time and memory of its processes beside."""

from __future__ import annotations

import http.client
import statistics
import subprocess
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import psutil
from servers import cpu_by_process, database_processes

if TYPE_CHECKING:
    from collections.abc import Callable

    from servers import Running

    from webmap.store.cluster import Cluster

PATIENCE = 60.0  # seconds: who takes longer for one answer is told as such, and started again


class TooSlowError(Exception):
    """A server did not answer within the patience; it may still be at work, so it is to be started again."""


@dataclass
class Asked:
    """Times of an address in seconds, processor time of a request, size and number of features of the answer."""

    times: list[float] = field(default_factory=list)
    cpu: float = 0.0
    size: int = 0
    features: int = 0

    def line(self) -> dict[str, Any]:
        """Return what the report shows."""
        ordered = sorted(self.times)
        return {
            "median": statistics.median(ordered),
            "p99": ordered[min(len(ordered) - 1, int(0.99 * len(ordered)))],
            "cpu": self.cpu,
            "size": self.size,
            "features": self.features,
            "requests": len(ordered),
        }


def connect(port: int, patience: float = PATIENCE) -> http.client.HTTPConnection:
    """Return a connection to a server of this machine that waits `patience` seconds for each of its answers."""
    return http.client.HTTPConnection("127.0.0.1", port, timeout=patience)


def get(connection: http.client.HTTPConnection, path: str, headers: dict[str, str] | None = None) -> bytes:
    """Return the body of an address, uncompressed. Raises TooSlowError, and RuntimeError for another answer than 200 or 204."""
    try:
        connection.request("GET", path, headers=headers or {})
        response = connection.getresponse()
        body = response.read()
    except TimeoutError as error:
        connection.close()
        raise TooSlowError(path) from error
    if response.status not in {http.HTTPStatus.OK, http.HTTPStatus.NO_CONTENT}:
        raise RuntimeError(f"{path} : {response.status} {body[:200]!r}")
    return body


def download(port: int, path: str, patience: float = PATIENCE) -> dict[str, Any]:
    """Take an answer without keeping it: seconds to its first byte and to its last, its size.

    Raises TooSlowError when it is not there, whole, within the patience.
    """
    connection = connect(port, patience)
    start = time.perf_counter()
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        size = len(response.read(1))
        first = time.perf_counter() - start
        while block := response.read(1 << 20):
            size += len(block)
            if time.perf_counter() - start > patience:
                raise TooSlowError(path)
    except TimeoutError as error:
        raise TooSlowError(path) from error
    finally:
        connection.close()
    if response.status != http.HTTPStatus.OK:
        raise RuntimeError(f"{path} : {response.status}")
    return {"total": time.perf_counter() - start, "first": first, "size": size}


@dataclass(frozen=True)
class Bounds:
    """How often an address is asked: at least `least` times, then for `seconds`, at most `most` times."""

    least: int = 5
    seconds: float = 3.0
    most: int = 200

    def over(self, done: int, start: float) -> bool:
        """Say whether it was asked enough."""
        return done >= self.least and (done >= self.most or time.perf_counter() - start > self.seconds)


class ProcessorTime:
    """Seconds of processor that a server and PostgreSQL use in the block, those of processes that end in it not counted."""

    def __init__(self, running: Running, cluster: Cluster) -> None:
        """Watch this server and this cluster."""
        self._running, self._cluster = running, cluster
        self.seconds = 0.0

    def _now(self) -> dict[int, float]:
        return cpu_by_process([*self._running.tree(), *database_processes(self._cluster)])

    def __enter__(self) -> Self:
        """Note where each process stands."""
        self._before = self._now()
        return self

    def __exit__(self, *_: object) -> None:
        """Add what each has used since."""
        self.seconds = sum(used - self._before.get(pid, 0.0) for pid, used in self._now().items())


class MemoryGrowth:
    """Samples the memory of a server during the block; `growth` is the highest over the start, in MB."""

    def __init__(self, running: Running) -> None:
        """Watch this server."""
        self._running = running
        self._over = threading.Event()
        self.growth = 0.0

    def __enter__(self) -> Self:
        """Begin to sample."""
        self._start = self._running.memory()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop sampling."""
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(0.2):
            try:
                self.growth = max(self.growth, self._running.memory() - self._start)
            except psutil.NoSuchProcess:
                continue


def try_each(running: Running, names: list[str], measure: Callable[[str], dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Measure each case of a server; one too slow, or that fails, is told in its place, and the next is measured."""
    found: dict[str, dict[str, Any]] = {}
    for name in names:
        try:
            found[name] = measure(name)
        except TooSlowError:
            found[name] = {"late": PATIENCE}
            running.restart()
        except (OSError, RuntimeError, ValueError, http.client.HTTPException, subprocess.SubprocessError) as error:
            found[name] = {"error": f"{type(error).__name__} : {error}"[:200]}
            running.restart()
    return found
