"""Official sources as they are published, with rows of our own, and what a refresh makes of them.

Everything goes through a server on this machine (`official_server`), at the paths and in the shapes of the real ones.
"""

from __future__ import annotations

import contextlib
import csv
import dataclasses
import io
import json
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from unittest.mock import patch
from urllib.parse import urlsplit

import shapely
from shapely.geometry import LinearRing, Polygon, mapping, shape

from tests.importing.official_server import Answer, official_server
from webmap.importing import refresh as refreshing
from webmap.importing.fetch import PACE
from webmap.importing.refresh import Options, Outcome, refresh

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from shapely.geometry.base import BaseGeometry

    from tests.importing.official_server import OfficialServer
    from webmap.catalog.load import Catalog
    from webmap.config import Settings
    from webmap.store.db import Database

    Feature = dict[str, Any]

ENTRY = "GEOJSON/QP2024_France_Hexagonale_Outre_Mer_WGS84.geojson"
IRVE: dict[str, str] = {
    "nom_amenageur": "Aménageur", "siren_amenageur": "", "contact_amenageur": "", "nom_operateur": "Opérateur",
    "contact_operateur": "a@example.org", "telephone_operateur": "", "nom_enseigne": "Réseau",
    "id_station_itinerance": "FRABCP1", "id_station_local": "", "nom_station": "Mairie",
    "implantation_station": "Voirie", "adresse_station": "1 place de la Mairie", "code_insee_commune": "59172",
    "coordonneesXY": "[3.384, 50.330]", "nbre_pdc": "2", "id_pdc_itinerance": "FRABCE1", "id_pdc_local": "",
    "puissance_nominale": "22", "prise_type_ef": "false", "prise_type_2": "true", "prise_type_combo_ccs": "false",
    "prise_type_chademo": "false", "prise_type_autre": "false", "gratuit": "", "paiement_acte": "true",
    "paiement_cb": "", "paiement_autre": "", "tarification": "", "condition_acces": "Accès libre",
    "reservation": "false", "horaires": "24/7", "accessibilite_pmr": "Accessibilité inconnue",
    "restriction_gabarit": "Inconnu", "station_deux_roues": "false", "raccordement": "", "num_pdl": "",
    "date_mise_en_service": "", "observations": "", "date_maj": "2026-07-01", "cable_t2_attache": "",
}  # fmt: skip


def outline(contours: Mapping[str, BaseGeometry]) -> LinearRing:
    """Return the outer border of the territory."""
    whole = shapely.union_all(list(contours.values()))
    parts = [part for part in shapely.get_parts(whole).tolist() if isinstance(part, Polygon)]
    return max(parts, key=lambda part: part.area).exterior


def irve_csv(*rows: Mapping[str, str], delimiter: str = ",") -> str:
    """Return a consolidation: each row says what it changes of `IRVE`."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(IRVE), delimiter=delimiter)
    writer.writeheader()
    writer.writerows({**IRVE, **row} for row in rows)
    return text.getvalue()


def points(*changes: Mapping[str, str]) -> list[dict[str, str]]:
    """Return points of recharge told apart by their number."""
    return [{"id_pdc_itinerance": f"FRABCE{number}", **change} for number, change in enumerate(changes, 1)]


# Three communes as INSEE writes them: one that publishes all, one whose rates are secret, one that is not available.
FILOSOFI: dict[str, dict[str, str]] = {
    "59172": {
        "NBMENFISC21": "7000", "NBPERSMENFISC21": "17500", "MED21": "15000", "PIMP21": "23,0", "TP6021": "41,5",
        "TP60TOL121": "22,0", "TP60TOL221": "57,0", "D121": "9000", "D921": "25370", "RD21": "2,8", "PACT21": "57,9",
        "PPEN21": "24,0", "PPAT21": "3,5", "PPSOC21": "23,3", "PIMPOT21": "-8,7",
    },
    "59064": {"NBMENFISC21": "500", "NBPERSMENFISC21": "1300", "MED21": "22000"},
    "59092": {},
}  # fmt: skip
FILOSOFI_ENTRY = "cc_filosofi_2021_COM.csv"


def filosofi_csv(rows: Mapping[str, Mapping[str, str]], delimiter: str = ";") -> str:
    """Return a file of INSEE; what a row does not say is secret (« s »), or, of an empty row, not available (« nd »)."""
    names = ["CODGEO", *FILOSOFI["59172"]]
    text = io.StringIO()
    writer = csv.DictWriter(text, names, delimiter=delimiter, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    for code, row in rows.items():
        writer.writerow({**dict.fromkeys(names, "s" if row else "nd"), **row, "CODGEO": code})
    return text.getvalue()


def filosofi_zip(rows: Mapping[str, Mapping[str, str]], entry: str = FILOSOFI_ENTRY) -> bytes:
    """Return the ZIP as INSEE makes it: the data, and beside it the list of variables, whose name ends alike."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(entry, filosofi_csv(rows))
        archive.writestr(f"meta_{FILOSOFI_ENTRY}", "COD_VAR;LIB_VAR\nMED21;Médiane\n")
    return packed.getvalue()


