"""What a file of a layer is made from, whatever its format: the fields, the rows with their geometry, what to say of them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

    from webmap.catalog.definition import FieldDefinition, LayerDefinition


@dataclass(frozen=True)
class Extrait:
    """A selection of a layer. `rows` are read once, by batches: the values of `fields`, then the geometry's columns.

    `facts` are the sentences that go with the file (source, licence, filter), `date` is when the layer last changed.
    """

    layer: LayerDefinition
    fields: tuple[FieldDefinition, ...]
    srid: int
    nombre: int
    localises: int
    facts: dict[str, str]
    date: dt.datetime
    rows: Iterator[list[tuple[Any, ...]]] = field(repr=False)

    @property
    def id(self) -> str:
        """Id of the layer: the name of its table in the file."""
        return self.layer.id


def place_names(taken: list[str], shape: str, *, degrees: bool) -> list[str]:
    """Return the columns of a table that say where a row is: two for a point, one for WKT, none without geometry."""
    names = {"xy": ["lon", "lat"] if degrees else ["x", "y"], "wkt": ["wkt"]}.get(shape, [])
    return [f"{name}_geom" if name in taken else name for name in names]


def flatten(value: object) -> object:
    """Return a list as JSON text, for formats that have no lists, and anything else as it is."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")) if isinstance(value, list) else value


def build_lisezmoi(extrait: Extrait, notes: tuple[str, ...] = ()) -> str:
    """Return the text that goes beside the data: what it is, from whom, under which licence, and its fields."""
    lines = [extrait.layer.title, "=" * len(extrait.layer.title), ""]
    lines += [f"{name} : {text}" for name, text in extrait.facts.items()]
    lines += ["", *notes, "", "Champs", "------"]
    lines += [f"{each.id} : {describe(each)}" for each in extrait.fields]
    return "\n".join(lines) + "\n"


def describe(field: FieldDefinition) -> str:
    """Return the label of a field, with its unit, its listed values and its note."""
    unit = f" ({field.unit})" if field.unit else ""
    values = " ; ".join(f"{value} = {label}" for value, label in field.enum.items())
    return ". ".join(part for part in (f"{field.label}{unit}", values, field.note) if part)
