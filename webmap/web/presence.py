"""Whether the client of a request is still there, while a file is being made for it.

A WSGI server shows its application no socket: a client that hangs up is noticed when something is sent to it, which for a
finished file is too late. Linux lists the connections of the machine, and granian closes its side of one that is
dropped: when no connection is left from the client's address, nobody waits. Behind a proxy, or where the list
cannot be read, nothing is concluded: the time a file may take is bounded anyway.
"""

from __future__ import annotations

import ipaddress
import struct
from pathlib import Path
from typing import TYPE_CHECKING

from flask import request

if TYPE_CHECKING:
    from collections.abc import Callable

_TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
_ESTABLISHED = "01"


def watch_client() -> Callable[[], bool]:
    """Return a function that says whether the client of this request hung up; call it in the request."""
    client, port = request.remote_addr, (request.server or ("", None))[1]
    if not client or port is None or not _connected(client, port):
        return lambda: False  # not something this machine can see
    return lambda: not _connected(client, port)


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
