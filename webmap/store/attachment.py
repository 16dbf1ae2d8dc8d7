"""The rule that ties a row to communes, in one place: tiles, exports and summaries all filter and count by it.

A row whose place is exact is tied by its geometry, once contours are loaded. Any other row is tied by the communes it
names (`communes_field`), else by its `code_insee`. A point stands in one commune; a line or a surface in every commune it
really enters.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from psycopg import sql

from webmap.catalog.definition import COMMON_COLUMNS
from webmap.store.naming import SCHEMA, UNPLACED, readable_columns
from webmap.store.statements import load_sql

if TYPE_CHECKING:
    from webmap.catalog.definition import LayerDefinition


def sql_table(layer: LayerDefinition) -> sql.Composable:
    """Return the layer's table, to be given an alias; of one that has internal fields, the columns the web may read."""
    table = sql.Identifier(SCHEMA, layer.id)
    if not layer.withheld:
        return table
    columns = sql.SQL(", ").join(map(sql.Identifier, readable_columns(layer)))
    return sql.SQL("(SELECT {} FROM {})").format(columns, table)


def sql_name(layer: LayerDefinition) -> sql.Composable:
    """Name of a row (alias t) for people: one that is known by its `code_insee` alone goes by its commune's."""
    if layer.name != "code_insee":
        return sql.Identifier("t", layer.name)
    return sql.SQL("COALESCE((SELECT n.nom FROM pub.commune n WHERE n.code_insee = t.code_insee), t.code_insee)")


def sql_communes(layer: LayerDefinition) -> sql.Composed:
    """Array of the `code_insee` a row (alias t) names; NULL when it names none."""
    if layer.decoupage:
        members = "(SELECT array_agg(m.code_insee) FROM app.membre m WHERE m.decoupage = {} AND m.code = t.code)"
        return sql.SQL(members).format(sql.Literal(layer.id))
    own = sql.SQL("CASE WHEN t.code_insee IS NOT NULL THEN ARRAY[t.code_insee] END")
    if layer.communes_field:
        return sql.SQL("COALESCE(NULLIF(t.{}, '{{}}'), {})").format(sql.Identifier(layer.communes_field), own)
    return sql.SQL("{}").format(own)


_NEVER = sql.SQL("false")


def sql_by_geometry(layer: LayerDefinition) -> sql.Composed:
    """Whether a row (alias t) is tied by its geometry: its place is exact, and contours are there to compare with."""
    return sql.SQL("(t.precision = 'exacte' AND t.geom IS NOT NULL AND {})").format(_sql_compared(layer))


def _sql_compared(layer: LayerDefinition) -> sql.SQL:
    """Whether the exact places of a layer are compared with contours: the same for all its rows."""
    if layer.id == "commune" or layer.decoupage or not layer.drawn:
        return _NEVER
    return sql.SQL("EXISTS (SELECT 1 FROM pub.commune k WHERE k.geom IS NOT NULL)")


# Whether a row (alias t) is in a commune (alias c) that its geometry meets: the rule `sql_pieces` counts by.
_ENTERS = {
    "point": sql.SQL(
        "c.code_insee = (SELECT min(k.code_insee) FROM pub.commune k WHERE ST_Intersects(k.geom, t.geom))"
    ),
    "line": sql.SQL("(NOT ST_Touches(c.geom, t.geom) OR ST_Dimension(ST_Intersection(c.geom, t.geom)) > 0)"),
    "polygon": sql.SQL("NOT ST_Touches(c.geom, t.geom)"),
    "none": sql.SQL("true"),
}


# The communes of the unit bound as %(decoupage)s, %(unite)s. A view of many parts takes longer to plan than to read: what asks for
# it layer by layer reads it once, as `UNIT`.
_MEMBERS = sql.SQL("(SELECT m.code_insee FROM app.membre m WHERE m.decoupage = %(decoupage)s AND m.code = %(unite)s)")
UNIT = sql.SQL("unite_lue")
WITH_UNIT = sql.SQL("WITH {} AS MATERIALIZED {} ").format(UNIT, _MEMBERS)


def sql_near_unit(layer: LayerDefinition, members: sql.Composable = _MEMBERS) -> sql.Composed:
    """Condition on a row (alias t) that each row tied to the unit of `sql_in_unit` meets, and that indexes answer.

    An exact row meets the box of the unit's contours; while there are none, any box. The others are few.
    """
    if _sql_compared(layer) == _NEVER:
        return sql.Composed([sql.SQL("true")])
    return sql.SQL(
        "(t.geom && COALESCE((SELECT ST_SetSRID(ST_Extent(k.geom)::geometry, 2154) FROM {members} m JOIN pub.commune k"
        " USING (code_insee)), ST_MakeEnvelope(-1e9, -1e9, 1e9, 1e9, 2154))"
        " OR t.precision IS DISTINCT FROM 'exacte' OR t.geom IS NULL)"
    ).format(members=members)


