"""`webmap sources load`: a file becomes the content of a layer, all or nothing, with a report in French."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from webmap.errors import ImportRefusedError
from webmap.importing.contours import bring_contours
from webmap.store import loads, placement
from webmap.store.writing import take_turn, write
from webmap.wording import agree

if TYPE_CHECKING:
    from pathlib import Path

    from webmap.catalog.load import Catalog
    from webmap.config import Settings
    from webmap.store.db import Database


def load_source(
    database: Database, catalog: Catalog, settings: Settings, layer_id: str, path: Path, *, accept: bool = False
) -> str:
    """Load a file into a layer and return the report. Raises ImportRefusedError; then nothing was changed."""
    del settings
    if layer_id != "commune":
        msg = f"Aucun chargement de fichier n'est prévu pour « {layer_id} ». Couche possible : commune (contours GeoJSON : code, nom)."
        raise ImportRefusedError(msg)
    return load_contours(database, catalog, path, accept=accept)


def load_contours(database: Database, catalog: Catalog, path: Path, *, accept: bool = False) -> str:
    """Give every commune its real contour, then redraw what follows from it: bassins, cells, placed points."""
    with write(database) as connection:
        take_turn(connection)
        arrival = bring_contours(connection, path, accept=accept)
        placement.refresh(connection, catalog)
        if arrival.changed:
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            report = {"autres": len(arrival.others), "remarques": arrival.told}
            loads.record_load(connection, loads.Load("commune", "fichier", path.name, digest, arrival.read), report)
    read, changed = agree(arrival.read, "contour(s) lu(s)"), agree(arrival.changed, "changé(s)")
    others = agree(len(arrival.others), "objet(s) hors du territoire laissé(s) de côté")
    return "\n".join([f"{path.name} : {read}, {changed}, {others}.", *arrival.told])
