"""The shape of `layers/<id>/layer.toml`: what a layer is, without a line of Python per layer.

Unknown keys are errors. French words are the field's own values; keys are English.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, model_validator

from webmap.catalog.bands import LABELS, Band, check_bands, complete_bands
from webmap.catalog.connector import Connector, check_connectors
from webmap.catalog.inspire import Inspire
from webmap.catalog.measure import STATISTICAL, Figure, Identifier, Measure, Text, check_measures
from webmap.catalog.style import Style

GeometryType = Literal["point", "line", "polygon", "none"]
FieldType = Literal["text", "integer", "number", "date", "boolean", "list"]
Visibility = Literal["publique", "interne"]

PRECISIONS = ("exacte", "quartier", "commune", "schematique")
ETATS = ("existant", "en_cours", "programme", "projet", "hypothese")
# Columns every layer table has besides its own fields; a layer may not declare them again.
COMMON_COLUMNS = (
    "geom",
    "precision",
    "code_insee",
    "etat",
    "source",
    "source_ligne",
    "source_url",
    "millesime",
)

# Names the SQL of tiles and sheets computes beside the fields.
_KEYS = ("text", "integer", "date")  # written in one way alone: an address, a tile and a file name the same row
_COMPUTED = ("approximatif", "boite", "codes", "nom_lu", "schematique")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FieldDefinition(_Strict):
    """One column of a layer: `id` is the column, the JSON property and the tile attribute."""

    id: Identifier
    type: FieldType = "text"
    label: Text
    unit: Text | None = None
    required: bool = False
    enum: dict[str, Text] = Field(default_factory=dict, description="stored value -> French label")
    note: Text | None = None
    visibility: Visibility = Field(default="publique", description="interne: this field never leaves the database")


class Source(_Strict):
    """Where the rows of a layer come from, under which licence, and how they were obtained."""

    name: Text
    producer: Text
    licence: Text
    millesime: Text
    url: Text | None = None
    provenance: Text


class Unit(_Strict):
    """One unit of a découpage whose units are not rows of a file: its code, its name, where it is written."""

    code: Identifier | Text
    nom: Text
    source: Text
    source_ligne: Text | None = None
    millesime: Text


class Decoupage(_Strict):
    """Makes a layer a découpage: units that are unions of communes, listed one row a commune in `members`.

    `members` is a CSV beside the `layer.toml`; `unit_column` holds the unit's code, and `commune_column` the
    `code_insee`. A commune absent from the file, or with an empty unit, is in none.
    """

    title: Text
    plural: Text
    members: Text
    commune_column: Text = "code_insee"
    unit_column: Text
    warning: Text | None = None
    units: tuple[Unit, ...] = Field(min_length=1)


class Seed(_Strict):
    """Where the facts of the layer are written, when it is not `seed.csv` with columns named as the fields."""

    file: Text = "seed.csv"
    columns: dict[str, Text] = Field(default_factory=dict, description="field or common column -> column of the file")
    constants: dict[str, Text] = Field(
        default_factory=dict, description="field or common column -> value for every row"
    )


class LayerDefinition(_Strict):
    """A layer as `layer.toml` describes it, with its style. `id` is the folder, the table and the collection."""

    id: Identifier
    title: Text
    singular: Text
    theme: Identifier
    inspire: Inspire | None = Field(default=None, description="theme of INSPIRE when it is not its theme's")
    description: Text
    geometry: GeometryType
    key: Identifier
    name: Identifier
    visibility: Visibility = "publique"
    shown: bool = False
    zoom_min: int = Field(default=0, ge=0, le=22)
    zoom_max: int = Field(default=22, ge=0, le=22)
    order: int = Field(default=100, description="drawing order, smaller is further down; also the order in lists")
    couverture: bool = False
    bands: tuple[Band, ...] = Field(default=(), description="how it is drawn zoom by zoom, when not as its geometry is")
    communes_field: Identifier | None = Field(default=None, description="`list` field with every commune a row touches")
    secret: Identifier | None = Field(
        default=None, description="`list` field naming the fields the producer masks in a row (statistical secrecy)"
    )
    unavailable: Identifier | None = Field(
        default=None, description="`list` field naming the fields the producer says it has no value for in a row"
    )
    zones: bool = Field(default=False, description="each row is also a unit a summary can be asked for")
    how_to_fill: Text | None = None
    warning: Text | None = None
    source: Source
    fields: tuple[FieldDefinition, ...] = Field(min_length=1)
    measures: tuple[Measure, ...] = ()
    figures: tuple[Figure, ...] = ()
    decoupage: Decoupage | None = None
    seed: Seed = Seed()
    connectors: tuple[Connector, ...] = ()
    style: Style | None = None
    _withheld: bool = PrivateAttr(default=False)

    @property
    def withheld(self) -> bool:
        """Whether this is what is published of a table that has internal fields too."""
        return self._withheld

    @property
    def published(self) -> LayerDefinition:
        """The layer as the web may know it: without its internal fields, which nothing it shows refers to."""
        kept = tuple(field for field in self.fields if field.visibility == "publique")
        if len(kept) == len(self.fields):
            return self
        layer = self.model_copy(update={"fields": kept})
        layer._withheld = True  # noqa: SLF001 - our own copy
        return layer

    @property
    def field_ids(self) -> tuple[str, ...]:
        """Ids of the layer's own fields, in the order of the file."""
        return tuple(field.id for field in self.fields)

    @property
    def public(self) -> bool:
        """Whether anything outside the command line may know that this layer exists."""
        return self.visibility == "publique"

    @property
    def drawn(self) -> bool:
        """Whether the layer has a geometry at all, so tiles and a place on the map."""
        return self.geometry != "none"

    @property
    def drawing(self) -> tuple[Band, ...]:
        """The bands of zooms it is drawn by, from zoom 0 to the last one."""
        return complete_bands(self.bands, self.geometry)

    @property
    def covers(self) -> bool:
        """Whether its rows pave the ground: neighbours share their boundary, and must when it is simplified too."""
        return self.geometry == "polygon" and (self.couverture or self.decoupage is not None)

    @property
    def statistical(self) -> bool:
        """Whether rows are figures of whole communes: they are read by `store.statistics`, never shared out."""
        return self.secret is not None or any(measure.type in STATISTICAL for measure in self.measures)

    @property
    def hiding(self) -> tuple[str, ...]:
        """The fields that say which values of a row are not given, and why."""
        return tuple(name for name in (self.secret, self.unavailable) if name)

    def field(self, field_id: str) -> FieldDefinition:
        """Return one field by id; raises KeyError."""
        return {field.id: field for field in self.fields}[field_id]

    @model_validator(mode="after")
    def _consistent(self) -> LayerDefinition:
        problems = [
            *_field_problems(self),
            *_reference_problems(self),
            *_geometry_problems(self),
            *check_measures(self),
            *check_connectors(self),
        ]
        if problems:
            raise ValueError(" ; ".join(problems))
        return self


