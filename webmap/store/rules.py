"""The rules of counting, as pieces of the summary statement: where each row of a layer counts, and for how much.

Each is a relation (regle, cle, groupe, code, poids, taille) over the relations of `sql/summary.sql`. The groups of a rule
must make its `ensemble`, which is told from the rows themselves: that is what `store/conservation.py` checks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from psycopg import sql

from webmap.store.attachment import AREAS, NEAR, SIZES, has_areas, sql_by_geometry, sql_table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from webmap.catalog.definition import LayerDefinition
    from webmap.catalog.measure import Measure

# Always there: ties and sizes are read from it. A row counts in each unit it enters, and `doubles` takes back the rest.
_TOUCHE = sql.SQL("""
SELECT 'touche', cle, CASE WHEN code IS NULL THEN 'hors_unite' ELSE 'unite' END, code,
  CASE WHEN code IS NULL AND max(code) OVER (PARTITION BY cle) IS NOT NULL THEN 0 ELSE 1 END::float8, taille FROM rattache
UNION ALL SELECT 'touche', cle, 'doubles', NULL, count(code) - 1, NULL FROM rattache GROUP BY cle HAVING count(code) > 1
UNION ALL SELECT 'touche', cle, 'hors_territoire', NULL, 0, taille FROM dehors
UNION ALL SELECT 'touche', cle, 'non_localise', NULL, 1, NULL FROM dite WHERE codes IS NULL
UNION ALL SELECT 'touche', cle, 'ensemble', NULL, 1, taille FROM exacte
UNION ALL SELECT 'touche', d.cle, 'ensemble', NULL, 1, NULL FROM dite d, ici WHERE d.codes IS NULL OR d.codes && ici.codes""")
# What rows cover has no row of its own: the same ground may be under several. Its `ensemble` is the union of whole rows, all of
# them at once: told without the places, and without what `sql/covered.sql` knows of which rows overlap.
_COVERED = """
SELECT 'couvert', NULL, CASE WHEN c.groupe <> 'commune' THEN c.groupe WHEN m.code IS NULL THEN 'hors_unite' ELSE 'unite' END,
  m.code, 0, c.taille FROM couvert c LEFT JOIN membre m ON c.groupe = 'commune' AND m.code_insee = c.code
UNION ALL SELECT 'couvert', NULL, 'ensemble', NULL, 0, {whole} FROM exacte HAVING count(*) > 0"""
# Of every rule that counts a row once: those without an exact place.
_ONCE = """
SELECT {rule}, cle, groupe, code, 1::float8, NULL::float8 FROM ancree WHERE groupe IS NOT NULL
UNION ALL SELECT {rule}, d.cle, 'ensemble', NULL, 1, NULL FROM dite d, ici
  WHERE d.codes IS NULL OR d.codes && ici.codes OR d.ancre = ANY(ici.codes)
UNION ALL """
_ENTERED = "SELECT {rule}, cle, 'ensemble', NULL, 1, NULL FROM exacte UNION ALL "
_SHARES = """
SELECT {rule}, x.cle, CASE WHEN x.code IS NULL THEN 'hors_unite' ELSE 'unite' END, x.code, x.taille / e.taille, NULL
  FROM rattache x JOIN exacte e USING (cle)
UNION ALL SELECT {rule}, d.cle, 'hors_territoire', NULL, d.taille / e.taille, NULL FROM dehors d JOIN exacte e USING (cle)"""
# What counts an exact place, rule by rule.
_EXACT = {
    "point_dans": _ENTERED
    + """
SELECT {rule}, cle, CASE WHEN code IS NULL THEN 'hors_unite' ELSE 'unite' END, code, 1, NULL FROM rattache WHERE exacte""",
    "part_de_longueur": _ENTERED + _SHARES,
    "part_de_surface": _ENTERED + _SHARES,
    "centroide": """
SELECT {rule}, t.{key}::text, CASE WHEN k.code_insee IS NULL THEN 'hors_territoire' WHEN m.code IS NULL THEN 'hors_unite'
  ELSE 'unite' END, m.code, 1, NULL
