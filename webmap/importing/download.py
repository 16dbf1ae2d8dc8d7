"""Downloading one file: what is asked of the server, what its answers mean, and how often to ask again."""

from __future__ import annotations

import datetime as dt
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from webmap.importing.part import BLOCK, State, TooLargeError, check_room, open_part
from webmap.importing.remote import Fetched, NotModified, SourceError, TruncatedError, mask, now
from webmap.importing.transport import Countdown, RetryableError, open_url
from webmap.wording import agree

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from webmap.importing.part import Part
    from webmap.importing.remote import Previous, Remote
    from webmap.importing.transport import Pace, Response

    Progress = Callable[[int, int | None], None]

_POLL = 0.05
_RETRIED = {408, 429, 500, 502, 503, 504}
_PACKED = {"zip", "gz", "gpkg"}
_OK, _PARTIAL, _NOT_MODIFIED, _BAD_RANGE = 200, 206, 304, 416
_TOO_MANY, _DENIED, _GONE = 429, {401, 403}, {404, 410}
_LONGEST_HEADER, _LONGEST_NUMBER = 500, 18


def download(
    remote: Remote, folder: Path, previous: Previous | None, countdown: Countdown, pace: Pace, progress: Progress
) -> Fetched | NotModified:
    """Bring a remote into a folder, whole. Raises SourceError; then what the folder held under this name is untouched."""

    def wait() -> None:
        if countdown.left() <= _POLL:
            raise SourceError(f"Un autre téléchargement de {remote.name} est en cours : attendez sa fin puis relancez.")
        pace.sleep(_POLL)

    with open_part(folder / remote.name, wait) as part:
        return _Download(remote, part, countdown, pace).run(previous, progress)


