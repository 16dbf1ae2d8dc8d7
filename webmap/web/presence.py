"""Whether the client of a request is still there, while a file is being made for it.

A WSGI server shows its application no socket: a client that hangs up is noticed when something is sent to it, which for a
finished file is too late. Linux lists the connections of the machine, and granian closes its side of one that is
dropped: when no connection is left from the client's address, nobody waits. Behind a proxy, or where the list
cannot be read, nothing is concluded: the time a file may take is bounded anyway.

A browser keeps other connections open. So the map page names its work in a header (`Travail`, 32 hexadecimal digits), and
tells its end at `/travaux/<jeton>`: an empty file of that name, which the worker that makes the file looks for.
"""

from __future__ import annotations

import ipaddress
import re
import struct
import time
from pathlib import Path
from typing import TYPE_CHECKING

from flask import request

from webmap.errors import BusyError, HangUpError, NotFoundError
from webmap.web.services import services

if TYPE_CHECKING:
    from collections.abc import Callable

_TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
_ESTABLISHED = "01"
_JETON = re.compile(r"[0-9a-f]{32}")
_KEPT_SECONDS, _MOST_KEPT = 600, 1_000  # of what was given up: longer than any work lasts


def watch_client() -> Callable[[], bool]:
    """Return a function that says whether the client of this request hung up; call it in the request."""
    client, port = request.remote_addr, (request.server or ("", None))[1]
    jeton = request.headers.get("Travail", "")
    given_up = _folder() / jeton if _JETON.fullmatch(jeton) else None
    seen = bool(client) and port is not None and _connected(str(client), port)  # else this machine cannot see it

    def gone() -> bool:
        return (given_up is not None and given_up.exists()) or (seen and not _connected(str(client), port or 0))

    return gone


def leave_if(gone: Callable[[], bool]) -> None:
    """Raise HangUpError when nobody waits any more."""
    if gone():
        raise HangUpError("Le client a raccroché pendant la préparation de son fichier.")


def give_up(jeton: str) -> None:
    """Note that nobody waits for the work of this token. Raises NotFoundError for what is no token, BusyError for too many."""
    if not _JETON.fullmatch(jeton):
        raise NotFoundError("Ce travail n'existe pas : un jeton a 32 chiffres hexadécimaux.")
    folder = _folder()
    folder.mkdir(parents=True, exist_ok=True)
    old = time.time() - _KEPT_SECONDS
    kept = 0
    for path in folder.iterdir():
        try:
            recent = path.stat().st_mtime > old
        except FileNotFoundError:  # another worker swept it
            continue
        kept += recent
        if not recent:
            path.unlink(missing_ok=True)
    if kept >= _MOST_KEPT:
        raise BusyError("Trop de travaux viennent d'être annulés. Réessayez dans quelques minutes.")
    (folder / jeton).touch(mode=0o600)


def _folder() -> Path:
    return services().settings.root / ".webmap" / "abandons"


def _connected(client: str, port: int) -> bool:
    """Say whether an established connection links our port to an address of the client."""
    try:
        known = ipaddress.ip_address(client)
    except ValueError:
        return False
    mapped = known.ipv4_mapped if isinstance(known, ipaddress.IPv6Address) else None
    wanted = {_kernel(known)} | ({_kernel(mapped)} if mapped else set())
    if isinstance(known, ipaddress.IPv4Address):
        wanted.add(_kernel(ipaddress.IPv6Address(f"::ffff:{known}")))
    ours = f":{port:04X}"
    for path in _TABLES:
        try:
            lines = path.read_text().splitlines()[1:]
        except OSError:
            continue
        for _, local, remote, state, *_ in map(str.split, lines):
            if state == _ESTABLISHED and local.endswith(ours) and remote.split(":")[0] in wanted:
                return True
    return False


def _kernel(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str:
    """Write an address as the kernel does: words of 32 bits in the order of the machine, in hexadecimal."""
    packed = address.packed
    return "".join(f"{word:08X}" for word in struct.unpack(f"={len(packed) // 4}I", packed))
