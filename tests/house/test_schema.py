"""`layers/schema.json` is what the definitions say: an editor that reads it refuses what webmap would refuse."""

from __future__ import annotations

import json
from pathlib import Path

from webmap.catalog.definition import LayerDefinition

SCHEMA = Path(__file__).resolve().parents[2] / "layers" / "schema.json"


def test_the_schema_is_generated_from_the_definitions() -> None:
    expected = json.dumps(LayerDefinition.model_json_schema(), ensure_ascii=False, indent=2) + "\n"
    assert SCHEMA.read_text(encoding="utf-8") == expected, "regenerate it: the line is in CONTRIBUTING.md"
