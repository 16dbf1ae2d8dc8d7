-- Question: in which order do the rows of a selection come, by their keys?
-- Identifiers: key, table. Composables: filter, order. Parameter: plus (one row more than are kept tells that there are too many).
SELECT COALESCE(array_agg(t.cle ORDER BY t.rang), '{{}}') AS cles
FROM (
  SELECT t.{key}::text AS cle, row_number() OVER (ORDER BY {order}) AS rang FROM {table} t WHERE {filter} LIMIT %(plus)s
) t
