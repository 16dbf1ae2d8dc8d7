"""A browser, and the atlas served to it on a port of its own."""

from __future__ import annotations

import contextlib
import re
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest
from werkzeug.serving import make_server

from tests.browser.observed import ARGS, LONG, Opened, watch
from tests.conftest import SHARED, copied
from tests.listening import Quiet
from webmap.app import create_app
from webmap.importing.run import load_source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flask import Flask
    from playwright.sync_api import Browser, BrowserContext, Route

    from webmap.catalog.load import Catalog
    from webmap.config import Settings
    from webmap.store.cluster import Cluster
    from webmap.store.db import Database

REAL_CONTOURS = SHARED / "data" / "communes" / "communes_caph_admin-express-2018.geojson"
DESKTOP = (1280, 720)


class Live:
    """The application listening on 127.0.0.1, which can be stopped and started again at the same address."""

    def __init__(self, app: Flask, database: Database) -> None:
        """Listen on a free port."""
        self.app, self.database = app, database
        self.port = 0
        self.start()

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return f"http://127.0.0.1:{self.port}"

    def rows(self, couche: str, query: str = "") -> dict[str, dict[str, Any]]:
        """Return the features of an export by key: what a page is compared with."""
        answer = self.app.test_client().get(f"/exports/{couche}.geojson{query}").get_json()
        return {each["id"]: each for each in answer["features"]}

    def place(self, couche: str, cle: str) -> tuple[float, float]:
        """Return lon, lat of a point of an export."""
        lon, lat = self.rows(couche)[cle]["geometry"]["coordinates"]
        return lon, lat

    def start(self) -> None:
        """Answer from now on."""
        self._server = make_server("127.0.0.1", self.port, self.app, threaded=True, request_handler=Quiet)
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Answer nothing more: the port is closed, and no connection was kept (werkzeug closes each)."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class Serve(Protocol):
    """Serve a copy of a template database for the length of a `with` block."""

    def __call__(
        self, template: str, change: Callable[[Database], object] | None = None, other: Settings | None = None
    ) -> contextlib.AbstractContextManager[Live]:
        """`change` writes to the copy before it is served; `other` settings replace the repository's."""


class OpenPage(Protocol):
    """Open an address in a browser context of its own, watched until the end of the test."""

    def __call__(
        self,
        live: Live,
        path: str = "",
        *,
        size: tuple[int, int] = DESKTOP,
        browser: Browser | None = None,
        **options: Any,  # noqa: ANN401 - what new_context takes
    ) -> Opened:
        """`browser` instead of the session's; `options` go to the context."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give a story in the browser one more try, told as « rerun »: a real Chromium on a loaded machine may miss a frame."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture(scope="session")
def base_url() -> str | None:
    """Give none: each page names its server. pytest-base-url's own is written in a way pytest 9.2 warns of."""
    return None


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Run Debian's Chromium: Playwright's own is not downloaded."""
    return {**browser_type_launch_args, "executable_path": "/usr/bin/chromium", "args": ARGS}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    """Browse as a reader of the territory does."""
    return {**browser_context_args, "locale": "fr-FR", "timezone_id": "Europe/Paris"}


@pytest.fixture(scope="session")
def serve(cluster: Cluster, settings: Settings) -> Serve:
    """Return what serves a copy of a template."""

    @contextlib.contextmanager
    def start(
        template: str, change: Callable[[Database], object] | None = None, other: Settings | None = None
    ) -> Iterator[Live]:
        with copied(cluster, template) as database:
            if change:
                change(database)
            live = Live(create_app(other or settings, database), database)
            yield live
            live.stop()

    return start


@pytest.fixture(scope="session")
def live(serve: Serve, filled: str) -> Iterator[Live]:
    """Serve the facts, no contour; nobody writes to it."""
    with serve(filled) as found:
        yield found


@pytest.fixture(scope="session")
def live_with_contours(serve: Serve, contoured: str) -> Iterator[Live]:
    """Serve the facts with contours of our own; nobody writes to it."""
    with serve(contoured) as found:
        yield found


@pytest.fixture(scope="session")
def live_real(serve: Serve, filled: str, catalog: Catalog, settings: Settings) -> Iterator[Live]:
    """Serve the facts with the real contours, where there are some on this machine."""
    if not REAL_CONTOURS.is_file():
        pytest.skip(f"{REAL_CONTOURS.name} is not on this machine")
    with serve(filled, lambda database: load_source(database, catalog, settings, "commune", REAL_CONTOURS)) as found:
        yield found


@pytest.fixture
def open_page(new_context: Callable[..., BrowserContext], browser_context_args: dict[str, Any]) -> Iterator[OpenPage]:
    """Return what opens a page; no page may complain, show a dialog, or ask anything of another origin."""
    opened: list[tuple[Opened, str]] = []

    def start(
        live: Live,
        path: str = "",
        *,
        size: tuple[int, int] = DESKTOP,
        browser: Browser | None = None,
        **options: Any,  # noqa: ANN401 - as above
    ) -> Opened:
        options["viewport"] = {"width": size[0], "height": size[1]}
        context = browser.new_context(**browser_context_args, **options) if browser else new_context(**options)
        context.set_default_timeout(1000 * LONG)
        context.route(re.compile(rf"^https?://(?!127\.0\.0\.1:{live.port}/)"), _abort)
        found = Opened(context.new_page())
        watch(found)
        opened.append((found, live.origin))
        found.page.goto(f"{live.origin}{path or '/'}")
        return found

    yield start
    for found, origin in opened:
        found.check(origin)


def _abort(route: Route) -> None:
    route.abort()


@pytest.fixture
def open_map(open_page: OpenPage) -> OpenPage:
    """Return what opens the map and waits until it is drawn; `path` is the fragment of the address."""

    def start(live: Live, path: str = "", **options: Any) -> Opened:  # noqa: ANN401 - as above
        found = open_page(live, f"/{path}", **options)
        found.settle()
        return found

    return start


@pytest.fixture
def first_view(open_map: OpenPage, live: Live) -> Opened:
    """Return the map as it opens, without contours."""
    return open_map(live)
