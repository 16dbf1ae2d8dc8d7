"""The data every server of a run reads: `../shared/bench/gen_data.py`, once as plain tables, once as layers of ours.

Peers read `public.communes`, `public.irve` and `public.trames_lignes`. We read the same rows through `layers/<id>/layer.toml`
files written here, in the tables webmap builds from them: not a line of Python a layer. Our rows carry seven more columns
(source, date, precision…), which our answers hold and theirs do not: the comparison is in the peers' favour.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
from psycopg.rows import dict_row

from webmap.config import load_settings
from webmap.importing.seeds import load_checked_catalog, load_seeds
from webmap.store import drawn, hosting
from webmap.store.db import Database
from webmap.store.schema import upgrade

if TYPE_CHECKING:
    from collections.abc import Iterable

    from webmap.config import Settings
    from webmap.store.cluster import Cluster

ROOT = Path(__file__).resolve().parents[1]
GENERATOR = ROOT.parent / "shared" / "bench" / "gen_data.py"
PEERS = ROOT / ".webmap" / "bench"  # what is installed, what was generated, what was measured
DATABASE = "bench"
_KEPT_DUMPS = 2
_LINES = "SELECT id, type, nom, sous_trame, geom FROM trames WHERE GeometryType(geom) = 'MULTILINESTRING'"
# A square of about a tenth of the surfaces, as dense as the rest: the same tiles are asked of both.
_TENTH = "ST_MakeEnvelope(464000, 6574000, 696000, 6806000, 2154)"
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

[[measures]]
id = "compte"
type = "{measure[0]}"
rule = "{measure[1]}"
label = "{title}"
unit = "{measure[2]}"
"""
_MEASURES = {
    "point": ("nombre", "point_dans", "points"),
    "line": ("longueur", "part_de_longueur", "km"),
    "polygon": ("surface", "part_de_surface", "ha"),
}
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
etendue = {etendue}
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
    within: str = ""  # SQL of a box: only what lies in it; such a part is ours alone

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
TENTH = Dataset("dixieme", "communes", "Un dixième des surfaces", "polygon", "nom", POLYGONS.fields, within=_TENTH)
DATASETS = (POINTS, POLYGONS, LINES)


def write_deployment(folder: Path) -> Path:
    """Write the layers folder and the `webmap.toml` that names it. Returns the path of the latter."""
    write_layers(folder / "layers", (*DATASETS, TENTH))
    return write_territory(folder, "[-5.2, 42.2, 8.3, 51.2]")


def write_territory(folder: Path, etendue: str) -> Path:
    """Write beside the layers of a bench the territory they are in, which has no commune. Returns its `webmap.toml`."""
    commune = folder / "layers" / "commune" / "layer.toml"
    commune.parent.mkdir()
    commune.write_text(_COMMUNE, encoding="utf-8")
    (folder / "layers" / "documents.toml").write_text("[documents]\n", encoding="utf-8")
    path = folder / "webmap.toml"
    path.write_text(_DEPLOYMENT.format(etendue=etendue), encoding="utf-8")
    return path


def write_layers(folder: Path, datasets: Iterable[Dataset]) -> None:
    """Write a `layer.toml` and a `style.toml` for each data set."""
    for order, dataset in enumerate(datasets, start=11):
        definition = folder / dataset.id / "layer.toml"
        definition.parent.mkdir(parents=True)
        fields = {"id": "integer", **dataset.fields}
        more = "couverture = true\n" if dataset.geometry == "polygon" else ""
        text = _TOML.format(**vars(dataset), order=order, more=more, measure=_MEASURES[dataset.geometry])
        for name, kind in fields.items():
            required = "required = true\n" if name == "id" else ""
            text += f'\n[[fields]]\nid = "{name}"\ntype = "{kind}"\nlabel = "{name}"\n{required}'
        definition.write_text(text, encoding="utf-8")
        definition.with_name("style.toml").write_text(_STYLES[dataset.geometry], encoding="utf-8")


def prepare_plain(cluster: Cluster, python: Path) -> None:
    """Make the database of the plain tables: restored from the last generation, or generated and kept.

    A generation takes minutes, and its result follows from the generator alone. `python` has what the generator imports.
    """
    cluster.create_database(DATABASE)
    digest = hashlib.sha256(GENERATOR.read_bytes() + _LINES.encode()).hexdigest()[:16]
    dump = PEERS / "donnees" / f"{digest}.dump"
    if not dump.exists():
        _generate(cluster, python)
        dump.parent.mkdir(parents=True, exist_ok=True)
        for old in sorted(dump.parent.glob("*.dump"), key=os.path.getmtime)[: 1 - _KEPT_DUMPS]:
            old.unlink()
        partial = dump.with_suffix(".partial")
        tables = [f"--table=public.{each.table}" for each in DATASETS]
        _run_client(cluster, "pg_dump", "--format=custom", "--compress=0", *tables, "--file", str(partial), DATABASE)
        partial.rename(dump)
        cluster.drop_database(DATABASE)
        cluster.create_database(DATABASE)
    _run_client(cluster, "pg_restore", "--no-owner", "--jobs=2", "--dbname", DATABASE, str(dump))
    with psycopg.connect(cluster.dsn("webmap_proprietaire", DATABASE), autocommit=True) as connection:
        for dataset in DATASETS:
            connection.execute(f"VACUUM ANALYZE {dataset.table}")