def _repeated(names: list[str]) -> list[str]:
    return sorted({name for name in names if names.count(name) > 1})


def _field_problems(layer: LayerDefinition) -> list[str]:
    ids = list(layer.field_ids)
    problems = [f"champ « {name} » déclaré deux fois" for name in _repeated(ids)]
    problems += [
        f"champ « {name} » : nom réservé, commun à toutes les couches"
        for name in ids
        if name in {*COMMON_COLUMNS, *_COMPUTED}
    ]
    problems += [
        f"champ « {field.id} » : `enum` ne va qu'avec le type text"
        for field in layer.fields
        if field.enum and field.type != "text"
    ]
    problems += [f"mesure « {name} » déclarée deux fois" for name in _repeated([m.id for m in layer.measures])]
    problems += [f"connecteur « {name} » déclaré deux fois" for name in _repeated([c.id for c in layer.connectors])]
    problems += [f"chiffre « {name} » déclaré deux fois" for name in _repeated([f.id for f in layer.figures])]
    units = [unit.code for unit in layer.decoupage.units] if layer.decoupage else []
    problems += [f"unité « {name} » déclarée deux fois" for name in _repeated(units)]
    return problems


def _reference_problems(layer: LayerDefinition) -> list[str]:
    known = {*layer.field_ids, *COMMON_COLUMNS}
    named = {"key": layer.key, "name": layer.name}
    for connector in layer.connectors:
        named |= {
            f"connecteur {connector.id} : {name}": name
            for name in (*connector.columns, *connector.constants, *connector.compare)
        }
    if layer.communes_field:
        named["communes_field"] = layer.communes_field
    if layer.style:
        named |= {f"style : champ {name}": name for name in layer.style.fields}
    named |= {name: where for name, where in (("secret", layer.secret), ("unavailable", layer.unavailable)) if where}
    named |= {f"mesure {m.id} : {name}": name for m in layer.measures for name in m.fields}
    problems = [
        f"{where} = « {name} » n'est pas un champ de la couche" for where, name in named.items() if name not in known
    ]
    problems += _secrecy_problems(layer, named)
    if layer.key in layer.field_ids and not layer.field(layer.key).required:
        problems.append(f"la clé « {layer.key} » doit être `required = true`")
    if layer.key in layer.field_ids and layer.field(layer.key).type not in _KEYS:
        problems.append(f"la clé « {layer.key} » doit être de type text, integer ou date")
    if layer.decoupage and (layer.key, layer.name) != ("code", "nom"):
        problems.append("un découpage a pour clé `code` et pour nom `nom`")
    problems += [
        f"`{name}` doit être un champ de type list"
        for name, where in (("secret", layer.secret), ("unavailable", layer.unavailable))
        if where in layer.field_ids and layer.field(str(where)).type != "list"
    ]
    if layer.communes_field in layer.field_ids and layer.field(str(layer.communes_field)).type != "list":
        problems.append("`communes_field` doit être un champ de type list")
    return problems


def _secrecy_problems(layer: LayerDefinition, named: dict[str, str]) -> list[str]:
    """List what is shown and refers to an internal field: it would tell it, by its values or by what they change."""
    hidden = {field.id for field in layer.fields if field.visibility == "interne"}
    problems = [
        f"{where} = « {name} » : un champ interne ne sert à rien de ce qui se montre ; rendez-le public, ou ne le citez pas"
        for where, name in named.items()
        if name in hidden and not where.startswith("connecteur ")
    ]
    if hidden and layer.id == "commune":
        problems.append("les champs de la couche commune sont publics : les synthèses les lisent")
    return problems


def _geometry_problems(layer: LayerDefinition) -> list[str]:
    problems = []
    if layer.drawn and layer.style is None:
        problems.append("style.toml manque : une couche qui a une géométrie a un style")
    if layer.zoom_min > layer.zoom_max:
        problems.append("zoom_min dépasse zoom_max")
    problems += check_bands(layer.bands, layer.geometry)
    if layer.id.endswith(LABELS):
        problems.append(
            f"un identifiant ne finit pas par « {LABELS} » : les tuiles nomment ainsi les étiquettes d'une couche"
        )
    if layer.zones and layer.geometry != "polygon":
        problems.append("`zones` ne va qu'avec geometry = polygon")
    return problems
