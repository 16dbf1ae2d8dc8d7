"""One GET over HTTP: proxy, redirects, and a clock that nothing outlives, not even a server that drips its headers.

The standard library is enough, and gives what the larger clients hide: the socket (to cut it when the time is up), the
encoded bytes (a Range counts those) and the certificates of the machine (an administration's own authority is there).
"""

from __future__ import annotations

import base64
import http.client
import random
import socket
import ssl
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, quote, unquote, urljoin, urlsplit
from urllib.request import getproxies, proxy_bypass

from webmap.importing.remote import SourceError, mask

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

MAX_REDIRECTS = 5
_REDIRECTS = {301, 302, 303, 307, 308}
_CONNECTIONS: dict[str, type[http.client.HTTPConnection]] = {
    "http": http.client.HTTPConnection,
    "https": http.client.HTTPSConnection,
}
_SAFE = "%/:=&?~#+!$,;'@()*[]"


@dataclass(frozen=True)
class Pace:
    """How long to wait for what, in seconds; a test gives its own clock and sleep."""

    connect: float = 5.0  # for each address of a host, and three times that in all
    read: float = 30.0
    attempts: int = 6  # in a row without a new mebibyte
    first_wait: float = 1.0
    longest_wait: float = 30.0
    longest_retry_after: float = 120.0
    slowest: float = 1_000.0  # bytes a second,
    slowest_over: float = 20.0  # over so many seconds
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    jitter: Callable[[], float] = random.random


class RetryableError(Exception):
    """A failure that another attempt may not meet; `after` is the wait the server asks for."""

    def __init__(self, sentence: str, after: float | None = None) -> None:
        """Keep the sentence, fit for a person, and the wait."""
        super().__init__(sentence)
        self.after = after


class Countdown:
    """What remains of a delay given for everything: connections, waits, bytes."""

    def __init__(self, seconds: float, clock: Callable[[], float]) -> None:
        """Start counting."""
        self.seconds = seconds
        self._clock = clock
        self._end = clock() + seconds

    def left(self) -> float:
        """Return the seconds left; zero or less when it is over."""
        return self._end - self._clock()

    def bound(self, seconds: float) -> float:
        """Return this time-out, or what is left when that is less. Raises RetryableError when nothing is left."""
        left = self.left()
        if left <= 0:
            raise RetryableError("le délai est écoulé")
        return min(seconds, left)


class Response:
    """The answer to a GET; its bytes are read as they were sent, still encoded."""

    def __init__(
        self, raw: http.client.HTTPResponse, sock: socket.socket, host: str, countdown: Countdown, pace: Pace
    ) -> None:
        """Wrap what http.client gives, with the socket it read it from."""
        self.status = raw.status
        self.headers = raw.headers
        self.host = host
        self._raw, self._sock, self._countdown, self._pace = raw, sock, countdown, pace

    def read(self, size: int) -> bytes:
        """Return what has come, at most `size` bytes; nothing at the end. Raises RetryableError."""
        with _network(self.host):
            if self._raw.isclosed():
                return b""
            self._sock.settimeout(self._countdown.bound(self._pace.read))
            block = self._raw.read1(size)
        if not block:
            self._countdown.bound(0)  # the end, unless we cut it
        return block


@contextmanager
def open_url(url: str, headers: Mapping[str, str], countdown: Countdown, pace: Pace) -> Iterator[Response]:
    """GET an address and follow its redirects. Raises RetryableError, or SourceError when trying again is useless."""
    asked = url
    for _ in range(MAX_REDIRECTS + 1):
        with _get(url, headers, countdown, pace) as response:
            location = response.headers.get("Location")
            if response.status not in _REDIRECTS or not location:
                yield response
                return
        url = _check_redirect(url, location)
    raise SourceError(f"{urlsplit(asked).hostname} renvoie sans fin d'une adresse à l'autre : corrigez {mask(asked)}.")


def _check_redirect(url: str, location: str) -> str:
    """Return the absolute address a server sends us to, if we may go. Raises SourceError."""
    target = urljoin(url, quote(location.strip(), safe=_SAFE))
    before, after = _split(url).scheme, urlsplit(target).scheme.lower()
    if after not in _CONNECTIONS or (before, after) == ("https", "http"):
        msg = (
            f"{urlsplit(url).hostname} renvoie vers une adresse {after}:, refusée : seul https (ou http depuis http) est suivi. "
            "Vérifiez l'adresse dans layer.toml."
        )
        raise SourceError(msg)
    return target


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in _CONNECTIONS and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise SourceError(f"L'adresse {mask(url)[:200]!a} n'est pas une adresse http(s) utilisable.")
    return parts


