"""The facts: loaded once, again only when their file changed, and never over what a person changed by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from webmap.catalog.load import load_catalog
from webmap.errors import ImportRefusedError
from webmap.importing.run import load_source
from webmap.importing.seeds import read_seeds
from webmap.store.schema import upgrade

if TYPE_CHECKING:
    from pathlib import Path

    from tests.importing.conftest import Workshop
    from webmap.catalog.load import Catalog
    from webmap.config import Settings

POCHES = "poche_pauvrete/seed.csv"
HAVELUY = "haveluy-centre"


def test_a_second_start_changes_nothing(workshop: Workshop, catalog: Catalog, settings: Settings) -> None:
    before = workshop.everything()
    assert upgrade(workshop.database, catalog, settings) == []
    assert workshop.load() == []
    assert workshop.everything() == before


def test_only_the_changed_layer_is_written(workshop: Workshop) -> None:
    before = workshop.everything()
    workshop.change(POCHES, f"{HAVELUY},Centre (Haveluy)", f"{HAVELUY},Centre ancien (Haveluy)")
    assert workshop.load() == ["couche poche_pauvrete : 0 ligne créée, 1 modifiée, 0 retirée"]
    after = workshop.everything()
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"pub.poche_pauvrete", "app.revision", "app.chargement"}
    revisions = [{r["couche"]: r["revision"] for r in rows["app.revision"]} for rows in (before, after)]
    assert {layer for layer, number in revisions[1].items() if revisions[0][layer] != number} == {"poche_pauvrete"}


def test_a_row_more_and_a_row_less(workshop: Workshop) -> None:
    workshop.drop_line(POCHES, HAVELUY)
    path = workshop.folder / POCHES
    path.write_text(path.read_text() + "neuve,Neuve,Q,Denain,commune,59172,existant,quartiers-2030,1,,2024\n")
    assert workshop.load() == ["couche poche_pauvrete : 1 ligne créée, 0 modifiée, 1 retirée"]
    rows = workshop.rows(
        "SELECT code, geom IS NOT NULL AS placee FROM pub.poche_pauvrete WHERE code IN ('neuve', 'haveluy-centre')"
    )
    assert rows == [{"code": "neuve", "placee": True}]


def test_a_row_changed_by_hand_is_kept_and_told(workshop: Workshop) -> None:
    workshop.rows(f"UPDATE pub.poche_pauvrete SET nom = 'À la main' WHERE code = '{HAVELUY}'")
    for turn in ("1", "2"):  # kept at the second change of the file too
        workshop.change(POCHES, f"{HAVELUY},", f"{HAVELUY},{turn}")
        (sentence,) = workshop.load()
        assert f"1 changée à la main et conservée ({HAVELUY})" in sentence
        assert workshop.rows("SELECT 1 AS n FROM pub.poche_pauvrete WHERE nom = 'À la main'") == [{"n": 1}]


def test_a_row_moved_by_hand_to_its_exact_place_is_kept(workshop: Workshop) -> None:
    place = "geom = ST_SetSRID(ST_MakePoint(720000, 7030000), 2154), precision = 'exacte'"
    workshop.rows(f"UPDATE pub.poche_pauvrete SET {place} WHERE code = '{HAVELUY}'")
    workshop.change(POCHES, f"{HAVELUY},", f"{HAVELUY},1")
    workshop.load()
    statement = f"SELECT ST_X(geom) AS x FROM pub.poche_pauvrete WHERE code = '{HAVELUY}'"
    assert workshop.rows(statement) == [{"x": 720000}]


def test_an_edited_row_outlives_its_line(workshop: Workshop) -> None:
    workshop.rows(f"UPDATE pub.poche_pauvrete SET nom = 'À la main' WHERE code = '{HAVELUY}'")
    workshop.drop_line(POCHES, HAVELUY)
    (sentence,) = workshop.load()
    assert HAVELUY in sentence
    assert "0 retirée" in sentence
    assert workshop.rows("SELECT count(*) AS n FROM pub.poche_pauvrete") == [{"n": 11}]


def test_a_row_added_by_hand_is_never_taken_away(workshop: Workshop) -> None:
    workshop.rows(
        "INSERT INTO pub.poche_pauvrete (code, nom, quartier, commune, etat, source, millesime)"
        " VALUES ('main', 'M', 'Q', 'C', 'existant', 's', '2026')"
    )
    workshop.change(POCHES, f"{HAVELUY},", f"{HAVELUY},1")
    workshop.load()
    path = workshop.folder / POCHES
    path.write_text(path.read_text() + "main,Du fichier,Q,Denain,commune,59172,existant,quartiers-2030,1,,2024\n")
    (sentence,) = workshop.load()
    assert "conservée (main)" in sentence
    assert workshop.rows("SELECT nom FROM pub.poche_pauvrete WHERE code = 'main'") == [{"nom": "M"}]


@pytest.mark.parametrize(
    ("old", "new", "placed"),
    [
        (",quartier,59292,", ",,59292,", None),
        (",quartier,59292,", ",commune,59172,", "59172"),
        (",quartier,59292,", ",commune,75056,", None),
    ],
)
def test_a_place_follows_what_the_line_now_says(workshop: Workshop, old: str, new: str, placed: str | None) -> None:
    workshop.change(POCHES, old, new)
    workshop.load()
    rows = workshop.rows(
        "SELECT (SELECT cle FROM app.cellule k"
        " WHERE couche = 'commune' AND ST_Contains(k.geom, t.geom)) AS commune"
        f" FROM pub.poche_pauvrete t WHERE code = '{HAVELUY}'"
    )
    assert rows == [{"commune": placed}]


def test_every_problem_of_every_file_and_nothing_written(workshop: Workshop) -> None:
    before = workshop.everything()
    workshop.change(POCHES, f"{HAVELUY},Centre (Haveluy)", f"{HAVELUY},Correct")  # a good change, beside the bad ones
    for name, old, new in (
        ("gare/seed.csv", "lat\n", "lat\n87343004,Une,oui\n"),
        ("qpv/seed.csv", "existant", "eternel"),
        ("espace_nature/seed.csv", "projet-de-territoire", "on-dit"),
        ("bassin/seed.csv", "bassin_minier", "bassin_perdu"),
        ("veille_active/seed.csv", ",existant,", ",,"),
    ):
        workshop.change(name, old, new)
    lines = (workshop.folder / "engagement/seed.csv").read_text().splitlines()
    (workshop.folder / "engagement/seed.csv").write_text("\n".join([*lines, lines[1]]))
    with pytest.raises(ImportRefusedError) as refused:
        workshop.load()
    told = "\n".join(refused.value.problems)
    for reason in (
        "cellules manquantes",
        "etat = « eternel »",
        "source « on-dit » absente de layers/documents.toml",
        "bassin = « bassin_perdu » n'est pas une unité",
        "etat est obligatoire et vide",
        "déjà vue à la ligne 2",
    ):
        assert reason in told, told
    for layer in ("gare", "qpv", "espace_nature", "bassin", "veille_active", "engagement"):
        assert f"layers/{layer}/seed.csv" in told, told
    assert workshop.everything() == before


def test_a_commune_is_in_one_bassin(workshop: Workshop) -> None:
    workshop.change("bassin/seed.csv", "59038,", "59002,")
    with pytest.raises(ImportRefusedError, match="code_insee = « 59002 » vide ou déjà vu"):
        workshop.load()


def test_a_new_membership_raises_what_summaries_read_and_moves_the_unit(workshop: Workshop) -> None:
    statement = "SELECT couche, revision FROM app.revision WHERE couche IN ('commune', 'bassin') ORDER BY couche"
    before = workshop.rows(statement)
    workshop.change("bassin/seed.csv", "59002,Abscon,bassin_minier", "59002,Abscon,ostrevent")
    workshop.load()
    assert all(new["revision"] > old["revision"] for old, new in zip(before, workshop.rows(statement), strict=True))
    assert workshop.rows("SELECT unite FROM app.appartenance WHERE decoupage = 'bassin' AND code_insee = '59002'") == [
        {"unite": "ostrevent"}
    ]
    covers = "SELECT ST_Area(ST_Intersection(a.geom, b.geom)) > 1000 AS oui FROM app.cellule a, app.cellule b"
    assert workshop.rows(
        covers + " WHERE a.couche = 'commune' AND a.cle = '59002' AND b.couche = 'bassin' AND b.cle = 'ostrevent'"
    ) == [{"oui": True}]


def test_a_changed_commune_keeps_its_contour(workshop: Workshop, contours_file: Path) -> None:
    load_source(workshop.database, load_catalog(workshop.folder), workshop.settings, "commune", contours_file)
    before = workshop.rows("SELECT code_insee, geom, precision FROM pub.commune ORDER BY 1")
    workshop.change(
        "bassin/seed.csv", "59002,Abscon,bassin_minier,hypothese,4160", "59002,Abscon,bassin_minier,hypothese,4161"
    )
    assert "couche commune : 0 ligne créée, 1 modifiée, 0 retirée" in workshop.load()
    assert workshop.rows("SELECT code_insee, geom, precision FROM pub.commune ORDER BY 1") == before
    assert {row["precision"] for row in before} == {"exacte"}


def test_a_layer_without_its_file_is_empty(workshop: Workshop) -> None:
    (workshop.folder / "gare" / "seed.csv").unlink()
    catalog = load_catalog(workshop.folder)
    assert read_seeds(catalog, [catalog.by_id["gare"]]) == {"gare": ([], [])}