def _generate(cluster: Cluster, python: Path) -> None:
    environment = {**os.environ, "PGHOST": str(cluster.base / "socket"), "PGUSER": "webmap_proprietaire"}
    subprocess.run([python, GENERATOR], env=environment, check=True, stdout=subprocess.DEVNULL)
    with psycopg.connect(cluster.dsn("webmap_proprietaire", DATABASE), autocommit=True) as connection:
        connection.execute(f"CREATE TABLE {LINES.table} AS {_LINES}")
        connection.execute(
            f"ALTER TABLE {LINES.table} ALTER geom TYPE geometry(MultiLineString, 2154), ADD PRIMARY KEY (id)"
        )
        connection.execute(f"CREATE INDEX ON {LINES.table} USING gist (geom)")


def _run_client(cluster: Cluster, program: str, *arguments: str) -> None:
    folder = max(hosting.BINARIES.glob("[0-9]*"), key=lambda each: int(each.name)) / "bin"
    where = ("--host", str(cluster.base / "socket"), "--username", "webmap_proprietaire")
    subprocess.run([folder / program, *where, *arguments], check=True)


def load(cluster: Cluster, config: Path) -> Settings:
    """Build our tables beside the plain ones, with the same rows in the same order. Returns the settings that serve them."""
    dsn = cluster.dsn("webmap_proprietaire", DATABASE)
    settings = load_settings({"WEBMAP_CONFIG": str(config), "DATABASE_URL": dsn})
    fill_atlas(cluster, settings, DATABASE)
    with psycopg.connect(dsn, autocommit=True) as connection:
        for dataset in (*DATASETS, TENTH):
            copy_rows(connection, dataset)
    with psycopg.connect(dsn, row_factory=dict_row) as connection:  # as at the end of a load
        drawn.refresh(connection, load_checked_catalog(settings).layers)
    write_out(cluster)
    return settings


def fill_atlas(cluster: Cluster, settings: Settings, database: str) -> None:
    """Bring a database to what an atlas starts with: migrated, built, filled with the facts of its deployment."""
    catalog = load_checked_catalog(settings)
    with cluster.superuser(database) as connection:  # what an administrator does for a DATABASE_URL
        connection.execute("GRANT webmap_lecture TO webmap_proprietaire WITH ADMIN OPTION")
    atlas = Database(cluster.dsn("webmap_proprietaire", database), cluster.dsn("webmap_lecture", database))
    upgrade(atlas, catalog, settings)
    load_seeds(atlas, catalog, settings)
    with atlas.owner() as connection:  # else a served atlas would do it, while it is measured
        drawn.refresh(connection, catalog.layers)
    atlas.close()


def copy_rows(connection: psycopg.Connection, dataset: Dataset) -> None:
    """Fill our layer from the plain table of the same database, in the order of the keys."""
    columns = ", ".join(dataset.columns)
    where = f"WHERE ST_Intersects(geom, {dataset.within})" if dataset.within else ""
    connection.execute(
        f"INSERT INTO pub.{dataset.id} ({columns}, geom, precision, etat, source, source_ligne, millesime)"
        f" SELECT {columns}, geom, 'exacte', 'existant', 'gen_data', 'ligne ' || id, '2026' FROM {dataset.table} {where} ORDER BY id"
    )
    connection.execute(f"VACUUM ANALYZE pub.{dataset.id}")
    connection.execute(f"VACUUM ANALYZE tuile.{dataset.id}")
    if dataset.geometry != "point":
        connection.execute(f"VACUUM ANALYZE trace.{dataset.id}")


def write_out(cluster: Cluster) -> None:
    """Have the disk take what loading left: a checkpoint lasts minutes, and slows whoever writes a file meanwhile, as we do."""
    with cluster.superuser(DATABASE) as connection:
        connection.execute("CHECKPOINT")
    os.sync()


def empty_store() -> None:
    """Remove the bytes kept by version, so that the next answer is made: nothing when there is no such store."""
    shutil.rmtree(ROOT / ".webmap" / "octets", ignore_errors=True)