def grid_csv(name: str, classes: Mapping[str, str]) -> bytes:
    """Return one grid of the ANCT: `code_insee` -> class; the file of ruralities puts a space before it."""
    lines = [
        f"insee_com,lib_com,niveau_{name}",
        *(f"{code},Commune {code}, {label}" for code, label in classes.items()),
    ]
    return ("\n".join(lines) + "\n").encode()


def feature(geometry: BaseGeometry | None, **properties: object) -> Feature:
    """Return a GeoJSON feature."""
    drawn = None if geometry is None else mapping(geometry)
    return {"type": "Feature", "geometry": drawn, "properties": properties}


def collection(features: Sequence[Feature], **more: object) -> bytes:
    """Return a FeatureCollection."""
    return json.dumps({"type": "FeatureCollection", "features": list(features), **more}).encode()


def zipped(content: bytes, *names: str, comment: bytes = b"") -> bytes:
    """Return a ZIP that holds the same content under each name."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names or (ENTRY,):
            archive.writestr(name, content)
        archive.comment = comment
    return packed.getvalue()


# A refresh asks again what failed, as many times as it would, and waits for nothing in between.
HASTE = dataclasses.replace(PACE, sleep=lambda _seconds: None)


@dataclass
class Desk:
    """The server, the database, and a catalogue whose connectors lead to the one and fill the other."""

    server: OfficialServer
    database: Database
    catalog: Catalog
    settings: Settings
    wfs: dict[str, list[Feature]] = dataclasses.field(default_factory=dict)

    @classmethod
    @contextlib.contextmanager
    def open(cls, database: Database, catalog: Catalog, settings: Settings) -> Iterator[Desk]:
        """Start a server and lead every connector to it: its own path and query, on this machine."""
        with official_server() as server, patch.object(refreshing, "PACE", HASTE):
            yield cls._lead(server, database, catalog, settings)

    @classmethod
    def _lead(cls, server: OfficialServer, database: Database, catalog: Catalog, settings: Settings) -> Desk:
        layers = []
        for layer in catalog.layers:
            connectors = []
            for connector in layer.connectors:
                parts = urlsplit(connector.url)
                address = server.url + parts.path + (f"?{parts.query}" if parts.query else "")
                connectors.append(connector.model_copy(update={"url": address}))
            layers.append(layer.model_copy(update={"connectors": tuple(connectors)}))
        desk = cls(server, database, dataclasses.replace(catalog, layers=tuple(layers)), settings)
        server.serve_wfs(desk.wfs)
        return desk

    def change_connector(self, layer_id: str, connector_id: str, **changes: object) -> None:
        """Change keys of one connector."""
        layers = []
        for layer in self.catalog.layers:
            connectors = tuple(
                c.model_copy(update=changes) if (layer.id, c.id) == (layer_id, connector_id) else c
                for c in layer.connectors
            )
            layers.append(layer.model_copy(update={"connectors": connectors}))
        self.catalog = dataclasses.replace(self.catalog, layers=tuple(layers))

    def keep_only(self, layer_id: str, connector_id: str) -> None:
        """Drop the other connectors of a layer."""
        layers = [
            layer.model_copy(update={"connectors": tuple(c for c in layer.connectors if c.id == connector_id)})
            if layer.id == layer_id
            else layer
            for layer in self.catalog.layers
        ]
        self.catalog = dataclasses.replace(self.catalog, layers=tuple(layers))

    def publish(self, layer_id: str, connector_id: str, body: bytes, **how: Any) -> None:  # noqa: ANN401 - keys of Answer
        """Serve a body at the address of a connector; data.gouv.fr redirects to a dated file."""
        connector = next(c for c in self.catalog.by_id[layer_id].connectors if c.id == connector_id)
        path = urlsplit(connector.url).path.replace("{siren}", self.settings.territoire.code)
        answer = Answer(body, **how)
        if path.startswith("/api/1/datasets/r/"):
            self.server.serve_resource(path.rpartition("/")[2], connector.file.rpartition("/")[2], answer)
        else:
            self.server.serve(path, answer)

    def publish_wfs(self, typename: str, features: Sequence[Feature]) -> None:
        """Serve features as a type of the Géoplateforme."""
        self.server.serve_wfs(self.wfs)
        self.wfs[typename] = list(features)

    def refresh(self, *layer_ids: str, **options: Any) -> dict[str, Outcome]:  # noqa: ANN401 - keys of Options
        """Refresh and return the outcomes by connector."""
        run = Options(**options)
        found = refresh(self.database, self.catalog, self.settings, layer_ids, run)
        return {outcome.connector_id: outcome for outcome in found}

    def rows(self, statement: str, params: Sequence[object] = ()) -> list[dict[str, Any]]:
        """Run a statement as the owner and return its rows."""
        with self.database.owner() as connection:
            cursor = connection.execute(statement.encode(), list(params))
            return cursor.fetchall() if cursor.description else []

    def content(self, *layer_ids: str) -> dict[str, Any]:
        """Return all that layers hold, their revisions, and the loads on record: what a refusal must leave alone."""
        ids = layer_ids or tuple(layer.id for layer in self.catalog.layers)
        return {
            **{name: self.rows(f"SELECT * FROM pub.{name} t ORDER BY t::text") for name in ids},
            "revisions": self.rows(
                "SELECT couche, revision FROM app.revision WHERE couche = ANY(%s) ORDER BY 1", [list(ids)]
            ),
            "charges": self.rows("SELECT id FROM app.chargement WHERE couche = ANY(%s) ORDER BY 1", [list(ids)]),
        }

    def keys(self, layer_id: str) -> list[str]:
        """Return the keys of a layer."""
        key = self.catalog.by_id[layer_id].key
        return [row["cle"] for row in self.rows(f"SELECT {key} AS cle FROM pub.{layer_id} ORDER BY 1")]


def read_contours(path: Path) -> dict[str, BaseGeometry]:
    """Return `code_insee` -> contour, from the tests' own file."""
    features = json.loads(path.read_text(encoding="utf-8"))["features"]
    return {f["properties"]["code"]: shape(f["geometry"]) for f in features}


