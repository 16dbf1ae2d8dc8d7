-- Question: which documents do the rows of a layer cite, and of which dates? NULLs when it has no row.
-- From one citation to the next through the index: what it costs is the number of citations, not of rows.
-- Composables: layer, table, citation (the expression the builder indexes).
SELECT {layer} AS couche, array_agg(DISTINCT source) AS sources, array_agg(DISTINCT millesime) AS millesimes FROM (
  WITH RECURSIVE cite AS (
    (SELECT {citation} AS rang, t.source, t.millesime FROM {table} t ORDER BY 1 LIMIT 1)
    UNION ALL
    SELECT s.* FROM cite CROSS JOIN LATERAL (
      SELECT {citation} AS rang, t.source, t.millesime FROM {table} t WHERE {citation} > cite.rang ORDER BY 1 LIMIT 1
    ) s
  )
  SELECT source, millesime FROM cite
) c
