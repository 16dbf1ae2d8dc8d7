-- Question: which staged rows repeat a key? All but the last go. Identifier: key.
DELETE FROM pg_temp.stage a USING pg_temp.stage b WHERE a.{key} = b.{key} AND a.rang < b.rang
