"""The 160 MB of the national consolidation stream through: memory does not follow the size of the file."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from webmap.importing.mirror import add_file
from webmap.importing.refresh import build_url
from webmap.importing.remote import Remote

if TYPE_CHECKING:
    from types import ModuleType

    from webmap.catalog.load import Catalog
    from webmap.config import Settings
    from webmap.store.db import Database

BENCH = Path(__file__).resolve().parents[2] / "bench" / "irve_csv.py"


def load_bench() -> ModuleType:
    spec = importlib.util.spec_from_file_location("irve_csv", BENCH)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.long
def test_a_160_mb_consolidation_stays_under_200_mb(
    database_with_contours: Database, catalog: Catalog, settings: Settings, tmp_path: Path
) -> None:
    bench = load_bench()
    path = tmp_path / "irve.csv"
    bench.write_consolidation(path, bench.ROWS, settings.territoire.etendue)
    assert path.stat().st_size > 155_000_000
    connector = catalog.by_id["irve"].connectors[0]
    mirror = tmp_path / "miroir"
    mirror.mkdir()
    add_file(mirror, Remote(build_url(connector, settings), connector.file, connector.max_bytes), path)
    found = bench.run_webmap(database_with_contours.owner_dsn, mirror)
    assert found["outcomes"][0][0] == "changee"
    assert found["peak_mb"] < 200, found
