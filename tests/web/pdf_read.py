"""The structure of a PDF as a screen reader hears it: its elements, depth first, each with its own texts.

Poppler reads the same (`pdfinfo -struct-text`), and one test compares them; but it draws a page again for each element of it.
"""

from __future__ import annotations

import io
import re
from collections import defaultdict
from typing import Any

from pypdf import PageObject, PdfReader
from pypdf.generic import ContentStream

Element = tuple[int, str, list[str]]  # depth, kind, texts of its own
_PAIR = re.compile(r"^<([0-9A-Fa-f]+)> <([0-9A-Fa-f]+)>$", re.MULTILINE)


def read_structure(body: bytes) -> list[Element]:
    """Return the elements of a PDF; text that belongs to none is not heard."""
    reader = PdfReader(io.BytesIO(body))
    texts = {page.indirect_reference.idnum: _read_marked(page) for page in reader.pages if page.indirect_reference}
    found: list[Element] = []

    def walk(node: Any, depth: int, page: int) -> None:  # noqa: ANN401 - pypdf's own
        node = node.get_object() if hasattr(node, "get_object") else node
        if isinstance(node, int):
            found[-1][2].append(texts[page].get(int(node), ""))
            return
        if isinstance(node, list):
            for child in node:
                walk(child, depth, page)
            return
        if "/Pg" in node:
            page = node.raw_get("/Pg").idnum
        if "/MCID" in node:
            walk(node["/MCID"], depth, page)
        elif "/S" in node:
            if node["/S"] != "/Span":
                found.append((depth, str(node["/S"]).removeprefix("/"), []))
            walk(node.get("/K", []), depth + 1, page)

    root: Any = reader.trailer["/Root"]
    walk(root["/StructTreeRoot"]["/K"], 0, -1)
    return found


def _read_marked(page: PageObject) -> dict[int, str]:
    """Return the text of each marked content of a page."""
    found: dict[int, str] = defaultdict(str)

    def draw(content: Any, resources: Any, marks: list[int | None]) -> None:  # noqa: ANN401 - as above
        fonts = {name: _read_letters(font) for name, font in resources.get("/Font", {}).items()}
        letters: dict[bytes, str] = {}
        for operands, operator in ContentStream(content, page.pdf).operations:
            if operator in {b"BDC", b"BMC"}:
                told = operands[1] if len(operands) > 1 else {}
                marks.append(told.get("/MCID", marks[-1]))
            elif operator == b"EMC":
                marks.pop()
            elif operator == b"Tf":
                letters = fonts[operands[0]]
            elif operator == b"Do":
                drawn = resources["/XObject"][operands[0]].get_object()
                if drawn["/Subtype"] == "/Form":
                    draw(drawn, drawn.get("/Resources", resources), [marks[-1]])
            elif operator in {b"Tj", b"TJ"} and marks[-1] is not None:
                parts = operands[0] if operator == b"TJ" else operands
                codes = b"".join(part.original_bytes for part in parts if hasattr(part, "original_bytes"))
                found[marks[-1]] += "".join(letters.get(codes[at : at + 2], "\ufffd") for at in range(0, len(codes), 2))

    draw(page.get_contents(), page["/Resources"], [None])
    return found


def _read_letters(font: Any) -> dict[bytes, str]:  # noqa: ANN401 - as above
    """Return what each two bytes of a font mean."""
    table = font.get_object()["/ToUnicode"].get_data()
    return {
        bytes.fromhex(code): bytes.fromhex(text).decode("utf-16-be") for code, text in _PAIR.findall(table.decode())
    }
