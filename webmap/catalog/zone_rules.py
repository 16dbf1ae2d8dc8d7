"""How each measure is counted in a zone, in a French sentence that stands under the number. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webmap.catalog.counting import ONCE
from webmap.wording import agree

if TYPE_CHECKING:
    from webmap.catalog.definition import LayerDefinition
    from webmap.catalog.measure import Measure

NOT_COMPUTABLE = "non calculable sans carroyage"
UNKNOWN_PERIMETER = "périmètre inconnu"
NO_EXACT_ROW = "indisponible (aucun emplacement exact connu)"
NO_NEAREST = "non calculable : le plus proche n'a pas de sens dans une zone"
NO_WHOLE_COMMUNE = "la zone n'est pas faite de communes entières"
NOT_SPREAD = (
    "la zone n'est pas faite de communes entières : répartir un chiffre communal serait l'inventer, "
    "et une différence entre zones trahirait le secret statistique"
)
AREA_RULE = "surface de la partie de la zone qui est dans le territoire, mesurée sur l'ellipsoïde (GRS80)"
WHOLE_COMMUNES_RULE = (
    "la zone est lue comme la réunion des communes qu'elle couvre à plus de moitié quand l'écart entre les deux "
    "ne dépasse pas un dix-millième de sa surface ; les chiffres sont alors ceux de ces communes entières"
)
_ELLIPSOID = "mesurée sur l'ellipsoïde (GRS80)"
_TIES = {
    "point_dans": "le point est dans la zone",
    "centroide": "le centre de l'objet est dans la zone",
    "touche": "l'objet entre dans la zone ; compté dans chaque zone touchée",
    "part_de_longueur": "chaque objet compte pour la part de sa longueur qui est dans la zone",
    "part_de_surface": "chaque objet compte pour la part de sa surface qui est dans la zone",
}


def zone_rule_text(layer: LayerDefinition, measure: Measure) -> str:
    """Return the rule of one measure in a zone: rows whose place is exact, and they alone."""
    if layer.statistical or measure.type == "pour_1000":
        return NOT_SPREAD
    tie = f"{_TIES.get(measure.rule, NO_NEAREST)} ; emplacements exacts seulement"
    texts = {
        "nombre": f"nombre de lignes : {tie}",
        "distincts": f"valeurs distinctes de « {measure.field} » : {tie}",
        "somme": f"somme de « {measure.field} » : {tie}",
        "longueur": "longueur dans la zone, additionnée objet par objet (ce qui se superpose compte chaque fois), "
        f"{_ELLIPSOID}, emplacements exacts seulement",
        "surface": f"surface couverte dans la zone, {ONCE}, {_ELLIPSOID}, emplacements exacts seulement",
        "part_surface": f"part de la surface de la zone qui est couverte, {ONCE}, {_ELLIPSOID}, emplacements exacts seulement",
    }
    return texts[measure.type]


def untold_text(rows: int) -> str | None:
    """Say what is known nearby and cannot be counted: « 3 autres, connus à la commune seulement, ne sont pas comptés »."""
    if not rows:
        return None
    return agree(rows, "autre(s), connu(s) à la commune ou au quartier seulement, n'(est|sont) pas compté(s)").replace(
        "n'sont", "ne sont"
    )