FROM {table} t LEFT JOIN LATERAL (
  SELECT c.code_insee FROM pub.commune c WHERE ST_Intersects(c.geom, ST_Centroid(t.geom)) ORDER BY 1 LIMIT 1
) k ON true LEFT JOIN membre m ON m.code_insee = k.code_insee
WHERE {by_geometry} AND {near} AND (k.code_insee IS NOT NULL OR t.{key}::text IN (SELECT cle FROM exacte))
UNION ALL SELECT {rule}, t.{key}::text, 'ensemble', NULL, 1, NULL FROM {table} t WHERE {by_geometry} AND {near} AND (
  t.{key}::text IN (SELECT cle FROM exacte)
  OR EXISTS (SELECT 1 FROM pub.commune c WHERE ST_Covers(c.geom, ST_Centroid(t.geom))))""",
    "plus_proche": """
SELECT {rule}, t.{key}::text, CASE WHEN n.code IS NULL THEN 'hors_unite' ELSE 'unite' END, n.code, 1, NULL
FROM {table} t LEFT JOIN LATERAL (
  SELECT m.code FROM pub.commune c JOIN membre m USING (code_insee) WHERE c.geom IS NOT NULL
  ORDER BY ST_Distance(c.geom, t.geom), c.code_insee LIMIT 1
) n ON true WHERE {by_geometry}
UNION ALL SELECT {rule}, t.{key}::text, 'ensemble', NULL, 1, NULL FROM {table} t WHERE {by_geometry}""",
}
_SIZED = {"longueur", *AREAS}
_COLUMNS = {
    "nombre": "COALESCE(sum(p.poids) FILTER (WHERE p.regle = {rule}), 0)",
    "pour_1000": "COALESCE(sum(p.poids) FILTER (WHERE p.regle = {rule}), 0)",
    "distincts": "count(DISTINCT r.{field}) FILTER (WHERE p.regle = {rule} AND p.poids > 0)",
    # NULL when there are rows and none gives the field; 0 when there is no row.
    "somme": "CASE WHEN count(*) FILTER (WHERE p.regle = {rule} AND p.poids > 0) > 0"
    " THEN sum(p.poids * r.{field}) FILTER (WHERE p.regle = {rule} AND p.poids > 0) ELSE 0 END",
}


def rule_counted(measure: Measure) -> str:
    """Return the rule whose lines a measure reads: a length and a table's row are told with the ties."""
    if measure.type in AREAS:
        return "couvert"
    return "touche" if measure.type in _SIZED or measure.rule == "commune" else measure.rule


def counted(layer: LayerDefinition) -> list[Measure]:
    """List the measures a summary counts row by row."""
    return [measure for measure in layer.measures if measure.type in _SIZED or measure.type in _COLUMNS]


def sql_rules(layer: LayerDefinition) -> sql.Composed:
    """Return the lines of every rule the measures of a layer count by."""
    rules = sorted({rule_counted(measure) for measure in counted(layer)} - {"touche", "couvert"})
    covered = sql.SQL(_COVERED).format(whole=SIZES["polygon"].format(geom=sql.SQL("ST_Union(geom)")))
    lines = [_TOUCHE, *([covered] if has_areas(layer) else []), *(_sql_rule(layer, rule) for rule in rules)]
    return sql.SQL("\nUNION ALL ").join(lines)


def _sql_rule(layer: LayerDefinition, rule: str) -> sql.Composed:
    return sql.SQL(_ONCE + _EXACT[rule]).format(  # two constants
        rule=sql.Literal(rule),
        key=sql.Identifier(layer.key),
        table=sql_table(layer),
        by_geometry=sql_by_geometry(layer),
        near=NEAR,
    )


def sql_columns(measures: Iterable[Measure]) -> sql.Composed:
    """Return one column `m_<id>` per measure: a count, a sum, a length in m or an area in m²."""
    return sql.SQL("").join(_sql_column(measure) for measure in measures)


def _sql_column(measure: Measure) -> sql.Composed:
    text = "sum(p.taille) FILTER (WHERE p.regle = {rule})" if measure.type in _SIZED else _COLUMNS[measure.type]
    return sql.SQL(", " + text + " AS {name}").format(  # constants
        rule=sql.Literal(rule_counted(measure)),
        field=sql.Identifier(measure.field or ""),
        name=sql.Identifier(f"m_{measure.id}"),
    )