@contextmanager
def _get(url: str, headers: Mapping[str, str], countdown: Countdown, pace: Pace) -> Iterator[Response]:
    parts = _split(url)
    host = parts.netloc.rpartition("@")[2]
    connection, target, extra = _prepare(parts, countdown.bound(pace.connect))
    timer: threading.Timer | None = None
    raw: http.client.HTTPResponse | None = None
    try:
        with _network(host):
            sock = _connect(connection, countdown.bound(3 * pace.connect))
            timer = threading.Timer(countdown.bound(threading.TIMEOUT_MAX), _cut, [sock])
            timer.daemon = True
            timer.start()
            sock.settimeout(countdown.bound(pace.read))
            connection.request("GET", target, headers={"Connection": "close", **headers, **extra})
            raw = connection.getresponse()
        yield Response(raw, sock, host, countdown, pace)
    finally:
        if timer is not None:
            timer.cancel()
        if raw is not None:
            raw.close()
        connection.close()


def _prepare(parts: SplitResult, timeout: float) -> tuple[http.client.HTTPConnection, str, dict[str, str]]:
    """Return the connection to open, the target to ask for and the headers to add, through the proxy of the machine if any."""
    connect, host, port = _CONNECTIONS[parts.scheme], parts.hostname or "", parts.port
    target = quote(parts.path or "/", safe=_SAFE) + (f"?{quote(parts.query, safe=_SAFE)}" if parts.query else "")
    address = getproxies().get(parts.scheme)
    if not address or proxy_bypass(host):
        return connect(host, port, timeout=timeout), target, {}
    proxy = urlsplit(address if "://" in address else f"http://{address}")
    if proxy.scheme != "http" or not proxy.hostname:
        raise SourceError("Le proxy de la machine (http_proxy, https_proxy) doit être une adresse http://hôte:port.")
    login = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}" if proxy.username else ""
    extra = {"Proxy-Authorization": f"Basic {base64.b64encode(login.encode()).decode()}"} if login else {}
    connection = connect(proxy.hostname, proxy.port or 80, timeout=timeout)
    if parts.scheme == "http":
        return connection, f"http://{parts.netloc.rpartition('@')[2]}{target}", extra
    connection.set_tunnel(host, port, extra)
    return connection, target, {}


def _connect(connection: http.client.HTTPConnection, timeout: float) -> socket.socket:
    """Look the name up and connect, within one time-out for everything.

    The system offers none for a name (without a network it can take a minute), and one for each address of a host.
    """
    failure: list[Exception] = []
    done, late = threading.Event(), threading.Event()

    def connect() -> None:
        try:
            connection.connect()
        except UnicodeError:  # a label that is empty or too long
            failure.append(socket.gaierror("nom impossible"))
        except (OSError, http.client.HTTPException, ValueError) as error:
            failure.append(error)
        done.set()
        if late.is_set():
            connection.close()

    threading.Thread(target=connect, daemon=True).start()
    if not done.wait(timeout):
        late.set()
        raise TimeoutError
    if failure:
        raise failure[0]
    return connection.sock


def _cut(sock: socket.socket) -> None:
    """End a conversation from another thread: the reader gets an end of file. TLS is bypassed, it may be in use."""
    try:
        socket.socket.shutdown(sock, socket.SHUT_RDWR)
    except OSError:
        return


@contextmanager
def _network(host: str) -> Iterator[None]:
    """Turn whatever a network does into a sentence."""
    try:
        yield
    except ssl.SSLCertVerificationError as error:
        msg = (
            f"Le certificat de {host} n'est pas reconnu ({error.verify_message}) : vérifiez l'heure de cette machine et ses "
            "autorités de certification (derrière un proxy d'administration, la sienne doit y être)."
        )
        raise SourceError(msg) from error
    except socket.gaierror as error:
        raise RetryableError(f"{host} est introuvable : vérifiez le réseau de cette machine, ou son proxy") from error
    except TimeoutError as error:
        raise RetryableError(f"{host} ne répond pas") from error
    except ConnectionRefusedError as error:
        raise RetryableError(f"{host} refuse la connexion") from error
    except http.client.InvalidURL as error:
        raise SourceError(f"L'adresse demandée à {host} contient des signes interdits.") from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        if str(error).startswith("Tunnel connection failed"):
            raise RetryableError(f"{host} est refusé par le proxy de cette machine ({str(error)[26:60]})") from error
        raise RetryableError(f"{host} a coupé la réponse, ou la connexion ne tient pas") from error
