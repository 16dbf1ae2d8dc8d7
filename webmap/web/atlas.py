"""`/`: the map. Everything the viewer needs before its first tile is in the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Response, render_template, request
from markupsafe import Markup

from webmap.catalog.style import APPROXIMATE_SIGN, GROUP_SIGN, SCHEMATIC_SIGN, build_legend
from webmap.errors import BadParameterError
from webmap.store.history import fetch_checks
from webmap.store.perimeters import DRAWN
from webmap.store.places import contours_loaded, fetch_inventory
from webmap.store.summaries import fetch_placed_units
from webmap.store.units import fetch_decided
from webmap.web import french, params
from webmap.web.demandes import FORMATS, SYSTEMES
from webmap.web.fraicheur import build_fraicheur
from webmap.web.responses import build_csp
from webmap.web.services import services

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

    from webmap.catalog.definition import LayerDefinition
    from webmap.store.summaries import Unit
    from webmap.web.services import Services

SCHEMATIC = "Cellules schématiques, pas des limites administratives"
APPROXIMATE = "position approximative (connue à la commune ou au quartier)"
# Said in every legend where they appear, whatever the layer. Our own SVG, as below.
SIGNS = {
    "approximatif": {"label": APPROXIMATE, "svg": Markup(APPROXIMATE_SIGN)},  # noqa: S704 - drawn by us
    "groupe": {"label": "groupe de points, avec leur nombre : zoomer les sépare", "svg": Markup(GROUP_SIGN)},  # noqa: S704 - drawn by us
    "schematique": {"label": SCHEMATIC, "svg": Markup(SCHEMATIC_SIGN)},  # noqa: S704 - drawn by us
}
# The server hands its addresses to the script: no path is written in JavaScript.
URLS = {
    "tuiles": "/tuiles/{ids}/{z}/{x}/{y}.mvt",
    "tuiles_versions": "/tuiles/{ids}/{versions}/{z}/{x}/{y}.mvt",
    "versions": "/tuiles.json",
    "fiche": "/fiches/{couche}/{cle}.json",
    "recherche": "/recherche.json",
    "adresses": "/adresses.json",
    "tampon": "/tampon.json",
    "export": "/exports/{couche}.geojson",
    "annonce": "/exports/{couche}.json",
    "paquet": "/exports/paquet.gpkg",
    "fichier": "/exports/{couche}.{format}",
    "champs": "/couches/{couche}/champs.json",
    "valeurs": "/couches/{couche}/champs/{champ}.json",
    "tableau": "/tableaux/{couche}.json",
    "territoire": "/territoires/{decoupage}/{code}",
    "etendue": "/ogc/collections/{couche}/tiles/WebMercatorQuad/tilejson.json",
    "polygone": "/territoires/polygone",
    "couche": "/couches/{couche}",
    "couches": "/couches",
    "carte": "/cartes/{code}.html",
    "vues": "/vues.json",
    "liste_vues": "/vues",
    "qr": "/qr.svg",
    "integration": "/integration",
    "abandon": "/travaux/{jeton}",
}


def carte() -> str:
    """Answer the map page."""
    return render_template("carte.html", atlas=build_atlas(services()))


def integration() -> Response:
    """Answer the map bare, for a frame in the sites that `sites_integration` names; the browser refuses the others.

    `panneau=oui` keeps the panel of layers within reach, `legende=oui` shows the legend over the map.
    """
    params.refuse_unknown({"panneau", "legende"})
    panneau, legende = (request.args.get(name, "non") for name in ("panneau", "legende"))
    for name, value in (("panneau", panneau), ("legende", legende)):
        if value not in {"oui", "non"}:
            raise BadParameterError(f"{name} : oui ou non.")
    settings = services().settings
    response = Response(
        render_template("carte.html", atlas=build_atlas(services()), integration=panneau, legende=legende)
    )
    response.headers["Content-Security-Policy"] = build_csp(settings, settings.sites_integration)
    return response


def build_atlas(atlas: Services) -> dict[str, Any]:
    """Return the state the page starts from: layers by theme with counts and legend, units to filter by, basemaps, addresses."""
    territoire = atlas.settings.territoire
    drawn = [layer for layer in atlas.catalog.public if layer.drawn]
    # First: what changes while the page is made is then told to it, which `tuiles.json` will find newer.
    versions = atlas.kept_tiles.fetch_versions([layer.id for layer in drawn])
    inventory = fetch_inventory(atlas.database, drawn)
    contours = contours_loaded(atlas.database)
    decided = fetch_decided(atlas.database)
    units = fetch_placed_units(
        atlas.database, [each for each in params.decoupage_ids(atlas.catalog) if each != "territoire"]
    )
    checks = fetch_checks(atlas.database)
    themes = [
        {
            "id": theme.id,
            "titre": theme.title,
            "couches": [
                _layer(layer, inventory[layer.id])
                | {"fraicheur": build_fraicheur(layer, inventory[layer.id], checks, atlas.catalog.cite)}
                for layer in drawn
                if layer.theme == theme.id
            ],
        }
        for theme in atlas.catalog.themes
    ]
    return {
        "titre": territoire.titre,
        "territoire": {"code": territoire.code, "nom": territoire.nom, "etendue": territoire.etendue},
        "contours_charges": contours,
        "avertissement_contours": None if contours else SCHEMATIC,
        "signes": {name: sign for name, sign in SIGNS.items() if name not in _without(drawn, contours=contours)},
        "themes": [theme for theme in themes if theme["couches"]],
        "decoupages": [
            _decoupage(atlas, decoupage, decided, of_decoupage) for decoupage, of_decoupage in units.items()
        ],
        "formats": [{"id": each.id, "titre": each.title, "wgs84": each.wgs84} for each in FORMATS.values()],
        "systemes": SYSTEMES,
        "couches_au_plus": params.MAX_LAYERS,
        "fonds": [fond.model_dump() for fond in atlas.settings.fonds],
        "adresses": atlas.settings.geocodage.attribution if atlas.settings.geocodage else None,
        "sites_integration": atlas.settings.sites_integration,
        "versions": versions,
        "urls": URLS,
    }


def _without(layers: list[LayerDefinition], *, contours: bool) -> set[str]:
    """Return the signs that this atlas has no use for."""
    grouped = any(_last_grouped(layer) is not None for layer in layers)
    return ({"schematique"} if contours else set()) | (set() if grouped else {"groupe"})


def _last_grouped(layer: LayerDefinition) -> int | None:
    """Return the last zoom of tiles where points that share a square are drawn as one."""
    return max((band.zoom_max for band in layer.bands if band.group), default=None)


def _layer(layer: LayerDefinition, counts: dict[str, Any]) -> dict[str, Any]:
    rules = layer.style.rules if layer.style else ()
    return {
        "id": layer.id,
        "titre": layer.title,
        "singulier": layer.singular,
        "pluriel": french.plural(layer.singular),
        "geometrie": layer.geometry,
        "style": layer.style.model_dump() if layer.style else None,
        "affichee": layer.shown,
        "zoom_min": layer.zoom_min,
        "zoom_max": layer.zoom_max,
        "groupe_zoom": _last_grouped(layer),
        "ordre": layer.order,
        "lignes": counts["lignes"],
        "localises": counts["localises"],
        "exactes": counts["exactes"],
        "revision": counts["revision"],
        "modifiee": counts["modifiee"].date().isoformat(),
        # Our own SVG, with no text from a row or a request in it.
        "legende": [{"label": rule.label, "svg": Markup(build_legend(rule, layer.geometry))} for rule in rules],  # noqa: S704 - drawn by us
        "avertissement": layer.warning,
    }


def _decoupage(atlas: Services, decoupage: str, decided: Container[str], units: Iterable[Unit]) -> dict[str, Any]:
    title, plural, warning = decoupage_titles(atlas, decoupage, decided)
    return {
        "id": decoupage,
        "titre": title,
        "pluriel": plural,
        "avertissement": warning,
        "unites": [
            {
                "code": unit.code,
                "nom": unit.nom,
                "etendue": unit.etendue,
                "centre": unit.centre,
                "population": unit.population,
            }
            for unit in units
        ],
    }


def decoupage_titles(atlas: Services, decoupage: str, decided: Container[str]) -> tuple[str, str, str | None]:
    """(singular title, plural title, warning) of a découpage; no warning for one whose assignments are all `decided`."""
    communes = atlas.catalog.by_id["commune"].warning  # a list known to be partial makes every total partial
    if decoupage == "territoire":
        return "Territoire", "Territoire", communes
    if decoupage == "commune":
        return "Commune", "Communes", communes
    if decoupage == DRAWN:
        return "Zone tracée", "Zones tracées", communes
    layer = atlas.catalog.by_id[decoupage]
    if layer.zones:
        return layer.singular[0].upper() + layer.singular[1:], layer.title, layer.warning
    definition = layer.decoupage
    if definition is None:
        raise KeyError(decoupage)
    return definition.title, definition.plural, None if decoupage in decided else definition.warning
