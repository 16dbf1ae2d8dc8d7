"""What a request wants of a layer, whatever the file it comes as: rows, fields, coordinate system; and how to ask again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from flask import request

from webmap.catalog.champs import published_fields
from webmap.errors import BadParameterError
from webmap.geo.crs import CRS84, Crs, parse_crs
from webmap.geo.polygon import parse_wkt
from webmap.store.features import Selection
from webmap.store.perimeters import refuse_invalid
from webmap.store.places import fetch_state
from webmap.web import french, params
from webmap.web.services import services

if TYPE_CHECKING:
    import datetime as dt

    from webmap.catalog.definition import FieldDefinition, LayerDefinition
    from webmap.store.features import Sort

WHERE = ("bbox", "polygone", "crs")
_MAX_SORTS = 3
_APPROXIMATE = "Une condition de lieu ne retient que les lignes dont l'emplacement est exact (precision = exacte)."


@dataclass(frozen=True)
class Format:
    """A file a layer comes as: its title for a reader, its media type.

    `wgs84`: it carries no other system. `ordered` is false for one that sets rows in an order of its own.
    """

    id: str
    title: str
    mimetype: str
    wgs84: bool = False
    ordered: bool = True


FORMATS = {
    each.id: each
    for each in (
        Format("geojson", "GeoJSON", "application/geo+json", wgs84=True),
        Format("geojsonl", "GeoJSON, une ligne par objet", "application/geo+json-seq", wgs84=True),
        Format("gpkg", "GeoPackage (QGIS, avec le style)", "application/geopackage+sqlite3"),
        Format("shp.zip", "Shapefile (zip)", "application/zip"),
        Format("fgb", "FlatGeobuf", "application/flatgeobuf", ordered=False),
        Format("kml", "KML (Google Earth)", "application/vnd.google-earth.kml+xml", wgs84=True),
        Format("csv", "CSV", "text/csv"),
        Format("xlsx", "Classeur XLSX", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        Format("parquet", "GeoParquet", "application/vnd.apache.parquet"),
    )
}

# What the pages offer. In a file, EPSG:4326 is CRS84: both are written longitude first, as GDAL and the formats do.
SYSTEMES = {
    "CRS84": "WGS84, longitude et latitude",
    "EPSG:2154": "Lambert-93 (EPSG:2154)",
    "EPSG:3950": "Lambert CC50 (EPSG:3950)",
    "EPSG:3857": "Web Mercator (EPSG:3857)",
}


@dataclass(frozen=True)
class Demande:
    """A layer, the rows (in their order) and fields wanted of it, and the system its coordinates are wanted in."""

    layer: LayerDefinition
    selection: Selection
    fields: tuple[FieldDefinition, ...]
    crs: Crs

    @property
    def names(self) -> list[str]:
        """Ids of the fields."""
        return [field.id for field in self.fields]

    @cached_property
    def state(self) -> tuple[int, dt.datetime | None]:
        """Revision of the layer (0 before its first load) and when it last changed, read once for all that tell them."""
        return fetch_state(services().database, self.layer.id)

    def carried_by(self, form: Format) -> bool:
        """Whether a format can carry the system and the order asked for."""
        return (self.crs == CRS84 or not form.wgs84) and (form.ordered or not self.selection.sort)

    def link(self, form: str) -> str:
        """Return the address of this same demand as another file, or as its announcement (`json`)."""
        kept = {name: request.args[name] for name in kept_names() if name in request.args}
        if self.crs != CRS84:
            kept["crs"] = f"EPSG:{self.crs.srid}"
        if self.fields != published_fields(self.layer):
            kept["champs"] = ",".join(self.names)
        if self.selection.sort:
            kept["tri"] = request.args["tri"]
        return f"/exports/{self.layer.id}.{form}" + (f"?{urlencode(kept)}" if kept else "")


def kept_names() -> tuple[str, ...]:
    """Return the parameters that say which rows are wanted."""
    return ("bbox", "polygone", *params.FILTER, *params.decoupage_ids(services().catalog))


def parse_demande(layer: LayerDefinition, form: Format | None, *more: str) -> Demande:
    """Read the whole request; `more` are parameters of this format alone. Raises BadParameterError."""
    params.refuse_unknown({*kept_names(), "crs", "champs", "tri", *more}, lists=("champs",))
    crs = parse_crs(request.args.get("crs"), "crs")
    if form and form.wgs84 and crs != CRS84:
        others = ", ".join(each.id for each in FORMATS.values() if not each.wgs84)
        msg = f"crs : le {form.id} est toujours en WGS84 (longitude, latitude). Pour un autre système, prenez {others}."
        raise BadParameterError(msg)
    sort = parse_sort(layer) if "tri" in request.args else ()
    if form and sort and not form.ordered:
        others = ", ".join(each.id for each in FORMATS.values() if each.ordered)
        raise BadParameterError(
            f"tri : le {form.id} range ses lignes par leur place. Pour un autre ordre, prenez {others}."
        )
    return Demande(layer, replace(parse_where(layer), sort=sort), _parse_fields(layer), crs)


def parse_where(layer: LayerDefinition) -> Selection:
    """Read which rows of a layer are wanted: box, units, filter, polygon. Raises BadParameterError and its kin."""
    atlas = services()
    selection = params.parse_selection(atlas.database, atlas.catalog, layer)
    text = request.args.get("polygone")
    if text is None:
        return selection
    polygon = parse_wkt(text, atlas.settings.territoire.etendue)
    refuse_invalid(atlas.database, polygon)
    return Selection(selection.bbox, selection.units, selection.filter, polygon)


def parse_sort(layer: LayerDefinition, default: str = "") -> tuple[Sort, ...]:
    """Read `tri`, fields by their weight, « - » before those from the highest down. Raises BadParameterError."""
    known = {field.id: field for field in published_fields(layer) if field.type != "list"}
    names = request.args.get("tri", default).split(",")
    if len(names) > _MAX_SORTS:
        raise BadParameterError(f"tri : {_MAX_SORTS} champs au plus.")
    return tuple((require_field("tri", name.removeprefix("-"), known), name.startswith("-")) for name in names)


def require_field(parameter: str, name: str, known: dict[str, FieldDefinition]) -> FieldDefinition:
    """Return a known field. Raises BadParameterError naming those there are."""
    if name not in known:
        msg = f"{parameter} : il n'y a pas de champ « {name[:60]} » ; champs possibles : {', '.join(known)}."
        raise BadParameterError(msg)
    return known[name]


def _parse_fields(layer: LayerDefinition) -> tuple[FieldDefinition, ...]:
    published = published_fields(layer)
    if "champs" not in request.args:
        return published
    asked = ",".join(request.args.getlist("champs")).split(",")
    known = {field.id: field for field in published}
    for name in asked:
        if name not in known:
            msg = (
                f"champs : « {name[:60]} » n'est pas un champ de cette couche ; champs possibles : {', '.join(known)}."
            )
            raise BadParameterError(msg)
    if len(set(asked)) < len(asked):
        raise BadParameterError("champs : un champ est demandé deux fois.")
    return tuple(known[name] for name in asked)


def build_facts(demande: Demande) -> dict[str, str]:
    """Return what goes with the data: source, licence, dates, and what was kept, or a part would pass for the whole."""
    source, selection = demande.layer.source, demande.selection
    revision, date = demande.state
    facts = {
        "titre": demande.layer.title,
        "description": demande.layer.description,
        "avertissement": demande.layer.warning or "",
        "producteur": source.producer,
        "source": source.name,
        "licence": source.licence,
        "millesime": source.millesime,
        "donnees_du": date.date().isoformat() if date else "",
        "revision": str(revision),
        "systeme": demande.crs.uri,
        "territoire": ", ".join(f"{decoupage} {code}" for decoupage, code in selection.units),
        "emprise": request.args.get("bbox", ""),
        "polygone": request.args.get("polygone", "")[:2000],
        "filtre": request.args.get(params.filter_name(demande.layer), "") if selection.filter else "",
        "filtre_note": _APPROXIMATE if selection.filter and selection.filter.spatial else "",
    }
    return {name: text for name, text in facts.items() if text}


def build_name(demande: Demande, name: str | None = None) -> list[str]:
    """Return the parts of a file's name: layer, units, what else selects, system, date and revision of the data."""
    selection = demande.selection
    revision, date = demande.state
    parts = [name or demande.layer.id, *(f"{decoupage}-{code}" for decoupage, code in selection.units)]
    parts += [
        word
        for word, given in (("emprise", selection.bbox), ("polygone", selection.polygon), ("filtre", selection.filter))
        if given
    ]
    parts += [] if demande.crs == CRS84 else [f"epsg{demande.crs.srid}"]
    parts += [date.date().isoformat()] if date else []
    return [*parts, f"r{revision}"]


def build_announcement(demande: Demande, nombre: int) -> dict[str, object]:
    """Return what a download will hold, before it: how many rows, what selects them, in which formats, at which addresses."""
    forms = [form.id for form in FORMATS.values() if demande.carried_by(form)]
    facts = build_facts(demande)
    told = ("territoire", "emprise", "polygone", "filtre", "filtre_note")
    return {
        "couche": demande.layer.id,
        "nombre": nombre,
        "phrase": french.pluriel(nombre, "ligne(s)"),
        "filtre": {name: facts[name] for name in told if name in facts},
        "crs": demande.crs.uri,
        "champs": demande.names,
        "donnees_du": facts.get("donnees_du"),
        "revision": int(facts["revision"]),
        "formats": forms,
        "liens": {form: demande.link(form) for form in forms},
    }
