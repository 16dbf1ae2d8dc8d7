"""The address the atlas is read at: what a file that leaves it must write in full."""

from __future__ import annotations

import re

from flask import g, request

from webmap.errors import BadParameterError
from webmap.web.services import services

_HOST = re.compile(r"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?")


def public_address() -> str:
    """Return `adresse` of webmap.toml, else the one of this request, without a final slash.

    Raises BadParameterError for a Host header that is no host: it would be copied into files others harvest.
    """
    configured = services().settings.adresse
    if configured is not None:
        return configured
    if "adresse" not in g:  # a page of the API has a dozen links
        host = request.host
        if not _HOST.fullmatch(host):
            raise BadParameterError("L'en-tête Host de la demande n'est pas un nom de serveur.")
        g.adresse = f"{request.scheme}://{host}"
    return str(g.adresse)
