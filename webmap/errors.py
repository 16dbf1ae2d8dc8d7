"""Every error webmap raises on purpose.

Each class carries the HTTP status and the stable code that `web/problems.py` answers with; the message is the
French sentence shown to the person, and says what to do next.
"""

from __future__ import annotations


class WebmapError(Exception):
    """A known error: `str(error)` is a French sentence fit to show to anyone."""

    status = 500
    code = "erreur"


class ConfigError(WebmapError):
    """The deployment is not usable as configured; every problem found is in `problems`."""

    code = "configuration"

    def __init__(self, problems: list[str]) -> None:
        """Keep the list, and make it the message, one problem a line."""
        super().__init__("\n".join(problems))
        self.problems = problems


class CatalogError(ConfigError):
    """A layer folder is wrong; carries all the problems of all the folders."""

    code = "catalogue"


class DatabaseError(WebmapError):
    """The database cannot be reached, started or written to."""

    status = 503
    code = "base_de_donnees"


class OutdatedError(DatabaseError):
    """What is asked was made internal, or removed, since this server read the definitions."""

    code = "a_relancer"


class BusyError(WebmapError):
    """Too much of the same heavy work is asked for at once; the same request will do later."""

    status = 503
    code = "occupe"


class HangUpError(WebmapError):
    """The client left before its answer was ready: nobody reads this one."""

    status = 408
    code = "client_parti"


class BadParameterError(WebmapError):
    """A parameter of a request has no meaning here."""

    status = 400
    code = "parametre_invalide"


class PolygonError(BadParameterError):
    """A polygon is read, but is no zone of this territory: it crosses itself, lies elsewhere, or is no surface."""

    status = 422
    code = "polygone_invalide"


class TooLargeError(BadParameterError):
    """More was sent than a request may ask the server to work on."""

    status = 413
    code = "trop_grand"


class MediaTypeError(BadParameterError):
    """What was sent is of a kind this address does not read."""

    status = 415
    code = "type_refuse"


class NotFoundError(WebmapError):
    """Nothing public answers to this name."""

    status = 404
    code = "introuvable"


class ImportRefusedError(WebmapError):
    """A file was refused; nothing was written. `problems` says why, line by line."""

    status = 422
    code = "import_refuse"

    def __init__(self, summary: str, problems: list[str] | None = None) -> None:
        """Keep the problems beside the summary sentence."""
        self.problems = problems or []
        super().__init__("\n".join([summary, *self.problems]))
