"""What a summary computes for a layer, and by which rule of counting: the `measures` and `figures` of `layer.toml`."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

if TYPE_CHECKING:
    from webmap.catalog.definition import LayerDefinition

Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]

MeasureType = Literal[
    "nombre", "distincts", "somme", "longueur", "surface", "part_surface", "pour_1000",
    "rapport", "bornes", "repartition",
]  # fmt: skip
Rule = Literal["point_dans", "part_de_surface", "part_de_longueur", "centroide", "touche", "plus_proche", "commune"]
# Measures whose values may be summed over units that share no row.
ADDITIVE = frozenset({"nombre", "somme", "longueur", "surface", "repartition"})
# Measures of rows that stand for whole communes: statistics of a table with one row a commune.
STATISTICAL = frozenset({"rapport", "bornes", "repartition"})
_PARTS = {"line": "part_de_longueur", "polygon": "part_de_surface"}
_RULES: dict[str, tuple[str, ...]] = {
    "point": ("point_dans", "touche", "plus_proche"),  # touche: for rows known by several communes
    "line": ("touche", "centroide", "part_de_longueur"),
    "polygon": ("touche", "centroide", "part_de_surface"),
    "none": ("commune",),
}
# What each measure of geometry is a measure of.
_MEASURED = {"longueur": "line", "surface": "polygon", "part_surface": "polygon"}


class Measure(BaseModel):
    """A number a summary computes for each unit of a découpage, and the rule of its counting.

    `nombre` counts rows, `distincts` distinct values of `field`, `somme` sums `field`, `longueur` is kilometres, row by row,
    and `surface` km² covered, what overlaps counted once, both on the ellipsoid; `part_surface` is the covered share of the
    unit's area (%), `pour_1000` is `nombre` per 1 000 inhabitants. Of a table of communes: `rapport` is `factor` × sum of
    `numerator` / sum of `denominator`, `bornes` the least and greatest published `field` (a median or a rate, which no sum
    makes), `repartition` one count of communes per value of the enum `field`.

    `sens` says how a reader may take a high value: `atout`, `besoin`, or nothing, when neither can be said.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Identifier
    type: MeasureType
    rule: Rule
    label: Text
    unit: Text
    field: Identifier | None = None
    numerator: Identifier | None = None
    denominator: Identifier | None = None
    factor: float = Field(default=1, gt=0)
    sens: Literal["atout", "besoin"] | None = None

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields of the layer this measure reads."""
        return tuple(name for name in (self.field, self.numerator, self.denominator) if name)

    @model_validator(mode="after")
    def _fields_where_needed(self) -> Measure:
        if (self.type in {"distincts", "somme", "bornes", "repartition"}) != (self.field is not None):
            msg = f"mesure « {self.id} » : `field` va avec les types distincts, somme, bornes et repartition, et avec eux seuls"
            raise ValueError(msg)
        if (self.type == "rapport") != (self.numerator is not None and self.denominator is not None):
            msg = f"mesure « {self.id} » : `numerator` et `denominator` vont avec le type rapport, et avec lui seul"
            raise ValueError(msg)
        return self


class Figure(BaseModel):
    """A number a source document states for the whole territory. Shown beside what is counted, never merged with it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Identifier
    label: Text
    value: int | float
    unit: Text
    source: Identifier | Text
    line: Text | None = None
    url: Text | None = None
    date: Text
    note: Text | None = None


def class_key(value: str) -> str:
    """« Bourgs ruraux » -> `bourgs_ruraux`: the end of the id of a `repartition`'s measure for one class."""
    plain = unicodedata.normalize("NFKD", value.replace("œ", "oe")).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "_", plain).strip("_")


def check_measures(layer: LayerDefinition) -> list[str]:
    """Return what is wrong with the measures of a layer, in French sentences."""
    problems = []
    for measure in layer.measures:
        where = f"mesure « {measure.id} »"
        if measure.type in _MEASURED and layer.geometry != _MEASURED[measure.type]:
            problems.append(f"{where} : {measure.type} ne va qu'avec geometry = {_MEASURED[measure.type]}")
            continue
        allowed = (_PARTS[layer.geometry],) if measure.type in _MEASURED else _RULES[layer.geometry]
        if measure.type == "distincts":
            allowed = tuple(rule for rule in allowed if not rule.startswith("part_"))
        if measure.rule not in allowed:
            problems.append(f"{where} : la règle {measure.rule} ne va pas ici ; possibles : {', '.join(allowed)}")
        if measure.type in STATISTICAL - {"repartition"} and layer.secret is None:
            problems.append(f"{where} : {measure.type} demande `secret`, le champ qui nomme les valeurs masquées")
        problems += _check_fields(layer, measure, where)
    return problems + (_check_statistical(layer) if layer.statistical else [])


def _check_statistical(layer: LayerDefinition) -> list[str]:
    """Whole communes only: one row each, and no measure that would count rows or surfaces."""
    problems = [
        f"mesure « {measure.id} » : {measure.type} ne va pas avec une statistique par commune"
        for measure in layer.measures
        if measure.type not in STATISTICAL | {"somme"}
    ]
    if (layer.geometry, layer.key) != ("none", "code_insee"):
        problems.append('une statistique par commune a pour clé `code_insee`, et geometry = "none"')
    return problems


def _check_fields(layer: LayerDefinition, measure: Measure, where: str) -> list[str]:
    problems = []
    for name in (name for name in measure.fields if name in layer.field_ids):
        field = layer.field(name)
        if measure.type == "repartition" and not field.enum:
            problems.append(f"{where} : « {name} » n'a pas d'`enum`, ses classes ne sont pas connues")
        if measure.type == "repartition" and len(set(map(class_key, field.enum))) < len(field.enum):
            problems.append(f"{where} : deux valeurs de « {name} » donneraient le même identifiant")
        if measure.type in {"somme", "rapport", "bornes"} and field.type not in {"integer", "number"}:
            problems.append(f"{where} : « {name} » n'est pas un nombre, il ne se somme pas")
    return problems
