"""How a layer is brought from its official source: the `[[connectors]]` of `layer.toml`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

if TYPE_CHECKING:
    from webmap.catalog.definition import LayerDefinition

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
# A name in a mirror folder: folders and a file, never a way out of the folder.
FileName = Annotated[str, StringConstraints(pattern=r"^([a-z0-9][a-z0-9_.-]*/)*[a-z0-9][a-z0-9_.-]*$")]


class Connector(BaseModel):
    """One official source of one layer.

    `{siren}` in `url` is the territory's. `columns` says which property of the source fills a field or a common column;
    `constants` fill the rest. `source` is the short name of `documents.toml` that the rows will cite, and by which the
    rows of one connector are told from another's.

    `mode` is `rows` (the source's rows become the layer's, those that touch the territory) or `geometry` (rows that are
    there get their geometry by key; names and lists are compared, never overwritten).
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Identifier
    format: Literal["geojson", "zip", "csv", "wfs"]
    url: Text
    file: FileName
    entry: Text | None = Field(default=None, description="path of the GeoJSON or CSV inside a zip; `*` is any text")
    page_size: int = Field(
        default=1000, ge=1, le=5000, description="WFS: the Géoplateforme serves at most 5 000 a page"
    )
    mode: Literal["rows", "geometry"] = "rows"
    source: Text
    licence: Text
    millesime: Text | None = Field(
        default=None, description="vintage of the source; the date of the file when it states none"
    )
    key: Text = Field(description="property that holds the layer's key")
    columns: dict[Identifier, Text] = Field(default_factory=dict)
    constants: dict[Identifier, Text] = Field(default_factory=dict)
    point: Text | None = Field(default=None, description="csv: property holding « [lon, lat] »")
    compare: dict[Identifier, Text] = Field(
        default_factory=dict, description="geometry: field -> property, told when they differ"
    )
    shared: Identifier | None = Field(
        default=None, description="geometry: boolean field that says a row goes beyond the territory; measured and told"
    )
    secret: tuple[Text, ...] = Field(default=(), description="texts that stand for a masked value, such as « s »")
    unavailable: tuple[Text, ...] = Field(default=(), description="texts that stand for no value, such as « nd »")
    null_keys: tuple[str, ...] = Field(default=(), description="values that are never a key, such as « Non concerné »")
    max_shrink: float = Field(default=0.2, ge=0, le=1, description="share of rows that may go without being asked for")
    max_bytes: int = Field(default=300_000_000, gt=0)

    @model_validator(mode="after")
    def _consistent(self) -> Connector:
        problems = []
        if (self.format == "zip") != (self.entry is not None):
            problems.append("`entry` va avec le format zip, et avec lui seul")
        if self.mode == "geometry" and (self.columns or self.constants):
            problems.append("le mode geometry n'écrit que la géométrie : ni `columns` ni `constants`")
        if self.mode == "rows" and (self.compare or self.shared):
            problems.append("`compare` et `shared` vont avec le mode geometry, et avec lui seul")
        if problems:
            raise ValueError(" ; ".join(problems))
        return self


def check_connectors(layer: LayerDefinition) -> list[str]:
    """List what the connectors of a layer ask of it in vain, one French sentence each."""
    problems = []
    for connector in layer.connectors:
        where = f"connecteur {connector.id}"
        if connector.format == "csv" and layer.drawn and not connector.point:
            problems.append(f"{where} : le csv d'une couche dessinée dit par `point` où sont ses coordonnées")
        for marks, field in (("secret", layer.secret), ("unavailable", layer.unavailable)):
            if getattr(connector, marks) and field is None:
                problems.append(f"{where} : `{marks}` demande que la couche ait un champ `{marks}`")
    return problems
