"""What QGIS sees of the atlas, as JSON. Not a test: run by test_qgis.py under the system's Python, the one that has QGIS.

Arguments: one JSON object, {"root": address of the atlas, "database": {"host", "port", "name"}, "gpkg": path of an export,
"folder": where pictures go}.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

os.environ["QT_QPA_PLATFORM"] = "offscreen"

from qgis import core  # type: ignore[import-not-found]
from qgis.PyQt.QtCore import QSize  # type: ignore[import-not-found]
from qgis.PyQt.QtGui import QColor  # type: ignore[import-not-found]

TERRITORY = (3.2, 50.2, 3.6, 50.55)  # degrees
BOX = (3.35, 50.3, 3.45, 50.4)
SIZE = 300
MARK = "#ff00ff"


def system(code: int) -> Any:  # noqa: ANN401 - QGIS has no types
    return core.QgsCoordinateReferenceSystem.fromEpsgId(code)


def project(code: int, box: tuple[float, float, float, float]) -> Any:  # noqa: ANN401 - as above
    way = core.QgsCoordinateTransform(system(4326), system(code), core.QgsProject.instance())
    return way.transformBoundingBox(core.QgsRectangle(*box))


def draw(layer: Any, code: int, box: Any, path: Path) -> dict[str, Any]:  # noqa: ANN401 - as above
    """Render one layer; returns how many pixels each colour has, and the side of a pixel in units of the map."""
    settings = core.QgsMapSettings()
    settings.setLayers([layer])
    settings.setDestinationCrs(system(code))
    settings.setExtent(box)
    settings.setOutputSize(QSize(SIZE, SIZE))
    settings.setBackgroundColor(QColor("white"))
    settings.setFlag(core.QgsMapSettings.Antialiasing, False)  # noqa: FBT003 - QGIS takes it so
    job = core.QgsMapRendererSequentialJob(settings)
    job.start()
    job.waitForFinished()
    if job.errors():
        raise RuntimeError([error.message for error in job.errors()])
    image = job.renderedImage()
    image.save(str(path))
    found: dict[str, int] = {}
    for y in range(SIZE):
        for x in range(SIZE):
            name = image.pixelColor(x, y).name()
            found[name] = found.get(name, 0) + 1
    return {"colours": found, "side": settings.mapUnitsPerPixel()}


def open_items(root: str, collection: str) -> Any:  # noqa: ANN401 - as above
    uri = core.QgsDataSourceUri()
    uri.setParam("url", f"{root}/ogc")
    uri.setParam("typename", collection)
    return core.QgsVectorLayer(uri.uri(False), collection, "OAPIF")  # noqa: FBT003 - QGIS takes it so


def read_items(root: str, collection: str, folder: Path) -> dict[str, Any]:
    """Features, those of a box, those of a filter, and pictures in two systems, of a layer painted in one colour."""
    layer = open_items(root, collection)
    whole = list(layer.getFeatures())
    box = core.QgsFeatureRequest(core.QgsRectangle(*BOX))
    way = core.QgsCoordinateTransform(layer.crs(), system(2154), core.QgsProject.instance())
    places = {}
    for feature in whole:
        shape = feature.geometry()
        shape.transform(way)
        places[feature["id"]] = shape.asWkt(4)
    symbol = core.QgsFillSymbol.createSimple({"color": MARK, "outline_style": "no"})
    layer.setRenderer(core.QgsSingleSymbolRenderer(symbol))
    pictures = {code: draw(layer, code, project(code, TERRITORY), folder / f"{code}.png") for code in (4326, 2154)}
    in_box = sorted(feature["id"] for feature in layer.getFeatures(box))
    layer.setSubsetString("population_municipale > 10000")
    return {
        "crs": layer.crs().authid(),
        "places": places,
        "box": in_box,
        "filtered": sorted(feature["id"] for feature in layer.getFeatures()),
        "pictures": pictures,
    }


def read_tiles(root: str, collection: str, folder: Path) -> dict[str, Any]:
    """Vector tiles with the style of the atlas, then drawn."""
    address = f"{root}/ogc/collections/{collection}"
    uri = f"type=xyz&url={address}/tiles/WebMercatorQuad/{{z}}/{{y}}/{{x}}&zmin=0&zmax=22"
    layer = core.QgsVectorTileLayer(f"{uri}&styleUrl={address}/styles/maplibre.json", collection)
    problem, styled = layer.loadDefaultStyle()
    return {
        "valid": layer.isValid(),
        "styled": styled,
        "problem": problem,
        "colours": sorted({style.symbol().color().name() for style in layer.renderer().styles()}),
        "picture": draw(layer, 3857, project(3857, TERRITORY), folder / f"tiles_{collection}.png"),
    }


def read_symbol(symbol: Any) -> dict[str, Any]:  # noqa: ANN401 - as above
    first = symbol.symbolLayer(0)
    stroke = first.strokeColor().name() if symbol.type() != core.QgsSymbol.Line else None
    return {"color": first.color().name(), "stroke": stroke, "drawers": symbol.symbolLayerCount()}


def read_gpkg(path: str) -> dict[str, Any]:
    """Each layer of a GeoPackage as it opens: the style it came with, and nothing asked for."""
    found = {}
    book = core.QgsVectorLayer(path, "all", "ogr")
    for sublayer in book.dataProvider().subLayers():
        name = sublayer.split(core.QgsDataProvider.sublayerSeparator())[1]
        layer = core.QgsVectorLayer(f"{path}|layername={name}", name, "ogr")
        if not layer.isSpatial():
            continue
        renderer = layer.renderer()
        categories = renderer.categories() if renderer.type() == "categorizedSymbol" else None
        found[name] = {
            "field": renderer.classAttribute() if categories else None,
            "rules": [[each.value(), each.label(), read_symbol(each.symbol())] for each in categories]
            if categories
            else [["", "", read_symbol(renderer.symbol())]],
            "crs": layer.crs().authid(),
            "number": layer.featureCount(),
            "label": layer.labeling().settings().fieldName if layer.labelsEnabled() else None,
        }
    return found


def read_database(server: dict[str, str]) -> dict[str, Any]:
    """List the tables of `pub` a reader sees, with their keys; try to open two of them, and whether they may be edited."""
    uri = core.QgsDataSourceUri()
    uri.setConnection(server["host"], server["port"], server["name"], "webmap_lecture", "")
    provider = core.QgsProviderRegistry.instance().providerMetadata("postgres")
    tables = provider.createConnection(uri.uri(False), {}).tables("pub")  # noqa: FBT003 - QGIS takes it so
    opened = {}
    for name, column in (("commune", "geom"), ("filosofi", None)):
        uri.setDataSource("pub", name, column)
        layer = core.QgsVectorLayer(uri.uri(False), name, "postgres")  # noqa: FBT003 - QGIS takes it so
        may = layer.dataProvider().capabilities()
        edits = core.QgsVectorDataProvider.ChangeAttributeValues | core.QgsVectorDataProvider.DeleteFeatures
        opened[name] = {"number": layer.featureCount(), "editable": bool(may & edits)}
    return {
        "keys": {table.tableName(): table.primaryKeyColumns() for table in tables},
        "systems": sorted({kind.crs.authid() for table in tables for kind in table.geometryColumnTypes()}),
        "opened": opened,
    }


def main(asked: dict[str, Any]) -> None:
    application = core.QgsApplication([], False)  # noqa: FBT003 - QGIS takes it so
    application.initQgis()
    folder = Path(asked["folder"])
    told = {
        "version": core.Qgis.QGIS_VERSION,
        "items": read_items(asked["root"], "commune", folder),
        "tiles": {name: read_tiles(asked["root"], name, folder) for name in ("cours_eau", "gare")},
        "gpkg": read_gpkg(asked["gpkg"]),
        "database": read_database(asked["database"]),
    }
    sys.stdout.write(json.dumps(told))
    sys.stdout.flush()
    os._exit(0)  # QGIS takes its providers down in an order that sometimes crashes


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
