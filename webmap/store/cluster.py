"""The private cluster: a PostgreSQL server of our own, on a Unix socket, made with the machine's PostGIS.

Layout, under a project's `.webmap/` (or where `hosting.find_base` says):
`cluster/data` (the server's), `cluster/conf` (ours, rewritten at each start), `cluster/socket` (0700),
`cluster/server.log`, `cluster/ready` (roles, database and extensions are made), and `cluster.lock` beside.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from webmap.errors import DatabaseError
from webmap.store import hosting
from webmap.store.server_conf import prepare_log, write_configuration
from webmap.wording import explain_system

if TYPE_CHECKING:
    from collections.abc import Iterator

Role = Literal["webmap_proprietaire", "webmap_lecture"]
ROLES: tuple[Role, ...] = ("webmap_proprietaire", "webmap_lecture")
DATABASE = "webmap"
_START_SECONDS = 300  # recovery after a power cut reads the journal again
_SHARED_MEMORY_TRIES = 20  # half a second each: backends of a killed server take a moment to notice


@dataclass(frozen=True)
class Cluster:
    """A private cluster of the folder `root` (a project's `.webmap`); `durable=False` is for tests: fast, not safe.

    Every method raises DatabaseError, with a French sentence saying what to do.
    """

    root: Path
    durable: bool = True

    @cached_property
    def base(self) -> Path:
        """The cluster's own folder."""
        return hosting.find_base(self.root.absolute())

    @property
    def log(self) -> Path:
        """What the server writes."""
        return self.base / "server.log"

    def dsn(self, role: Role | Literal["postgres"], database: str = DATABASE) -> str:
        """Return the libpq conninfo of `role`; `postgres` is the superuser, for tests and for what follows only."""
        folder = hosting.find_socket_folder(self.base, hosting.find_user(self.base))
        return make_conninfo(host=str(folder), port=5432, user=role, dbname=database)

    def running(self) -> bool:
        """Say whether our server is up: the process `postmaster.pid` names works in our data folder.

        Its mere existence proves nothing: after a power cut the number may be another program's.
        """
        data = self.base / "data"
        try:
            pid = int((data / "postmaster.pid").read_text(encoding="utf-8").split(maxsplit=1)[0])
            inode = data.stat()
        except (FileNotFoundError, ValueError, IndexError):
            return False
        except PermissionError:
            hosting.find_user(self.base)  # raises the sentence that names the owner
            raise
        try:
            found = Path(f"/proc/{pid}/cwd").stat()
        except (FileNotFoundError, ProcessLookupError):
            return False
        except PermissionError:  # another user's process, or a container whose root may not look: ask as the owner
            answer = hosting.find_user(self.base).run(["stat", "-L", "-c", "%d:%i", f"/proc/{pid}/cwd"], Path("/"))
            return answer.stdout.strip() == f"{inode.st_dev}:{inode.st_ino}"
        return os.path.samestat(found, inode)

    def start(self) -> None:
        """Make the cluster on the first call, start its server if it is down, and wait until it answers."""
        with self._locked():
            if not self.running():
                self._prepare_folders()
                self._launch()
            if not (self.base / "ready").exists():
                self._create_roles_and_database()
                (self.base / "ready").touch()

    def stop(self) -> None:
        """Stop the server if it is up, ending its connections cleanly."""
        with self._locked():
            if self.running():
                self._control("stop", "-m", "fast", "-t", "60")

    def destroy(self) -> None:
        """Stop the server and delete the cluster with all its data."""
        self.stop()
        with self._locked():
            user = hosting.find_user(self.base)
            shutil.rmtree(hosting.choose_socket_folder(self.base, user), ignore_errors=True)
            if self.base.exists():
                shutil.rmtree(self.base)
            (self.root / "cluster.location").unlink(missing_ok=True)
        self.__dict__.pop("base", None)

    def create_database(self, name: str, template: str | None = None) -> None:
        """Create database `name`, owned by webmap_proprietaire: a copy of `template`, or empty with the extensions."""
        with self.superuser("postgres") as connection:
            _create_database(connection, name, template)
        if template is None:
            with self.superuser(name) as connection:
                _create_extensions(connection)

    def ensure_database(self, name: str) -> None:
        """Create database `name` unless it is there."""
        with self.superuser("postgres") as connection:
            there = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
        if not there:
            self.create_database(name)

    def drop_database(self, name: str) -> None:
        """Drop database `name` if it exists, ending its connections."""
        with self.superuser("postgres") as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    @contextlib.contextmanager
    def superuser(self, database: str) -> Iterator[psycopg.Connection]:
        """Open an autocommit connection as the superuser; only the cluster's OS user and root are let in."""
        try:
            with psycopg.connect(self.dsn("postgres", database), autocommit=True, connect_timeout=10) as connection:
                yield connection
        except psycopg.Error as error:
            reason = str(error).strip().splitlines()[0]
            raise DatabaseError(f"La base privée a refusé une opération : {reason}. Voir {self.log}.") from error

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """One start, stop or removal at a time, whichever process asks; system errors become sentences."""
        try:
            if not self.root.is_dir():
                self.root.mkdir(parents=True, exist_ok=True)
                self.root.chmod(0o755)  # whatever the umask: `postgres` must go through
            # Opened for reading: a lock file that root made must not stop the folder's owner.
            lock = os.open(self.root / "cluster.lock", os.O_RDONLY | os.O_CREAT, 0o644)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX)
                yield
            finally:
                os.close(lock)
        except PermissionError as error:
            msg = f"Ce compte ne peut pas écrire {error.filename} : relancez avec celui qui a fait le clone, ou sudo."
            raise DatabaseError(msg) from error
        except OSError as error:
            why = f"{explain_system(error)} ({error.filename})"
            msg = f"La base privée ne peut pas être gérée dans {self.root} : {why}."
            raise DatabaseError(msg) from error

    @cached_property
    def _server(self) -> Path:
        """The folder of the server's programs: the data's own version, else the newest that has PostGIS."""
        try:
            wanted = int((self.base / "data" / "PG_VERSION").read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            wanted = None
        majors = hosting.find_majors()
        if wanted is not None and wanted not in majors:
            msg = (
                f"Les données sont au format PostgreSQL {wanted}, absent de cette machine : "
                f"installez-le (apt-get install postgresql-{wanted} postgresql-{wanted}-postgis-3)."
            )
            raise DatabaseError(msg)
        if not majors:
            oldest = hosting.OLDEST_MAJOR
            msg = f"PostgreSQL {oldest} ou plus avec PostGIS manque : lancez `make run`, qui dit quoi installer."
            raise DatabaseError(msg)
        return hosting.BINARIES / str(wanted or max(majors)) / "bin"

    def _prepare_folders(self) -> None:
        """Make what a start needs; an interrupted first start left `data.new`, which is begun again."""
        self.base.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0:
            for folder in {self.base, self.base.parent} - {self.root}:
                folder.chmod(0o755)
        user = hosting.find_user(self.base)
        if not user.reaches(self.base):
            msg = (
                f"Le compte « {user.name} », qui fait tourner PostgreSQL, ne peut pas entrer dans {self.base} : "
                "rouvrez les dossiers parents (chmod o+x) ou déplacez le projet."
            )
            raise DatabaseError(msg)
        hosting.write_location(self.root.absolute(), self.base)
        data, new = self.base / "data", self.base / "data.new"
        if not (data / "PG_VERSION").exists():
            shutil.rmtree(new, ignore_errors=True)
            hosting.make_private_folder(new, user)
            self._initialise(user)
            new.rename(data)
        socket_lock = hosting.choose_socket_folder(self.base, user) / f"{hosting.SOCKET_NAME}.lock"
        for stale in (data / "postmaster.pid", socket_lock):
            stale.unlink(missing_ok=True)
        write_configuration(self.base, user, ROLES, self._server, durable=self.durable)
        prepare_log(self.log, user)

    def _initialise(self, user: hosting.ServerUser) -> None:
        command = [str(self._server / "initdb"), "-D", "data.new", "-U", "postgres", "--auth=peer", "--encoding=UTF8"]
        command += ["--locale=C.UTF-8", "--data-checksums" if self.durable else "--no-sync"]
        result = user.run(command, self.base)
        if result.returncode != 0:
            shutil.rmtree(self.base / "data.new", ignore_errors=True)
            lines = result.stdout.splitlines() or ["sans explication"]
            reason = next((line for line in lines if "error:" in line), lines[-1])
            raise DatabaseError(f"PostgreSQL n'a pas pu créer la base dans {self.base} : {reason}")

    def _launch(self) -> None:
        options = "-c config_file=conf/postgresql.conf"
        for _ in range(_SHARED_MEMORY_TRIES):
            seen = self.log.stat().st_size
            if self._control("start", "-l", "server.log", "-t", str(_START_SECONDS), "-o", options, check=False):
                return
            with self.log.open(encoding="utf-8", errors="replace") as log:
                log.seek(seen)
                said = log.read()
            if "pre-existing shared memory block" not in said:
                break
            time.sleep(0.5)
        reason = next((line for line in said.splitlines() if "FATAL" in line or "PANIC" in line), "sans explication")
        raise DatabaseError(f"La base privée n'a pas démarré : {reason}. Voir {self.log}.")

    def _control(self, action: str, *arguments: str, check: bool = True) -> bool:
        """Run pg_ctl, with relative paths from the cluster's folder: it hands them to a shell."""
        command = [str(self._server / "pg_ctl"), action, "-D", "data", "-w", *arguments]
        done = hosting.find_user(self.base).run(command, self.base, captured=False).returncode == 0
        if check and not done:
            raise DatabaseError(f"La base privée n'a pas obéi (« {action} »). Voir {self.log}.")
        return done

    def _create_roles_and_database(self) -> None:
        with self.superuser("postgres") as connection:
            for role in ROLES:
                if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone():
                    connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(role)))
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
                _create_database(connection, DATABASE, None)
        with self.superuser(DATABASE) as connection:
            _create_extensions(connection)


