"""`/fiches/<couche>/<cle>`: one place, all that is known of it and where it comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import render_template

from webmap.catalog import counting
from webmap.errors import NotFoundError
from webmap.store.places import fetch_place
from webmap.web import french, params
from webmap.web.atlas import decoupage_titles
from webmap.web.extent import build_extent
from webmap.web.responses import json_response
from webmap.web.services import services
from webmap.web.voisinage import build_voisinage

if TYPE_CHECKING:
    from flask import Response

    from webmap.catalog.definition import LayerDefinition

    Row = dict[str, Any]

_MAX_KEY = 300


def fiche_json(couche: str, cle: str) -> Response:
    """Answer the sheet as JSON, every value already written for people; the client shows it as text."""
    return json_response(_fetch(couche, cle))


def fiche(couche: str, cle: str) -> str:
    """Answer the sheet as a page."""
    return render_template("fiche.html", fiche=_fetch(couche, cle))


def _fetch(couche: str, cle: str) -> dict[str, Any]:
    atlas = services()
    params.refuse_unknown(())
    layer = atlas.catalog.require_public(couche)
    row = None if len(cle) > _MAX_KEY or "\x00" in cle else fetch_place(atlas.database, layer, cle)
    if row is None:
        msg = f"La couche « {layer.title} » n'a pas de ligne « {cle[:60]} ». Sa liste est à l'adresse /couches/{layer.id}."
        raise NotFoundError(msg)
    return _build(layer, row)


def _build(layer: LayerDefinition, row: Row) -> dict[str, Any]:
    documents = services().catalog.documents
    document = documents.get(row["source"])
    return {
        "couche": layer.id,
        "couche_titre": layer.title,
        "cle": str(row[layer.key]),
        "titre": str(row["nom_lu"] or row[layer.key]),
        "lignes": _lines(layer, row),
        "etendue": build_extent(row),
        "localisation": "la commune entière" if layer.statistical else _location(row),
        "precision": row["precision"],
        "etat": french.etat(row["etat"]),
        "source": {
            "nom": document.title if document else row["source"],
            "producteur": document.producer if document else layer.source.producer,
            "ligne": row["source_ligne"],
            "url": row["source_url"] if str(row["source_url"] or "").startswith(("https://", "http://")) else None,
            "millesime": row["millesime"],
            "licence": layer.source.licence,
        },
        "avertissement": layer.warning,
        "voisinage": build_voisinage(layer, row),
        "liens": _links(layer, row),
    }


def _lines(layer: LayerDefinition, row: Row) -> list[dict[str, str | None]]:
    hidden = _hidden(layer, row)
    lines = [
        {
            "libelle": field.label,
            "valeur": hidden.get(field.id) or french.champ(field, row[field.id]),
            "note": field.note,
        }
        for field in layer.fields
        if field.id not in {layer.name, *layer.hiding}
    ]
    places = [*(row["communes_noms"] or ()), *(f"{code} (hors du territoire)" for code in row["codes_ailleurs"] or ())]
    label = "Commune" if len(places) == 1 else "Communes"
    if places and layer.id != "commune" and label not in {line["libelle"] for line in lines}:
        lines.append({"libelle": label, "valeur": ", ".join(places), "note": None})
    return lines


def _hidden(layer: LayerDefinition, row: Row) -> dict[str, str]:
    """Field -> why its value is not given, when the producer says so."""
    reasons = ((layer.unavailable, counting.NOT_AVAILABLE), (layer.secret, counting.MASKED))
    return {field: reason for name, reason in reasons if name for field in row[name] or ()}


def _location(row: Row) -> str:
    if row["schematique"]:
        return "cellule schématique, pas une limite administrative"
    if row["ouest"] is None:
        return "périmètre inconnu, commune connue" if row["communes_noms"] else french.NOT_LOCATED
    return french.PRECISIONS.get(row["precision"], french.NOT_LOCATED)


def _links(layer: LayerDefinition, row: Row) -> list[dict[str, str]]:
    links = [{"libelle": f"La couche « {layer.title} »", "href": f"/couches/{layer.id}"}]
    if layer.decoupage:
        links.insert(0, {"libelle": f"Synthèse : {row['nom']}", "href": f"/territoires/{layer.id}/{row['code']}"})
    for decoupage, unit in sorted((row["unites"] or {}).items()):
        title = decoupage_titles(services(), decoupage, ())[0]
        links.append(
            {
                "libelle": f"Synthèse, {title[0].lower()}{title[1:]} : {unit['nom']}",
                "href": f"/territoires/{decoupage}/{unit['code']}",
            }
        )
    return links
