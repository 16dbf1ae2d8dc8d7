"""An assignment is one transaction: the record, the membership, the revisions, or nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.store.conftest import ask, revisions
from webmap.errors import BadParameterError
from webmap.store.assignments import assign
from webmap.store.units import fetch_assignments

if TYPE_CHECKING:
    from webmap.store.db import Database


def test_an_assignment_raises_the_revisions_that_summaries_read(database: Database) -> None:
    before = revisions(database)
    with database.owner() as connection:
        assert assign(connection, "bassin", "59092", "amandinois", "Décidé") == "ostrevent"
    after = revisions(database)
    assert {name for name in after if after[name] != before[name]} == {"commune", "bassin"}
    found = fetch_assignments(database, "bassin")["59092"]
    assert (found["statut"], found["source"]) == ("decidee", "Décision : Décidé")
    assert found["millesime"] == ask(database, "SELECT current_date::text")


def test_confirming_the_working_assignment_makes_it_a_decision(database: Database) -> None:
    with database.owner() as connection:
        assert assign(connection, "bassin", "59092", "ostrevent", "Confirmé") == "ostrevent"
    assert fetch_assignments(database, "bassin")["59092"]["statut"] == "decidee"
    assert ask(database, "SELECT avant || '>' || apres FROM app.affectation") == "ostrevent>ostrevent"


def test_a_commune_in_no_unit_can_be_given_one(database: Database) -> None:
    with database.owner() as connection:
        connection.execute("DELETE FROM app.appartenance WHERE decoupage = 'bassin' AND code_insee = '59092'")
        assert assign(connection, "bassin", "59092", "ostrevent", "Décidé") is None
    assert ask(database, "SELECT avant IS NULL FROM app.affectation")


@pytest.mark.parametrize(
    ("code", "unit"), [("75056", "ostrevent"), ("59092", "59092"), ("", ""), ("59092", "OSTREVENT")]
)
def test_what_is_not_known_is_refused(database: Database, code: str, unit: str) -> None:
    with pytest.raises(BadParameterError, match="Codes connus"), database.owner() as connection:
        assign(connection, "bassin", code, unit, "Décidé")
    assert ask(database, "SELECT count(*) FROM app.affectation") == 0


def test_a_transaction_that_fails_leaves_no_trace(database: Database) -> None:
    before = revisions(database)
    with database.owner() as connection:
        assign(connection, "bassin", "59092", "amandinois", "Décidé")
        connection.rollback()
    assert (revisions(database), ask(database, "SELECT count(*) FROM app.affectation")) == (before, 0)
