"""Pages pass a policy without `unsafe-*`: nothing inline, nothing marked safe but our own drawings."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = ROOT / "webmap" / "web" / "templates"
FILES = sorted(TEMPLATES.glob("*.html"))
# What may skip escaping, and why it may.
SAFE = {"svg|safe": "a legend swatch, drawn by catalog/style.py from checked colours and numbers"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_nothing_is_inline(path: Path) -> None:
    text = re.sub(r"\{#.*?#\}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert not re.search(r"\sstyle\s*=", text)
    assert not re.search(r"\son[a-z]+\s*=", text, re.IGNORECASE)
    assert "<style" not in text
    assert "javascript:" not in text
    for attributes in re.findall(r"<script\b([^>]*)>", text):
        assert 'src="' in attributes or 'type="application/json"' in attributes
    for block in re.findall(r'<script type="application/json"[^>]*>(.*?)</script>', text, re.DOTALL):
        assert re.fullmatch(r"\{\{ \w+\|tojson \}\}", block), "JSON in a page is escaped for HTML"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_nothing_is_fetched_from_elsewhere(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"""(?:src|href|action)=["'](?:https?:)?//""", text)


def test_only_our_drawings_skip_escaping() -> None:
    found = [match for path in FILES for match in re.findall(r"[\w.]+\|safe", path.read_text(encoding="utf-8"))]
    assert set(found) <= SAFE.keys()
    assert "autoescape" not in "".join(path.read_text(encoding="utf-8") for path in FILES)


def test_every_template_is_used() -> None:
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "webmap" / "web").rglob("*.py"))
    code += "".join(re.sub(r"\{#.*?#\}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL) for path in FILES)
    assert [path.name for path in FILES if f'"{path.name}"' not in code] == []


def test_attributes_are_quoted() -> None:
    for path in FILES:
        assert not re.search(r"<[a-z][^<>]*\s[\w-]+=\{\{", path.read_text(encoding="utf-8")), path.name
