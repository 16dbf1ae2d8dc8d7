-- Question: where are the shapes of a layer kept, encoded? Identifiers: traces, by_key. Composables: key (type), fill, indexes (one a band).
CREATE TABLE {traces} (
  bande smallint NOT NULL, cle {key} NOT NULL, _taille real NOT NULL, boite box NOT NULL, lieu bigint NOT NULL, trace bytea NOT NULL,
  valeurs bytea NOT NULL, presents integer NOT NULL
);
ALTER TABLE {traces} ALTER trace SET STORAGE EXTERNAL;
{fill};
CREATE INDEX {by_key} ON {traces} (cle);
{indexes}
GRANT SELECT ON {traces} TO webmap_lecture;