def _create_database(connection: psycopg.Connection, name: str, template: str | None) -> None:
    """Create a database that only our two roles may enter (a copy does not inherit who may)."""
    names = {"name": sql.Identifier(name), "template": sql.Identifier(template or "template0")}
    how = " STRATEGY file_copy" if template else ""  # half the time of writing every page in the journal
    for statement in (
        "CREATE DATABASE {name} OWNER webmap_proprietaire TEMPLATE {template}" + how,
        "REVOKE ALL ON DATABASE {name} FROM PUBLIC",
        "GRANT CONNECT ON DATABASE {name} TO webmap_lecture",
    ):
        connection.execute(sql.SQL(statement).format(**names))


def _create_extensions(connection: psycopg.Connection) -> None:
    """Install PostGIS and what searches need, and let both roles use them, and nobody create anything, in `public`."""
    for statement in (
        "CREATE EXTENSION IF NOT EXISTS postgis",
        "CREATE EXTENSION IF NOT EXISTS unaccent",
        "CREATE EXTENSION IF NOT EXISTS pg_trgm",
        "REVOKE ALL ON SCHEMA public FROM PUBLIC",
        "GRANT USAGE ON SCHEMA public TO webmap_proprietaire, webmap_lecture",
    ):
        connection.execute(statement)
