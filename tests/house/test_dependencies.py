"""Third-party code is installed from the public registries, locked, and never committed."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from urllib.parse import urlsplit

import pytest

ROOT = Path(__file__).resolve().parents[2]


def test_python_packages_come_from_pypi_with_their_hashes() -> None:
    lock = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))
    for package in lock["package"]:
        if package["name"] == "webmap":
            assert package["source"] == {"editable": "."}
            continue
        assert package["source"] == {"registry": "https://pypi.org/simple"}, package["name"]
        files = [*package.get("wheels", []), *([package["sdist"]] if "sdist" in package else [])]
        assert files
        for file in files:
            assert urlsplit(file["url"]).netloc == "files.pythonhosted.org"
            assert file["hash"].startswith("sha256:")


def test_front_end_packages_come_from_npm_with_their_hashes() -> None:
    lock = json.loads((ROOT / "static" / "package-lock.json").read_text(encoding="utf-8"))
    packages = {name: package for name, package in lock["packages"].items() if name}
    assert packages
    for name, package in packages.items():
        assert package["integrity"].startswith("sha512-"), name
        # Without an address, npm asks the registry it is set to: the public one, unless a machine says otherwise.
        assert package.get("resolved", "https://registry.npmjs.org/").startswith("https://registry.npmjs.org/"), name


def test_no_other_registry_is_configured() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert not {"index", "index-url", "extra-index-url", "sources"} & project["tool"].get("uv", {}).keys()
    assert not [
        path for path in (ROOT, ROOT / "static") for name in (".npmrc", "uv.toml", "pip.conf") if (path / name).exists()
    ]


def test_the_lock_has_every_dependency_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    locked = {package["name"] for package in tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))["package"]}
    wanted = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    names = {re.split(r"[\[<>=!~ ]", text, maxsplit=1)[0] for text in wanted}
    assert names - locked == set()
    assert all("<" in text for text in wanted), "each has an upper bound"


def test_the_front_end_pins_exact_versions() -> None:
    package = json.loads((ROOT / "static" / "package.json").read_text(encoding="utf-8"))
    versions = {**package.get("dependencies", {}), **package.get("devDependencies", {})}
    assert {name: text for name, text in versions.items() if not re.fullmatch(r"\d+\.\d+\.\d+", text)} == {}


def test_nothing_of_others_is_committed() -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("not a clone")
    files = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert not [name for name in files if "node_modules/" in name or name.startswith(("static/dist/", ".venv/"))]
    assert not [name for name in files if name.endswith((".min.js", ".whl", ".tgz", ".woff2"))]


def test_the_code_imports_only_what_it_declares() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    declared = {re.split(r"[\[<>=!~ ]", text, maxsplit=1)[0] for text in project["project"]["dependencies"]}
    modules = {
        "psycopg_pool": "psycopg",
        "numpy": "shapely",
        "branca": "folium",
        "jinja2": "flask",
        "werkzeug": "flask",
        "markupsafe": "flask",
    }
    known = {"webmap", "__future__", *declared}
    missing = set()
    for path in (ROOT / "webmap").rglob("*.py"):
        for name in re.findall(r"^\s*(?:from|import) ([a-zA-Z_]\w*)", path.read_text(encoding="utf-8"), re.MULTILINE):
            if name not in sys.stdlib_module_names and modules.get(name, name) not in known:
                missing.add((path.name, name))
    assert missing == set()


def test_starting_loads_no_library_that_only_some_requests_need() -> None:
    """Each is tens of megabytes in every worker, or a second of every command: loaded by who needs it, or before the fork."""
    asked = [
        "pyarrow",
        "pyogrio",
        "pandas",
        "geopandas",
        "folium",
        "branca",
        "requests",
        "weasyprint",
        "sqlalchemy",
        "geoalchemy2",
        "alembic",
        "granian",
        "fontTools",
        "PIL",
    ]
    code = f"import sys, webmap.app, webmap.cli; print(*({{*{asked}}} & sys.modules.keys()))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert found.stdout.split() == []
