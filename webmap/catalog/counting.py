"""How each measure is counted, in a French sentence that stands under the number. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webmap.catalog.measure import ADDITIVE
from webmap.wording import agree

if TYPE_CHECKING:
    from webmap.catalog.definition import LayerDefinition
    from webmap.catalog.measure import Measure

NO_CONTOURS = "indisponible (contours non chargés)"
EMPTY_LAYER = "non renseigné (couche encore vide)"
NO_EXACT_PLACE = "indisponible (aucun périmètre connu)"
NO_POPULATION = "indisponible (population inconnue)"
NO_VALUE = "indisponible (valeur non renseignée)"
NO_VINTAGE = "millésime des contours non précisé"
POPULATION_RULE = "somme des populations municipales des communes de l'unité"
COMMUNES_RULE = "nombre de communes du territoire affectées à l'unité"
AREA_RULE = "surface des contours des communes de l'unité, mesurée sur l'ellipsoïde (GRS80)"
DENSITY_RULE = "population municipale de l'unité rapportée à sa surface"
UNKNOWN_POPULATION = "population inconnue pour une commune au moins"
NO_COMMUNE = "indisponible (aucune commune dans l'unité)"
MASKED = "secret statistique"
NOT_AVAILABLE = "non disponible à la source"
NO_DATA = "sans donnée à la source"
NOT_SUMMED = "non calculable : une médiane ou un taux ne se somme pas"
NO_DENOMINATOR = "non calculable : dénominateur nul"
WITHOUT_CLASS = ("sans_donnee", "communes sans donnée")
STATED = "chiffre déclaré par le document, non recalculé"
ONCE = "ce qui se superpose compté une fois"
_ELLIPSOID = "mesurée sur l'ellipsoïde (GRS80), objets à l'emplacement exact seulement"
_SPACE = "\u00a0"
_EACH = " ; compté dans chaque unité touchée"
# Where an exact place counts, by rule; {enters} is what the geometry does in the contour.
_EXACT = {
    "point_dans": "le point est dans le contour",
    "touche": f"{{enters}}{_EACH}",
    "centroide": "compté une fois, dans le contour où est son centre (centroïde)",
    "plus_proche": "compté une fois, dans l'unité la plus proche (distance nulle dans son contour ; à égalité, la commune"
    " de plus petit code)",
    "part_de_longueur": "compté pour la part de sa longueur qui est dans le contour (ellipsoïde GRS80)",
    "part_de_surface": "compté pour la part de sa surface qui est dans le contour (ellipsoïde GRS80)",
}
_ENTERS = {"point": "le point est dans le contour", "line": "le tracé entre dans le contour"}
# The rule that waits for contours, named while they are missing: until then a row counts by its commune.
_WAITING = {
    "centroide": "par le centre",
    "plus_proche": "par l'unité la plus proche",
    "part_de_longueur": "par part de longueur",
    "part_de_surface": "par part de surface",
}


_TEXTS = {
    "nombre": "nombre de lignes : {tie}",
    "distincts": "valeurs distinctes de « {measure.field} » : {tie}",
    "somme": "somme de « {measure.field} » : {tie}",
    "longueur": "longueur dans le contour de l'unité, additionnée objet par objet (ce qui se superpose compte chaque fois), "
    + _ELLIPSOID,
    "surface": f"surface couverte dans le contour de l'unité, {ONCE}, {_ELLIPSOID}",
    "part_surface": f"part de la surface de l'unité qui est couverte, {ONCE}, {_ELLIPSOID}",
    "rapport": "rapport de « {measure.numerator} » à « {measure.denominator} », sommés séparément : {tie}",
    "bornes": "plus petite et plus grande valeur publiée de « {measure.field} » : {tie}",
    "repartition": "communes par valeur de « {measure.field} » : {tie}",
    "pour_1000": f"nombre rapporté à la population municipale, pour 1{_SPACE}000 habitants : {{tie}}",
}


def is_additive(measure: Measure) -> bool:
    """Whether the values of units that share no row may be summed."""
    return measure.type in ADDITIVE


def hidden_text(communes: int, masked: int, missing: int) -> str:
    """Why a figure of whole communes is not given: « 4 communes masquées, 1 commune sans donnée »."""
    if communes == 1 and masked + missing:
        return MASKED if masked else NO_DATA
    parts = [agree(masked, "commune(s) masquée(s)")] if masked else []
    parts += [agree(missing, "commune(s) sans donnée")] if missing else []
    return ", ".join(parts) or NO_DENOMINATOR


def frame_text(published: int, masked: int, missing: int) -> str:
    """On how many communes bounds stand: « 15 communes ; 4 masquées ; 1 sans donnée »."""
    parts = [agree(published, "commune(s)")]
    parts += [agree(masked, "masquée(s)")] if masked else []
    parts += [f"{missing} sans donnée"] if missing else []
    return " ; ".join(parts)


def written(value: float) -> str:
    """Write a number in French: « 1 234,568 », three decimals at most, « moins de 0,001 » rather than a false zero."""
    if 0 < abs(value) < 0.001:  # noqa: PLR2004 - what three decimals can tell
        return "moins de 0,001"
    text = f"{value:,.3f}".rstrip("0").rstrip(".")
    return text.replace(",", _SPACE).replace(".", ",")


def unpublished_text(gap: float, unit: str) -> str:
    """Why a measure whose parts do not make its whole is not given, with what is missing or too much."""
    size = f"{_SPACE}{unit}" if unit in {"km", "km²"} else ""
    return f"non publié : les unités et le reste ne font pas l'ensemble (écart de {written(abs(gap))}{size})"


def rule_of_tie(layer: LayerDefinition, rule: str, *, contours: bool) -> str:
    """How a row comes to be counted in a unit by a rule."""
    once = rule not in {"touche", "commune"}
    if not layer.communes_field:
        named = "la commune indiquée est dans l'unité"
    elif once:
        named = (
            "la commune indiquée est dans l'unité (à défaut, celles de sa liste y sont toutes ; sinon, non localisé)"
        )
    else:
        named = f"une commune de l'unité figure dans sa liste de communes{_EACH}"
    if not layer.drawn:
        return named
    if not contours:
        return (
            f"compté {_WAITING[rule]} une fois les contours chargés ; d'ici là, {named}" if rule in _WAITING else named
        )
    exact = _EXACT[rule].format(enters=_ENTERS.get(layer.geometry, "la surface entre dans le contour"))
    if named.endswith(_EACH):  # said once, of both ways
        exact = exact.removesuffix(_EACH)
    return f"emplacement exact : {exact} ; sinon, {named}"


def rule_text(layer: LayerDefinition, measure: Measure, *, contours: bool) -> str:
    """Return the rule of one measure, as written beside the value."""
    tie = rule_of_tie(layer, measure.rule, contours=contours)
    return _TEXTS[measure.type].format(tie=tie, measure=measure)
