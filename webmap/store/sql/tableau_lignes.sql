-- Question: what do these rows say, in the order of their keys?
-- Identifiers: key, table. Composables: type (of the key), cells. Parameter: cles.
SELECT COALESCE(string_agg(json_build_array(t.{key}::text, {cells})::text, E',\n' ORDER BY k.rang), '') AS texte
FROM unnest(%(cles)s::text[]) WITH ORDINALITY AS k(cle, rang) JOIN {table} t ON t.{key} = k.cle::{type}
