"""What the private server is told: its settings, who may enter, and a log that does not grow for ever.

Written again in the cluster's own folder at each start, so that an edit of ours reaches every cluster.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from webmap.store import hosting

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_LOG_LIMIT = 10_000_000  # bytes; a longer log is set aside at the next start

# Small machine, one atlas: 128 MB shared, a few dozen connections. jit costs more than it saves on tiles.
_SETTINGS = """\
# Rewritten at each start by webmap/store/server_conf.py. First what initdb found out about this machine.
include '../data/postgresql.conf'
listen_addresses = ''
port = 5432
unix_socket_directories = '"{socket}"'
unix_socket_permissions = 0700
hba_file = 'conf/pg_hba.conf'
ident_file = 'conf/pg_ident.conf'
max_connections = 60
shared_buffers = 128MB
effective_cache_size = 1GB
work_mem = 16MB
maintenance_work_mem = 128MB
max_wal_size = 512MB
random_page_cost = 1.1
jit = off
# Loaded once for all connections: a tenth of a second of processor that each would spend at its first shape.
shared_preload_libraries = '{libraries}'
timezone = 'Europe/Paris'
log_timezone = 'Europe/Paris'
log_checkpoints = off
log_line_prefix = '%m [%p] %q%u@%d '
"""
_NOT_DURABLE = "fsync = off\nsynchronous_commit = off\nfull_page_writes = off\nautovacuum = off\n"


def write_configuration(
    base: Path, user: hosting.ServerUser, roles: Iterable[str], programs: Path, *, durable: bool
) -> None:
    """Write in `base` the settings and who may enter: the peer map, never `trust`. Root owns the machine, so it is let in too.

    `programs` is the folder of the server's own.
    """
    socket = hosting.choose_socket_folder(base, user)
    hosting.make_private_folder(socket, user)
    conf = base / "conf"
    conf.mkdir(exist_ok=True)
    conf.chmod(0o755)
    people = dict.fromkeys(["root", user.name])
    ident = [f'webmap "{name}" {role}' for name in people for role in ("postgres", *roles)]
    files = {
        "postgresql.conf": _SETTINGS.format(socket=socket, libraries=_list_libraries(programs))
        + ("" if durable else _NOT_DURABLE),
        "pg_hba.conf": "local all all peer map=webmap\n",
        "pg_ident.conf": "\n".join(ident) + "\n",
    }
    for name, text in files.items():
        (conf / name).write_text(text, encoding="utf-8")
        (conf / name).chmod(0o644)


def _list_libraries(programs: Path) -> str:
    """Return the library of PostGIS, nothing when it is not where packages put it: a server that misses one does not start."""
    return ", ".join(path.stem for path in (programs.parent / "lib").glob("postgis-[0-9].so"))


def prepare_log(log: Path, user: hosting.ServerUser) -> None:
    """Make the file the server writes to, the one before set aside when it is long."""
    if log.exists() and log.stat().st_size > _LOG_LIMIT:
        log.replace(log.with_name(f"{log.name}.1"))
    log.touch()
    if os.geteuid() == 0:
        os.chown(log, user.uid, user.gid, follow_symlinks=False)
