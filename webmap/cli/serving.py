"""Serving: the port, the pid file that `webmap stop` reads, the workers, and the address once it really answers."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import ipaddress
import multiprocessing
import os
import signal
import socket
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from webmap.app import create_app
from webmap.cli.terminal import step
from webmap.errors import WebmapError
from webmap.wording import explain_system

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask

    from webmap.config import Settings
    from webmap.store.cluster import Cluster

_READY_SECONDS = 60
_STOP_SECONDS = 20
_STOP_WITH_PARENT = 1  # PR_SET_PDEATHSIG of Linux
# Held as long as a client reads or waits: ten exports, four finished files, three PDF (each bounded by a process) leave seven.
_THREADS = 24
_OPEN = Path("/proc/self/fd")
_MOST_STALLED = 60_000  # milliseconds: the `send_timeout` of nginx
_MOST_WORKERS = 4  # each holds a pool of connections; the database does the heavy work


def check_address(settings: Settings) -> str:
    """Return the IP address to listen on. Raises WebmapError if the port is taken or the address is not allowed."""
    try:
        family, _, _, _, address = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[0]
    except socket.gaierror as error:
        msg = f"HOST = « {settings.host} » n'est pas une adresse de cette machine : essayez 127.0.0.1."
        raise WebmapError(msg) from error
    ip = str(address[0])
    if os.geteuid() == 0 and not ipaddress.ip_address(ip).is_loopback:
        msg = (
            f"webmap, lancé par root, refuse d'écouter au-delà de cette machine (HOST={settings.host}) : "
            "lancez-le avec un compte ordinaire, ou gardez HOST=127.0.0.1 derrière un serveur frontal."
        )
        raise WebmapError(msg)
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((ip, settings.port))
        except OSError as error:
            raise WebmapError(_refused_port(settings, error)) from error
    return ip


def _refused_port(settings: Settings, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        pid = pid_of_locked(settings.root / ".webmap" / f"serve-{settings.port}.pid")
        who = f"cet atlas, déjà servi par le processus {pid} (make stop l'arrête)" if pid else "un autre programme"
        return (
            f"Le port {settings.port} est pris par {who}. Pour servir sur un autre : PORT={settings.port + 1} make run"
        )
    if error.errno == errno.EACCES:
        return f"Le port {settings.port} est réservé à root : choisissez-en un au-dessus de 1023 (PORT=8000 make run)."
    return (
        f"Impossible d'écouter sur {settings.host}:{settings.port} ({explain_system(error)}) : essayez HOST=127.0.0.1."
    )


@contextlib.contextmanager
def hold_pid_file(settings: Settings) -> Iterator[None]:
    """Hold `.webmap/serve-<port>.pid`, locked: the lock, not the number, says that the server lives."""
    folder = settings.root / ".webmap"
    folder.mkdir(exist_ok=True)
    path = folder / f"serve-{settings.port}.pid"
    with path.open("a+", encoding="utf-8") as file:
        if not _lock(file):
            msg = f"Un autre `make run` démarre au même moment sur le port {settings.port} : attendez son adresse."
            raise WebmapError(msg)
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def _lock(file: TextIO) -> bool:
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # unlike flock, forked workers do not hold it
    except (BlockingIOError, PermissionError):  # POSIX lets a held lock be either
        return False
    return True


def pid_of_locked(path: Path) -> int | None:
    """Return the process that holds this pid file, None when nobody does."""
    try:
        with path.open("r+", encoding="utf-8") as file:
            return None if _lock(file) else int(file.read())
    except (FileNotFoundError, ValueError):
        return None


def stop_server(path: Path) -> None:
    """Ask the server of a pid file to stop, and wait until it has. Does nothing when it is not running."""
    pid = pid_of_locked(path)
    if pid is None:
        return
    with step(f"Arrêt de l'atlas (processus {pid})"):
        try:
            os.kill(pid, signal.SIGTERM)
        except ProcessLookupError:
            return
        except PermissionError as error:
            msg = f"Le processus {pid} appartient à un autre compte : arrêtez-le avec celui-là (ou sudo make stop)."
            raise WebmapError(msg) from error
        deadline = time.monotonic() + _STOP_SECONDS
        while pid_of_locked(path) is not None:
            if time.monotonic() > deadline:
                msg = f"Le processus {pid} ne s'arrête pas : attendez la fin des exports en cours, puis relancez."
                raise WebmapError(msg)
            time.sleep(0.05)


def stop_cluster(cluster: Cluster) -> None:
    """Stop what this server started, unless another server of the same folder uses it."""
    if not any(pid_of_locked(path) for path in cluster.root.glob("serve-*.pid")):
        with step("Arrêt de la base privée"):
            cluster.stop()


def run_server(settings: Settings, address: str) -> None:
    """Serve until a signal.

    Workers are forked from this process, which holds no open connection: they start in a fraction of the time it takes
    to import everything again.
    """
    from granian import Granian  # noqa: PLC0415 - what only a command that serves loads
    from granian.constants import Interfaces  # noqa: PLC0415 - as above
    from granian.log import LogLevels  # noqa: PLC0415 - as above

    cores = len(os.sched_getaffinity(0))  # those it may use, in a container too
    server = Granian(
        "webmap.app:create_app",
        address=address,
        port=settings.port,
        interface=Interfaces.WSGI,
        workers=min(cores, _MOST_WORKERS),
        blocking_threads=_THREADS,
        websockets=False,
        log_level=LogLevels.error,
        respawn_failed_workers=True,
        workers_kill_timeout=10,
    )
    start = time.perf_counter()
    server.on_startup(lambda: threading.Thread(target=_announce, args=(settings, address, start), daemon=True).start())
    multiprocessing.set_start_method("fork", force=True)
    parent = os.getpid()
    server.serve(target_loader=lambda: _start_worker(settings, parent), wrap_loader=False)


def _start_worker(settings: Settings, parent: int) -> Flask:
    """Build one worker's application, in that worker, and arrange how it will be told to stop."""
    live_with(parent)
    threading.Thread(target=cut_stalled, args=(_MOST_STALLED,), daemon=True).start()
    app = create_app(settings)
    # Meanwhile the worker begins to answer: the first reader shares what is left to wait for.
    threading.Thread(target=app.extensions["webmap"].database.warm, daemon=True).start()
    return app


