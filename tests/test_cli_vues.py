"""`webmap vues`: what it prints and refuses, and what the short addresses then do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from tests.commands import vues_commands
from webmap.app import create_app
from webmap.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable

    from click.testing import Result

    from webmap.config import Settings
    from webmap.store.db import Database

LINK = "http://127.0.0.1:8000/#vue=11/50.3/3.4&couches=qpv,halle:0.6&filtres=irve:puissance%20%3E%2050"


@pytest.fixture
def run(database: Database, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    monkeypatch.setattr(vues_commands, "start_database", lambda _settings: database)
    return lambda *arguments: CliRunner().invoke(main, ["vues", *arguments], catch_exceptions=False)


def test_a_kept_view_opens_at_its_short_address(
    run: Callable[..., Result], settings: Settings, database: Database
) -> None:
    kept = run("ajouter", "friches", " Friches  du Bassin minier ", LINK)
    assert (kept.exit_code, kept.output) == (0, "Vue « Friches du Bassin minier » ajoutée : /v/friches\n")
    client = create_app(settings, database).test_client()
    answered = client.get("/v/friches")
    assert (answered.status_code, answered.headers["Location"]) == (302, "/#" + LINK.partition("#")[2])
    assert client.get("/vues.json").get_json() == {
        "vues": [{"code": "friches", "titre": "Friches du Bassin minier", "fragment": LINK.partition("#")[2]}]
    }
    assert run("lister").output == "  1 friches : Friches du Bassin minier\n1 vue nommée.\n"
    assert "remplacée" in run("ajouter", "friches", "Autre", LINK).output
    assert run("supprimer", "friches").output == "Vue « friches » supprimée.\n"
    gone = client.get("/v/friches", headers={"Accept": "application/json"})
    assert gone.status_code == 404
    assert "/vues" in gone.get_json()["detail"]


REFUSED = (
    (("Friches", "t", LINK), "CODE"),
    (("-a", "t", LINK), "L'option -a n'existe pas"),
    (("a/b", "t", LINK), "CODE"),
    (("a" * 41, "t", LINK), "CODE"),
    (("a", "  ", LINK), "TITRE"),
    (("a", "t" * 201, LINK), "TITRE"),
    (("a", "t", "http://127.0.0.1:8000/"), "« Copier le lien »"),
    (("a", "t", "http://127.0.0.1:8000/#haut"), "« Copier le lien »"),
    (("a", "t", "#vue=" + "a" * 8_001), "8000 caractères"),
    (("a", "t", "#vue=1\nLocation: x"), "sans espace"),
    (("a", "t", LINK, "--rang", "0"), "0"),
)


def test_what_is_no_view_is_refused_and_not_kept(run: Callable[..., Result]) -> None:
    for arguments, told in REFUSED:
        refused = run("ajouter", *arguments)
        assert refused.exit_code != 0, arguments
        assert told in refused.output, arguments
    assert run("lister").output == "0 vue nommée.\n"
    unknown = run("supprimer", "rien")
    assert (unknown.exit_code, "webmap vues lister" in unknown.output) == (1, True)
