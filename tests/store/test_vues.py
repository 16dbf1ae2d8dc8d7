"""Named views: their order, their replacement, their bounds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest

from webmap.errors import BadParameterError
from webmap.store import vues
from webmap.store.vues import delete_vue, fetch_vue, fetch_vues, record_vue

if TYPE_CHECKING:
    from webmap.store.db import Database


def keep(database: Database, code: str, rang: int | None = None, fragment: str = "couches=qpv") -> bool:
    with database.owner() as connection:
        return record_vue(connection, code, code.upper(), fragment, rang)


def order(database: Database) -> list[str]:
    return [vue.code for vue in fetch_vues(database)]


def test_views_are_in_the_order_they_were_given_or_told(database: Database) -> None:
    assert [keep(database, code) for code in ("un", "deux")] == [True, True]
    keep(database, "zero", rang=1)
    assert order(database) == ["zero", "un", "deux"]
    assert keep(database, "deux", rang=1) is False
    assert order(database) == ["deux", "zero", "un"]


def test_a_view_kept_again_stays_at_its_place(database: Database) -> None:
    keep(database, "un")
    keep(database, "deux")
    assert keep(database, "un", fragment="vue=11/50.3/3.4") is False
    assert order(database) == ["un", "deux"]
    found = fetch_vue(database, "un")
    assert found is not None
    assert found.fragment == "vue=11/50.3/3.4"


def test_a_view_that_is_removed_is_gone(database: Database) -> None:
    keep(database, "un")
    with database.owner() as connection:
        delete_vue(connection, "un")
    assert fetch_vue(database, "un") is None
    with database.owner() as connection, pytest.raises(BadParameterError, match="Aucune vue"):
        delete_vue(connection, "un")


def test_the_list_is_bounded(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vues, "MAX_VUES", 1)
    keep(database, "un")
    assert keep(database, "un") is False
    with pytest.raises(BadParameterError, match="supprimez-en"):
        keep(database, "deux")


def test_the_table_refuses_what_is_too_large(database: Database) -> None:
    with pytest.raises(psycopg.errors.CheckViolation):
        keep(database, "un", fragment="a" * 8_001)


def test_the_web_reads_views_and_cannot_write_them(database: Database) -> None:
    keep(database, "un")
    with pytest.raises(psycopg.Error), database._reader() as connection:
        connection.execute("DELETE FROM app.vue")
    assert order(database) == ["un"]
