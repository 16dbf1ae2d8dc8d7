"""A page as a PDF one can read aloud: A4, tagged (PDF/UA), made by WeasyPrint without a browser or a network."""

from __future__ import annotations

import contextlib
import gc
import threading
import time
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from webmap.errors import BusyError, TooLargeError
from webmap.formats.rapport import detach

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# One at a time in a process: it fills a core for a second or two. Those who wait are few, or tiles would wait too.
_FONT = "DejaVu Sans"  # what every machine has: `bin/prepare` sees to it; also named in static/css/rapport.css
_FOLDED = ("citation",)  # what a reader unfolds to copy: on paper, the same words stand beside the figure
_WAIT = 20.0  # seconds
_REST = 0.25  # seconds
_LONGEST_PAGE = 2_000_000  # characters of HTML; the heaviest real page has a tenth of it
_LONGEST_LIST = 60  # items
_LONGEST_TEXT, _LONGEST_HEADER = 1_000, 120  # characters
_rendering = threading.Lock()
_places = threading.BoundedSemaphore(3)


def build_pdf(page: str, css: str, check: Callable[[], None] = lambda: None) -> bytes:
    """Return the PDF of an HTML page printed with `css`; links that need a server become plain text.

    Long lists and texts without end are cut, and say so. Waits for its turn; `check` is called meanwhile and between the
    steps, and raises when nobody waits any more. Raises BusyError when too many wait, or after 20 s, TooLargeError for a
    page no one would print.
    """
    plain = detach(page, *_FOLDED)
    if len(plain) > _LONGEST_PAGE:
        raise TooLargeError("Cette page est trop longue pour un PDF : prenez le fichier HTML ou le classeur (XLSX).")
    with _turn(check):
        html, sheet, fetcher, painter = _prepare(css)
        document = html(string=plain, url_fetcher=fetcher)
        _shorten(document.etree_element)
        painter.paint(document.etree_element)
        laid = document.render(stylesheets=[sheet], pdf_variant="pdf/ua-1")
        check()
        written: bytes = laid.write_pdf(pdf_variant="pdf/ua-1")
    return written


def load_printer() -> None:
    """Load WeasyPrint's modules, which takes most of a second the first time; no font is read, no thread started."""
    import weasyprint  # noqa: F401, PLC0415 - what only a server that prints loads


def _shorten(root: Any) -> None:  # noqa: ANN401 - an ElementTree element
    """Cut what would take many pages, or make a cell taller than one: lists, and texts longer than any of ours."""
    for element in root.iter("ul"):
        items = list(element)
        if len(items) > _LONGEST_LIST:
            for item in items[_LONGEST_LIST:]:
                element.remove(item)
            more = element.makeelement("li", {})
            more.text = (
                f"et {len(items) - _LONGEST_LIST} autres : la liste entière est sur la page et dans le fichier HTML"
            )
            element.append(more)
    heads = {each for head in root.iter("thead") for each in head.iter()}
    for element in root.iter():
        longest = _LONGEST_HEADER if element in heads else _LONGEST_TEXT
        element.text, element.tail = _cut(element.text, longest), _cut(element.tail, longest)


def _cut(text: str | None, longest: int) -> str | None:
    return text if text is None or len(text) <= longest else f"{text[:longest]}… (texte coupé)"


@contextlib.contextmanager
def _turn(check: Callable[[], None]) -> Iterator[None]:
    if not _places.acquire(blocking=False):
        raise BusyError("Plusieurs PDF sont déjà en préparation. Réessayez dans un instant.")
    try:
        end = time.monotonic() + _WAIT
        while not _rendering.acquire(timeout=_REST):
            check()
            if time.monotonic() > end:
                raise BusyError("Un autre PDF est en préparation depuis trop longtemps. Réessayez dans un instant.")
        if not gc.isenabled():  # one page right after another: what the last one left
            gc.collect()
        gc.disable()  # a fifth of the time, for hundreds of thousands of objects that all live until the end
        try:
            yield
        finally:
            _collect_later()
            _rendering.release()
    finally:
        _places.release()


def _collect_later() -> None:
    """Let the answer leave first: collecting what the page was made of takes a quarter of a second."""
    timer = threading.Timer(_REST, _collect)
    timer.daemon = True
    timer.start()


def _collect() -> None:
    if not _rendering.locked():  # the next page, if it has begun, ends with a timer of its own
        gc.enable()


@lru_cache(maxsize=1)
def _prepare(css: str) -> tuple[Any, Any, Any, Any]:
    """Read the style sheet once, and load WeasyPrint where `load_printer` was not called."""
    from weasyprint import CSS, HTML  # noqa: PLC0415 - loaded when a first PDF is asked for
    from weasyprint.urls import URLFetcher  # noqa: PLC0415 - as above

    from webmap.formats.dessin import Painter  # noqa: PLC0415 - as above

    class Closed(URLFetcher):  # type: ignore[misc] # WeasyPrint has no types
        """Fetches nothing, from the network or from the disk, whatever a page names."""

        def fetch(self, url: str, headers: object = None) -> None:
            raise ValueError(f"{url[:100]} is not fetched: a page brings all it needs ({headers})")

    fetcher = Closed()
    return HTML, CSS(string=css, url_fetcher=fetcher), fetcher, Painter(css, _FONT)
