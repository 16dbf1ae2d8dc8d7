"""Each official source, in its own shape, on a server of this machine: what goes well, and what leaves the layer as it was."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from shapely.geometry import LineString, Point, mapping

from tests.importing.official_server import Answer
from tests.importing.published import (
    FILOSOFI,
    IRVE,
    collection,
    feature,
    filosofi_zip,
    grid_csv,
    irve_csv,
    points,
    zipped,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from shapely.geometry.base import BaseGeometry

    from tests.importing.published import Desk, Feature

WFS = {
    ("zonage_nature", "znieff1"): "patrinat_znieff1:znieff1",
    ("zonage_nature", "znieff2"): "patrinat_znieff2:znieff2",
    ("zonage_nature", "zsc"): "patrinat_sic:sic",
    ("zonage_nature", "zps"): "patrinat_zps:zps",
    ("zonage_nature", "pnr"): "patrinat_pnr:pnr",
    ("cours_eau", "troncons"): "BDTOPO_V3:troncon_hydrographique",
}
FILES = [("commune", "contours"), ("qpv", "perimetres"), ("irve", "consolidation"), ("gare", "gares")]
# Tables with one row a commune: told apart in test_tables.py.
TABLES = [("filosofi", "communes"), *(("grille_densite", name) for name in ("densite", "ruralite", "centralite"))]
# What stands for the key of each connector, to be renamed.
KEYS = {"znieff1": "id_mnhn", "znieff2": "id_mnhn", "pnr": "id_mnhn", "zsc": "sitecode", "zps": "sitecode"}
KEYS |= {"troncons": "cleabs", "contours": "code", "perimetres": "code_qp", "gares": "code_uic"}
KEYS |= {"consolidation": "id_pdc_itinerance"}


def squares(contours: dict[str, BaseGeometry], **names: str) -> list[Feature]:
    """Return ten small squares, each inside a commune; `names` are the properties: key and name."""
    key, name = names["key"], names["name"]
    return [
        feature(c.representative_point().buffer(0.002), **{key: f"Z{n:03}", name: f"Zonage {n} « L'Haÿ »"})
        for n, c in enumerate(list(contours.values())[:10])
    ]


def build_features(  # noqa: PLR0911 - one shape a source
    connector_id: str, contours: dict[str, BaseGeometry], desk: Desk
) -> list[Feature]:
    """Return what each source publishes, but for the CSV."""
    inside = [c.representative_point() for c in contours.values()]
    if connector_id in {"znieff1", "znieff2"}:
        return squares(contours, key="id_mnhn", name="nom")
    if connector_id == "pnr":
        return squares(contours, key="id_mnhn", name="nom_site")
    if connector_id in {"zsc", "zps"}:
        return squares(contours, key="sitecode", name="sitename")
    if connector_id == "troncons":
        lines = [LineString([(p.x, p.y, 20.0), (p.x + 0.003, p.y, 19.5)]) for p in inside[:10]]
        names = {"cpx_toponyme_de_cours_d_eau": "L'Escaut", "nature": "Ecoulement naturel"}
        return [feature(line, cleabs=f"TRONHYD{n:04}", **names) for n, line in enumerate(lines)]
    if connector_id == "gares":
        where = [Point(p.x, p.y) for p in inside[:10]]
        told = {"fret": "O", "voyageurs": "N", "commune": "X"}
        return [
            feature(p, code_uic=f"873400{n:02}", libelle=f"Gare {n}", code_ligne="267000", **told)
            for n, p in enumerate(where)
        ]
    if connector_id == "contours":
        rows = desk.rows("SELECT code_insee, nom, population_municipale AS population FROM pub.commune ORDER BY 1")
        return [
            feature(contours[r["code_insee"]], code=r["code_insee"], nom=r["nom"], population=r["population"])
            for r in rows
        ]
    rows = desk.rows("SELECT code_qp, lib_qp, communes FROM pub.qpv ORDER BY 1")
    return [
        feature(p.buffer(0.003), code_qp=r["code_qp"], lib_qp=r["lib_qp"], insee_com=", ".join(r["communes"]))
        for r, p in zip(rows, inside, strict=False)
    ]


def publish(desk: Desk, layer_id: str, connector_id: str, features: Sequence[Feature], **how: object) -> None:
    """Publish features in the shape of the source."""
    if (layer_id, connector_id) in WFS:
        desk.publish_wfs(WFS[layer_id, connector_id], features)
    else:
        body = collection(features)
        desk.publish(layer_id, connector_id, zipped(body) if connector_id == "perimetres" else body, **how)


def publish_good(desk: Desk, layer_id: str, connector_id: str, contours: dict[str, BaseGeometry]) -> bytes:
    """Publish a source as it should be; return its bytes."""
    if layer_id == "filosofi":
        body = filosofi_zip(FILOSOFI)
        desk.publish(layer_id, connector_id, body)
        return body
    if layer_id == "grille_densite":
        label = next(iter(desk.catalog.by_id[layer_id].field(f"niveau_{connector_id}").enum))
        body = grid_csv(connector_id, {"59172": label, "59064": label})
        desk.publish(layer_id, connector_id, body)
        return body
    if connector_id == "consolidation":
        body = irve_csv(*points(*[{}] * 10)).encode()
        desk.publish(layer_id, connector_id, body, etag='"v1"')
        return body
    features = build_features(connector_id, contours, desk)
    publish(desk, layer_id, connector_id, features, **({} if (layer_id, connector_id) in WFS else {"etag": '"v1"'}))
    return collection(features)


def wrap(connector_id: str, body: bytes) -> bytes:
    return zipped(body) if connector_id == "perimetres" else body


# What the source may become -> how its bytes change, and the sentence that says so.
DAMAGES: dict[str, tuple[Callable[[bytes, str], bytes], str]] = {
    "html": (lambda _body, _c: b"<!DOCTYPE html><html><title>Maintenance</title></html>", "page web|HTML"),
    "cp1252": (lambda body, c: wrap(c, _in_cp1252(body, c)), "n'est plus en UTF-8|en UTF-8"),
    "key": (
        lambda body, c: wrap(c, body.replace(KEYS[c].encode(), b"renommee", -1)),
        "n'a plus la colonne|pas de propriété « code »",
    ),
    "empty": (
        lambda _body, c: wrap(c, collection([])) if c != "consolidation" else irve_csv().encode(),
        "a perdu|sans contour",
    ),
    "half": (
        lambda body, c: wrap(c, body[: len(body) // 2]),
        "n'est pas du JSON complet|nombre de cellules différent|n'est pas du GeoJSON|pas un CSV|coupé|incomplet|tronqué|interrompu",
    ),
}


def _in_cp1252(body: bytes, connector_id: str) -> bytes:
    text = body.decode() if connector_id == "consolidation" else json.dumps(json.loads(body), ensure_ascii=False)
    return text.replace("ef_", "éf_").replace('"nom": "', '"nom": "é').replace("lib_qp", "lib_qpé").replace(
        "libelle", "libellé").replace("Zonage", "Zonâge").replace("L'Escaut", "Selle-près").encode("cp1252")  # fmt: skip


@pytest.mark.parametrize(("layer_id", "connector_id"), [*FILES, *WFS], ids=str)
def test_a_source_comes_stays_and_is_left_alone_when_it_breaks(
    desk: Desk, contours: dict[str, BaseGeometry], layer_id: str, connector_id: str
) -> None:
    desk.keep_only(layer_id, connector_id)
    body = publish_good(desk, layer_id, connector_id, contours)
    first = desk.refresh(layer_id)[connector_id]
    assert first.status == "changee", first.sentence
    state = desk.content(layer_id)
    assert len(state[layer_id]) >= 10
    again = desk.refresh(layer_id)[connector_id]
    assert (again.status, again.sentence) == ("inchangee", "inchangée depuis le dernier chargement")
    assert desk.content(layer_id) == state

    path = desk.server.seen[-1].path
    for name, (damage, sentence) in DAMAGES.items():
        kind = "text/html" if name == "html" else "application/json"
        _publish_bytes(desk, layer_id, connector_id, path, damage(body, connector_id), kind)
        broken = desk.refresh(layer_id)[connector_id]
        assert broken.status == "echec", (name, broken.sentence)
        assert any(part in broken.sentence for part in sentence.split("|")), (name, broken.sentence)
        assert desk.content(layer_id) == state, name
    desk.server._routes.clear()
    gone = desk.refresh(layer_id)[connector_id]
    assert gone.status == "echec"
    assert "404" in gone.sentence
    assert desk.content(layer_id) == state
    check = desk.rows("SELECT resultat, phrase FROM app.verification WHERE connecteur = %s", [connector_id])
    assert check == [{"resultat": "echec", "phrase": gone.sentence}]


def _publish_bytes(desk: Desk, layer_id: str, connector_id: str, path: str, body: bytes, kind: str) -> None:
    headers = {"Content-Type": kind}
    if (layer_id, connector_id) in WFS:
        desk.server.serve(path, Answer(body, headers=headers))
    else:
        desk.publish(layer_id, connector_id, body, headers=headers, etag='"v2"')


def test_a_304_reads_nothing(desk: Desk, contours: dict[str, BaseGeometry]) -> None:
    for layer_id, connector_id in FILES:
        publish_good(desk, layer_id, connector_id, contours)
    desk.refresh("commune", "qpv", "irve", "gare")
    seen = len(desk.server.seen)
    outcomes = desk.refresh("commune", "qpv", "irve", "gare")
    assert {o.status for o in outcomes.values()} == {"inchangee"}
    asked = [s for s in desk.server.seen[seen:] if not s.path.startswith("/api/1/")]
    assert [s.headers.get("if-none-match") for s in asked] == ['"v1"'] * 4


def test_the_others_go_on(desk: Desk, contours: dict[str, BaseGeometry]) -> None:
    for layer_id, connector_id in [*FILES, *WFS, *TABLES]:
        if connector_id not in {"perimetres", "zsc"}:
            publish_good(desk, layer_id, connector_id, contours)
    outcomes = desk.refresh()
    failed = {name for name, outcome in outcomes.items() if outcome.status == "echec"}
    assert failed == {"perimetres", "zsc"}
    # ZNIEFF 1, ZNIEFF 2 and PNR here share their keys: the first to come keeps them, and it is told.
    assert "déjà donnés par une autre source" in outcomes["znieff2"].sentence
    assert len(desk.keys("zonage_nature")) == 10
    assert {r["source"] for r in desk.rows("SELECT DISTINCT source FROM pub.zonage_nature")} == {"patrinat-znieff1"}


# --- ZIP ---------------------------------------------------------------------------------------------------------


def test_zips_that_are_refused(desk: Desk, contours: dict[str, BaseGeometry]) -> None:
    publish_good(desk, "qpv", "perimetres", contours)
    desk.refresh("qpv")
    state = desk.content("qpv")
    body = collection(build_features("perimetres", contours, desk))
    bomb = collection([], blank=" " * 20_000_000)
    wrong = bytearray(zipped(body))
    wrong[200:220] = b"x" * 20
    for packed, sentence in [
        (zipped(body, "a/QP2024_France_Hexagonale_Outre_Mer_WGS84.geojson", "QP2024_France_Hexagonale_Outre_Mer_WGS84.geojson"),
         "2 fichiers répondent à"),
        (zipped(body, "SHP/autre.geojson"), "0 fichier répond à"),
        (zipped(bomb), "trop gros une fois décompressé"),
        (zipped(body)[:-200], "interrompu"),
        (bytes(wrong), "n'est pas un ZIP complet"),
    ]:  # fmt: skip
        desk.publish("qpv", "perimetres", packed)
        outcome = desk.refresh("qpv")["perimetres"]
        assert outcome.status == "echec"
        assert any(part in outcome.sentence for part in sentence.split("|")), outcome.sentence
        assert desk.content("qpv") == state


def test_a_copy_made_on_a_mac_is_one_file(desk: Desk, contours: dict[str, BaseGeometry]) -> None:
    body = collection(build_features("perimetres", contours, desk))
    double = "__MACOSX/GEOJSON/._QP2024_France_Hexagonale_Outre_Mer_WGS84.geojson"
    desk.publish("qpv", "perimetres", zipped(body, "GEOJSON/QP2024_France_Hexagonale_Outre_Mer_WGS84.geojson", double))
    assert desk.refresh("qpv")["perimetres"].status == "changee"


# --- columns -----------------------------------------------------------------------------------------------------


def test_a_column_that_is_not_required_and_goes_is_told(desk: Desk) -> None:
    desk.publish("irve", "consolidation", irve_csv(*points(*[{}] * 10)).encode())
    desk.refresh("irve")
    state = desk.content("irve")
    changed = irve_csv(*points(*[{}] * 10)).replace("nom_operateur", "operateur", 1)
    desk.publish("irve", "consolidation", changed.encode())
    outcome = desk.refresh("irve")["consolidation"]
    assert outcome.status == "echec"
    assert outcome.sentence.startswith("La source n'a plus la colonne nom_operateur")
    assert desk.content("irve") == state
    accepted = desk.refresh("irve", accept=True)["consolidation"]
    assert accepted.status == "changee"
    assert {r["nom_operateur"] for r in desk.rows("SELECT nom_operateur FROM pub.irve")} == {None}
    assert desk.refresh("irve")["consolidation"].status == "inchangee"


def test_a_required_column_that_goes_sets_every_row_aside(desk: Desk) -> None:
    desk.publish("irve", "consolidation", irve_csv(*points(*[{}] * 10)).encode())
    desk.refresh("irve")
    state = desk.content("irve")
    desk.publish("irve", "consolidation", irve_csv(*points(*[{}] * 10)).replace("nom_station", "station", 1).encode())
    outcome = desk.refresh("irve")["consolidation"]
    assert outcome.status == "echec"
    assert "nom_station" in outcome.sentence
    assert desk.content("irve") == state


def test_every_source_that_is_read_is_a_cited_document(desk: Desk) -> None:
    cited = {c.source for layer in desk.catalog.layers for c in layer.connectors}
    assert cited <= desk.catalog.documents.keys()
    assert {c.id for layer in desk.catalog.layers for c in layer.connectors} == {c for _, c in [*FILES, *WFS, *TABLES]}


def test_the_irve_fields_are_those_of_the_national_schema(desk: Desk) -> None:
    assert set(desk.catalog.by_id["irve"].field_ids) == set(IRVE) - {"coordonneesXY", "code_insee_commune"} | (
        {"code_insee_commune"} & set(desk.catalog.by_id["irve"].field_ids)
    )


def test_a_geometry_of_another_projection_is_told(
    desk: Desk, contours: dict[str, BaseGeometry], tmp_path: Path
) -> None:
    del tmp_path
    publish_good(desk, "gare", "gares", contours)
    desk.refresh("gare")
    state = desk.content("gare")
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::2154"}}
    moved = build_features("gares", contours, desk)
    moved[0]["geometry"] = mapping(Point(720_000, 7_030_000))
    desk.publish("gare", "gares", collection(moved, crs=crs))
    outcome = desk.refresh("gare")["gares"]
    assert "est en urn:ogc:def:crs:EPSG::2154, attendu WGS84" in outcome.sentence
    assert desk.content("gare") == state
