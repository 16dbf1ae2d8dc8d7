-- Question: with which shape is each commune or unit drawn: its contour, or its schematic cell when it has none?
-- A fragment, used as a table (alias t). Composable: columns (all but geom). Identifiers: table, key. Literal: layer.
(
  SELECT {columns}, COALESCE(u.geom, k.geom) AS geom, u.geom IS NULL AS schematique
  FROM {table} u LEFT JOIN app.cellule k ON k.couche = {layer} AND k.cle = u.{key}
) AS t
