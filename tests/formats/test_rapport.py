"""A page as a file: nothing left that needs a server, everything else word for word."""

from __future__ import annotations

import base64
import hashlib
import re
from html import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webmap.formats.rapport import build_rapport, detach

PAGE = (
    '<!doctype html>\n<html lang="fr">\n<head>\n<meta charset="utf-8">\n<title>A &amp; B</title>\n</head>\n<body>\n'
    '<p class="a">&lt;script&gt; &#233; d\'ici</p><br><svg viewBox="0 0 1 1"><path d="M0 0"/><clipPath id="x"/></svg>\n'
    "</body>\n</html>\n"
)


def test_a_page_that_needs_nothing_is_untouched() -> None:
    assert detach(PAGE) == PAGE


@pytest.mark.parametrize(
    ("page", "kept"),
    [
        ('<a href="/couches/qpv">Quartiers <b>prioritaires</b></a>', "Quartiers <b>prioritaires</b>"),
        ('<a class="x" href="?tri=nom">Nom</a>', "Nom"),
        ('<a href="//ailleurs.fr">x</a><a href="javascript:alert(1)">y</a><a>z</a>', "xyz"),
        ('<a href="#haut">haut</a>', '<a href="#haut">haut</a>'),
        ('<a href="https://insee.fr/">INSEE</a>', '<a href="https://insee.fr/">INSEE</a>'),
        ('<a href="/x">un <a href="#y">deux</a></a>', 'un <a href="#y">deux</a>'),
        ('<p class="actions">CSV <a href="/x">JSON</a></p><p>y</p>', "<p>y</p>"),
        ('<p class="fil plus"><br>Territoires</p><p>y</p>', "<p>y</p>"),
        ('<form action="/x"><input name="a"><select><option>1</select><p>z</form><p>y</p>', "<p>y</p>"),
        ("<div><script>alert('</div>')</script>a<button>b</button></div>", "<div>a</div>"),
        ('<link rel="stylesheet" href="/s.css"><input value="a">b<!-- c -->', "b"),
        ('<div class="en-ligne"><div>a</div>b</div>c', "c"),
        ('<svg><a href="/x"><text>t</text></a></svg>', "<svg><text>t</text></svg>"),
    ],
)
def test_what_needs_the_atlas_is_left_out(page: str, kept: str) -> None:
    assert detach(page) == kept


def test_the_file_carries_its_style_and_a_closed_policy() -> None:
    css = 'body{color:#17212b}a::before{content:"é"}'
    page = build_rapport(PAGE, css)
    policy = re.search(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">', page)
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    assert policy
    assert policy[1] == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert page.index(policy[0]) < page.index(f"<style>{css}</style>") < page.index("</head>")
    assert page.replace(f"{policy[0]}\n<style>{css}</style>\n", "") == PAGE


@given(st.text(), st.text())
def test_escaped_text_is_never_read_as_an_element(name: str, title: str) -> None:
    page = f'<p title="{escape(title)}">{escape(name)}</p>'.replace("\r", "")
    assert detach(f'<p class="actions">{escape(name)}</p>{page}') == page
