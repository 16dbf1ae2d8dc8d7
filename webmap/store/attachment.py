"""The rule that ties a row to communes, in one place: tiles, exports and summaries all filter and count by it.

A row whose place is exact is tied by its geometry, once contours are loaded. Any other row is tied by the communes it
names (`communes_field`), else by its `code_insee`. A point stands in one commune; a line or a surface in every commune it
really enters.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from psycopg import sql

from webmap.catalog.definition import COMMON_COLUMNS
from webmap.store.builder import SCHEMA
from webmap.store.db import load_sql

if TYPE_CHECKING:
    from webmap.catalog.definition import LayerDefinition


def sql_table(layer: LayerDefinition) -> sql.Identifier:
    """Return the layer's table."""
    return sql.Identifier(SCHEMA, layer.id)


def sql_communes(layer: LayerDefinition) -> sql.Composed:
    """Array of the `code_insee` a row (alias t) names; NULL when it names none."""
    if layer.decoupage:
        members = "(SELECT array_agg(m.code_insee) FROM app.membre m WHERE m.decoupage = {} AND m.code = t.code)"
        return sql.SQL(members).format(sql.Literal(layer.id))
    own = sql.SQL("CASE WHEN t.code_insee IS NOT NULL THEN ARRAY[t.code_insee] END")
    if layer.communes_field:
        return sql.SQL("COALESCE(NULLIF(t.{}, '{{}}'), {})").format(sql.Identifier(layer.communes_field), own)
    return sql.SQL("{}").format(own)


def sql_by_geometry(layer: LayerDefinition) -> sql.SQL:
    """Whether a row (alias t) is tied by its geometry: its place is exact, and contours are there to compare with."""
    if layer.id == "commune" or layer.decoupage or not layer.drawn:
        return sql.SQL("false")
    return sql.SQL(
        "(t.precision = 'exacte' AND t.geom IS NOT NULL AND EXISTS (SELECT 1 FROM pub.commune k WHERE k.geom IS NOT NULL))"
    )


# Whether a row (alias t) is in a commune (alias c) that its geometry meets: the rule `sql_attached` counts by.
_ENTERS = {
    "point": sql.SQL(
        "c.code_insee = (SELECT min(k.code_insee) FROM pub.commune k WHERE ST_Intersects(k.geom, t.geom))"
    ),
    "line": sql.SQL("(NOT ST_Touches(c.geom, t.geom) OR ST_Dimension(ST_Intersection(c.geom, t.geom)) > 0)"),
    "polygon": sql.SQL("NOT ST_Touches(c.geom, t.geom)"),
    "none": sql.SQL("true"),
}


def sql_in_unit(layer: LayerDefinition) -> sql.Composed:
    """Condition on a row (alias t): it is tied to the unit bound as %(decoupage)s, %(unite)s."""
    return sql.SQL(
        "(CASE WHEN {by_geometry} THEN EXISTS (SELECT 1 FROM app.membre m JOIN pub.commune c USING (code_insee)"
        " WHERE m.decoupage = %(decoupage)s AND m.code = %(unite)s AND ST_Intersects(c.geom, t.geom) AND {enters})"
        " ELSE {communes} && (SELECT array_agg(m.code_insee) FROM app.membre m"
        " WHERE m.decoupage = %(decoupage)s AND m.code = %(unite)s) END)"
    ).format(by_geometry=sql_by_geometry(layer), communes=sql_communes(layer), enters=_ENTERS[layer.geometry])


_MEASURED = {
    "point": sql.SQL("NULL::float8 AS longueur, NULL::float8 AS surface"),
    # Lengths and areas on the GRS80 ellipsoid of EPSG:4326 as `geography`: Lambert-93 is 0.14 % long here.
    # What runs along a shared boundary is in both communes, and measured in the one of smallest code.
    "line": sql.SQL(
        "ST_Length(ST_Transform(COALESCE(ST_Difference(i.geom, (SELECT ST_Union(k.geom) FROM pub.commune k"
        " WHERE k.code_insee < c.code_insee AND ST_Intersects(k.geom, i.geom))), i.geom), 4326)::geography)"
        " AS longueur, NULL::float8 AS surface"
    ),
    "polygon": sql.SQL("NULL::float8 AS longueur, ST_Area(ST_Transform(i.geom, 4326)::geography) AS surface"),
}
# Dimension of what is left of a line or a surface in a commune: a shared edge or a corner is no presence.
_DIMENSIONS = {"line": 2, "polygon": 3}  # as ST_CollectionExtract numbers them


def sql_attached(layer: LayerDefinition) -> sql.Composed:
    """Relation (cle, code_insee, longueur in m, surface in m²): one line per row and commune of the territory."""
    parts = {"table": sql_table(layer), "key": sql.Identifier(layer.key), "communes": sql_communes(layer)}
    by_geometry = sql_by_geometry(layer)
    named = sql.SQL(
        "SELECT t.{key}::text AS cle, c.code_insee, NULL::float8 AS longueur, NULL::float8 AS surface"
        " FROM {table} t JOIN pub.commune c ON c.code_insee = ANY({communes}) WHERE NOT COALESCE({by_geometry}, false)"
    ).format(by_geometry=by_geometry, **parts)
    if layer.id == "commune" or layer.decoupage or not layer.drawn:
        return named
    if layer.geometry == "point":
        # A point on a shared boundary is counted once, in the commune of smallest code.
        exact = "SELECT DISTINCT ON (t.{key}) t.{key}::text, c.code_insee, {measured} FROM {table} t"
        exact += (
            " JOIN pub.commune c ON ST_Intersects(c.geom, t.geom) WHERE {by_geometry} ORDER BY t.{key}, c.code_insee"
        )
        statement = sql.SQL(exact)
    else:
        statement = sql.SQL(
            "SELECT t.{key}::text, c.code_insee, {measured} FROM {table} t JOIN pub.commune c ON ST_Intersects(c.geom, t.geom)"
            " CROSS JOIN LATERAL (SELECT CASE WHEN ST_Covers(c.geom, t.geom) THEN t.geom"
            " ELSE ST_CollectionExtract(ST_Intersection(c.geom, t.geom), {dimension}) END AS geom) i"
            " WHERE {by_geometry} AND NOT ST_IsEmpty(i.geom)"
        )
    return sql.SQL("{named} UNION ALL ({exact})").format(
        named=named,
        exact=statement.format(
            measured=_MEASURED[layer.geometry],
            by_geometry=by_geometry,
            dimension=sql.Literal(_DIMENSIONS.get(layer.geometry, 1)),
            **parts,
        ),
    )


def sql_source(layer: LayerDefinition) -> sql.Composed:
    """Return the relation to draw a layer from (alias t, `geom` and `schematique`): cells stand in for contours not loaded."""
    if layer.id == "commune" or layer.decoupage:
        names = dict.fromkeys((*layer.field_ids, *COMMON_COLUMNS))
        columns = sql.SQL(", ").join(sql.SQL("u.{}").format(sql.Identifier(name)) for name in names if name != "geom")
        parts = {"table": sql_table(layer), "key": sql.Identifier(layer.key), "layer": sql.Literal(layer.id)}
        return load_sql("drawn_units").format(columns=columns, **parts)
    return sql.SQL("(SELECT *, false AS schematique FROM {}) AS t").format(sql_table(layer))