class _Download:
    """One file on its way, its part locked."""

    def __init__(self, remote: Remote, part: Part, countdown: Countdown, pace: Pace) -> None:
        self.remote, self.part, self.countdown, self.pace = remote, part, countdown, pace

    def run(self, previous: Previous | None, progress: Progress) -> Fetched | NotModified:
        """Try until it is there, useless, or too late. A try that brings a block more than any before counts as the first."""
        failures, furthest = 0, self.part.size
        while True:
            try:
                return self._attempt(previous, progress)
            except RetryableError as error:
                reached = self.part.size
                failures = 1 if reached >= furthest + BLOCK else failures + 1
                furthest = max(furthest, reached)
                self._pause(error, failures)

    def _pause(self, error: RetryableError, failures: int) -> None:
        """Wait longer and longer, and at least what the server asks for. Raises SourceError when it is enough."""
        pace = self.pace
        wait = min(pace.longest_wait, pace.first_wait * 2 ** (failures - 1)) * (1 + pace.jitter()) / 2
        wait = max(wait, error.after or 0.0)
        what = (
            str(error) if self.countdown.left() > 0 else f"{self.remote.host} n'a pas fini d'envoyer {self.remote.name}"
        )
        advice = "Relancez plus tard" + (" : le téléchargement reprendra où il en est." if self.part.size else ".")
        if (error.after or 0.0) > pace.longest_retry_after:
            raise SourceError(f"{what} et demande d'attendre {error.after:.0f} s. {advice}") from error
        if wait >= self.countdown.left():
            raise SourceError(f"{what} (arrêté au délai de {self.countdown.seconds:g} s). {advice}") from error
        if failures >= pace.attempts:
            raise SourceError(f"{what} ({agree(failures, 'essai(s)')}). {advice}") from error
        pace.sleep(wait)

    def _attempt(self, previous: Previous | None, progress: Progress) -> Fetched | NotModified:
        headers = self._build_headers(previous)
        with open_url(self.remote.url, headers, self.countdown, self.pace) as response:
            if response.status == _NOT_MODIFIED and previous:
                self.part.discard()
                sent = response.headers
                etag, modified = sent.get("ETag", previous.etag), sent.get("Last-Modified", previous.last_modified)
                return NotModified(mask(self.remote.url), now(), _clean(etag), _clean(modified))
            if response.status == _OK:
                state = self._restart(response)
            elif response.status == _PARTIAL and "Range" in headers and self.part.state:
                state = self._continue(response, self.part.state)
            else:
                raise self._refusal(response)
            self._receive(response, progress)
        found = self._complete(state)
        if previous and previous.sha256 == found.sha256:
            return NotModified(found.url, found.date, found.etag, found.last_modified)
        return found

    def _build_headers(self, previous: Previous | None) -> dict[str, str]:
        """Ask for what the part lacks, and only if it changed since the last load."""
        encoding = "identity" if self.remote.suffix in _PACKED else "gzip"
        headers = {"User-Agent": "webmap", "Accept": "*/*", "Accept-Encoding": encoding}
        if previous and (etag := _clean(previous.etag)):
            headers["If-None-Match"] = etag
        if previous and (modified := _clean(previous.last_modified)):
            headers["If-Modified-Since"] = modified
        state, size = self.part.state, self.part.size
        if state and size and state.url == mask(self.remote.url) and state.validator:
            headers |= {"Range": f"bytes={size}-", "If-Range": state.validator}
        return headers

    def _restart(self, response: Response) -> State:
        """Begin from the first byte: there was no part, the server does not continue, or the file has changed."""
        sent = response.headers
        encoding = _parse_encoding(response, "")
        if encoding not in {"", "gzip"}:
            raise SourceError(f"{response.host} envoie un codage qui n'était pas demandé ({encoding[:20]!a}).")
        etag, modified = _clean(sent.get("ETag")), _clean(sent.get("Last-Modified"))
        state = State(mask(self.remote.url), etag, modified, encoding, _clean(sent.get("Content-Type")))
        self.part.restart(state)
        return state

    def _continue(self, response: Response, state: State) -> State:
        """Check that a 206 is the rest of our part: the right place of the same thing. Raises RetryableError."""
        sent = response.headers
        place = sent.get("Content-Range", "").startswith(f"bytes {self.part.size}-")
        same = (
            sent.get("ETag", state.etag) == state.etag and _parse_encoding(response, state.encoding) == state.encoding
        )
        if not (place and same):
            raise self._refusal(response)
        return state

    def _refusal(self, response: Response) -> Exception:
        """Tell what a status means, and whether asking again may help."""
        status, host = response.status, response.host
        if status in {_PARTIAL, _BAD_RANGE}:
            self.part.discard()
            return RetryableError(f"{host} ne sait pas reprendre un téléchargement")
        if status in _RETRIED:
            what = (
                "reçoit trop de demandes (429)" if status == _TOO_MANY else f"est en panne ou en maintenance ({status})"
            )
            return RetryableError(f"{host} {what}", _parse_retry_after(response.headers.get("Retry-After")))
        address = mask(self.remote.url)
        if status in _GONE:
            return SourceError(
                f"{host} ne connaît pas {address} ({status}) : l'adresse a changé, corrigez-la dans layer.toml."
            )
        if status in _DENIED:
            return SourceError(
                f"{host} refuse l'accès à {address} ({status}) : vérifiez la clé ou les droits demandés."
            )
        return SourceError(f"{host} a répondu {status} à {address} : vérifiez l'adresse dans layer.toml.")

    def _receive(self, response: Response, progress: Progress) -> None:
        """Append the body to the part: never more than allowed, never slower than allowed, never less than announced."""
        size, clock, pace = self.part.size, self.pace.clock, self.pace
        total = _parse_total(response, size)
        self._check_size(max(size, total or 0))
        check_room(self.part.target, (total or size) - size)
        since, mark = clock(), size
        while block := response.read(BLOCK):
            size += len(block)
            self._check_size(size)
            self.part.append(block)
            progress(size, total)
            elapsed = clock() - since
            if elapsed >= pace.slowest_over:
                if size - mark < pace.slowest * elapsed:
                    raise RetryableError(
                        f"{response.host} est trop lent ({(size - mark) / elapsed:.0f} octets par seconde)"
                    )
                since, mark = clock(), size
        if total is not None and size != total:
            raise RetryableError(f"{response.host} a coupé la réponse ({size} octets reçus sur {total})")

    def _check_size(self, size: int) -> None:
        if size > self.remote.max_bytes:
            self.part.discard()
            raise self._too_large()

    def _too_large(self) -> SourceError:
        remote = self.remote
        limit = f"{remote.max_bytes / 1e6:g}"
        return SourceError(
            f"{remote.host} envoie plus que les {limit} Mo admis pour {remote.name} : vérifiez l'adresse."
        )

    def _complete(self, state: State) -> Fetched:
        try:
            size, sha256 = self.part.complete(self.remote, state)
        except TruncatedError as error:
            raise RetryableError(f"{self.remote.host} envoie {error}") from error
        except TooLargeError as error:
            raise self._too_large() from error
        etag, modified, kind = state.etag, state.last_modified, state.content_type
        return Fetched(self.part.target, mask(self.remote.url), size, sha256, etag, modified, now(), kind)


def _clean(value: str | None) -> str | None:
    """Return a header's value if it can be sent back and written down."""
    usable = value and value.isascii() and value.isprintable() and len(value) <= _LONGEST_HEADER
    return value if usable else None


def _parse_encoding(response: Response, default: str) -> str:
    encoding = response.headers.get("Content-Encoding", default).strip().lower()
    return {"identity": "", "x-gzip": "gzip"}.get(encoding, encoding)


def _parse_number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER else None


def _parse_total(response: Response, offset: int) -> int | None:
    """Return the size of the whole, as announced."""
    if response.status == _PARTIAL:
        whole = _parse_number(response.headers.get("Content-Range", "").rpartition("/")[2])
        if whole is not None:
            return whole
    if response.headers.get("Transfer-Encoding"):
        return None
    length = _parse_number(response.headers.get("Content-Length", "").strip())
    return None if length is None else offset + length


def _parse_retry_after(text: str | None) -> float | None:
    """Return the seconds of a Retry-After, given as such or as a date."""
    seconds = _parse_number((text or "").strip())
    if seconds is not None or not text:
        return seconds
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(0.0, (date.replace(tzinfo=date.tzinfo or dt.UTC) - now()).total_seconds())