def cut_stalled(milliseconds: int) -> None:
    """Have the kernel cut a client of this process that takes nothing of what it is sent for so long, as nginx does.

    granian has no time-out of writing: whoever stopped reading would keep a thread, a connection and a place for ever. It makes
    its listening socket after the application, so this waits for it; what is accepted from then on inherits the option.
    """
    end = time.monotonic() + _READY_SECONDS
    while time.monotonic() < end:
        for each in _OPEN.iterdir():
            with contextlib.suppress(OSError):  # closed since it was listed
                if not str(each.readlink()).startswith("socket:"):
                    continue
                with socket.socket(fileno=os.dup(int(each.name))) as found:
                    if found.family != socket.AF_UNIX and found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                        found.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, milliseconds)
                        return
        time.sleep(0.05)


def live_with(parent: int) -> None:
    """Tie this forked process to the one that made it: it dies with it, and is told to stop by it alone."""
    # Ctrl+C reaches a whole process group, then granian sends its own signal: a worker told twice hangs.
    os.setpgid(0, 0)
    # Until granian sets its own, a signal would only reach our copy of the parent's handler, and be lost.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    # Killed, not asked: a worker that is still starting loses a SIGTERM, and would then hold the port for ever.
    ctypes.CDLL(None).prctl(_STOP_WITH_PARENT, signal.SIGKILL)
    if os.getppid() != parent:  # it died before the line above, which then says nothing
        os._exit(1)


def _announce(settings: Settings, address: str, start: float) -> None:
    """Print the address once the server really answers on it."""
    host = f"[{address}]" if ":" in address else address
    if ipaddress.ip_address(address).is_unspecified:
        host = "[::1]" if ":" in address else "127.0.0.1"
    url = f"http://{host}:{settings.port}"
    while time.perf_counter() - start < _READY_SECONDS:
        time.sleep(0.1)  # first of all: workers are forked meanwhile, and must not copy this thread's work half-way
        try:
            urllib.request.urlopen(f"{url}/healthz", timeout=5).close()  # noqa: S310 - our own http address
        except urllib.error.HTTPError as error:
            click.echo(f"L'atlas répond par une erreur {error.code} : {url}/healthz", err=True)
            return
        except OSError:
            continue
        click.echo(f"Serveur … {time.perf_counter() - start:.1f} s".replace(".", ","))
        click.echo(f"Atlas servi sur {url} (Ctrl+C pour arrêter)")
        return
    click.echo(f"Le serveur ne répond pas sur {url} depuis {_READY_SECONDS} s.", err=True)
