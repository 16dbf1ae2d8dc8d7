"""Write the project QGIS Server serves: qgis_project.py <project> <host> <layer>:<table>…, run by Debian's Python."""

import sys

from qgis.core import QgsApplication, QgsCoordinateReferenceSystem, QgsProject, QgsVectorLayer

path, host, *layers = sys.argv[1:]
application = QgsApplication([], False)  # noqa: FBT003 - no window; it takes no name
application.initQgis()
project = QgsProject.instance()
project.setCrs(QgsCoordinateReferenceSystem("EPSG:2154"))
ids = []
for name, table in (each.split(":") for each in layers):
    source = (
        f"dbname='bench' host={host} user='webmap_proprietaire' key='id' srid=2154 table=\"public\".\"{table}\" (geom)"
    )
    layer = QgsVectorLayer(source, name, "postgres")
    layer.setShortName(name)
    if not layer.isValid():
        sys.exit(f"{table} ne s'ouvre pas")
    project.addMapLayer(layer)
    ids.append(layer.id())
project.writeEntry("WFSLayers", "/", ids)
for layer_id in ids:
    project.writeEntry("WFSLayersPrecision", f"/{layer_id}", 7)
project.write(path)
