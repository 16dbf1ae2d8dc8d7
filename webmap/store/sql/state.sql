-- Question: which state of the data does the statement around this one read? The revisions it depends on, with their dates, and the database.
-- Composable: couches. Meant for a place where an expression goes: it then shares the snapshot of the bytes beside it.
-- Dates are told to the microsecond: two databases that went from one dump to different rows have the same numbers, not the same dates.
ARRAY(
  SELECT concat_ws('/', couche, revision, extract(epoch FROM modifiee)) FROM app.revision WHERE couche IN ({couches})
  UNION ALL
  SELECT '/' || current_setting('webmap.base') -- told once a connection, by store/db.py: to ask takes as long as the revisions
)
