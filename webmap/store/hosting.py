"""Where the private cluster lives and as whom its server runs. Nothing here starts a server or opens a connection.

Two things force the hand: PostgreSQL refuses to run as root, so root lends it to the `postgres` user, who cannot go
through every folder root can; and the path of a Unix socket holds at most 107 bytes.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import re
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

from webmap.errors import DatabaseError

OUTSIDE = Path("/var/lib/webmap")
OLDEST_MAJOR = 15
BINARIES = Path("/usr/lib/postgresql")
_EXTENSIONS = Path("/usr/share/postgresql")
SOCKET_NAME = ".s.PGSQL.5432"
_SOCKET_PATH_BYTES = 107
# libpq splits a host on commas and PostgreSQL quotes others: anything unusual goes to a short folder instead.
_PLAIN_PATH = re.compile(r"/[A-Za-z0-9_./+ -]+")
_SOCKET_LINE = 4  # of postmaster.pid, counted from 0


@dataclass(frozen=True)
class ServerUser:
    """The OS user the server runs as."""

    name: str
    uid: int
    gid: int

    def run(self, command: list[str], folder: Path, *, captured: bool = True) -> subprocess.CompletedProcess[str]:
        """Run `command` as this user in `folder`, with a plain environment; never raises for its exit code.

        `captured=False` is for a command that leaves a server behind: the server would keep the pipe open for ever.
        """
        lent = os.geteuid() == 0
        return subprocess.run(  # noqa: S603 - fixed commands, arguments never go through a shell
            command,
            cwd=folder,
            user=self.uid if lent else None,
            group=self.gid if lent else None,
            extra_groups=[] if lent else None,
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if captured else subprocess.DEVNULL,
            stderr=subprocess.STDOUT if captured else subprocess.DEVNULL,
            text=True,
            errors="replace",
            check=False,
        )

    def reaches(self, path: Path) -> bool:
        """Say whether this user can enter `path`; asked as that user, since access lists may say more than modes."""
        return self.run(["test", "-x", str(path)], Path("/")).returncode == 0


def find_user(base: Path) -> ServerUser:
    """Return the owner of an existing cluster, else the user a new one would belong to.

    Raises DatabaseError when the cluster is someone else's, or when no suitable user exists.
    """
    me = os.geteuid()
    try:
        owner = (base / "data").stat().st_uid
    except FileNotFoundError:
        owner = me
    except PermissionError as error:
        raise DatabaseError(_not_yours(base, base)) from error
    if me not in {0, owner}:
        raise DatabaseError(_not_yours(base, base / "data"))
    try:
        entry = pwd.getpwuid(owner) if owner else pwd.getpwnam("postgres")
    except KeyError as error:
        who = f"l'utilisateur n° {owner}" if owner else "« postgres »"
        msg = f"Le compte {who} n'existe pas sur cette machine, PostgreSQL ne démarre pas : créez-le."
        raise DatabaseError(msg) from error
    return ServerUser(entry.pw_name, entry.pw_uid, entry.pw_gid)


def _not_yours(base: Path, owned: Path) -> str:
    try:
        owner = pwd.getpwuid(owned.stat().st_uid).pw_name
    except (OSError, KeyError):
        owner = "un autre utilisateur"
    return (
        f"La base privée de ce dossier ({base}) appartient à « {owner} » : relancez avec le même compte que la première "
        "fois (sudo s'il s'agit de root ou de postgres)."
    )


def find_base(root: Path) -> Path:
    """Return the folder of the cluster of `root` (a project's `.webmap`), which may not exist yet.

    Inside `root`, except for a clone that root made where `postgres` cannot go: then under /var/lib/webmap, and
    `root/cluster.location` says where.
    """
    located = _read_location(root)
    inside = root / "cluster"
    if located is not None:
        return located
    if inside.is_dir() or os.geteuid() != 0:
        return inside
    user = find_user(inside)
    existing = next(folder for folder in (root, *root.parents) if folder.is_dir())
    return inside if user.reaches(existing) else OUTSIDE / short_hash(root)


def _read_location(root: Path) -> Path | None:
    """Follow the pointer, unless it came with a copy of another project that still uses that cluster."""
    try:
        base = Path((root / "cluster.location").read_text(encoding="utf-8").strip())
        first = Path((base / "project").read_text(encoding="utf-8").strip())
    except FileNotFoundError:
        return None
    moved_or_same = first == root or not (first / "cluster.location").exists()
    return base if moved_or_same else None


def write_location(root: Path, base: Path) -> None:
    """Leave both ends of the pointer when the cluster is outside `root`. Call it once `base` exists."""
    if root in base.parents:
        return
    (base / "project").write_text(f"{root}\n", encoding="utf-8")
    (root / "cluster.location").write_text(f"{base}\n", encoding="utf-8")


def find_socket_folder(base: Path, user: ServerUser) -> Path:
    """Return the folder of the server's socket: what a running server says, else where the next one will put it."""
    try:
        lines = (base / "data" / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        if len(lines) > _SOCKET_LINE and lines[_SOCKET_LINE]:
            return Path(lines[_SOCKET_LINE])
    except FileNotFoundError:
        pass
    return choose_socket_folder(base, user)


def choose_socket_folder(base: Path, user: ServerUser) -> Path:
    """Return `base/socket`, or a short folder when that path is too long for a socket or needs quoting."""
    folder = base / "socket"
    if len(os.fsencode(folder / SOCKET_NAME)) <= _SOCKET_PATH_BYTES and _PLAIN_PATH.fullmatch(str(folder)):
        return folder
    runtime = Path("/run") / f"webmap-{short_hash(base)}"
    if os.geteuid() == 0 or runtime.is_dir():
        return runtime
    return Path("/tmp") / f"webmap-{user.uid}-{short_hash(base)}"  # noqa: S108 - ownership is verified before use


def make_private_folder(folder: Path, user: ServerUser) -> None:
    """Create `folder` 0700 for `user`. Raises DatabaseError if something else stands there (a trap set in /tmp)."""
    try:
        folder.mkdir(mode=0o700)
        if os.geteuid() == 0:
            os.chown(folder, user.uid, user.gid)
    except FileExistsError:
        pass
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {user.uid, os.geteuid()}:
        msg = f"Le dossier {folder} existe et n'appartient pas à « {user.name} » : supprimez-le, puis relancez."
        raise DatabaseError(msg)
    if os.geteuid() == 0 and found.st_uid != user.uid:
        os.chown(folder, user.uid, user.gid, follow_symlinks=False)
    folder.chmod(0o700)


def short_hash(path: Path) -> str:
    """Return 12 hexadecimal digits that name `path`."""
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]


def find_majors() -> set[int]:
    """Return the PostgreSQL versions of this machine that have a server and PostGIS, from `OLDEST_MAJOR` on."""
    majors = {int(folder.name) for folder in BINARIES.glob("[0-9]*") if folder.name.isdecimal()}
    return {
        major
        for major in majors
        if major >= OLDEST_MAJOR
        and (BINARIES / str(major) / "bin" / "initdb").exists()
        and (_EXTENSIONS / str(major) / "extension" / "postgis.control").exists()
    }
