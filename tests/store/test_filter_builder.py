"""What the page's filter builder writes (static/src/cql2.js), the server reads, and keeps the rows a person means."""

from __future__ import annotations

import json
import subprocess
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.store.conftest import build, define, insert
from webmap.store.features import Selection, stream_features
from webmap.store.filters import parse_filter

if TYPE_CHECKING:
    from webmap.store.db import Database

SOURCE = Path(__file__).resolve().parents[2] / "static" / "src" / "cql2.js"
LAYER = define(id="batisseur", more=[{"id": "note", "label": "Note"}])
CHAMPS = [{"id": "note", "libelle": "Note", "type": "text"}]
WRITE = f"""
import {{ buildCql2 }} from {json.dumps(SOURCE.as_uri())};
import {{ readFileSync }} from "node:fs";
const {{ champs, conditions }} = JSON.parse(readFileSync(0, "utf8"));
console.log(JSON.stringify(conditions.map((one) => buildCql2({{ lien: "et", conditions: [one] }}, champs))));
"""
_SIGNS = st.characters(codec="utf-8", exclude_characters="\x00", exclude_categories=["Cs"])
_TEXTS = st.text(st.sampled_from(list("'\"\\%_éÉœŒ’«» ()-;a")) | _SIGNS, min_size=1, max_size=12)


def write(conditions: list[dict[str, Any]]) -> list[str]:
    asked = json.dumps({"champs": CHAMPS, "conditions": conditions})
    done = subprocess.run(
        ["node", "--input-type=module", "-e", WRITE], input=asked, capture_output=True, text=True, check=True
    )
    written: list[str] = json.loads(done.stdout)
    return written


def kept(database: Database, text: str) -> set[str]:
    selection = Selection(filter=parse_filter(LAYER, text))
    rows = b"".join(stream_features(database, LAYER, selection)).decode().strip().rstrip(",")
    return {row["properties"]["note"] for row in json.loads(f"[{rows.removeprefix(',')}]")}


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(notes=st.lists(_TEXTS, min_size=30, max_size=60, unique=True))
@example(
    notes=[
        "L'été",
        "100 %",
        "100 x",
        "a_b",
        "axb",
        "\\",
        "\\\\",
        "%\\",
        "\uff05",
        "\uff3c",
        "\u2215",
        "œuf",
        "OEUF",
        'a"b',
        "'",
        "''",
    ]
)
def test_what_the_builder_writes_keeps_what_it_says(database: Database, notes: list[str]) -> None:
    build(database, LAYER)
    with database.owner() as connection:
        connection.execute("DELETE FROM pub.batisseur")
    insert(database, LAYER, [{"code": str(n), "note": note} for n, note in enumerate(notes)])
    operators = ("est", "pas", "contient", "sans", "commence")
    texts = write([{"champ": "note", "operateur": each, "valeur": note} for note in notes for each in operators])
    for number, note in enumerate(notes):
        found = {each: kept(database, texts[number * len(operators) + at]) for at, each in enumerate(operators)}
        assert found["est"] == {note}
        assert found["pas"] == set(notes) - {note}
        assert found["contient"] | found["sans"] == set(notes)
        assert not found["contient"] & found["sans"]
        holding = {other for other in notes if note in other}
        assert holding <= found["contient"]
        assert {other for other in notes if other.startswith(note)} <= found["commence"] <= found["contient"]
        if note.isascii():  # no sign of it stands for another: what is kept holds it, accents and case aside
            for other in found["contient"]:
                if other.isascii():
                    assert note.lower() in unicodedata.normalize("NFC", other).lower()
