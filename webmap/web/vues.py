"""`/vues`, `/v/<code>`: named views of the map, their short addresses, the QR code of each; `/qr.svg`: that of any view."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Response, redirect, render_template, request

from webmap.errors import BadParameterError, NotFoundError
from webmap.formats.qr import build_qr
from webmap.store.vues import fetch_vue, fetch_vues
from webmap.web import params
from webmap.web.adresse import public_address
from webmap.web.responses import json_response
from webmap.web.services import services

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as Redirect

    from webmap.store.vues import Vue

MAX_QR = 300  # characters of a fragment: beyond, a phone no longer reads the code from a screen or a sheet of paper


def index() -> str:
    """Answer the list of the views."""
    params.refuse_unknown(())
    return render_template("vues.html", vues=fetch_vues(services().database), adresse=public_address())


def index_json() -> Response:
    """Answer the views in order, each with the fragment that opens it: what a projection goes through."""
    params.refuse_unknown(())
    found = fetch_vues(services().database)
    return json_response({"vues": [{"code": vue.code, "titre": vue.titre, "fragment": vue.fragment} for vue in found]})


def short(code: str) -> Redirect:
    """Send to the map, on this view."""
    params.refuse_unknown(())
    return redirect(f"/#{_require_vue(code).fragment}", code=302)


def qr(code: str) -> Response:
    """Answer the QR code of a view's short address."""
    params.refuse_unknown(())
    vue = _require_vue(code)
    return Response(build_qr(f"{public_address()}/v/{vue.code}", f"Code QR : {vue.titre}"), mimetype="image/svg+xml")


def present_qr() -> Response:
    """Answer the QR code of the map on the fragment `vue`, which is not kept: always an address of this atlas, whatever is given."""
    params.refuse_unknown({"vue"})
    fragment = request.args.get("vue", "")
    if not 0 < len(fragment) <= MAX_QR or not fragment.isprintable() or " " in fragment:
        raise BadParameterError(
            f"vue : ce qui suit le # dans l'adresse de la carte, {MAX_QR} caractères au plus, sans espace."
            " Une vue plus longue se garde sous un nom : webmap vues ajouter."
        )
    return Response(build_qr(f"{public_address()}/#{fragment}", "Code QR de la vue"), mimetype="image/svg+xml")


def _require_vue(code: str) -> Vue:
    vue = fetch_vue(services().database, code)
    if vue is None:
        raise NotFoundError(f"Il n'y a pas de vue « {code[:60]} » : elle a peut-être été supprimée. Les vues : /vues.")
    return vue
