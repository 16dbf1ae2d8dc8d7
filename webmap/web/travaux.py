"""`POST /travaux/<jeton>`: the page no longer waits for a file it asked for; the worker that makes it stops."""

from __future__ import annotations

from flask import Response

from webmap.web import params
from webmap.web.presence import give_up


def abandonner(jeton: str) -> Response:
    """Note it, whether this work exists, is done, or never was: nothing is said of the work of others."""
    params.refuse_unknown(())
    give_up(jeton)
    return Response(status=204)
