-- Question: how much does one layer hold, and what do its rows cite? Composables: source (alias t), citations (see citations.sql).
SELECT c.couche, n.*, c.sources, c.millesimes
FROM (
  SELECT count(*) AS lignes, count(t.geom) AS localises, count(*) FILTER (WHERE t.precision = 'exacte') AS exactes FROM {source}
) n CROSS JOIN (
{citations}
) c
