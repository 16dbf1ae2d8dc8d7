"""What a `layer.toml` may say, and the sentence for what it may not."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from pydantic import ValidationError

from webmap.catalog.definition import COMMON_COLUMNS, LayerDefinition

CODE = {"id": "code", "label": "Code", "required": True}
NOM = {"id": "nom", "label": "Nom"}
BASE: dict[str, Any] = {
    "id": "essai",
    "title": "Essais",
    "singular": "essai",
    "theme": "territoire",
    "description": "Une couche d'essai.",
    "geometry": "point",
    "key": "code",
    "name": "nom",
    "source": {"name": "S", "producer": "P", "licence": "L", "millesime": "2026", "provenance": "Un test."},
    "fields": [CODE, NOM],
    "style": {"rules": [{"label": "Tout"}]},
}
UNIT = {"code": "u", "nom": "U", "source": "s", "millesime": "2026"}
DECOUPAGE = {"title": "D", "plural": "Ds", "members": "seed.csv", "unit_column": "unite", "units": [UNIT]}
NUMBER = {"id": "nombre", "type": "nombre", "rule": "point_dans", "label": "N", "unit": "u"}
FIGURE = {"id": "f", "label": "F", "value": 1, "unit": "u", "source": "s", "date": "2026"}


SPREAD = {**NUMBER, "id": "classes", "type": "repartition", "rule": "commune", "field": "classe"}
TABLE: dict[str, Any] = {
    "geometry": "none",
    "style": None,
    "key": "code_insee",
    "fields": [CODE, NOM, {"id": "classe", "label": "C", "enum": {"a": "A", "b": "B"}}],
    "measures": [SPREAD],
}
SOURCE = {"id": "s", "format": "geojson", "url": "https://x", "file": "x", "source": "s", "licence": "L", "key": "code"}


def define(**changes: object) -> LayerDefinition:
    return LayerDefinition.model_validate({**copy.deepcopy(BASE), **changes})


def test_the_plain_one_is_accepted_with_its_defaults() -> None:
    layer = define()
    assert (layer.public, layer.drawn, layer.field_ids) == (True, True, ("code", "nom"))
    assert (layer.zoom_min, layer.zoom_max, layer.order, layer.shown) == (0, 22, 100, False)
    assert layer.seed.file == "seed.csv"
    assert layer.field("nom").label == "Nom"
    with pytest.raises(KeyError):
        layer.field("geom")


def test_a_common_column_may_be_key_and_named_by_style_and_seed() -> None:
    layer = define(key="code_insee", style={"field": "etat", "rules": [{"label": "x"}]}, fields=[NOM])
    assert layer.style is not None
    assert layer.style.fields == ("etat",)


def test_a_table_of_classes_is_a_statistic_without_secrets() -> None:
    assert define(**TABLE).statistical
    assert not define().statistical
    assert define(**TABLE).hiding == ()
    assert define(**TABLE, connectors=[{**SOURCE, "format": "csv"}]).connectors[0].point is None


def test_a_definition_does_not_change_under_its_readers() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        define().title = "Autre"


REFUSED: dict[str, tuple[dict[str, object], str]] = {
    "unknown key": ({"titre": "x"}, "titre\n.*Extra inputs"),
    "unknown key deep": ({"fields": [{**CODE, "requis": True}, NOM]}, "requis"),
    "no title": ({"title": " "}, "title"),
    "geometry": ({"geometry": "surface"}, "geometry\n"),
    "visibility": ({"visibility": "secrète"}, "visibility\n"),
    "field type": ({"fields": [CODE, {**NOM, "type": "varchar"}]}, "fields.1.type"),
    "measure type": ({"measures": [{**NUMBER, "type": "moyenne"}]}, "measures.0.type"),
    "accented id": ({"fields": [CODE, NOM, {"id": "été", "label": "x"}]}, "fields.2.id"),
    "long id": ({"id": "a" * 41}, "id\n"),
    "no field": ({"fields": []}, "fields\n"),
    "field twice": ({"fields": [CODE, NOM, NOM]}, "champ « nom » déclaré deux fois"),
    "enum on a number": (
        {"fields": [CODE, NOM, {"id": "n", "label": "N", "type": "integer", "enum": {"1": "un"}}]},
        "`enum` ne va qu'avec le type text",
    ),
    "measure twice": ({"measures": [NUMBER, NUMBER]}, "mesure « nombre » déclarée deux fois"),
    "figure twice": ({"figures": [FIGURE, FIGURE]}, "chiffre « f » déclaré deux fois"),
    "key unknown": ({"key": "cle_absente"}, "key = « cle_absente » n'est pas un champ"),
    "name unknown": ({"name": "libelle"}, "name = « libelle » n'est pas un champ"),
    "key not required": ({"fields": [{**CODE, "required": False}, NOM]}, "doit être `required = true`"),
    "key of several values": ({"fields": [{**CODE, "type": "list"}, NOM]}, "doit être de type text, integer ou date"),
    "key written in two ways": (
        {"fields": [{**CODE, "type": "number"}, NOM]},
        "doit être de type text, integer ou date",
    ),
    "style field": ({"style": {"field": "couleur", "rules": [{"label": "x"}]}}, "« couleur » n'est pas un champ"),
    "style label": (
        {"style": {"rules": [{"label": "x"}], "label": {"field": "texte"}}},
        "« texte » n'est pas un champ",
    ),
    "style unknown key": ({"style": {"rules": [{"label": "x", "couleur": "#000000"}]}}, "couleur"),
    "style color": ({"style": {"rules": [{"label": "x", "color": "red"}]}}, "color"),
    "style symbol": ({"style": {"rules": [{"label": "x", "symbol": "coeur"}]}}, "symbol"),
    "style without rule": ({"style": {"rules": []}}, "rules"),
    "no style": ({"style": None}, "style.toml manque"),
    "measure field unknown": (
        {"measures": [{**NUMBER, "type": "somme", "field": "places"}]},
        "« places » n'est pas un champ",
    ),
    "measure without field": ({"measures": [{**NUMBER, "type": "somme"}]}, "`field` va avec les types"),
    "measure with a field too many": ({"measures": [{**NUMBER, "field": "nom"}]}, "`field` va avec les types"),
    "sum of a text": ({"measures": [{**NUMBER, "type": "somme", "field": "nom"}]}, "n'est pas un nombre"),
    "length of points": ({"measures": [{**NUMBER, "type": "longueur"}]}, "longueur"),
    "area of lines": ({"geometry": "line", "measures": [{**NUMBER, "type": "surface"}]}, "surface"),
    "length of surfaces": ({"geometry": "polygon", "measures": [{**NUMBER, "type": "longueur"}]}, "longueur"),
    "area of nothing": (
        {"geometry": "none", "style": None, "measures": [{**NUMBER, "type": "part_surface"}]},
        "part_surface ne va qu'avec geometry = polygon",
    ),
    "no rule": ({"measures": [{key: NUMBER[key] for key in ("id", "type", "label", "unit")}]}, "measures.0.rule"),
    "unknown rule": ({"measures": [{**NUMBER, "rule": "au_pif"}]}, "measures.0.rule"),
    "rule of another geometry": (
        {"measures": [{**NUMBER, "rule": "part_de_surface"}]},
        "la règle part_de_surface ne va pas ici ; possibles : point_dans, touche, plus_proche",
    ),
    "rule of a table": ({"geometry": "none", "style": None, "measures": [NUMBER]}, "possibles : commune"),
    "length not by its share": (
        {"geometry": "line", "measures": [{**NUMBER, "type": "longueur", "rule": "touche"}]},
        "possibles : part_de_longueur",
    ),
    "share of a distinct value": (
        {"geometry": "line", "measures": [{**NUMBER, "type": "distincts", "field": "nom", "rule": "part_de_longueur"}]},
        "possibles : touche, centroide",
    ),
    "rate without secrecy": (
        {"measures": [{**NUMBER, "type": "bornes", "field": "nom", "rule": "point_dans"}]},
        "bornes demande `secret`",
    ),
    "statistics by another key": ({**TABLE, "key": "code"}, "a pour clé `code_insee`, et geometry"),
    "statistics that are drawn": (
        {**TABLE, "geometry": "point", "style": BASE["style"], "measures": [{**SPREAD, "rule": "point_dans"}]},
        "a pour clé `code_insee`, et geometry",
    ),
    "statistics that count rows": (
        {**TABLE, "measures": [SPREAD, {**NUMBER, "rule": "commune"}]},
        "nombre ne va pas avec une statistique par commune",
    ),
    "classes that would share an id": (
        {**TABLE, "fields": [CODE, NOM, {"id": "classe", "label": "C", "enum": {"Été": "a", "ete !": "b"}}]},
        "deux valeurs de « classe » donneraient le même identifiant",
    ),
    "classes of a free text": ({**TABLE, "measures": [{**SPREAD, "field": "nom"}]}, "n'a pas d'`enum`"),
    "unavailable unknown": ({"unavailable": "absent"}, "unavailable = « absent » n'est pas un champ"),
    "unavailable not a list": ({"unavailable": "nom"}, "`unavailable` doit être un champ de type list"),
    "secret not a list": ({**TABLE, "secret": "nom"}, "`secret` doit être un champ de type list"),
    "marks without a list": ({"connectors": [{**SOURCE, "secret": ["s"]}]}, "`secret` demande que la couche ait"),
    "drawn csv without point": ({"connectors": [{**SOURCE, "format": "csv"}]}, "dit par `point` où sont ses"),
    "zooms": ({"zoom_min": 12, "zoom_max": 10}, "zoom_min dépasse zoom_max"),
    "zoom out of range": ({"zoom_max": 23}, "zoom_max"),
    "communes_field unknown": ({"communes_field": "communes"}, "« communes » n'est pas un champ"),
    "communes_field not a list": ({"communes_field": "nom"}, "doit être un champ de type list"),
    "decoupage key": ({"decoupage": DECOUPAGE, "key": "code", "name": "code"}, "a pour clé `code` et pour nom `nom`"),
    "decoupage without unit": ({"decoupage": {**DECOUPAGE, "units": []}}, "units"),
    "unit twice": ({"decoupage": {**DECOUPAGE, "units": [UNIT, UNIT]}}, "unité « u » déclarée deux fois"),
    "source without licence": ({"source": {**BASE["source"], "licence": ""}}, "source.licence"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_with_a_reason(case: str) -> None:
    changes, reason = REFUSED[case]
    with pytest.raises(ValidationError, match=reason):
        define(**changes)


@pytest.mark.parametrize("name", [*COMMON_COLUMNS, "schematique", "approximatif", "boite", "codes"])
def test_a_reserved_name_is_no_field(name: str) -> None:
    with pytest.raises(ValidationError, match=f"champ « {name} » : nom réservé"):
        define(fields=[CODE, NOM, {"id": name, "label": "x"}])


def test_several_problems_are_told_together() -> None:
    with pytest.raises(ValidationError) as refused:
        define(key="absente", name="absent", zoom_min=9, zoom_max=3, style=None)
    for part in ("key = « absente »", "name = « absent »", "zoom_min dépasse", "style.toml manque"):
        assert part in str(refused.value)
