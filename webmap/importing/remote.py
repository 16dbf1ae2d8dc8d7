"""What is asked of a source and what came back; the error of a source; names and addresses fit to be written down."""

from __future__ import annotations

import datetime as dt
import re
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from webmap.errors import WebmapError

if TYPE_CHECKING:
    from pathlib import Path

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*")
_LONGEST_NAME = 200
# What this module and the mirror write beside the files.
_RESERVED = (".part", ".part.json", ".part.clair", ".nouveau", "miroir.json")
_SECRET = re.compile(
    r"([?&;](?:x-amz-)?(?:api[-_]?key|key|access[-_]?token|token|secret|password|pass|sig|signature|credential)=)[^&;#]*",
    re.IGNORECASE,
)
_HEAD = 1024
_SIGNATURE = 32
_HTML = (b"<!doctype html", b"<html", b"<head", b"<body")
_MAGIC = {"zip": (b"PK\x03\x04", b"PK\x05\x06"), "gpkg": (b"SQLite format 3\x00",), "gz": (b"\x1f\x8b",)}
_JSON = {"json", "geojson"}
_TEXT = {"csv", "tsv", "txt"}


class SourceError(WebmapError):
    """A source cannot be read: absent, refusing, too slow, or answering something else than what was asked."""

    status = 502
    code = "source"


class TruncatedError(Exception):
    """A body that ends too early, although the server said nothing of it: worth another attempt."""


@dataclass(frozen=True)
class Remote:
    """A file on a server; `name` is its file in a folder or in a mirror ("qpv/qp2024.zip")."""

    url: str
    name: str
    max_bytes: int

    def __post_init__(self) -> None:
        """Refuse a name that would leave its folder."""
        check_name(self.name)

    @property
    def host(self) -> str:
        """The host, for a sentence."""
        return mask(self.url).partition("://")[2].partition("/")[0] or "la source"

    @property
    def suffix(self) -> str:
        """What the name announces, in lower case ("csv")."""
        return self.name.rpartition(".")[2].lower()


@dataclass(frozen=True)
class Previous:
    """What was recorded at the last load, to ask only for what changed since."""

    etag: str | None
    last_modified: str | None
    sha256: str | None


@dataclass(frozen=True)
class Fetched:
    """A complete file, checked. `url` is the address asked for, secrets masked; size and sha256 are of the decoded bytes."""

    path: Path
    url: str
    size: int
    sha256: str
    etag: str | None
    last_modified: str | None
    date: dt.datetime
    content_type: str | None


@dataclass(frozen=True)
class NotModified:
    """The source still holds what was recorded: by its own word (304), or because the bytes are the same."""

    url: str
    date: dt.datetime
    etag: str | None
    last_modified: str | None


def now() -> dt.datetime:
    """Return the moment, in UTC, to the second."""
    return dt.datetime.now(dt.UTC).replace(microsecond=0)


def check_name(name: str) -> None:
    """Refuse any name but plain relative ones, which every system can hold. Raises SourceError."""
    if len(name) > _LONGEST_NAME or not _NAME.fullmatch(name) or name.lower().endswith(_RESERVED):
        msg = (
            f"Le nom de fichier « {name[:80]!a} » est refusé : attendu un chemin relatif simple, comme qpv/qp2024.zip "
            "(lettres sans accent, chiffres, point, tiret, souligné)."
        )
        raise SourceError(msg)


def mask(url: str) -> str:
    """Return the address without password, and with the values of keys and tokens replaced by `***`."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "(adresse illisible)"
    address = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    return _SECRET.sub(r"\1***", address)


def check_shape(path: Path, remote: Remote, content_type: str | None) -> None:
    """Check by its first and last bytes that a file is what its name announces.

    Raises SourceError when it is something else (a web page), TruncatedError when it ends too early.
    """
    suffix = remote.suffix
    with path.open("rb") as file:
        head = file.read(_HEAD).removeprefix(b"\xef\xbb\xbf").lstrip()
        file.seek(max(0, path.stat().st_size - _HEAD))
        tail = file.read().rstrip()
    if suffix in {"html", "htm"}:
        return
    if not head:
        raise TruncatedError("une réponse vide")
    found = _recognise(head, suffix, content_type)
    if found:
        msg = (
            f"{remote.host} a répondu par {found} au lieu du fichier attendu ({remote.name}). Ouvrez {mask(remote.url)} : "
            "service en maintenance, page d'accueil d'un réseau, ou adresse qui a changé."
        )
        raise SourceError(msg)
    if suffix in _JSON and not tail.endswith((b"}", b"]")):
        raise TruncatedError("un JSON interrompu")
    if suffix == "zip" and not zipfile.is_zipfile(path):
        raise TruncatedError("un ZIP interrompu")


def _recognise(head: bytes, suffix: str, content_type: str | None) -> str | None:
    """Name what the first bytes are, when that is not what the suffix announces."""
    start = head[:_SIGNATURE].lower()
    if start.startswith(_HTML) or (start.startswith((b"<!--", b"<?xml")) and b"<html" in head.lower()):
        return "une page web"
    if suffix in _MAGIC:
        return None if head.startswith(_MAGIC[suffix]) else f"autre chose qu'un fichier {suffix.upper()}"
    if suffix in _JSON:
        if start.startswith(b"<"):
            return "un message XML (souvent une erreur du service)"
        return None if start.startswith((b"{", b"[")) else "autre chose que du JSON"
    return _recognise_text(start, content_type) if suffix in _TEXT else None


def _recognise_text(start: bytes, content_type: str | None) -> str | None:
    if start.startswith(b"<") or (content_type or "").partition(";")[0].strip().lower() == "text/html":
        return "une page web"
    if start.startswith(b"{"):
        return "un message JSON (souvent une erreur du service)"
    return "un fichier compressé" if start.startswith((b"pk\x03\x04", b"\x1f\x8b")) else None
