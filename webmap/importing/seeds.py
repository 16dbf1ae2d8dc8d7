"""The facts we wrote ourselves, from `layers/<id>/` to the database: loaded when their file changed, never otherwise."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any

from webmap.catalog.load import read_catalog
from webmap.errors import CatalogError, ImportRefusedError
from webmap.importing.rows import parse_rows, read_csv
from webmap.store import loads, placement
from webmap.store.adhesions import Adhesion, fetch_departed, record_adhesions
from webmap.store.writing import take_turn

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from webmap.catalog.definition import LayerDefinition
    from webmap.catalog.load import Catalog
    from webmap.config import Settings
    from webmap.store.db import Database

    Row = dict[str, Any]


ADHESIONS = "adhesions.csv"
_DAY = re.compile(r"(\d{4}(-\d{2}-\d{2})?)?")


def load_seeds(database: Database, catalog: Catalog, settings: Settings) -> list[str]:
    """Load every changed seed, all or nothing, then place what is known by commune only.

    Returns French sentences of what changed (none when nothing did). Raises ImportRefusedError with all the problems of
    all the files.
    """
    del settings
    with database.owner() as connection:
        take_turn(connection)
        known = loads.fetch_seed_hashes(connection)
        changed = [
            (layer, digest) for layer in catalog.layers if known.get(layer.id) != (digest := seed_hash(catalog, layer))
        ]
        seeds = read_seeds(catalog, [layer for layer, _ in changed])
        changes = []
        for layer, digest in changed:
            rows, members = seeds[layer.id]
            if layer.id == "commune":
                record_adhesions(connection, read_adhesions(catalog))
                departed = fetch_departed(connection)
                rows = [row for row in rows if row["code_insee"] not in departed]
            if layer.decoupage:
                loads.replace_members(connection, layer.id, members)
            report = loads.load_rows(connection, layer, rows)
            name = _path(catalog, layer).name
            loads.record_load(connection, loads.Load(layer.id, "seed", name, digest, len(rows)), report)
            changes.append(f"couche {layer.id} : {report.sentence()}")
        if changed:
            placement.refresh(connection, catalog)
    return changes


def load_checked_catalog(settings: Settings) -> Catalog:
    """Read the definitions and the seeds. Raises CatalogError with the problems of both: they are mended in one go."""
    folders = (settings.layers_folder, settings.facts_folder)
    catalog, problems = read_catalog(*folders, settings.couches, settings.decoupages, settings.chiffres_cles)
    try:
        read_seeds(catalog, catalog.layers)
        read_adhesions(catalog)
    except ImportRefusedError as error:
        problems += error.problems
    if problems:
        raise CatalogError(problems)
    return catalog


def read_adhesions(catalog: Catalog) -> list[Adhesion]:
    """Read `layers/commune/adhesions.csv`: who was a member, since when, until when. No file, no history."""
    path = catalog.folder / "commune" / ADHESIONS
    raws = read_csv(path) if path.exists() else []
    problems = [
        f"ligne {number} : depuis, jusque : attendu AAAA ou AAAA-MM-JJ"
        for number, raw in enumerate(raws, 2)
        if not all(_DAY.fullmatch(raw.get(name, "")) for name in ("depuis", "jusque"))
    ]
    problems += [
        f"ligne {number} : source « {raw.get('source', '')} » absente de layers/documents.toml"
        for number, raw in enumerate(raws, 2)
        if raw.get("source") not in catalog.documents
    ]
    if problems:
        raise ImportRefusedError(f"layers/commune/{ADHESIONS} est refusé.", problems)
    return [
        Adhesion(r["code_insee"], r["nom"], r["depuis"], r["jusque"] or None, r["motif"], r["source"]) for r in raws
    ]


def seed_hash(catalog: Catalog, layer: LayerDefinition) -> str:
    """SHA-256 of what the seed of a layer is made of: its files and how the definition reads them."""
    digest = hashlib.sha256()
    reading = [layer.seed.model_dump_json(), *(field.model_dump_json() for field in layer.fields)]
    if layer.decoupage:
        reading.append(layer.decoupage.model_dump_json())
    for path in (_path(catalog, layer), catalog.folder / layer.id / ADHESIONS):
        digest.update(path.read_bytes() if path.exists() else b"")
    digest.update("\n".join(reading).encode())
    return digest.hexdigest()


def _path(catalog: Catalog, layer: LayerDefinition) -> Path:
    name = layer.decoupage.members if layer.decoupage else layer.seed.file
    return (catalog.folder / layer.id / name).resolve()


def read_seeds(catalog: Catalog, layers: Iterable[LayerDefinition]) -> dict[str, tuple[list[Row], list[Row]]]:
    """Read and check the seeds: layer id -> (rows, members). A layer without its file has no rows.

    Raises ImportRefusedError with every problem of every file.
    """
    problems: list[str] = []
    seeds: dict[str, tuple[list[Row], list[Row]]] = {}
    for layer in layers:
        try:
            seeds[layer.id] = _read_seed(catalog, layer)
        except ImportRefusedError as error:
            problems += str(error).splitlines()
    if problems:
        raise ImportRefusedError("Des faits sont refusés, rien n'est chargé.", problems)
    return seeds


def _read_seed(catalog: Catalog, layer: LayerDefinition) -> tuple[list[Row], list[Row]]:
    path = _path(catalog, layer)
    where = f"layers/{layer.id}/{path.name}"
    raws = read_csv(path) if path.exists() or layer.decoupage else []
    if layer.decoupage is None:
        rows = parse_rows(layer, raws, where)
        _check_sources(catalog, rows, where)
        return rows, []
    return _unit_rows(layer), _member_rows(layer, raws, where)


def _check_sources(catalog: Catalog, rows: list[Row], where: str) -> None:
    unknown = sorted({row["source"] for row in rows} - catalog.documents.keys())
    if unknown:
        problems = [f"source « {name} » absente de layers/documents.toml" for name in unknown]
        raise ImportRefusedError(f"{where} est refusé.", problems)


def _unit_rows(layer: LayerDefinition) -> list[Row]:
    units = layer.decoupage.units if layer.decoupage else ()
    blank = dict.fromkeys((*layer.field_ids, "precision", "code_insee", "source_ligne", "source_url", "geom"))
    return [{**blank, "etat": "existant", **unit.model_dump()} for unit in units]


def _member_rows(layer: LayerDefinition, raws: list[Row], where: str) -> list[Row]:
    decoupage = layer.decoupage
    if decoupage is None:
        return []
    known = {unit.code for unit in decoupage.units}
    members, problems, seen = [], [], set()
    for number, raw in enumerate(raws, 2):
        code, unit = raw.get(decoupage.commune_column, "").strip(), raw.get(decoupage.unit_column, "").strip()
        if not code or code in seen:
            problems.append(f"ligne {number} : {decoupage.commune_column} = « {code} » vide ou déjà vu")
        seen.add(code)
        if unit and unit not in known:
            problems.append(f"ligne {number} : {decoupage.unit_column} = « {unit} » n'est pas une unité de layer.toml")
        if unit:
            members.append(
                {
                    "code_insee": code,
                    "unite": unit,
                    "statut": raw.get("statut") or None,
                    "source": raw.get("source") or layer.source.name,
                    "source_ligne": raw.get("source_ligne") or None,
                    "millesime": raw.get("millesime") or layer.source.millesime,
                }
            )
    if problems:
        raise ImportRefusedError(f"{where} est refusé.", problems)
    return members
