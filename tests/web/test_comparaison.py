"""`/territoires/<decoupage>`: the numbers of the JSON on a map, in a ranking and in tables, whatever is asked of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.web.comparaison_read import read, squeeze, tables, values
from tests.web.summaries_read import DECOUPAGES
from webmap.store.statements import count_queries
from webmap.web import french

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from tests.web.conftest import Page
    from webmap.store.db import Database

    Report = dict[str, Any]

RESTS = {
    "Hors unité": "hors_unite",
    "Hors du territoire": "hors_territoire",
    "Non localisé": "non_localise",
    "Comptés plusieurs fois": "comptes_plusieurs_fois",
}


def written(value: Report) -> str:
    """Return what a cell of the wide tables says."""
    if value["valeur"] is not None:
        return french.nombre(value["valeur"])
    if value["borne_min"] is not None:
        return f"de {french.nombre(value['borne_min'])} à {french.nombre(value['borne_max'])}"
    return str(value["indisponible"])


# --- the tables --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("contours", [False, True])
@pytest.mark.parametrize("decoupage", DECOUPAGES)
def test_tables_hold_every_number_of_the_json(
    request: pytest.FixtureRequest, decoupage: str, *, contours: bool
) -> None:
    client = request.getfixturevalue("reader_with_contours" if contours else "reader")
    report = client.get(f"/territoires/{decoupage}.json").get_json()
    page = read(client, decoupage)
    check_tables(report, page)


def test_tables_hold_bounds_and_secrets(with_statistics: FlaskClient) -> None:
    for decoupage in ("bassin", "commune"):
        report = with_statistics.get(f"/territoires/{decoupage}.json").get_json()
        assert any(value["borne_min"] is not None for value in report["ensemble"]["mesures"])
        check_tables(report, read(with_statistics, decoupage))


def check_tables(report: Report, page: Page) -> None:
    """Each column of the wide tables against the JSON, units, rests and whole; columns left out have no value at all."""
    units = {unit["nom"]: values(unit) for unit in report["unites"]}
    rests = {(rest["couche"], rest["mesure"]): rest for rest in report["restes"]}
    whole = values(report["ensemble"])
    shown = set()
    for header, rows in tables(page)[1:]:
        for place, title in enumerate(header[1:], start=1):
            key = next(
                key
                for key, value in next(iter(units.values())).items()
                if squeeze(f"{value['libelle']} {value['unite']}") == title and key not in shown
            )
            shown.add(key)
            for row in rows:
                name, cell = row[0], row[place]
                if name in units and report["decoupage"] != "territoire":
                    assert cell.startswith(squeeze(written(units[name][key]))), (key, name)
                elif name in RESTS:
                    rest = rests.get(key)
                    amount = None if rest is None else rest.get(RESTS[name])
                    assert cell.lstrip("−") == ("—" if amount is None else french.nombre(amount)), (key, name)
                else:
                    assert cell.startswith(squeeze(written(whole[key]))), (key, name)
    for name, by_key in units.items():
        for key, value in by_key.items():
            if value["valeur"] is not None or value["borne_min"] is not None:
                assert key in shown, (key, name)


def test_rests_are_under_the_units(reader: FlaskClient) -> None:
    report = reader.get("/territoires/equipe.json").get_json()
    names = [unit["nom"] for unit in report["unites"]]
    for header, rows in tables(read(reader, "equipe?tri=nom"))[1:]:
        first = [row[0] for row in rows]
        assert first[: len(names)] == names
        assert first[-1] == "La Porte du Hainaut (ensemble)"
        if any("habitants" in title for title in header):
            assert set(first[len(names) : -1]) <= set(RESTS)
            assert "Hors unité" in first


def test_what_has_no_value_is_named_with_its_reason(reader: FlaskClient) -> None:
    text = read(reader, "bassin").text
    assert "Sans valeur" in text
    assert "couche encore vide" in text
    assert "indisponible (contours non chargés)" in text
    assert "Cellules schématiques" in text


# --- order -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sens", ["decroissant", "croissant"])
def test_units_without_a_number_come_last_either_way(with_statistics: FlaskClient, sens: str) -> None:
    page = read(with_statistics, f"commune?mesure=filosofi:taux_pauvrete&tri=filosofi:taux_pauvrete&sens={sens}")
    report = with_statistics.get("/territoires/commune.json").get_json()
    by_name = {unit["nom"]: values(unit)["filosofi", "taux_pauvrete"]["valeur"] for unit in report["unites"]}
    header, rows = tables(page)[0]
    order = [by_name[row[1]] for row in rows[:-1]]
    known = [value for value in order if value is not None]
    assert 0 < len(known) < len(order)
    assert None not in order[: len(known)]
    assert known == sorted(known, reverse=sens == "decroissant")
    assert [row[0] for row in rows[:-1]] == [str(line) for line in range(1, len(order) + 1)]
    for row in rows[:-1]:
        value = by_name[row[1]]
        rank = "—" if value is None else str(1 + sum(other > value for other in known))
        assert row[header.index("Rang")] == rank
    wide = [row[0] for row in tables(page)[1][1] if row[0] in by_name]
    assert wide == [row[1] for row in rows[:-1]]


def test_headers_sort_and_say_so(reader: FlaskClient) -> None:
    page = read(reader, "bassin?mesure=qpv:nombre&methode=quantiles&classes=4")
    assert {a["aria-sort"] for _, a in page.tags if "aria-sort" in a} == {"descending"}
    links = [link for link in page.links() if link.startswith("?") and "tri=commune%3Apopulation_municipale" in link]
    assert links == [
        "?mesure=qpv%3Anombre&methode=quantiles&classes=4&tri=commune%3Apopulation_municipale&sens=decroissant#theme-territoire"
    ]
    page = read(reader, f"bassin{links[0].partition('#')[0]}")
    rows = tables(page)[1][1]
    assert [row[0] for row in rows[:3]] == ["Bassin minier", "Amandinois", "Ostrevent"]
    reverse = next(link for link in page.links() if "tri=commune%3Apopulation_municipale&sens=croissant" in link)
    rows = tables(read(reader, f"bassin{reverse.partition('#')[0]}"))[1][1]
    assert [row[0] for row in rows[:3]] == ["Ostrevent", "Amandinois", "Bassin minier"]
    rows = tables(read(reader, "bassin?tri=nom&sens=decroissant"))[0][1]
    assert [row[0] for row in rows[:3]] == ["Ostrevent", "Bassin minier", "Amandinois"]


# --- the address -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("annee=2020", "paramètres possibles"),
        ("mesure=qpv", "mesure inconnue"),
        ("mesure=qpv:nombre&mesure=qpv:nombre", "plusieurs fois"),
        ("mesure=<script>", "mesure inconnue"),
        ("methode=kmeans", "jenks, quantiles, egales, arrondies"),
        ("classes=2", "de 3 à 7"),
        ("classes=8", "de 3 à 7"),
        ("classes=٣", "de 3 à 7"),
        ("classes=" + "9" * 5000, "de 3 à 7"),
        ("bornes=20;10", "plus grand que le précédent"),
        ("bornes=" + "1;" * 500, "nombres donnés"),
        ("tri=population", "couche:mesure"),
        ("tri=", "couche:mesure"),
        ("sens=haut", "decroissant, croissant"),
    ],
)
def test_a_wrong_parameter_is_refused_in_a_sentence(reader: FlaskClient, query: str, said: str) -> None:
    response = reader.get(f"/territoires/bassin?{query}")
    assert response.status_code == 400
    assert said in response.get_json()["detail"]
    assert len(response.get_json()["detail"]) < 400


def test_an_empty_field_of_the_form_asks_for_nothing(reader: FlaskClient) -> None:
    query = "mesure=qpv:nombre&methode=jenks&classes=5&bornes="
    assert reader.get(f"/territoires/bassin?{query}").status_code == 200


def test_other_forms_take_no_parameter(reader: FlaskClient) -> None:
    assert reader.get("/territoires/bassin.json?mesure=qpv:nombre").status_code == 400
    assert reader.get("/territoires/bassin/amandinois?mesure=qpv:nombre").status_code == 400


def test_each_question_has_its_version(reader: FlaskClient) -> None:
    queries = ["", "?classes=4", "?classes=5", "?tri=nom", "?bornes=1;2", "?mesure=qpv:nombre"]
    etags = [reader.get(f"/territoires/bassin{query}").headers["ETag"] for query in queries]
    assert len(set(etags)) == len(queries)
    for query, etag in zip(queries, etags, strict=True):
        answer = reader.get(f"/territoires/bassin{query}", headers={"If-None-Match": etag})
        assert answer.status_code == 304
    assert reader.get("/territoires/bassin?classes=4", headers={"If-None-Match": etags[0]}).status_code == 200


def test_the_map_costs_one_statement_whatever_the_number_of_units(reader: FlaskClient) -> None:
    costs = []
    for path in ("bassin?classes=4", "commune?classes=4"):  # with a parameter, a page is made each time
        # What is kept of it is kept from here on, whichever tests this process ran before.
        assert reader.get(f"/territoires/{path}").status_code == 200
        with count_queries() as statements:
            reader.get(f"/territoires/{path}")
        costs.append(len(statements))
    assert costs[0] == costs[1] <= 7, "the state, the snapshot, what is of the contours: nothing by unit"


def test_the_warning_of_a_working_assignment_leaves_with_the_last_hypothesis(
    client: FlaskClient, database: Database
) -> None:
    decide = "UPDATE app.appartenance SET statut = 'decidee' WHERE decoupage = 'bassin'"
    with database.owner() as connection:
        connection.execute(decide + " AND code_insee <> '59172'")
    assert "Affectation de travail" in read(client, "bassin").text
    with database.owner() as connection:
        connection.execute(decide)
    assert "Affectation de travail" not in read(client, "bassin").text
    assert "Treize communes seulement" in read(client, "equipe").text, "a warning that is about no assignment stays"
