"""`webmap tuiles`, and what `webmap db upgrade` leaves of the tiles that are kept."""

from __future__ import annotations

import errno
import importlib
import shutil
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from webmap.app import create_app
from webmap.catalog.load import load_catalog
from webmap.cli import main
from webmap.cli.tuiles import settle_octets
from webmap.errors import WebmapError
from webmap.geo.grid import list_tiles
from webmap.store.statements import count_queries
from webmap.store.versioned import VersionedBytes

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result

    from webmap.config import Settings
    from webmap.store.db import Database

tuiles_commands = importlib.import_module("webmap.cli.tuiles")


@pytest.fixture
def own(settings: Settings, tmp_path: Path) -> Settings:
    return settings.model_copy(update={"octets_folder": tmp_path / "octets"})


@pytest.fixture
def layers_folder(settings: Settings, tmp_path: Path) -> Path:
    return shutil.copytree(settings.layers_folder, tmp_path / "layers")


@pytest.fixture
def run(own: Settings, database: Database, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    monkeypatch.setattr(tuiles_commands, "load_settings", lambda _environ: own)
    monkeypatch.setattr(tuiles_commands, "start_database", lambda _settings: database)
    return lambda *asked: CliRunner().invoke(main, ["tuiles", "prechauffer", *asked], catch_exceptions=False)


def test_what_is_warmed_is_served_without_the_database(
    run: Callable[..., Result], own: Settings, database: Database
) -> None:
    said = run("commune", "bassin", "--zoom", "9")
    assert said.exit_code == 0
    assert f"{2 * len(list(list_tiles(own.territoire.etendue, 0, 9)))} tuiles prêtes" in said.output
    client = create_app(own, database).test_client()
    named = client.get("/tuiles.json").get_json()["versions"]
    with count_queries() as statements:
        path = f"/tuiles/commune,bassin/{named['commune']},{named['bassin']}/9/261/172.mvt"
        assert client.get(path).status_code == 200
        assert (
            run("commune", "bassin", "--zoom", "9").exit_code == 0
        )  # made already: the versions are read, and no more
    assert len(statements) == 1


def test_what_a_full_disk_does_not_keep_is_not_said_to_be_ready(
    run: Callable[..., Result], own: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "plein")

    monkeypatch.setattr(VersionedBytes, "_write", full)
    said = run("commune", "--zoom", "5")
    assert said.exit_code == 1
    count = len(list(list_tiles(own.territoire.etendue, 0, 5)))
    assert f"{count} tuiles sur {count} non gardées : le disque est plein" in said.output
    assert "prête" not in said.output


def test_what_cannot_be_warmed_is_told(run: Callable[..., Result]) -> None:
    unknown, many = run("inconnue"), run("--zoom", "16")
    assert (unknown.exit_code, many.exit_code) == (1, 1)
    assert "pas de couche publique « inconnue »" in unknown.output
    assert (
        "Plus de 50\u00a0000 tuiles : c'est trop pour une fois. Essayez --zoom 15, ou nommez quelques couches."
        in many.output
    )
    refused = run("--zoom", "99")
    assert refused.exit_code == 2
    assert refused.output.endswith(
        "--zoom : cette valeur n'est pas possible ; un nombre de 0 à 16. L'aide : main tuiles prechauffer --help\n"
    )


def test_only_public_layers_in_today_s_version_are_left(own: Settings, database: Database, layers_folder: Path) -> None:
    client = create_app(own, database).test_client()
    paths = [f"/tuiles/{couche}/8/130/86.mvt" for couche in ("commune", "poche_pauvrete")]
    assert [client.get(path).status_code for path in paths] == [200, 200]
    assert {path.name for path in own.octets_folder.glob("[a-z]*")} == {"commune", "poche_pauvrete"}
    definition = layers_folder / "poche_pauvrete" / "layer.toml"
    public = definition.read_text(encoding="utf-8")
    definition.write_text(f'visibility = "interne"\n{public}', encoding="utf-8")
    settle_octets(own, load_catalog(layers_folder), database)
    assert list(own.octets_folder.rglob("*.gz")) == []  # the communes of another definition too
    assert [client.get(path).status_code for path in paths] == [200, 404]  # a server that has not seen it
    assert not (own.octets_folder / "poche_pauvrete").exists()
    definition.write_text(public, encoding="utf-8")
    settle_octets(own, load_catalog(layers_folder), database)
    other = create_app(own, database).test_client()
    assert [each.get(path).status_code for path in paths for each in (client, other)] == [200] * 4
    assert (own.octets_folder / "poche_pauvrete").is_dir()


def test_a_folder_that_resists_stops_the_command(own: Settings, database: Database, layers_folder: Path) -> None:
    own.octets_folder.write_text("")
    with pytest.raises(WebmapError, match="ne se laisse pas vider"):
        settle_octets(own, load_catalog(layers_folder), database)
