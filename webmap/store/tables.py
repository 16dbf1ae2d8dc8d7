"""Tables of schema `app`, which Alembic owns: what webmap remembers about the layers, never the layers themselves."""

from __future__ import annotations

from geoalchemy2 import Geometry
from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, Index, Integer, MetaData, Table, Text, func
from sqlalchemy.dialects.postgresql import JSONB

from webmap.store.naming import SRID

NAMING = {
    "pk": "pk_%(table_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
}

metadata = MetaData(schema="app", naming_convention=NAMING)

revision = Table(
    "revision",
    metadata,
    Column("couche", Text, primary_key=True),
    Column("revision", BigInteger, nullable=False, server_default="1"),
    Column("modifiee", DateTime(timezone=True), nullable=False, server_default=func.now()),
    comment="One integer per layer, raised by a trigger in the transaction that writes the layer.",
)

chargement = Table(
    "chargement",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=True),
    Column("couche", Text, nullable=False),
    Column("origine", Text, nullable=False, comment="seed | fichier | source"),
    Column("nom", Text, nullable=False, comment="name of the file, without its folder"),
    Column("sha256", Text, nullable=False),
    Column("lignes", Integer, nullable=False),
    Column("rapport", JSONB, nullable=False, server_default="{}"),
    Column("charge", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("connecteur", Text),
    Column("url", Text),
    Column("etag", Text),
    Column("modifiee_amont", Text),
    Column("licence", Text),
    Column("taille", BigInteger, comment="bytes"),
    Index(None, "couche", "charge"),
    comment="Every load of facts or of a file into a layer; nothing is removed from it.",
)

verification = Table(
    "verification",
    metadata,
    Column("couche", Text, primary_key=True),
    Column("connecteur", Text, primary_key=True),
    Column("resultat", Text, nullable=False, comment="changee | inchangee | echec"),
    Column("phrase", Text, nullable=False),
    Column("verifiee", DateTime(timezone=True), nullable=False, server_default=func.now()),
    comment="The last time each official source was asked, and what came of it.",
)

adhesion = Table(
    "adhesion",
    metadata,
    Column("code_insee", Text, primary_key=True),
    Column("depuis", Text, primary_key=True, server_default="", comment="AAAA or AAAA-MM-JJ; empty: not known"),
    Column("nom", Text, nullable=False),
    Column("jusque", Text, comment="first day it is no longer a member; NULL: still one"),
    Column("motif", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("commune", JSONB, comment="its row of pub.commune when it left, to put back"),
    comment="Periods of membership of the agglomeration; a commune without a line is a member.",
)

affectation = Table(
    "affectation",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=True),
    Column("decoupage", Text, nullable=False),
    Column("code_insee", Text, nullable=False),
    Column("avant", Text, comment="unit before; empty when it was in none"),
    Column("apres", Text, nullable=False),
    Column("motif", Text, nullable=False),
    Column("decidee", DateTime(timezone=True), nullable=False, server_default=func.now()),
    comment="Every decision that moved a commune from a unit to another, with its reason.",
)

appartenance = Table(
    "appartenance",
    metadata,
    Column("decoupage", Text, primary_key=True),
    Column("code_insee", Text, primary_key=True),
    Column("unite", Text, nullable=False),
    Column("statut", Text, comment="hypothese when the assignment is a working one"),
    Column("source", Text, nullable=False),
    Column("source_ligne", Text),
    Column("millesime", Text, nullable=False),
    Index(None, "decoupage", "unite"),
    comment="Which unit of each découpage a commune belongs to; a commune without a row is in none.",
)

vue = Table(
    "vue",
    metadata,
    Column("code", Text, primary_key=True),
    Column("titre", Text, nullable=False),
    Column("fragment", Text, nullable=False, comment="what follows the # in the address of the map"),
    Column("rang", Integer, nullable=False, comment="place in the list, and in a projection"),
    Column("creee", DateTime(timezone=True), nullable=False, server_default=func.now()),
    CheckConstraint("length(fragment) <= 8000 AND length(titre) <= 200", name="taille"),
    comment="Named views of the map, made by `webmap vues`; they keep no data, only how to show it.",
)

cellule = Table(
    "cellule",
    metadata,
    Column("couche", Text, primary_key=True),
    Column("cle", Text, primary_key=True),
    Column("geom", Geometry("MULTIPOLYGON", srid=SRID, spatial_index=False), nullable=False),
    Index(None, "geom", postgresql_using="gist"),
    comment="Schematic cells around commune centres: drawn and clicked until contours are loaded, never measured.",
)
