"""A page as one file that needs no server: its style inside, a closed policy, nothing that only works online."""

from __future__ import annotations

import base64
import hashlib
from html.parser import HTMLParser

# Elements that ask something of a server or a script, and classes whose content only makes sense on the atlas.
_DROPPED = {"script", "form", "button", "dialog", "template", "select", "textarea", "noscript"}
_DROPPED_CLASSES = {"actions", "fil", "en-ligne"}
_DROPPED_VOID = {"input", "link"}
_VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
_FOLLOWED = ("#", "https://", "http://")


def build_rapport(page: str, css: str) -> str:
    """Return `page` as a file that opens with the network off, `css` inside it. Links to the atlas become plain text."""
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    head = f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n<style>{css}</style>\n</head>'
    return detach(page).replace("</head>", head, 1)


def detach(page: str, *classes: str) -> str:
    """Return `page` without forms, scripts, what is marked as for the atlas only, and links that need a server.

    Elements of these other `classes` are left out too.
    """
    reader = _Detacher(_DROPPED_CLASSES | set(classes))
    reader.feed(page)
    reader.close()
    return "".join(reader.kept)


class _Detacher(HTMLParser):
    """Copies what it reads word for word (closing tags in small letters), but for what `detach` leaves out."""

    def __init__(self, classes: set[str]) -> None:
        super().__init__(convert_charrefs=False)
        self._classes = classes
        self.kept: list[str] = []
        self._skipped: list[str] = []  # open elements inside, and including, one that is left out
        self._links: list[bool] = []  # whether each open <a> was kept

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        if self._skipped or tag in _DROPPED or self._classes & set((named.get("class") or "").split()):
            if tag not in _VOID:
                self._skipped.append(tag)
            return
        if tag == "a":
            self._links.append((named.get("href") or "").startswith(_FOLLOWED))
        if tag not in _DROPPED_VOID and (tag != "a" or self._links[-1]):
            self.kept.append(self.get_starttag_text() or "")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        if not (self._skipped or tag in _DROPPED_VOID or self._classes & set((named.get("class") or "").split())):
            self.kept.append(self.get_starttag_text() or "")

    def handle_endtag(self, tag: str) -> None:
        if self._skipped:
            while tag in self._skipped and self._skipped.pop() != tag:
                pass
        elif tag != "a" or (self._links and self._links.pop()):
            self.kept.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        self._keep(data)

    def handle_entityref(self, name: str) -> None:
        self._keep(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self._keep(f"&#{name};")

    def handle_decl(self, decl: str) -> None:
        self._keep(f"<!{decl}>")

    def _keep(self, text: str) -> None:
        if not self._skipped:
            self.kept.append(text)
