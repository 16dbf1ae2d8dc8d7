"""What a sheet says of what is around its place, and by which rule."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webmap.store.voisinage import REACH, fetch_voisinage
from webmap.web import french
from webmap.web.services import services

if TYPE_CHECKING:
    from webmap.catalog.definition import LayerDefinition
    from webmap.store.voisinage import Voisin

    Row = dict[str, Any]

_RULE = (
    f"Autres couches, à {french.nombre(REACH)}{french.SPACE}m au plus : ce qui contient ou recoupe ce lieu, et la ligne la plus proche"
    " de chacune, parmi celles dont l’emplacement est exact. Distance sur l’ellipsoïde (GRS80), au bord le plus proche."
)
_UNKNOWN = {
    "quartier": "Position connue au quartier : pas de distance.",
    "commune": "Position connue à la commune : pas de distance.",
    "schematique": "Emplacement schématique : pas de distance.",
}
_COARSE = 100  # metres from which a distance is told by tens


def build_voisinage(layer: LayerDefinition, row: Row) -> dict[str, Any] | None:
    """Return what is around a row, or why it is not told; None for a unit and for what has no place at all."""
    if not _stands(layer):
        return None
    if row["precision"] != "exacte" or row["ouest"] is None:
        return _told(absence=_UNKNOWN.get(row["precision"], "Lieu non localisé : pas de distance."))
    catalog = services().catalog
    others = [other for other in catalog.public if _stands(other) and other.id != layer.id]
    found = fetch_voisinage(services().database, layer, str(row[layer.key]), others)
    if found is None:
        return _told(absence="Contours trop détaillés pour mesurer les distances à temps.")
    return _told([_line(catalog.by_id[voisin.couche], voisin) for voisin in found])


def _stands(layer: LayerDefinition) -> bool:
    """Whether rows of a layer are places: communes and units are told apart, by the links of a sheet."""
    return layer.drawn and layer.id != "commune" and not layer.decoupage and not layer.statistical


def _told(lines: list[dict[str, str]] | None = None, absence: str | None = None) -> dict[str, Any]:
    none = None if lines else f"Rien des autres couches à {french.nombre(REACH)}{french.SPACE}m au plus."
    return {"lignes": lines or [], "absence": absence or none, "regle": None if absence else _RULE}


def _line(layer: LayerDefinition, voisin: Voisin) -> dict[str, str]:
    if voisin.touching:
        relation = "dans" if voisin.dedans and layer.geometry == "polygon" else "se touchent ou se recoupent"
    else:
        metres = round(voisin.metres, -1 if voisin.metres >= _COARSE else 0)
        relation = f"à {french.nombre(max(metres, 1))}{french.SPACE}m"
    return {
        "relation": relation,
        "singulier": layer.singular,
        "nom": voisin.nom,
        "couche": voisin.couche,
        "cle": voisin.cle,
    }
