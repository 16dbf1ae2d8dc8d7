"""How each measure is counted, in a French sentence that stands under the number. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webmap.catalog.definition import Additive

if TYPE_CHECKING:
    from webmap.catalog.definition import LayerDefinition, Measure

NO_CONTOURS = "indisponible (contours non chargés)"
EMPTY_LAYER = "non renseigné (couche encore vide)"
NO_EXACT_PLACE = "indisponible (aucun périmètre connu)"
NO_POPULATION = "indisponible (population inconnue)"
NO_VALUE = "indisponible (valeur non renseignée)"
STATED = "chiffre déclaré par le document, non recalculé"
_ELLIPSOID = "mesurée sur l'ellipsoïde (GRS80), objets à l'emplacement exact seulement"


def is_additive(measure: Measure) -> bool:
    """Whether the values of units that share no row may be summed."""
    return measure.type in Additive


def rule_of_tie(layer: LayerDefinition, *, contours: bool) -> str:
    """How a row comes to be counted in a unit."""
    if layer.communes_field:
        named = "une commune de l'unité figure dans sa liste de communes ; compté dans chaque unité touchée"
    else:
        named = "la commune indiquée est dans l'unité"
    if not contours or not layer.drawn:
        return named
    by_geometry = {"point": "le point est dans le contour", "line": "le tracé entre dans le contour"}
    exact = by_geometry.get(layer.geometry, "la surface entre dans le contour")
    return f"emplacement exact : {exact} ; sinon, {named}"


def rule_text(layer: LayerDefinition, measure: Measure, *, contours: bool) -> str:
    """Return the rule of one measure, as written beside the value."""
    tie = rule_of_tie(layer, contours=contours)
    texts = {
        "nombre": f"nombre de lignes : {tie}",
        "distincts": f"valeurs distinctes de « {measure.field} » : {tie}",
        "somme": f"somme de « {measure.field} » : {tie}",
        "longueur": f"longueur dans le contour de l'unité, {_ELLIPSOID}",
        "surface": f"surface dans le contour de l'unité, {_ELLIPSOID}",
        "part_surface": f"surface rapportée à celle de l'unité, {_ELLIPSOID}",
        "pour_1000": f"nombre rapporté à la population municipale, pour 1 000 habitants : {tie}",
    }
    return texts[measure.type]
