"""Measures set out theme by theme: none is lost, none is doubled, and each keeps exactly its source."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from tests.web.reports_made import make_value
from webmap.catalog.counting import WITHOUT_CLASS
from webmap.catalog.measure import class_key
from webmap.store.conservation import Rest
from webmap.web.mesures import Group, build_groups, build_themes, split_rests

if TYPE_CHECKING:
    from webmap.catalog.load import Catalog
    from webmap.store.measures import Value

SOURCES = st.sampled_from(["A", "A ; B", "AB", "A ; B ; C", "B", "A (x ; y)"])


def source_of(group: Group, value: Value) -> str:
    added = [more for more, labels in group.complements if value.libelle in labels]
    return " ; ".join([group.source, *added])


@given(st.lists(st.tuples(SOURCES, st.sampled_from(["2019", "2020"])), max_size=12))
def test_each_value_keeps_its_place_its_source_and_its_vintage(told: list[tuple[str, str]]) -> None:
    values = [
        replace(make_value(("mare", str(n)), n), libelle=f"Mares {n}", source=source, millesime=millesime)
        for n, (source, millesime) in enumerate(told)
    ]
    groups = build_groups(values)
    assert [value for group in groups for value in group.values] == values
    assert all(value.millesime == group.millesime for group in groups for value in group.values)
    assert all(source_of(group, value) == value.source for group in groups for value in group.values)
    assert all((one.source, one.millesime) != (two.source, two.millesime) for one, two in itertools.pairwise(groups)), (
        "said once"
    )


def make_classes(catalog: Catalog, counts: dict[str, int]) -> list[Value]:
    """Make the values of the first distribution of `grille_densite`: label -> communes, zero where not named."""
    layer = catalog.by_id["grille_densite"]
    measure = layer.measures[0]
    classes = [(class_key(key), label) for key, label in layer.field(str(measure.field)).enum.items()]
    return [
        replace(
            make_value(("grille_densite", f"{measure.id}_{name}"), counts.get(label, 0)),
            libelle=f"{measure.label} : {label}",
            unite="communes",
        )
        for name, label in [*classes, WITHOUT_CLASS]
    ]


def test_a_class_no_commune_has_is_named_and_not_tabled(catalog: Catalog) -> None:
    own = make_classes(catalog, {"Petites villes": 2})
    whole = {(v.couche, v.mesure): v for v in make_classes(catalog, {"Petites villes": 2, "Bourgs ruraux": 1})}
    population = replace(make_value(("commune", "population_municipale"), 1000), libelle="Population")
    (section,) = build_themes(catalog, [population, *own], whole, [])
    assert [group.values for group in section.groups] == [(population,)]
    (table,) = section.distributions
    assert [(name, value.valeur) for name, value in table.classes] == [("Petites villes", 2), ("Bourgs ruraux", 0)]
    assert {*table.none, "Petites villes", "Bourgs ruraux"} == {v.libelle.partition(" : ")[2] for v in own}
    assert build_themes(catalog, own, whole, ["grille_densite"]) == []


def make_rest(value: Value, left: float = 0, *, conserve: bool = True) -> Rest:
    return Rest(value.couche, value.mesure, value.unite, 1, left, 0, 0, 0, 1 + left, 0, conserve)


def test_what_leaves_nothing_is_named_once_and_the_rest_is_tabled(catalog: Catalog) -> None:
    classes = make_classes(catalog, {})
    plain = [replace(make_value(("mare", str(n)), 1), couche="gare", libelle=f"Gares {n}") for n in range(3)]
    whole = {(v.couche, v.mesure): v for v in (*classes, *plain)}
    rests = [make_rest(plain[0]), make_rest(plain[1], 2), make_rest(plain[2], conserve=False)]
    rests += [make_rest(value) for value in classes]
    left, complete = split_rests(catalog, rests, whole)
    assert left == rests[1:3]
    assert complete == ["Gares 0", "Grille de densité"]
    partly = [*rests[:3], make_rest(classes[0], 1), *rests[4:]]
    left, complete = split_rests(catalog, partly, whole)
    assert left == partly[1:4]
    assert complete == ["Gares 0", *(value.libelle for value in classes[1:])], (
        "not « all classes » when one leaves some"
    )
