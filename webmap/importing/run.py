"""`webmap sources load`: a file becomes the content of a layer, all or nothing, with a report in French."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from webmap.errors import ImportRefusedError
from webmap.importing.contours import read_contours
from webmap.store import contours as store
from webmap.store import loads, placement

if TYPE_CHECKING:
    from pathlib import Path

    from webmap.catalog.load import Catalog
    from webmap.config import Settings
    from webmap.store.db import Database


def load_source(database: Database, catalog: Catalog, settings: Settings, layer_id: str, path: Path) -> str:
    """Load a file into a layer and return the report. Raises ImportRefusedError; then nothing was changed."""
    del settings
    if layer_id != "commune":
        msg = f"Aucun chargement de fichier n'est prévu pour « {layer_id} ». Couche possible : commune (contours GeoJSON : code, nom)."
        raise ImportRefusedError(msg)
    return load_contours(database, catalog, path)


def load_contours(database: Database, catalog: Catalog, path: Path) -> str:
    """Give every commune its real contour, then redraw what follows from it: bassins, cells, placed points."""
    with database.owner() as connection:
        centres = store.fetch_centres(connection)
        if not centres:
            raise ImportRefusedError("La couche commune est vide : lancez d'abord `webmap db upgrade`.")
        found, others = read_contours(path, {code: row.centre for code, row in centres.items()})
        store.check_coverage(connection, found, path.name)
        changed = store.update_contours(connection)
        placement.refresh(connection, catalog)
        renamed = sorted(
            f"{c.nom} ({centres[c.code_insee].nom})" for c in found if c.nom and c.nom != centres[c.code_insee].nom
        )
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        if changed:
            report = {"autres": others, "noms_differents": renamed}
            loads.record_load(connection, loads.Load("commune", "fichier", path.name, digest, len(found)), report)
    lines = [
        f"{path.name} : {len(found)} contours lus, {changed} changés, {others} objets hors du territoire laissés de côté."
    ]
    if renamed:
        lines.append(f"Noms différents de la liste officielle, laissés tels quels dans l'atlas : {', '.join(renamed)}.")
    return "\n".join(lines)
