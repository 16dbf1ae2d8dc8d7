"""An application answering on a port of this machine, for real clients of a test."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING

from werkzeug.serving import WSGIRequestHandler, make_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from wsgiref.types import WSGIApplication


class Quiet(WSGIRequestHandler):
    """Say nothing: a test that fails shows what its client saw."""

    def log(self, *_: object) -> None:
        """Drop the line."""


@contextlib.contextmanager
def listen(app: WSGIApplication, handler: type[WSGIRequestHandler] = Quiet) -> Iterator[int]:
    """Serve an application on a free port of 127.0.0.1 for the length of the block; gives the port."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
