"""The data every server of a run reads: `../shared/bench/gen_data.py`, once as plain tables, once as layers of ours.

Peers read `public.communes`, `public.irve` and `public.trames_lignes`. We read the same rows through `layers/<id>/layer.toml`
files written here, in the tables webmap builds from them: not a line of Python a layer. Our rows carry seven more columns
(source, date, precision…), which our answers hold and theirs do not: the comparison is in the peers' favour.
"""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

from webmap.config import load_settings
from webmap.importing.seeds import load_checked_catalog, load_seeds
from webmap.store import drawn
from webmap.store.db import Database
from webmap.store.schema import upgrade

if TYPE_CHECKING:
    from webmap.config import Settings
    from webmap.store.cluster import Cluster

ROOT = Path(__file__).resolve().parents[1]
GENERATOR = ROOT.parent / "shared" / "bench" / "gen_data.py"
DATABASE = "bench"
_LINES = "SELECT id, type, nom, sous_trame, geom FROM trames WHERE GeometryType(geom) = 'MULTILINESTRING'"
_TOML = """title = "{title}"
singular = "{id}"
theme = "territoire"
description = "Données de synthèse du banc d’essai."
geometry = "{geometry}"
key = "id"
name = "{name}"
order = {order}
how_to_fill = "Se remplit par make bench."
{more}
[source]
name = "gen_data.py"
producer = "banc d’essai"
licence = "Sans objet"
millesime = "2026"
provenance = "Tirage pseudo-aléatoire à graine fixe."
"""
_STYLES = {
    "point": '[[rules]]\nlabel = "Point"\ncolor = "#0091c2"\nstroke = "#003f57"\nsize = 7\nsymbol = "circle"\n',
    "line": '[[rules]]\nlabel = "Ligne"\ncolor = "#0091c2"\nwidth = 2\n',
    "polygon": '[[rules]]\nlabel = "Surface"\ncolor = "#8f1148"\nopacity = 0.3\nstroke = "#8f1148"\nwidth = 1\n',
}
_COMMUNE = """description = "Aucune : le banc d’essai n’a pas de territoire."

[source]
name = "Aucune"
producer = "banc d’essai"
licence = "Sans objet"
millesime = "Sans objet"
provenance = "Sans objet"
"""
_DEPLOYMENT = """faits = "layers"
couches = ["commune"]
chiffres_cles = ["commune:densite"]

[territoire]
code = "200000000"
nom = "Banc d’essai"
titre = "Banc d’essai"
etendue = [-5.2, 42.2, 8.3, 51.2]
source = "Sans objet"

[[fonds]]
id = "aucun"
titre = "Sans fond"
type = "aucun"
"""


@dataclass(frozen=True)
class Dataset:
    """One data set: our layer `id`, the peers' `table`, its fields (name -> type of `layer.toml`) and geometry."""

    id: str
    table: str
    title: str
    geometry: str
    name: str
    fields: dict[str, str]

    @property
    def columns(self) -> list[str]:
        """Columns that both sides answer."""
        return ["id", *self.fields]


POINTS = Dataset(
    "points", "irve", "Points", "point", "nom_station",
    {
        "id_pdc": "text", "nom_station": "text", "nom_operateur": "text", "puissance": "number", "nbre_pdc": "integer",
        "adresse": "text", "date_mes": "date", "gratuit": "boolean",
    },
)  # fmt: skip
POLYGONS = Dataset(
    "surfaces", "communes", "Surfaces", "polygon", "nom",
    {"insee": "text", "nom": "text", "dept": "text", "population": "integer", "surface_ha": "number"},
)  # fmt: skip
LINES = Dataset(
    "lignes", "trames_lignes", "Lignes", "line", "nom", {"type": "text", "nom": "text", "sous_trame": "integer"}
)
DATASETS = (POINTS, POLYGONS, LINES)


def write_deployment(folder: Path) -> Path:
    """Write the layers folder and the `webmap.toml` that names it. Returns the path of the latter."""
    for order, dataset in enumerate(DATASETS, start=11):
        definition = folder / "layers" / dataset.id / "layer.toml"
        definition.parent.mkdir(parents=True)
        fields = {"id": "integer", **dataset.fields}
        more = "couverture = true\n" if dataset is POLYGONS else ""
        text = _TOML.format(**vars(dataset), order=order, more=more)
        for name, kind in fields.items():
            required = "required = true\n" if name == "id" else ""
            text += f'\n[[fields]]\nid = "{name}"\ntype = "{kind}"\nlabel = "{name}"\n{required}'
        definition.write_text(text, encoding="utf-8")
        definition.with_name("style.toml").write_text(_STYLES[dataset.geometry], encoding="utf-8")
    commune = folder / "layers" / "commune" / "layer.toml"
    commune.parent.mkdir()
    commune.write_text(_COMMUNE, encoding="utf-8")
    (folder / "layers" / "documents.toml").write_text("[documents]\n", encoding="utf-8")
    path = folder / "webmap.toml"
    path.write_text(_DEPLOYMENT, encoding="utf-8")
    return path


def generate(cluster: Cluster, python: Path) -> None:
    """Make the plain tables: half a minute of numpy, then COPY. `python` has numpy, scipy, shapely, pyproj and psycopg."""
    cluster.create_database(DATABASE)
    environment = {**os.environ, "PGHOST": str(cluster.base / "socket"), "PGUSER": "webmap_proprietaire"}
    subprocess.run([python, GENERATOR], env=environment, check=True, stdout=subprocess.DEVNULL)


def load(cluster: Cluster, config: Path) -> Settings:
    """Build our tables beside the plain ones, with the same rows in the same order. Returns the settings that serve them."""
    dsn = cluster.dsn("webmap_proprietaire", DATABASE)
    settings = load_settings({"WEBMAP_CONFIG": str(config), "DATABASE_URL": dsn})
    catalog = load_checked_catalog(settings)
    with cluster.superuser(DATABASE) as connection:  # what an administrator does for a DATABASE_URL
        connection.execute("GRANT webmap_lecture TO webmap_proprietaire WITH ADMIN OPTION")
    database = Database(dsn, cluster.dsn("webmap_lecture", DATABASE))
    upgrade(database, catalog, settings)
    load_seeds(database, catalog, settings)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(f"CREATE TABLE IF NOT EXISTS {LINES.table} AS {_LINES}")
        connection.execute(
            f"ALTER TABLE {LINES.table} ALTER geom TYPE geometry(MultiLineString, 2154), ADD PRIMARY KEY (id)"
        )
        connection.execute(f"CREATE INDEX ON {LINES.table} USING gist (geom)")
        for dataset in DATASETS:
            columns = ", ".join(dataset.columns)
            connection.execute(
                f"INSERT INTO pub.{dataset.id} ({columns}, geom, precision, etat, source, source_ligne, millesime)"  # noqa: S608 - our own names
                f" SELECT {columns}, geom, 'exacte', 'existant', 'gen_data', 'ligne ' || id, '2026' FROM {dataset.table} ORDER BY id"
            )
            connection.execute(f"VACUUM ANALYZE pub.{dataset.id}")
            connection.execute(f"VACUUM ANALYZE tuile.{dataset.id}")
            connection.execute(f"VACUUM ANALYZE {dataset.table}")
    with database.owner() as owner:  # as at the end of a load
        drawn.refresh(owner, catalog.layers)
    database.close()
    return settings