def sql_tied(layer: LayerDefinition, members: sql.Composable = _MEMBERS) -> sql.Composed:
    """Condition on a row (alias t) near the unit: it is tied to it, whose communes are `members`."""
    return sql.SQL(
        "(CASE WHEN {by_geometry} THEN EXISTS (SELECT 1 FROM {members} m JOIN pub.commune c USING (code_insee)"
        " WHERE ST_Intersects(c.geom, t.geom) AND {enters})"
        " ELSE {communes} && (SELECT array_agg(m.code_insee) FROM {members} m) END)"
    ).format(
        by_geometry=sql_by_geometry(layer),
        communes=sql_communes(layer),
        enters=_ENTERS[layer.geometry],
        members=members,
    )


def sql_in_unit(layer: LayerDefinition, members: sql.Composable = _MEMBERS) -> sql.Composed:
    """Condition on a row (alias t): it is tied to the unit bound as %(decoupage)s, %(unite)s, whose communes are `members`."""
    return sql.SQL("({} AND {})").format(sql_near_unit(layer, members), sql_tied(layer, members))


# Sizes on the GRS80 ellipsoid of EPSG:4326 as `geography`: Lambert-93 is 0.14 % long here. A long side is cut first, or
# the piece cut from a surface would not follow the same curve as the whole, and the pieces would not make it. At 200 m,
# what is left of it is under a hundred-millionth: a unit all covered is covered at 100 % (`sql/units.sql` does the same).
SIZES = {
    "point": sql.SQL("NULL::float8"),
    "line": sql.SQL("ST_Length(ST_Transform({geom}, 4326)::geography)"),
    "polygon": sql.SQL("ST_Area(ST_Transform(ST_Segmentize({geom}, 200), 4326)::geography)"),
}
AREAS = frozenset({"surface", "part_surface"})
# What a row is in a commune, from its geometry `i.geom` there. What runs along a shared boundary is in both communes,
# and measured in the one of smallest code.
_PIECES = {
    "line": "CASE WHEN ST_ContainsProperly(c.geom, e.geom) THEN e.taille ELSE {size} END",
    "polygon": "CASE WHEN i.entier THEN e.taille ELSE {size} END",
}
_OWN = {
    "line": sql.SQL(
        "COALESCE(ST_Difference(i.geom, (SELECT ST_Union(k.geom) FROM pub.commune k"
        " WHERE k.code_insee < c.code_insee AND ST_Intersects(k.geom, i.geom))), i.geom)"
    ),
    "polygon": sql.SQL("i.geom"),
}
# Dimension of what is left of a line or a surface in a commune: a shared edge or a corner is no presence.
DIMENSIONS = {"line": 2, "polygon": 3}  # as ST_CollectionExtract numbers them
# A box every row that enters the territory meets: the index then leaves a country out, which no join with the communes does.
NEAR = sql.SQL("t.geom && (SELECT ST_SetSRID(ST_Extent(k.geom)::geometry, 2154) FROM pub.commune k)")
_NO_EXACT = sql.SQL("SELECT NULL::text AS cle, NULL::geometry AS geom, NULL::float8 AS taille WHERE false")


def sql_exact(layer: LayerDefinition) -> sql.Composed:
    """Relation (cle, geom, taille): the rows tied by a geometry that enters the territory, with their whole size.

    `taille` is a length in m or an area in m², NULL for a point. Told without cutting them: what the pieces must make.
    """
    if not layer.drawn:
        return sql.Composed([_NO_EXACT])
    enters = sql.SQL("true") if layer.geometry == "point" else _ENTERS[layer.geometry]
    return sql.SQL(
        "SELECT t.{key}::text AS cle, t.geom, {size} AS taille FROM {table} t WHERE {by_geometry} AND {near}"
        " AND EXISTS (SELECT 1 FROM pub.commune c WHERE ST_Intersects(c.geom, t.geom) AND {enters})"
    ).format(
        key=sql.Identifier(layer.key),
        size=SIZES[layer.geometry].format(geom=sql.SQL("t.geom")),
        table=sql_table(layer),
        by_geometry=sql_by_geometry(layer),
        near=NEAR,
        enters=enters,
    )


def sql_named(layer: LayerDefinition) -> sql.Composed:
    """Relation (cle, codes, ancre): the rows tied by the communes they name, all of them and their own one.

    In two parts, so that the index finds those that have no exact place, and the others are read only where they are named too.
    """
    rows = sql.SQL(
        "SELECT t.{key}::text AS cle, {communes} AS codes, t.code_insee AS ancre FROM {table} t WHERE "
    ).format(key=sql.Identifier(layer.key), communes=sql_communes(layer), table=sql_table(layer))
    return sql.SQL("{rows} {unplaced} UNION ALL {rows} NOT {unplaced} AND NOT {compared}").format(
        rows=rows, unplaced=UNPLACED, compared=_sql_compared(layer)
    )


