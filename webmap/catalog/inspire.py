"""The 34 themes of the INSPIRE directive (2007/2/CE, annexes I to III): French label in GEMET -> code in the European register."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator

REGISTER = "http://inspire.ec.europa.eu/theme/"
THEMES = {
    # Annex I
    "Référentiels de coordonnées": "rs",
    "Systèmes de maillage géographique": "gg",
    "Dénominations géographiques": "gn",
    "Unités administratives": "au",
    "Adresses": "ad",
    "Parcelles cadastrales": "cp",
    "Réseaux de transport": "tn",
    "Hydrographie": "hy",
    "Sites protégés": "ps",
    # Annex II
    "Altitude": "el",
    "Occupation des terres": "lc",
    "Ortho-imagerie": "oi",
    "Géologie": "ge",
    # Annex III
    "Unités statistiques": "su",
    "Bâtiments": "bu",
    "Sols": "so",
    "Usage des sols": "lu",
    "Santé et sécurité des personnes": "hh",
    "Services d'utilité publique et services publics": "us",
    "Installations de suivi environnemental": "ef",
    "Lieux de production et sites industriels": "pf",
    "Installations agricoles et aquacoles": "af",
    "Répartition de la population — démographie": "pd",
    "Zones de gestion, de restriction ou de réglementation et unités de déclaration": "am",
    "Zones à risque naturel": "nz",
    "Conditions atmosphériques": "ac",
    "Caractéristiques géographiques météorologiques": "mf",
    "Caractéristiques géographiques océanographiques": "of",
    "Régions maritimes": "sr",
    "Régions biogéographiques": "br",
    "Habitats et biotopes": "hb",
    "Répartition des espèces": "sd",
    "Sources d'énergie": "er",
    "Ressources minérales": "mr",
}


def _require_theme(label: str) -> str:
    if label not in THEMES:
        msg = f"« {label} » n'est pas un thème INSPIRE ; thèmes : {' ; '.join(THEMES)}"
        raise ValueError(msg)
    return label


Inspire = Annotated[str, AfterValidator(_require_theme)]
