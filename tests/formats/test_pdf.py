"""The PDF: A4, tagged, in French, alone, and one at a time."""

from __future__ import annotations

import datetime as dt
import gc
import io
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest
from pypdf import PdfReader

from webmap.errors import BusyError, TooLargeError
from webmap.formats import pdf
from webmap.formats.pdf import build_pdf

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CSS = "@page { size: A4 } h1 { color: #073b45 }"
PAGE = (
    '<!doctype html><html lang="fr"><head><meta charset="utf-8"><title>Ostrevent</title>'
    '<meta name="dcterms.created" content="2026-11-21T17:00:00+00:00"></head><body>{}</body></html>'
)
TABLE = (
    "<h1>Ostrevent</h1><h2>Chiffres</h2><table><caption>Mesures</caption><thead><tr><th scope=col>Mesure</th>"
    "<th scope=col>Valeur</th></tr></thead><tbody><tr><th scope=row>Halles</th><td>12,5 km²</td></tr></tbody></table>"
    '<svg viewBox="0 0 10 10" width="10" height="10"><title>Part de l’Ostrevent</title><rect width="5" height="5"/></svg>'
)


def read(body: str, css: str = CSS) -> PdfReader:
    return PdfReader(io.BytesIO(build_pdf(PAGE.format(body), css)))


def elements(reader: PdfReader) -> Iterator[Any]:
    """Walk the structure that a screen reader reads."""

    def walk(node: object) -> Iterator[Any]:
        node = node.get_object() if hasattr(node, "get_object") else node
        if isinstance(node, list):
            for child in node:
                yield from walk(child)
        elif isinstance(node, dict):
            yield node
            yield from walk(node.get("/K", []))

    root: Any = reader.trailer["/Root"]
    return walk(root["/StructTreeRoot"]["/K"])


def test_it_is_a_tagged_a4_in_french_with_its_title() -> None:
    reader = read(TABLE)
    root: Any = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "fr"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert reader.metadata
    assert reader.metadata.title == "Ostrevent"
    assert reader.metadata.creation_date == dt.datetime(2026, 11, 21, 17, tzinfo=dt.UTC)
    box = reader.pages[0].mediabox
    assert (round(float(box.width)), round(float(box.height))) == (595, 842)
    assert b"pdfuaid" in root["/Metadata"].get_object().get_data()


def test_headings_cells_and_drawings_are_told() -> None:
    reader = read(TABLE)
    found = list(elements(reader))
    kinds = [node.get("/S") for node in found]
    assert [kind for kind in kinds if kind in {"/H1", "/H2"}] == ["/H1", "/H2"]
    assert kinds.count("/TH") == 3
    cell = next(node for node in found if node.get("/S") == "/TD")
    assert len(cell["/A"]["/Headers"]) == 2, "its row's header and its column's"
    assert [node["/Alt"] for node in found if node.get("/S") == "/Figure"] == ["Part de l’Ostrevent"]
    assert [str(each.title) for each in reader.outline if not isinstance(each, list)] == ["Ostrevent"]


def test_nothing_is_fetched_from_the_network_or_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = tmp_path / "secret.css"
    secret.write_text("p::after { content: 'lu sur le disque' }")
    asked: list[str] = []
    monkeypatch.setattr("socket.socket.connect", lambda *args: asked.append(str(args[1])))
    body = (
        f'<p>seul</p><img alt="x" src="http://127.0.0.1:9/x.png"><img alt="y" src="{secret.as_uri()}">'
        f'<object data="{secret.as_uri()}"></object><svg><title>z</title><image href="{secret.as_uri()}"/></svg>'
    )
    css = f'@import "{secret.as_uri()}"; p {{ background: url("{secret.as_uri()}") }}'
    css += '@font-face { font-family: a; src: url("http://127.0.0.1:9/f") }'
    reader = read(body, css)
    assert "seul" in reader.pages[0].extract_text()
    assert "lu sur le disque" not in "".join(page.extract_text() for page in reader.pages)
    assert asked == []


def test_a_page_cannot_attach_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    body = f'<p>a</p><a rel="attachment" href="{secret.as_uri()}">b</a><link rel="attachment" href="{secret.as_uri()}">'
    assert read(body).attachments == {}


def test_the_same_page_makes_the_same_bytes() -> None:
    assert build_pdf(PAGE.format(TABLE), CSS) == build_pdf(PAGE.format(TABLE), CSS)


@pytest.mark.parametrize("text", ["مرحبا", "x" * 10_000, "a\u202eb", "\u0001", "\U0001d518", "&lt;script&gt;"])
def test_any_text_is_printed(text: str) -> None:
    assert read(f"<h1>{text}</h1><p>fin</p>").pages[-1].extract_text().endswith("fin")


def test_long_lists_and_endless_texts_are_cut_and_say_so() -> None:
    items = "".join(f"<li>lieu {rank}</li>" for rank in range(100))
    body = f"<ul>{items}</ul><p>{'y' * 3_000}</p><table><thead><tr><th>{'z' * 3_000}</th></tr></thead></table>"
    text = "".join(page.extract_text() for page in read(body).pages)
    assert "lieu 59" in text
    assert "lieu 60" not in text
    assert "et 40 autres : la liste entière est sur la page" in text
    assert (text.count("y"), text.count("z")) == (1_000, 120)
    assert text.count("(texte coupé)") == 2


def test_a_page_no_one_would_print_is_refused() -> None:
    with pytest.raises(TooLargeError, match="prenez le fichier HTML"):
        build_pdf(PAGE.format("x" * 2_000_000), CSS)


def test_who_waits_gets_the_result() -> None:
    made: list[bytes] = []
    pdf._rendering.acquire()
    waiting = [threading.Thread(target=lambda: made.append(build_pdf(PAGE.format("<p>a</p>"), CSS))) for _ in range(2)]
    for thread in waiting:
        thread.start()
    assert made == []
    pdf._rendering.release()
    for thread in waiting:
        thread.join()
    assert len(made) == 2
    assert len(set(made)) == 1


def test_a_wait_is_bounded_and_so_are_those_who_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "_WAIT", 0.05)
    with pdf._rendering:
        with pytest.raises(BusyError, match="depuis trop longtemps"):
            build_pdf(PAGE.format("a"), CSS)
        taken = [pdf._places.acquire(blocking=False) for _ in range(4)]
        assert taken == [True, True, True, False]
        with pytest.raises(BusyError, match="déjà en préparation"):
            build_pdf(PAGE.format("a"), CSS)
        pdf._places.release(3)
    assert build_pdf(PAGE.format("a"), CSS)


def test_a_failure_leaves_the_turn_to_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(pdf, "_prepare", lambda _: 1 / 0)
        for _ in range(5):
            with pytest.raises(ZeroDivisionError):
                build_pdf(PAGE.format("a"), CSS)
    assert build_pdf(PAGE.format("a"), CSS)


def test_the_printer_is_loaded_only_when_asked() -> None:
    said = (
        "import sys; from webmap.formats.pdf import load_printer; before = 'weasyprint' in sys.modules; load_printer();"
        "import threading; print(before, 'weasyprint' in sys.modules, threading.active_count())"
    )
    done = subprocess.run([sys.executable, "-c", said], capture_output=True, check=True, text=True)
    assert done.stdout.split() == ["False", "True", "1"], "workers are forked after it: no thread may be left"


def test_memory_is_collected_once_the_answer_has_left() -> None:
    build_pdf(PAGE.format("<p>x</p>"), CSS)
    later = [thread for thread in threading.enumerate() if isinstance(thread, threading.Timer)]
    assert later
    for timer in later:
        timer.join()
    assert gc.isenabled()