def sql_pieces(layer: LayerDefinition) -> sql.Composed:
    """Relation (cle, code_insee, taille, exacte, entier, geom), one line per row and commune; reads `exacte` and `dite`.

    `taille` is what the row is in the commune, in m or m², and `geom` that piece of a surface (EPSG:2154), NULL of anything
    else; `entier` says that the commune holds all of it.
    """
    named = sql.SQL(
        "SELECT d.cle, c.code_insee, NULL::float8 AS taille, false AS exacte, false AS entier, NULL::geometry AS geom"
        " FROM dite d JOIN pub.commune c ON c.code_insee = ANY(d.codes)"
    )
    if not layer.drawn:
        return sql.Composed([named])
    if layer.geometry == "point":
        # A point on a shared boundary is counted once, in the commune of smallest code.
        exact = sql.SQL(
            "SELECT DISTINCT ON (e.cle) e.cle, c.code_insee, NULL::float8, true, true, NULL::geometry"
            " FROM exacte e JOIN pub.commune c ON ST_Intersects(c.geom, e.geom) ORDER BY e.cle, c.code_insee"
        ).format()
    else:
        # OFFSET 0 keeps the planner from writing the intersection twice.
        exact = sql.SQL(
            "SELECT e.cle, c.code_insee, {piece}, true, i.entier, {geom}"
            " FROM exacte e JOIN pub.commune c ON ST_Intersects(c.geom, e.geom)"
            " CROSS JOIN LATERAL (SELECT k.entier, CASE WHEN k.entier THEN e.geom"
            " ELSE ST_CollectionExtract(ST_Intersection(c.geom, e.geom), {dimension}) END AS geom"
            " FROM (SELECT ST_Covers(c.geom, e.geom) AS entier OFFSET 0) k OFFSET 0) i WHERE NOT ST_IsEmpty(i.geom)"
        ).format(
            piece=sql.SQL(_PIECES[layer.geometry]).format(size=SIZES[layer.geometry].format(geom=_OWN[layer.geometry])),
            dimension=sql.Literal(DIMENSIONS[layer.geometry]),
            geom=sql.SQL("i.geom" if has_areas(layer) else "NULL::geometry"),
        )
    return sql.SQL("{} UNION ALL ({})").format(named, exact)


def sql_outside(layer: LayerDefinition) -> sql.Composed:
    """Relation (cle, taille, geom): what of an exact row lies outside every commune, in m or m²; reads `exacte` and `morceau`."""
    if layer.geometry not in DIMENSIONS:
        return sql.SQL("SELECT cle, taille, geom FROM exacte WHERE false").format()
    return sql.SQL(
        "SELECT e.cle, {size} AS taille, u.geom FROM exacte e CROSS JOIN LATERAL (SELECT ST_Difference(e.geom, ST_Union(c.geom)) AS geom"
        " FROM pub.commune c WHERE ST_Intersects(c.geom, e.geom) OFFSET 0) u"
        " WHERE NOT EXISTS (SELECT 1 FROM morceau m WHERE m.cle = e.cle AND m.entier)"
    ).format(size=SIZES[layer.geometry].format(geom=sql.SQL("u.geom")))


def has_areas(layer: LayerDefinition) -> bool:
    """Whether a layer measures what its rows cover."""
    return any(measure.type in AREAS for measure in layer.measures)


def sql_covered(layer: LayerDefinition) -> sql.Composed:
    """Relation (groupe, code, taille): the m² covered in each place, what overlaps counted once; reads `etendue`."""
    if not has_areas(layer):
        return sql.SQL("SELECT NULL::text AS groupe, NULL::text AS code, NULL::float8 AS taille WHERE false").format()
    return load_sql("covered").format(
        union=SIZES["polygon"].format(geom=sql.SQL("ST_Union(e.geom) FILTER (WHERE s.cle IS NOT NULL)"))
    )


def sql_source(layer: LayerDefinition, table: sql.Composable | None = None) -> sql.Composed:
    """Return the relation to draw a layer from (alias t, `geom` and `schematique`): cells stand in for contours not loaded.

    `table` holds the rows when it is not the layer's own.
    """
    table = table or sql_table(layer)
    if layer.id == "commune" or layer.decoupage:
        names = dict.fromkeys((*layer.field_ids, *COMMON_COLUMNS))
        columns = sql.SQL(", ").join(sql.SQL("u.{}").format(sql.Identifier(name)) for name in names if name != "geom")
        parts = {"table": table, "key": sql.Identifier(layer.key), "layer": sql.Literal(layer.id)}
        return load_sql("drawn_units").format(columns=columns, **parts)
    return sql.SQL("(SELECT *, false AS schematique FROM {} AS t) AS t").format(table)
