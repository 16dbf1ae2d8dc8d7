"""Errors as the person or the program that asked can use them: a French page, or RFC 9457 JSON. Never a stack trace."""

from __future__ import annotations

import json
import logging
import secrets
from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import Response, render_template, request
from werkzeug.exceptions import HTTPException

from webmap.errors import (
    BadParameterError,
    BusyError,
    DatabaseError,
    HangUpError,
    NotFoundError,
    OutdatedError,
    WebmapError,
)

if TYPE_CHECKING:
    from flask import Flask

_log = logging.getLogger("webmap")
_SENTENCES = {
    404: "Cette adresse ne mène à rien. La carte est à l'adresse /, la liste des couches à l'adresse /couches.",
    413: "La demande dépasse 1 Mo : simplifiez le tracé, ou le fichier, puis renvoyez-le.",
    400: "La demande n'est pas comprise.",
}
_TITLES = {
    400: "Demande incomprise",
    404: "Introuvable",
    405: "Méthode refusée",
    413: "Demande trop longue",
    415: "Type de contenu refusé",
    422: "Contenu refusé",
    500: "Erreur imprévue",
    503: "Base de données indisponible",
}
MET = "webmap.erreur"  # of the WSGI environment: an error met before Flask, which is told as any other
_REFUSED = "La demande ne peut pas être servie."
_OWN_TITLES = {BusyError.code: "Trop de demandes à la fois", OutdatedError.code: "Atlas à relancer"}
# What a refusal may show: these classes hold sentences written for anyone. Others (configuration, catalogue) name files.
_PUBLIC = (BadParameterError, BusyError, HangUpError, NotFoundError, OutdatedError)


def register(app: Flask) -> None:
    """Make the application answer every error through `answer`."""
    app.register_error_handler(WebmapError, _known)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unknown)
    app.before_request(_raise_met)


def _raise_met() -> None:
    if MET in request.environ:
        raise request.environ[MET]


def answer(status: int, code: str, sentence: str) -> Response:
    """Return a problem: HTML for a browser asking for a page, `application/problem+json` for all else."""
    title = _OWN_TITLES.get(code) or _TITLES.get(status, HTTPStatus(status).phrase)
    if _wants_page():
        response = Response(
            render_template("probleme.html", titre=title, phrase=sentence, statut=status), status=status
        )
    else:
        body = {"type": "about:blank", "title": title, "status": status, "detail": sentence, "code": code}
        text = json.dumps(body, ensure_ascii=False)
        response = Response(text, status=status, mimetype="application/problem+json")
        response.headers["Access-Control-Allow-Origin"] = "*"  # or a partner's page could not read what is wrong
    response.headers["Cache-Control"] = "no-store"
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        response.headers["Retry-After"] = "5"
    return response


def _wants_page() -> bool:
    if request.args.get("f") in {"json", "html"}:  # the OGC API: what is asked by name wins over what a browser accepts
        return request.args["f"] == "html"
    if request.path.endswith((".json", ".geojson", ".mvt", ".csv")) or request.path == "/healthz":
        return False
    return (
        request.accept_mimetypes.best_match(["application/json", "text/html"], default="application/json")
        == "text/html"
    )


def _known(error: WebmapError) -> Response:
    if isinstance(error, _PUBLIC):
        return answer(error.status, error.code, str(error))
    if isinstance(error, DatabaseError):
        _log.error("%s", error)
        sentence = "La base de données ne répond pas ou met trop de temps. Réessayez dans un instant."
        return answer(error.status, error.code, sentence)
    return _unknown(error)


def _http(error: HTTPException) -> Response:
    status = error.code or 500
    if status < HTTPStatus.BAD_REQUEST:  # a redirection is no problem
        return error.get_response()  # type: ignore[return-value]  # werkzeug's own response
    allow = error.get_response().headers.get("Allow")
    sentence = f"Cette adresse n'admet que : {allow}." if allow else _SENTENCES.get(status, _REFUSED)
    response = answer(status, f"http_{status}", sentence)
    if allow:
        response.headers["Allow"] = allow
    return response


def _unknown(error: Exception) -> Response:
    incident = secrets.token_hex(4)
    _log.exception("incident %s on %s", incident, request.path, exc_info=error)
    sentence = f"Une erreur imprévue s'est produite. Signalez l'incident {incident} à l'administrateur de l'atlas."
    return answer(500, "incident", sentence)
