"""The front-end's files, read once at start: few, small, compressed once, and named by what they contain."""

from __future__ import annotations

import gzip
import hashlib
import json
import mimetypes
import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from flask import Response, request

from webmap.errors import ConfigError, NotFoundError
from webmap.web.responses import accepts_gzip

if TYPE_CHECKING:
    from pathlib import Path

_REQUIRED = ("carte.css", "pages.css", "pages.js", "unite.css", "unite.js", "rapport.css")
_ENTRIES = "entries.json"  # the file each script starts from, where esbuild named it after what it contains
_PIECE = re.compile(r"-[A-Z0-9]{8}\.js")
_YEAR = 31_536_000


@dataclass(frozen=True)
class Asset:
    """One file: its bytes, gzipped too, its type, and the start of its SHA-256."""

    body: bytes
    compressed: bytes
    mimetype: str
    digest: str


class Assets:
    """Everything directly in `static/dist`; `folium/` is for the files we build, not for browsers."""

    def __init__(self, folder: Path) -> None:
        """Read the folder. Raises ConfigError when the front-end was not built."""
        missing = [name for name in (*_REQUIRED, _ENTRIES) if not (folder / name).is_file()]
        if missing:
            raise ConfigError(
                [f"Le front n'est pas construit ({', '.join(missing)} manque dans {folder}) : lancez `make front`."]
            )
        served = [path for path in sorted(folder.iterdir()) if path.is_file() and path.name != _ENTRIES]
        self._files = {path.name: _read(path) for path in served}
        self._entries: dict[str, str] = json.loads((folder / _ENTRIES).read_text(encoding="utf-8"))

    @cached_property
    def digest(self) -> str:
        """Digest of all the addresses `url` gives: a page that links others is another page."""
        named = sorted((name, asset.digest) for name, asset in self._files.items())
        return hashlib.sha256(repr((named, sorted(self._entries.items()))).encode()).hexdigest()[:16]

    def url(self, name: str) -> str:
        """Address of a file, changing with its content so that it may be cached for ever."""
        if name in self._entries:  # as the pieces import it: another address would be run a second time
            return f"/static/{self._entries[name]}"
        return f"/static/{name}?v={self._files[name].digest}"

    def respond(self, filename: str) -> Response:
        """Return one file. Raises NotFoundError."""
        asset = self._files.get(filename)
        if asset is None:
            raise NotFoundError(f"Il n'y a pas de fichier « {filename[:60]} ».")
        squeezed = accepts_gzip()
        response = Response(asset.compressed if squeezed else asset.body, mimetype=asset.mimetype)
        if squeezed:
            response.headers["Content-Encoding"] = "gzip"
        response.vary.add("Accept-Encoding")
        named = request.args.get("v") == asset.digest or _PIECE.search(filename) is not None
        response.headers["Cache-Control"] = f"public, max-age={_YEAR}, immutable" if named else "no-cache"
        response.set_etag(asset.digest, weak=True)
        response.make_conditional(request)
        return response


def _read(path: Path) -> Asset:
    body = path.read_bytes()
    guessed = {".js": "text/javascript", ".mjs": "text/javascript"}.get(path.suffix)
    return Asset(
        body=body,
        compressed=gzip.compress(body, mtime=0),
        mimetype=guessed or mimetypes.guess_type(path.name)[0] or "application/octet-stream",
        digest=hashlib.sha256(body).hexdigest()[:12],
    )
