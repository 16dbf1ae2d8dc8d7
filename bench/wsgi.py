"""The WSGI server alone: granian as `webmap serve` sets it, beside gunicorn, with one application for all.

The application has no database: /tuile answers 26 kB at once, /calcul after 10 ms of waiting for one, /export sends 64 kB every
50 ms for 4 s. What is compared is what a server costs, and what slow exports do to tiles. gunicorn, which webmap does not depend on,
is in `.webmap/bench/gunicorn`.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from stage import Stage

HERE = Path(__file__).resolve().parent
GUNICORN = HERE.parent / ".webmap" / "bench" / "gunicorn"
_TILE = os.urandom(26_000)
_BLOCK = b"x" * 65_536
_SECONDS = 3  # of each measure
_EXPORTS = 10  # at once, of 4 s each
_BLOCKS, _PAUSE = 80, 0.05
_MS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}
_COMMON = ["--no-ws", "--log-level", "error"]
SERVERS = {
    "granian, 2 processus × 24": ["granian", "--interface", "wsgi", "--workers", "2", "--blocking-threads", "24", *_COMMON],
    "granian, 2 processus × 4": ["granian", "--interface", "wsgi", "--workers", "2", "--blocking-threads", "4", *_COMMON],
    "gunicorn gthread, 2 × 16": ["gunicorn", "-k", "gthread", "-w", "2", "--threads", "16"],
    "gunicorn sync, 2": ["gunicorn", "-k", "sync", "-w", "2"],
    "gunicorn sync, 5": ["gunicorn", "-k", "sync", "-w", "5"],
}  # fmt: skip


def application(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
    """Answer as an atlas would: `bench/wsgi.py` is its own target."""
    path = environ["PATH_INFO"]
    if path == "/export":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return _export()
    if path == "/calcul":
        time.sleep(0.01)
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(_TILE)))])
    return [_TILE]


def _export() -> Iterator[bytes]:
    for _ in range(_BLOCKS):
        time.sleep(_PAUSE)
        yield _BLOCK


def measure_wsgi(_: Stage) -> dict[str, dict[str, Any]]:
    """Return, by server: requests a second and processor a request, tiles beside exports, and how an export ends at a stop."""
    return {name: _measure(command, _SECONDS) for name, command in SERVERS.items()}


def _measure(command: list[str], seconds: float) -> dict[str, Any]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    name, *options = command
    where = ["--host", "127.0.0.1", "--port", str(port)] if name == "granian" else ["-b", f"127.0.0.1:{port}"]
    environment = {**os.environ, "PYTHONPATH": f"{HERE}:{GUNICORN}"}
    process = subprocess.Popen(
        [sys.executable, "-m", name, *options, *where, "wsgi:application"],
        env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        _wait(port)
        found: dict[str, Any] = {"tuile": _wrk(process, port, "/tuile", seconds)}
        found["calcul"] = _wrk(process, port, "/calcul", seconds)
        with _exporting(port) as ended:
            time.sleep(0.3)
            found["tuile pendant dix exports"] = _wrk(process, port, "/tuile", 3)
        found["exports entiers"] = sum(size == _BLOCKS * len(_BLOCK) for size in ended)
        found["export entier malgré l'arrêt"] = _stop_during_export(process, port)
    finally:
        process.kill()
        process.wait()
    return found


def _wait(port: int) -> None:
    for _ in range(200):
        with contextlib.suppress(OSError):
            _get(port, "/tuile")
            return
        time.sleep(0.1)
    raise RuntimeError(f"rien ne répond sur le port {port}")


def _get(port: int, path: str) -> int:
    """Return the size of an answer, as far as it came."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", path)
    try:
        return len(connection.getresponse().read())
    except http.client.IncompleteRead as cut:
        return len(cut.partial)
    finally:
        connection.close()


def _wrk(process: subprocess.Popen[bytes], port: int, path: str, seconds: float) -> dict[str, float]:
    """Load with 32 connections. The processor's time is that of the server and its workers."""
    before = _cpu(process)
    printed = subprocess.run(
        ["wrk", "-t", "1", "-c", "32", "-d", f"{seconds:g}s", "--latency", f"http://127.0.0.1:{port}{path}"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    used = _cpu(process) - before
    [requests] = map(int, re.findall(r"(\d+) requests in", printed))
    [rate] = map(float, re.findall(r"Requests/sec:\s+([\d.]+)", printed))
    times = {
        name: float(value) * _MS[unit] for name, value, unit in re.findall(r"(50|99)%\s+([\d.]+)(us|ms|s|m)", printed)
    }
    return {
        "par seconde": round(rate),
        "µs de processeur": round(used / max(1, requests) * 1e6),
        "médiane ms": round(times["50"], 1),
        "p99 ms": round(times["99"], 1),
    }


def _cpu(process: subprocess.Popen[bytes]) -> float:
    root = psutil.Process(process.pid)
    return sum(sum(each.cpu_times()[:2]) for each in (root, *root.children(recursive=True)))


@contextlib.contextmanager
def _exporting(port: int) -> Iterator[list[int]]:
    """Run exports beside the block; what is given is the size of each, once the block is over."""
    sizes: list[int] = []

    def export() -> None:
        with contextlib.suppress(OSError, http.client.HTTPException):
            sizes.append(_get(port, "/export"))

    threads = [threading.Thread(target=export) for _ in range(_EXPORTS)]
    for thread in threads:
        thread.start()
    yield sizes
    for thread in threads:
        thread.join()


def _stop_during_export(process: subprocess.Popen[bytes], port: int) -> bool:
    """Say whether an export that had begun was sent whole, by a server asked to stop."""
    sizes: list[int] = []
    with contextlib.suppress(OSError, http.client.HTTPException):
        thread = threading.Thread(target=lambda: sizes.append(_get(port, "/export")))
        thread.start()
        time.sleep(1)
        process.send_signal(signal.SIGTERM)
        thread.join()
    return sizes == [_BLOCKS * len(_BLOCK)]
