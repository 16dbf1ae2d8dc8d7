"""Versioned bytes: bounded, shared, made once, and never wrong whatever happens to the folder."""

from __future__ import annotations

import errno
import gzip
import multiprocessing
import os
import shutil
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest

from webmap.store import versioned
from webmap.store.versioned import VersionedBytes, version_of

TILE = "irve/0123456789abcdef/11/1041/690.mvt"


def kept(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*.gz")}


@pytest.fixture
def store(tmp_path: Path) -> VersionedBytes:
    return VersionedBytes(tmp_path / "octets", limit=1_000_000)


def test_bytes_are_kept_gzipped_for_any_process(store: VersionedBytes) -> None:
    assert store.get(TILE) is None
    squeezed = store.put(TILE, b"tuile")
    assert gzip.decompress(squeezed) == b"tuile"
    assert store.get(TILE) == VersionedBytes(store.folder, 1_000_000).get(TILE) == squeezed
    assert (store.folder / f"{TILE}.gz").read_bytes() == squeezed


def test_the_same_bytes_are_the_same_file(store: VersionedBytes) -> None:
    assert store.put(TILE, b"a" * 1000) == store.put(f"{TILE}2", b"a" * 1000)


@pytest.mark.parametrize(
    "address", ["irve", "../irve/x", "irve/../x", "irve/a/../../x", "/etc/passwd", "irve/.cache", "irve//x", "IRVE/x", "irve/x\n", ""]
)  # fmt: skip
def test_what_is_no_address_is_refused(store: VersionedBytes, address: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        store.put(address, b"")
    assert not store.folder.exists()


def test_a_version_tells_apart_all_it_is_made_of() -> None:
    assert version_of("base", 1, "irve", 12) == version_of("base", 1, "irve", 12)
    assert len({version_of("base", n, m) for n in (1, 2, 12) for m in (1, "1", 21)}) == 9


def test_a_torn_file_is_made_again(store: VersionedBytes) -> None:
    store.put(TILE, b"tuile" * 100)
    path = store.folder / f"{TILE}.gz"
    for torn in (b"", path.read_bytes()[:-5], b"\x00" * 40, path.read_bytes()[:-4] + b"\x00" * 4):
        path.write_bytes(torn)
        fresh = VersionedBytes(store.folder, 1_000_000)
        assert fresh.get(TILE) is None
        assert gzip.decompress(fresh.fetch(TILE, lambda: (TILE, b"neuve"))[1]) == b"neuve"


def test_what_a_machine_that_stopped_short_tore_is_removed_before_nginx_sends_it(store: VersionedBytes) -> None:
    addresses = [f"irve/v/{number}" for number in range(4)]
    old, empty, torn, whole = (store.folder / f"{address}.gz" for address in addresses)
    for address in addresses:
        store.put(address, b"tuile")
    empty.write_bytes(b"")
    torn.write_bytes(torn.read_bytes()[:-3])
    old.write_bytes(b"")  # long before the others: on the disk as it was written
    os.utime(old, (1.0, 1.0))
    store.mend()
    assert [path.exists() for path in (old, empty, torn, whole)] == [True, False, False, True]


def test_a_folder_removed_while_serving_is_made_again(store: VersionedBytes) -> None:
    store.put(TILE, b"tuile")
    shutil.rmtree(store.folder)
    assert store.get(TILE) is not None  # still in memory
    assert gzip.decompress(store.put(f"{TILE}2", b"autre")) == b"autre"
    assert kept(store.folder) == {"690.mvt2.gz"}


def test_a_full_disk_costs_only_the_keeping(store: VersionedBytes, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_path: Path, _body: bytes) -> int:
        raise OSError(errno.ENOSPC, "plein")

    monkeypatch.setattr(Path, "write_bytes", full)
    assert gzip.decompress(store.fetch(TILE, lambda: (TILE, b"tuile"))[1]) == b"tuile"
    assert kept(store.folder) == set()
    assert store.get(TILE) is not None


def test_no_folder_at_all_costs_only_the_keeping(tmp_path: Path) -> None:
    (tmp_path / "fichier").write_text("")
    store = VersionedBytes(tmp_path / "fichier" / "octets", limit=1_000)
    assert gzip.decompress(store.fetch(TILE, lambda: (TILE, b"tuile"))[1]) == b"tuile"


def test_memory_is_bounded_and_keeps_what_was_used_last(tmp_path: Path) -> None:
    store = VersionedBytes(tmp_path, limit=1_000_000, in_memory=100)
    for name in ("a", "b", "c"):
        store.put(f"irve/v/{name}", name.encode())  # 21 bytes each
    store.get("irve/v/a")
    store.put("irve/v/d", b"d")
    store.put("irve/v/e", b"e")
    shutil.rmtree(tmp_path)
    assert [name for name in "abcde" if store.get(f"irve/v/{name}")] == ["a", "c", "d", "e"]


def test_the_folder_is_bounded_oldest_first(tmp_path: Path) -> None:
    limit = 100 * 4_096  # what the smallest file takes on a disk
    store = VersionedBytes(tmp_path, limit)
    for number in range(120):
        store.put(f"irve/v/{number:03}", b"x")
        path = tmp_path / f"irve/v/{number:03}.gz"
        path.touch()
        path.chmod(0o644)
    (tmp_path / "irve" / "v" / ".moitie.gz.1.2").write_bytes(b"x" * 50)
    store.sweep()
    sizes = [path.stat().st_blocks * 512 for path in tmp_path.rglob("*.gz*")]
    assert 0 < sum(sizes) <= 0.8 * limit
    assert "119.gz" in kept(tmp_path)
    assert "000.gz" not in kept(tmp_path)


def test_a_burst_of_nothing_takes_no_room(store: VersionedBytes) -> None:
    for number in range(300):
        store.put(f"irve/v/{number}", b"")
        store.put(f"irve/v/{number}", b"")  # made twice by two who did not wait: nothing is left behind
    assert len(kept(store.folder)) == 301
    assert len({path.stat().st_ino for path in store.folder.rglob("*.gz")}) == 1
    (store.folder / ".vide.gz").write_bytes(b"")  # torn: so are all its names
    fresh = VersionedBytes(store.folder, 1_000_000)
    for number in (1, 2):
        assert fresh.get(f"irve/v/{number}") is None
        assert gzip.decompress(fresh.put(f"irve/v/{number}", b"")) == b""
        assert gzip.decompress((store.folder / f"irve/v/{number}.gz").read_bytes()) == b""


def test_old_versions_are_collected_and_nothing_else(store: VersionedBytes, tmp_path: Path) -> None:
    """A folder that is no version, or what a symbolic link leads to, is someone else's."""
    old, other, now = ("0" * 15 + digit for digit in "123")
    for version in (old, other, now):
        store.put(f"irve/{version}/1", b"x")
        store.put(f"qpv/{version}/1", b"x")
    (store.folder / "irve" / "autre").mkdir()
    elsewhere = tmp_path / "ailleurs" / old
    elsewhere.mkdir(parents=True)
    (store.folder / "gare").symlink_to(elsewhere.parent)
    assert store.collect({"irve": now, "gare": now, "inconnue": now}) == 2
    assert {path.name for path in (store.folder / "irve").iterdir()} == {now, "autre"}
    assert len(list((store.folder / "qpv").iterdir())) == 3
    assert elsewhere.exists()


def test_a_hundred_clients_cost_one_making(store: VersionedBytes) -> None:
    made = []

    def make() -> tuple[str, bytes]:
        made.append(1)
        time.sleep(0.05)
        return TILE, b"tuile"

    with ThreadPoolExecutor(100) as pool:
        answers = list(pool.map(lambda _: store.fetch(TILE, make), range(100)))
    assert len(made) == 1
    assert {gzip.decompress(body) for _, body in answers} == {b"tuile"}


@pytest.fixture
def eight_wait(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Return what is set once eight have come for their turn: clear it to count eight others."""
    came: list[int] = []
    all_came = threading.Event()

    class Lock:
        def __init__(self) -> None:
            self._lock = threading.Lock()

        def __enter__(self) -> None:
            came.append(1)
            if len(came) % 8 == 0:
                all_came.set()
            self._lock.acquire()

        def __exit__(self, *_: object) -> None:
            self._lock.release()

    monkeypatch.setattr("webmap.store.making.threading", SimpleNamespace(Lock=Lock))
    return all_came


@pytest.mark.parametrize("name", ["fetch", "fetch_plain"])
def test_a_hundred_clients_on_what_fails_or_changes_cost_one_making(
    store: VersionedBytes, name: str, eight_wait: threading.Event
) -> None:
    """Each in turn would fail as long as the first: one statement too slow would hold every thread of the server."""
    newer, fetch = TILE.replace("0123", "4567"), getattr(store, name)
    made = []

    def change() -> tuple[str, bytes]:
        made.append(1)
        eight_wait.wait()
        return newer, b"neuve"

    def fail() -> tuple[str, bytes]:
        change()
        raise ZeroDivisionError

    with ThreadPoolExecutor(8) as pool:
        failed = [pool.submit(fetch, TILE, fail) for _ in range(8)]
        assert {type(each.exception()) for each in failed} == {ZeroDivisionError}
        assert len(made) == 1
        eight_wait.clear()
        changed = [pool.submit(fetch, TILE, change) for _ in range(8)]
        assert {each.result()[0] for each in changed} == {newer}
    assert len(made) == 2
    assert store._making == {}


HEAVY = bytes(versioned._HEAVY)


def test_bytes_not_compressed_are_answered_before_they_are_kept(
    store: VersionedBytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others wait for them to be kept, and find them; beyond a few at once, they are kept first."""
    gate, keep, made = threading.Event(), VersionedBytes.put, []

    def late(itself: VersionedBytes, address: str, body: bytes) -> bytes:
        gate.wait()
        return keep(itself, address, body)

    def make(address: str) -> tuple[str, bytes]:
        made.append(address)
        return address, HEAVY

    monkeypatch.setattr(VersionedBytes, "put", late)
    assert store.fetch_plain(TILE, lambda: make(TILE)) == (TILE, HEAVY)
    with ThreadPoolExecutor(3) as pool:
        others = [pool.submit(store.fetch_plain, TILE, lambda: make(TILE)) for _ in range(2)]
        assert store.get(TILE) is None
        many = [f"irve/v/{number}" for number in range(versioned._BEHIND)]
        found = [pool.submit(store.fetch_plain, address, partial(make, address)) for address in many]
        gate.set()
        assert {each.result()[1] for each in (*others, *found)} == {HEAVY}
    assert sorted(made) == sorted([TILE, *many])
    with store._turn(TILE):  # given back
        assert gzip.decompress(store.get(TILE) or b"") == HEAVY


def _make_once(folder: str, start: float, told: multiprocessing.Queue[int]) -> None:
    def make() -> tuple[str, bytes]:
        told.put(1)
        time.sleep(0.2)
        return TILE, b"tuile"

    time.sleep(max(0.0, start - time.time()))
    VersionedBytes(Path(folder), 1_000_000).fetch(TILE, make)


def test_two_processes_cost_one_making(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    told: multiprocessing.Queue[int] = context.Queue()
    workers = [context.Process(target=_make_once, args=(str(tmp_path), time.time() + 0.1, told)) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    assert told.qsize() == 1


def test_a_process_that_never_ends_its_making_is_not_waited_for(
    store: VersionedBytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(versioned, "_PATIENCE", 0.05)
    other = VersionedBytes(store.folder, 1_000_000)
    store.put("irve/v/1", b"x")
    with other._turn(TILE):
        assert gzip.decompress(store.fetch(TILE, lambda: (TILE, b"tuile"))[1]) == b"tuile"


def test_what_was_read_is_stored_under_what_it_is(store: VersionedBytes) -> None:
    """The data changed between the question and the statement: the bytes go where they belong, and the old address stays free."""
    newer = TILE.replace("0123", "4567")
    assert store.fetch(TILE, lambda: (newer, b"neuve"))[0] == newer
    assert store.get(TILE) is None
    assert store.get(newer) is not None


def test_a_making_that_fails_frees_the_turn(store: VersionedBytes) -> None:
    def fail() -> tuple[str, bytes]:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        store.fetch(TILE, fail)
    assert gzip.decompress(store.fetch(TILE, lambda: (TILE, b"tuile"))[1]) == b"tuile"
    assert store._making == {}


def test_a_closed_layer_leaves_nothing_and_takes_nothing(store: VersionedBytes) -> None:
    other = VersionedBytes(store.folder, 1_000_000)
    store.put(TILE, b"tuile")
    store.put("qpv/v/1", b"x")
    assert other.get(TILE) is not None
    other.close("irve")
    assert not (store.folder / "irve").exists()
    assert store.get(TILE) is other.get(TILE) is None  # nor from the memory of a worker that does not know yet
    store.put(TILE, b"tuile")
    assert kept(store.folder) == {"1.gz"}
    shutil.rmtree(store.folder)  # as the documentation allows: what a worker has in memory stays closed
    assert store.get(TILE) is None
    store.open("irve")
    store.put(TILE, b"tuile")
    assert store.get(TILE) is not None


def test_closing_waits_for_a_write_that_began_before(store: VersionedBytes) -> None:
    closing = threading.Thread(target=VersionedBytes(store.folder, 1_000_000).close, args=("irve",))
    with store._open_to_writes("irve"):
        closing.start()
        closing.join(0.3)
        assert closing.is_alive()
        store._write("irve/v/1", b"x")
    closing.join()
    assert not (store.folder / "irve").exists()


def test_closing_while_another_process_collects_leaves_nothing(
    store: VersionedBytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python 3.11 stops at the first name that is no longer there, with all the others left for nginx to send."""
    store.put("irve/v1/1", b"x")
    store.put("irve/v2/1", b"x")
    remove, first = shutil.rmtree, list[Path]()

    def collected(path: Path) -> None:
        if not first:
            first.append(path)
            raise FileNotFoundError
        remove(path)

    monkeypatch.setattr(shutil, "rmtree", collected)
    store.close("irve")
    assert kept(store.folder) == set()


def test_closing_among_writes_that_never_stop(store: VersionedBytes) -> None:
    """Writers never stop; once `close` has returned, nothing of the layer is there, and nothing comes."""
    end = threading.Event()

    def write(number: int) -> None:
        while not end.is_set():
            store.put(f"irve/v/{number}", b"x")

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    time.sleep(0.1)
    VersionedBytes(store.folder, 1_000_000).close("irve")
    seen = [(store.folder / "irve").exists()]
    time.sleep(0.1)
    seen.append((store.folder / "irve").exists())
    end.set()
    for thread in threads:
        thread.join()
    assert seen == [False, False]
