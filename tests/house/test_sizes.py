"""A file is small enough to be read in one go, and named by what it holds."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HARD, AIM, SQL, JAVASCRIPT = 500, 300, 80, 250
# Above the aim, each with its reason; taken off the list when it shrinks.
LONGER = {
    "bin/prepare": "one script, run before anything can be imported",
    "webmap/store/db.py": "every way a statement is run, on one pool",
}
BANNED = {
    "utils",
    "util",
    "helpers",
    "helper",
    "manager",
    "managers",
    "data",
    "info",
    "process",
    "handle",
    "misc",
    "common",
}


def read_python() -> dict[str, int]:
    """Return path -> lines of every module that runs."""
    paths = [*(ROOT / "webmap").rglob("*.py"), *(ROOT / "migrations").rglob("*.py"), ROOT / "bin" / "prepare"]
    return {str(path.relative_to(ROOT)): count_lines(path) for path in paths}


def count_lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def test_no_module_passes_the_hard_limit() -> None:
    assert {path: lines for path, lines in read_python().items() if lines > HARD} == {}


def test_a_module_above_the_aim_says_why() -> None:
    assert {path for path, lines in read_python().items() if lines > AIM} == LONGER.keys()


@pytest.mark.parametrize(
    ("folder", "pattern", "limit"),
    [
        ("webmap/store/sql", "*.sql", SQL),
        ("migrations/objects", "*.sql", SQL),
        ("static/src", "*.js", JAVASCRIPT),
        ("webmap/formats", "*.js", JAVASCRIPT),
        ("webmap/web/templates", "*.html", JAVASCRIPT),
    ],
)
def test_other_files_keep_to_their_limit(folder: str, pattern: str, limit: int) -> None:
    lines = {path.name: count_lines(path) for path in (ROOT / folder).glob(pattern)}
    assert lines
    assert {name: count for name, count in lines.items() if count > limit} == {}


def test_no_module_is_a_drawer() -> None:
    paths = [
        *(ROOT / "webmap").rglob("*.py"),
        *(ROOT / "static" / "src").rglob("*.js"),
        *(ROOT / "tests").rglob("*.py"),
    ]
    assert [path for path in paths if path.stem.removeprefix("test_") in BANNED] == []


def test_every_sql_file_says_which_question_it_answers() -> None:
    for path in (ROOT / "webmap" / "store" / "sql").glob("*.sql"):
        assert path.read_text(encoding="utf-8").startswith("-- Question: "), path.name


def test_every_sql_file_is_used() -> None:
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "webmap" / "store").glob("*.py"))
    files = {path.stem for path in (ROOT / "webmap" / "store" / "sql").glob("*.sql")}
    assert {name for name in files if f'"{name}"' not in code} == set()
