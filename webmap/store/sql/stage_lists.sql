-- Question: what does a list hold over all the staged rows of one key? Identifiers: key, list.
UPDATE pg_temp.stage s
SET {list} = (SELECT array_agg(DISTINCT x ORDER BY x) FROM pg_temp.stage b, unnest(b.{list}) x WHERE b.{key} = s.{key})
WHERE EXISTS (SELECT 1 FROM pg_temp.stage d WHERE d.{key} = s.{key} AND d.rang <> s.rang)