ONES = points(*[{}] * 10)


def publish_irve(desk: Desk, *rows: dict[str, str]) -> None:
    """Publish these rows as the consolidation of IRVE."""
    desk.publish("irve", "consolidation", irve_csv(*rows).encode())


def perimeters(desk: Desk, contours: Mapping[str, BaseGeometry]) -> list[Feature]:
    """Return 9 perimeters inside the territory, and 4 across its border, for the codes the atlas has."""
    edges = [outline(contours).interpolate(share, normalized=True) for share in (0.1, 0.35, 0.6, 0.85)]
    rows = desk.rows("SELECT code_qp, lib_qp, communes, partage FROM pub.qpv ORDER BY code_qp")
    inside = iter([contours[code].representative_point() for code in sorted(contours)])
    across = iter(edges)
    return [
        feature(
            (next(across) if r["partage"] else next(inside)).buffer(0.002),
            code_qp=r["code_qp"],
            lib_qp=r["lib_qp"],
            insee_com=", ".join(reversed(r["communes"])),
        )
        for r in rows
    ]


def publish_qpv(desk: Desk, features: list[Feature]) -> None:
    """Publish these perimeters as the ZIP of the QPV."""
    desk.publish("qpv", "perimetres", zipped(collection(features)))


def publish_contours(desk: Desk, contours: Mapping[str, BaseGeometry], **more: object) -> None:
    """Publish these contours, under the names the atlas has."""
    names = {r["code_insee"]: r for r in desk.rows("SELECT code_insee, nom, population_municipale FROM pub.commune")}
    features = [
        feature(
            c, code=code, nom=names[code]["nom"] if code in names else "Nouvelle", population=more.get("population")
        )
        for code, c in contours.items()
    ]
    desk.publish("commune", "contours", collection(features))
