"""`bin/prepare`: what it would install, what it says when it cannot, and that it does nothing twice."""

from __future__ import annotations

import importlib.util
import os
import re
import resource
import subprocess
import sys
from importlib.machinery import SourceFileLoader
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from types import ModuleType

ROOT = Path(__file__).resolve().parent.parent
SCRIPT = ROOT / "bin" / "prepare"


@pytest.fixture
def prepare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    loader = SourceFileLoader("prepare_script", str(SCRIPT))
    specification = importlib.util.spec_from_loader("prepare_script", loader)
    assert specification is not None
    module = importlib.util.module_from_spec(specification)
    loader.exec_module(module)
    monkeypatch.setattr(module, "STATE_FOLDER", tmp_path)  # it writes its log there
    return module


def processor_seconds() -> float:
    """Return what the programs run so far took of a processor: what other work on this machine takes is not counted."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def test_a_prepared_tree_costs_nothing() -> None:
    result = subprocess.run([sys.executable, SCRIPT], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    start = processor_seconds()
    result = subprocess.run([sys.executable, SCRIPT], capture_output=True, text=True, check=False)
    assert processor_seconds() - start < 1.0, "0.1 s"
    assert re.fullmatch(r"Préparation : à jour \(\d+,\d\d s\)\n", result.stdout)


def test_uses_the_standard_library_only(prepare: ModuleType) -> None:
    isolated = [sys.executable, "-I", "-S", "-c", f"compile(open({str(SCRIPT)!r}).read(), 'prepare', 'exec')"]
    assert subprocess.run(isolated, check=False).returncode == 0
    imported = {name for name in vars(prepare) if not name.startswith("_") and name in sys.stdlib_module_names}
    lines = [
        line.split()[1].split(".")[0]
        for line in SCRIPT.read_text().splitlines()
        if line.startswith(("import ", "from "))
    ]
    assert set(lines) - {"__future__"} <= sys.stdlib_module_names
    assert imported


def test_without_root_gives_the_exact_command(prepare: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prepare, "privilege", lambda: None)
    monkeypatch.setattr(prepare, "name_postgis", lambda: ["postgresql-15", "postgresql-15-postgis-3"])
    with pytest.raises(prepare.Failure) as refused:
        prepare.install_packages(["postgis", "nodejs"])
    packages = "postgresql-15 postgresql-15-postgis-3 nodejs"
    assert f"sudo apt-get update && sudo apt-get install -y --no-install-recommends {packages}" in str(refused.value)


def test_a_given_database_needs_no_server(prepare: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prepare, "postgis_majors", list)
    ready = {"python_ready": True, "front_ready": True}
    monkeypatch.delenv("DATABASE_URL", raising=False)
    assert prepare.find_missing(tests=False, **ready) == ["postgis"]
    monkeypatch.setenv("DATABASE_URL", "postgresql://ailleurs/atlas")
    assert prepare.find_missing(tests=False, **ready) == []
    assert "postgis" in prepare.find_missing(tests=True, **ready)


@pytest.mark.parametrize("tests", [False, True])
def test_what_prints_a_pdf_is_needed_to_run(
    prepare: ModuleType, monkeypatch: pytest.MonkeyPatch, *, tests: bool
) -> None:
    ready = {"tests": tests, "python_ready": True, "front_ready": True}
    before = prepare.find_missing(**ready)
    assert not set(before) & prepare.PRINTING.keys(), "this machine prints: other tests do"
    monkeypatch.setitem(prepare.PRINTING, "libharfbuzz-subset0", "libharfbuzz-absente.so.0")
    monkeypatch.setattr(prepare, "FONTS", Path("/nulle-part"))
    missing = set(prepare.find_missing(**ready)) - set(before)
    assert missing - {"fonts-liberation"} == {"libharfbuzz-subset0", "fonts-dejavu-core"}


def test_an_installed_node_is_left_alone(prepare: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://ailleurs/atlas")
    monkeypatch.setattr(prepare, "node_major", lambda: 18)
    assert prepare.find_missing(tests=False, python_ready=True, front_ready=False) == []
    monkeypatch.setattr(prepare, "node_major", lambda: 0)
    monkeypatch.setattr(prepare.shutil, "which", lambda _: None)
    assert prepare.find_missing(tests=False, python_ready=True, front_ready=False) == ["nodejs", "npm"]


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("E: Failed to fetch http://deb/x Temporary failure resolving 'deb'", "réseau"),
        ("npm error code ENOTFOUND", "réseau"),
        ("error: Failed to write: No space left on device (os error 28)", "disque est plein"),
        ("error: command 'gcc' failed: No such file or directory", "compilateur"),
        ("E: Could not get lock /var/lib/dpkg/lock-frontend", "apt est occupé"),
        ("npm error code EACCES", "autre compte"),
        ("une surprise", "Dernier message : « une surprise »"),
    ],
)
def test_a_known_cause_is_told(prepare: ModuleType, said: str, told: str) -> None:
    with pytest.raises(prepare.Failure, match=told):
        prepare.run(["sh", "-c", f'echo "{said}"; exit 1'], ROOT, "Raté.")


def test_a_missing_program_is_told(prepare: ModuleType) -> None:
    with pytest.raises(prepare.Failure, match="introuvable"):
        prepare.run(["programme-absent"], ROOT, "Raté.")


def test_an_unwritable_state_is_a_sentence(
    prepare: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(prepare, "STATE_FOLDER", Path("/proc/impossible"))
    assert prepare.main([]) == 1
    assert "Impossible" in capsys.readouterr().err


def test_the_state_survives_nonsense(prepare: ModuleType, tmp_path: Path) -> None:
    for text in ("", "[]", "{", "3"):
        (tmp_path / "prepare.json").write_text(text)
        assert prepare.read_state() == {}
    prepare.write_state({"npm": "a"})
    assert prepare.read_state() == {"npm": "a"}


def test_postgis_is_the_newest_apt_offers_from_15_on(prepare: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    if not Path("/usr/bin/apt-cache").exists():
        pytest.skip("no apt here")
    names = prepare.name_postgis()
    assert len(names) == 2
    assert int(names[0].removeprefix("postgresql-")) >= 15
    monkeypatch.setattr(prepare, "known_to_apt", lambda _: False)
    assert prepare.name_postgis() == []
    assert len(prepare.guess_postgis()) == 2


def test_ci_calls_make_test() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert "exec make test </dev/null" in script.read_text()
