"""`/accessibilite`: a declaration that claims no more than what was done, linked from every page."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

from webmap.app import create_app

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from webmap.config import Settings

STATIC = Path(__file__).resolve().parents[2] / "static"


def test_it_says_what_was_done_and_gives_no_rate(reader: FlaskClient) -> None:
    page = reader.get("/accessibilite").text
    assert "est non conforme" in page
    assert "Aucun audit de conformité n’a été fait" in page
    assert "aucun lecteur d’écran n’a été essayé" in page
    assert "Défenseur des droits, Libre réponse 71120, 75342 Paris CEDEX 07" in page
    assert re.findall(r"\d+(?:,\d+)?\s*%", page) == ["400 %"]  # a zoom, and no rate
    locked = json.loads((STATIC / "package.json").read_text(encoding="utf-8"))["devDependencies"]["axe-core"]
    assert f"axe-core {locked} " in page


def test_the_contact_is_the_setting_or_is_said_missing(reader: FlaskClient, settings: Settings) -> None:
    assert "n’est pas renseignée" in reader.get("/accessibilite").text
    own = settings.model_copy(update={"contact": "sig@exemple.fr"})
    app = create_app(own, reader.application.extensions["webmap"].database)
    page = app.test_client().get("/accessibilite").text
    assert '<a href="mailto:sig@exemple.fr">' in page
    assert "n’est pas renseignée" not in page


def test_every_page_leads_to_it(reader: FlaskClient) -> None:
    for path in ("/", "/territoires", "/couches", "/vues", "/integration?panneau=oui"):
        assert 'href="/accessibilite"' in reader.get(path).text, path
    assert "/accessibilite</loc>" in reader.get("/sitemap.xml").text
    assert reader.get("/accessibilite?x=1").status_code == 400
