"""A WFS page by page: whole, capped, looping, incomplete, endless, late."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.importing.official_server import Answer, OfficialServer
from tests.importing.published import collection, feature
from tests.importing.test_readers import connector
from webmap.errors import ImportRefusedError, WebmapError
from webmap.importing import pages
from webmap.importing.pages import Page, fetch_pages, page_remote

if TYPE_CHECKING:
    from pathlib import Path

    from tests.importing.official_server import Seen

QUERY = "/wfs/ows?SERVICE=WFS&REQUEST=GetFeature&TYPENAMES=t&STARTINDEX={debut}&COUNT={nombre}"


def run(server: OfficialServer, folder: Path, **changes: Any) -> list[Page]:  # noqa: ANN401 - keys of Connector
    deadline = changes.pop("deadline", 100.0)
    wfs = connector("wfs", **{"page_size": 10, "file": "nature/z.json", **changes})
    return fetch_pages(wfs, server.url + QUERY, folder, deadline=deadline, mirror=None)


def rows(count: int) -> list[dict[str, Any]]:
    return [feature(None, code=str(n)) for n in range(count)]


@pytest.mark.parametrize(("count", "expected"), [(0, 1), (1, 1), (9, 1), (10, 1), (11, 2), (35, 4)])
def test_every_row_comes_in_as_many_pages_as_it_takes(
    server: OfficialServer, tmp_path: Path, count: int, expected: int
) -> None:
    server.serve_wfs({"t": rows(count)})
    found = run(server, tmp_path)
    assert len(found) == expected
    assert [s.params["startindex"] for s in server.seen] == [str(10 * n) for n in range(expected)]
    assert [p.remote.name for p in found] == ["nature/z.json", *(f"nature/z-{n}.json" for n in range(2, expected + 1))]


def test_a_server_that_gives_less_than_asked_is_asked_again(server: OfficialServer, tmp_path: Path) -> None:
    server.serve_wfs({"t": rows(20)}, cap=7)
    assert len(run(server, tmp_path)) == 3
    assert [s.params["startindex"] for s in server.seen] == ["0", "7", "14"]


def test_a_server_that_loops_is_caught_at_the_second_page(server: OfficialServer, tmp_path: Path) -> None:
    server.serve_wfs({"t": rows(35)}, loops=True)
    with pytest.raises(ImportRefusedError, match=r"z-2.json répète des lignes déjà reçues : le serveur tourne en rond"):
        run(server, tmp_path)
    assert len(server.seen) == 2


def test_a_page_that_overlaps_the_one_before_is_refused(server: OfficialServer, tmp_path: Path) -> None:
    all_rows = rows(20)
    server.serve("/wfs/ows", *(Answer(collection(all_rows[a : a + 10], numberMatched=20)) for a in (0, 9)))
    with pytest.raises(ImportRefusedError, match="répète"):
        run(server, tmp_path)


def test_rows_that_are_announced_and_never_come(server: OfficialServer, tmp_path: Path) -> None:
    server.serve("/wfs/ows", Answer(collection(rows(5), numberMatched=8)), Answer(collection([], numberMatched=8)))
    with pytest.raises(ImportRefusedError, match="5 lignes reçues sur 8 annoncées"):
        run(server, tmp_path)


def test_without_a_total_a_page_that_is_not_full_is_the_last(server: OfficialServer, tmp_path: Path) -> None:
    all_rows = rows(13)
    server.serve("/wfs/ows", *(Answer(collection(all_rows[a : a + 10], numberMatched="unknown")) for a in (0, 10)))
    assert len(run(server, tmp_path)) == 2


def test_pages_end(server: OfficialServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "_MAX_PAGES", 3)
    server.serve_wfs({"t": rows(50)})
    with pytest.raises(ImportRefusedError, match="plus de 3 pages"):
        run(server, tmp_path)


def test_the_deadline_is_for_all_the_pages(server: OfficialServer, tmp_path: Path) -> None:
    all_rows = rows(100)

    def slow(seen: Seen) -> Answer:
        start = int(seen.params["startindex"])
        return Answer(collection(all_rows[start : start + 10], numberMatched=100), drip=100, pause=0.02)

    server.serve_by("/wfs/ows", slow)
    with pytest.raises(WebmapError):
        run(server, tmp_path, deadline=0.8)
    assert len(server.seen) < 10, "each page takes less than that, all ten more"


def test_an_exception_report_is_told(server: OfficialServer, tmp_path: Path) -> None:
    server.serve_wfs({"autre": []})
    with pytest.raises(WebmapError, match="400"):
        run(server, tmp_path)
    server.serve("/wfs/ows", Answer(b"<ows:ExceptionReport/>", headers={"Content-Type": "application/xml"}))
    with pytest.raises(WebmapError):
        run(server, tmp_path, deadline=0.5)


def test_a_page_has_its_address_and_its_name() -> None:
    wfs = connector("wfs", page_size=500, file="nature/znieff1.json")
    assert page_remote(wfs, "http://x/?a={debut}&b={nombre}", 2).url == "http://x/?a=1000&b=500"
    assert page_remote(wfs, "http://x/?a={debut}&b={nombre}", 2, 37).url == "http://x/?a=37&b=500"
    assert page_remote(wfs, "x", 2).name == "nature/znieff1-3.json"
