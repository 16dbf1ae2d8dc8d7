"""Reading `layers/` into a Catalog. All the problems of all the folders are told at once."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from webmap.catalog.definition import LayerDefinition
from webmap.catalog.inspire import Inspire
from webmap.catalog.measure import Text
from webmap.config import where_and_why
from webmap.errors import CatalogError, NotFoundError
from webmap.wording import explain, explain_system

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


# Figures of a unit itself, as measures of the layer `commune`: no row of a layer gives them.
UNIT_FIGURES = ("population_municipale", "nombre", "surface_km2", "densite")

M = TypeVar("M", bound=BaseModel)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Theme(_Strict):
    """A heading layers are listed under; the order of the file is the order on the page.

    `ue`, `iso` and `inspire` name it in the vocabularies of national catalogues, where it has an equivalent there.
    """

    id: Text
    title: Text
    ue: str | None = Field(default=None, pattern=r"^[A-Z]{4}$")
    iso: str | None = Field(default=None, pattern=r"^[a-z][A-Za-z]{2,40}$")
    inspire: Inspire | None = None


class Document(_Strict):
    """A source document or register, under the short name that rows cite in `source`."""

    title: Text
    producer: Text
    date: Text
    url: Text | None = None
    note: Text | None = None


class _Themes(_Strict):
    themes: tuple[Theme, ...] = Field(min_length=1)


class _Documents(_Strict):
    documents: dict[str, Document]


def sentence_unknown(layer_id: str) -> str:
    """Say that there is no such layer, in the same words for one that is internal: nothing tells one from the other."""
    return f"Il n'y a pas de couche « {layer_id[:60]} ». La liste des couches est à l'adresse /couches."


@dataclass(frozen=True)
class Catalog:
    """Every layer, public or not, by drawing order, with themes and cited documents; `folder` holds the seeds."""

    folder: Path
    layers: tuple[LayerDefinition, ...]
    themes: tuple[Theme, ...]
    documents: dict[str, Document]
    read_by: tuple[str, ...] = ()
    key_figures: tuple[str, ...] = ()

    @cached_property
    def published(self) -> Catalog:
        """The catalogue the web is given: no internal layer, no internal field. What is not here cannot be asked for."""
        return replace(self, layers=tuple(layer.published for layer in self.layers if layer.public))

    @cached_property
    def by_id(self) -> dict[str, LayerDefinition]:
        """All the layers, internal ones too: for the command line only."""
        return {layer.id: layer for layer in self.layers}

    @cached_property
    def public(self) -> tuple[LayerDefinition, ...]:
        """The layers the web may speak of."""
        return tuple(layer for layer in self.layers if layer.public)

    @cached_property
    def decoupages(self) -> tuple[LayerDefinition, ...]:
        """The public layers whose rows are units made of communes, those the territory names first, in its order."""
        found = {layer.id: layer for layer in self.public if layer.decoupage}
        return tuple(found[name] for name in dict.fromkeys((*self.read_by, *found)) if name in found)

    def require_public(self, layer_id: str) -> LayerDefinition:
        """Return a public layer; an internal one is as if it did not exist. Raises NotFoundError."""
        layer = self.by_id.get(layer_id)
        if layer is None or not layer.public:
            raise NotFoundError(sentence_unknown(layer_id))
        return layer

    def cite(self, source: str) -> str:
        """Return the full title of a cited short name, or the name itself when it is not a registered document."""
        document = self.documents.get(source)
        return f"{document.title} ({document.producer}, {document.date})" if document else source


def _read_toml(path: Path, problems: list[str]) -> dict[str, Any] | None:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        problems.append(f"{path} : ne se lit pas ({explain_system(error)})")
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        problems.append(f"{path} : n'est pas du TOML en UTF-8 ({explain(error)})")
    return None


def _validate(model: type[M], content: dict[str, Any] | None, path: Path, problems: list[str]) -> M | None:
    if content is None:
        return None
    try:
        return model.model_validate(content)
    except ValidationError as error:
        problems += [f"{path} : {where_and_why(problem)}" for problem in error.errors()]
        return None


# What a definition says of the territory it was written for: another territory says its own, or nothing.
_LOCAL = {"description", "source", "figures", "warning", "how_to_fill", "decoupage", "seed"}


def _load_layer(folder: Path, own: Path | None, problems: list[str]) -> LayerDefinition | None:
    """Read one layer. With `own`, the folder of another territory: its keys over the shared ones, none of the local ones."""
    content = _read_toml(folder / "layer.toml", problems)
    if content is None:
        return None
    where, style_path = folder / "layer.toml", folder / "style.toml"
    if own is not None and (own / "layer.toml").exists():
        where = own / "layer.toml"
        local = _read_toml(where, problems)
        if local is None:
            return None
        content = {key: value for key, value in content.items() if key not in _LOCAL} | local
        style_path = own / "style.toml" if (own / "style.toml").exists() else style_path
    clash = sorted({"id", "style"} & content.keys())
    if clash:
        problems.append(f"{where} : {', '.join(clash)} : clé inconnue (le dossier et style.toml la donnent)")
        return None
    if style_path.exists():
        content["style"] = _read_toml(style_path, problems)
    return _validate(LayerDefinition, {**content, "id": folder.name}, where, problems)


def _find_folders(
    shared: Path, facts: Path | None, couches: Sequence[str], problems: list[str]
) -> list[tuple[Path, Path | None]]:
    """(folder of the definition, folder of the territory's own part) of each layer."""
    if facts is None:
        return [(path, None) for path in _subfolders(shared)]
    missing = [layer_id for layer_id in couches if not (shared / layer_id / "layer.toml").is_file()]
    problems += [f"couches : « {layer_id} » n'est pas une couche commune" for layer_id in missing]
    problems += [
        f"{facts / layer_id / 'layer.toml'} manque : dites-y au moins `description` et `source` de ce territoire"
        for layer_id in couches
        if layer_id not in missing and not (facts / layer_id / "layer.toml").is_file()
    ]
    taken = [(shared / layer_id, facts / layer_id) for layer_id in couches if layer_id not in missing]
    return taken + [(path, None) for path in _subfolders(facts) if path.name not in couches]


def _subfolders(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []


def _check_whole(layers: list[LayerDefinition], themes: tuple[Theme, ...]) -> list[str]:
    known = {theme.id for theme in themes}
    problems = [
        f"layers/{layer.id}/layer.toml : theme « {layer.theme} » absent de themes.toml"
        for layer in layers
        if layer.theme not in known
    ]
    if "commune" not in {layer.id for layer in layers}:
        problems.append("layers/commune manque : toutes les synthèses reposent sur la couche des communes")
    return problems


def _check_key_figures(layers: list[LayerDefinition], names: Sequence[str]) -> list[str]:
    known = {f"commune:{figure}" for figure in UNIT_FIGURES}
    known |= {
        f"{layer.id}:{measure.id}"
        for layer in layers
        for measure in layer.measures
        # A découpage is not counted; a distribution is several numbers, none of which is the figure of a unit.
        if layer.decoupage is None and layer.id != "commune" and measure.type != "repartition"
    }
    listed = ", ".join(sorted(known))
    return [
        f"chiffres_cles : « {name} » n'est pas une mesure de ce territoire ; possibles : {listed}"
        for name in names
        if name not in known
    ]


def read_catalog(
    layers_folder: Path,
    facts_folder: Path | None = None,
    couches: Sequence[str] = (),
    decoupages: Sequence[str] = (),
    chiffres_cles: Sequence[str] = (),
) -> tuple[Catalog, list[str]]:
    """Read themes, documents and every layer: what could be read, and the problems of the rest.

    With `facts_folder`, the catalogue is another territory's: the shared layers named in `couches`, each with the
    territory's own part, and the layers that are its alone. `decoupages` names those it reads by first, in order,
    `chiffres_cles` the `couche:mesure` at the head of each unit's page.
    """
    problems: list[str] = []
    themes_path = layers_folder / "themes.toml"
    themes = _validate(_Themes, _read_toml(themes_path, problems), themes_path, problems)
    documents: dict[str, Document] = {}
    for path in [layers_folder / "documents.toml", *([facts_folder / "documents.toml"] if facts_folder else [])]:
        found = _validate(_Documents, _read_toml(path, problems), path, problems)
        documents |= found.documents if found else {}
    folders = _find_folders(layers_folder, facts_folder, couches, problems)
    layers = [layer for folder, own in folders if (layer := _load_layer(folder, own, problems)) is not None]
    if themes is not None and len(layers) == len(folders):
        problems += _check_whole(layers, themes.themes)
        known = {layer.id for layer in layers if layer.decoupage}
        problems += [f"decoupages : « {name} » n'est pas un découpage" for name in decoupages if name not in known]
        problems += _check_key_figures(layers, chiffres_cles)
    catalog = Catalog(
        folder=facts_folder or layers_folder,
        layers=tuple(sorted(layers, key=lambda layer: (layer.order, layer.id))),
        themes=themes.themes if themes else (),
        documents=documents,
        read_by=tuple(decoupages),
        key_figures=tuple(chiffres_cles),
    )
    return catalog, problems


def load_catalog(
    layers_folder: Path,
    facts_folder: Path | None = None,
    couches: Sequence[str] = (),
    decoupages: Sequence[str] = (),
    chiffres_cles: Sequence[str] = (),
) -> Catalog:
    """Read the definitions. Raises CatalogError with all the problems of all the folders."""
    catalog, problems = read_catalog(layers_folder, facts_folder, couches, decoupages, chiffres_cles)
    if problems:
        raise CatalogError(problems)
    return catalog
