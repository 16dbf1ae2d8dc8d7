"""The OpenAPI document: valid, complete, and held against the routes by Schemathesis."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from webmap.web.ogc.asked import PARAMETERS

if TYPE_CHECKING:
    from flask.testing import FlaskClient

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
PLAIN = {"Accept-Encoding": "identity"}  # the client in process does not undo gzip


def read(client: FlaskClient) -> dict[str, Any]:
    response = client.get("/ogc/api")
    assert response.headers["Content-Type"] == "application/vnd.oai.openapi+json;version=3.0"
    document: dict[str, Any] = response.get_json(force=True)
    return document


def test_every_address_of_the_api_is_described(api: FlaskClient) -> None:
    described = {re.sub(r"\{\w+\}", "{}", path) for path in read(api)["paths"]}
    rules = {re.sub(r"<[\w:]+>", "{}", rule.rule) for rule in api.application.url_map.iter_rules()}
    assert described == {rule.removeprefix("/ogc") for rule in rules if rule.startswith("/ogc/")}


def test_parameters_are_those_that_are_read(api: FlaskClient) -> None:
    document = read(api)
    asked = document["paths"]["/collections/{collectionId}/items"]["get"]["parameters"]
    names = {each["$ref"].rsplit("/", 1)[1] for each in asked}
    units = {"bassin", "bv2022", "equipe", "commune", "territoire"}
    assert names - {"collectionId"} == {*PARAMETERS, "f-features", "fields", *units} - {"f"}
    parameters = document["components"]["parameters"]
    # As the standard writes them (Part 1, requirements 20, 22 and 24).
    assert parameters["bbox"]["schema"] == {"type": "array", "minItems": 4, "maxItems": 6, "items": {"type": "number"}}
    assert parameters["limit"]["schema"] == {"type": "integer", "minimum": 1, "maximum": 10_000, "default": 100}
    assert parameters["datetime"]["schema"] == {"type": "string"}
    for name in ("bbox", "limit", "datetime"):
        assert (parameters[name]["in"], parameters[name]["style"], parameters[name]["explode"]) == (
            "query",
            "form",
            False,
        )
        assert not parameters[name]["required"]


def test_every_reference_leads_somewhere(api: FlaskClient) -> None:
    document = read(api)
    assert document["openapi"] == "3.0.3"
    waiting: list[Any] = [document]
    while waiting:
        node = waiting.pop()
        waiting += node.values() if isinstance(node, dict) else node if isinstance(node, list) else []
        if isinstance(node, dict) and "$ref" in node:
            found: Any = document
            for part in node["$ref"].removeprefix("#/").split("/"):
                found = found[part]
            assert found


# Its own strategies draw from `random` now and then, which Hypothesis deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:Do not use the `random` module inside strategies")


def hold(client: FlaskClient, examples: int) -> int:
    """Ask each operation `examples` generated requests; return how many operations there are."""
    schema = schemathesis.openapi.from_wsgi("/ogc/api", client.application)
    operations = [found.ok() for found in schema.get_all_operations() if isinstance(found, Ok)]
    for operation in operations:

        @given(case=operation.as_strategy())
        @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        def ask(case: Any) -> None:  # noqa: ANN401 - schemathesis's own
            case.call_and_validate(checks=CHECKS, headers=PLAIN)

        ask()
    return len(operations)


def test_generated_requests_find_no_failure_and_nothing_undocumented(api: FlaskClient) -> None:
    assert hold(api, 12) >= len(read(api)["paths"]) - 1  # the address of the document itself is left out


@pytest.mark.long
@pytest.mark.timeout(3_600)
def test_many_generated_requests_find_no_failure_and_nothing_undocumented(api: FlaskClient) -> None:
    assert hold(api, 500) >= len(read(api)["paths"]) - 1
