"""Reading `layers/`: the shipped folder, a folder more, and every problem of every folder at once."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from webmap.catalog.inspire import THEMES
from webmap.catalog.load import load_catalog
from webmap.errors import CatalogError, NotFoundError

if TYPE_CHECKING:
    from pathlib import Path

    from webmap.catalog.load import Catalog
    from webmap.config import Settings


@pytest.fixture
def layers_folder(settings: Settings, tmp_path: Path) -> Path:
    return shutil.copytree(settings.layers_folder, tmp_path / "layers")


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{old} is not in {path}"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_layers_come_by_order_and_id(catalog: Catalog) -> None:
    order = [(layer.order, layer.id) for layer in catalog.layers]
    assert order == sorted(order)
    assert len(order) == len(catalog.by_id) == len([p for p in catalog.folder.iterdir() if p.is_dir()])
    assert {"bassin", "equipe", "bv2022"} == {layer.id for layer in catalog.decoupages}


def test_a_folder_more_is_a_layer_more(layers_folder: Path) -> None:
    shutil.copytree(layers_folder / "halle", layers_folder / "kiosque")
    assert load_catalog(layers_folder).require_public("kiosque").id == "kiosque"


def test_an_internal_layer_is_as_if_it_did_not_exist(layers_folder: Path) -> None:
    change(layers_folder / "halle" / "layer.toml", 'geometry = "point"', 'visibility = "interne"\ngeometry = "point"')
    change(
        layers_folder / "bv2022" / "layer.toml", 'geometry = "polygon"', 'visibility = "interne"\ngeometry = "polygon"'
    )
    catalog = load_catalog(layers_folder)
    assert "halle" in catalog.by_id
    assert "halle" not in {layer.id for layer in catalog.public}
    assert "bv2022" not in {layer.id for layer in catalog.decoupages}
    with pytest.raises(NotFoundError) as internal:
        catalog.require_public("halle")
    with pytest.raises(NotFoundError) as absent:
        catalog.require_public("licorne")
    assert str(internal.value).replace("halle", "x") == str(absent.value).replace("licorne", "x")


def test_all_the_problems_of_all_the_folders_at_once(layers_folder: Path) -> None:
    change(layers_folder / "halle" / "layer.toml", "title =", "titre =")
    change(layers_folder / "gare" / "layer.toml", 'geometry = "point"', 'geometry = "pointe"')
    change(layers_folder / "bassin" / "layer.toml", 'key = "code"', 'key = "nom"')
    change(layers_folder / "irve" / "style.toml", "[[rules]]", "[[rules")
    (layers_folder / "qpv" / "style.toml").unlink()
    (layers_folder / "mediatheque" / "layer.toml").unlink()
    (layers_folder / "ambition" / "layer.toml").write_bytes(b'title = "\xe9t\xe9"')
    change(layers_folder / "themes.toml", "title =", "titre =")
    with pytest.raises(CatalogError) as refused:
        load_catalog(layers_folder)
    told = "\n".join(refused.value.problems)
    for folder, reason in {
        "halle": "titre : clé inconnue",
        "gare": "geometry :",
        "bassin": "un découpage a pour clé `code`",
        "irve": "n'est pas du TOML",
        "qpv": "style.toml manque",
        "mediatheque": "ne se lit pas",
        "ambition": "n'est pas du TOML en UTF-8",
        "themes.toml": "clé inconnue",
    }.items():
        assert any(f"/{folder}" in line and reason in line for line in refused.value.problems), (folder, told)
    assert "halle/layer.toml : title : clé manquante" in told


@pytest.mark.parametrize("key", ["id", "style"])
def test_the_folder_and_style_toml_are_not_repeated(layers_folder: Path, key: str) -> None:
    change(layers_folder / "halle" / "layer.toml", "title =", f'{key} = "halle"\ntitle =')
    with pytest.raises(CatalogError, match=f"{key} : clé inconnue"):
        load_catalog(layers_folder)


def test_a_theme_is_listed(layers_folder: Path) -> None:
    change(layers_folder / "halle" / "layer.toml", 'theme = "economie"', 'theme = "astrologie"')
    with pytest.raises(CatalogError, match=r"layers/halle/layer\.toml : theme « astrologie » absent de themes.toml"):
        load_catalog(layers_folder)


def test_communes_are_needed(layers_folder: Path) -> None:
    shutil.rmtree(layers_folder / "commune")
    with pytest.raises(CatalogError, match="layers/commune manque"):
        load_catalog(layers_folder)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match=r"themes\.toml : ne se lit pas") as refused:
        load_catalog(tmp_path / "rien")
    assert len(refused.value.problems) == 2


def test_a_document_is_cited_in_full(catalog: Catalog) -> None:
    assert catalog.cite("projet-de-territoire").startswith("Projet de Territoire 2024-2044 (Communauté")
    assert catalog.cite("autre") == "autre"


def test_a_territory_names_the_decoupages_it_reads_by(settings: Settings) -> None:
    catalog = load_catalog(settings.layers_folder, decoupages=("bv2022", "bassin"))
    assert [layer.id for layer in catalog.decoupages] == ["bv2022", "bassin", "equipe"]
    assert {layer.id for layer in load_catalog(settings.layers_folder).decoupages} == {"bassin", "equipe", "bv2022"}
    with pytest.raises(CatalogError, match="« qpv » n'est pas un découpage"):
        load_catalog(settings.layers_folder, decoupages=("qpv",))


def test_a_territory_names_its_key_figures_all_wrong_ones_told_at_once(settings: Settings, layers_folder: Path) -> None:
    good = ("commune:densite", "qpv:part_surface", "halle:nombre")
    assert load_catalog(settings.layers_folder, chiffres_cles=good).key_figures == good
    change(layers_folder / "halle" / "layer.toml", "[source]", 'visibility = "interne"\n\n[source]')
    assert load_catalog(layers_folder, chiffres_cles=good).key_figures == good, "turned internal, it stops nothing"
    wrong = ("qpv:beaute", "mare:nombre", "bassin:nombre", "commune:altitude")
    with pytest.raises(CatalogError) as refused:
        load_catalog(layers_folder, chiffres_cles=(*wrong, *good[:2]))
    assert len(refused.value.problems) == len(wrong)
    for name, problem in zip(wrong, refused.value.problems, strict=True):
        assert f"chiffres_cles : « {name} » n'est pas une mesure de ce territoire" in problem
        assert "commune:densite" in problem, "it says which there are"


def test_a_theme_of_inspire_is_one_of_the_directive(layers_folder: Path) -> None:
    assert len(THEMES) == len(set(THEMES.values())) == 34
    change(layers_folder / "cours_eau" / "layer.toml", 'inspire = "Hydrographie"', 'inspire = "Rivières"')
    change(layers_folder / "themes.toml", 'inspire = "Habitats et biotopes"', 'inspire = "habitats"')
    with pytest.raises(CatalogError) as refused:
        load_catalog(layers_folder)
    assert "« Rivières » n'est pas un thème INSPIRE" in str(refused.value)
    assert "« habitats » n'est pas un thème INSPIRE" in str(refused.value)
