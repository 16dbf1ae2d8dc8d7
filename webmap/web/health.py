"""`/healthz`: does this service answer, and does its database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webmap.store.places import check_reader
from webmap.web.responses import json_response
from webmap.web.services import services

if TYPE_CHECKING:
    from flask import Response


def healthz() -> Response:
    """Answer 200 when the database reads, 503 (by the error handler) when it does not."""
    check_reader(services().database)
    return json_response({"etat": "ok"})
