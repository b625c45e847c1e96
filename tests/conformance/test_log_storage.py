"""What every implementation of the `LogStorage` port must do; add yours to STORAGES."""

import itertools
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from quorate.core.errors import InputError, LockedError
from quorate.log.folder import FolderStorage
from quorate.log.fsck import check_log
from quorate.log.memory import MemoryStorage
from quorate.log.storage import HeadMovedError, LogStorage
from quorate.log.tiles import ENTRIES, Tile
from quorate.log.writer import Log
from tests.log.parties import ALICE, CLOCK, IDENTITY, ORIGIN
from tests.simulators.disk import SimulatedDisk

Opener = Callable[[], LogStorage]
"""Another writer's access to one and the same log."""


def memory(_folder: Path, shared: bool) -> Opener:
    return MemoryStorage(shared=shared).joined


def folder(folder: Path, shared: bool) -> Opener:
    return lambda: FolderStorage(folder / "log", shared=shared)


def simulated(_folder: Path, shared: bool) -> Opener:
    root = SimulatedDisk().root
    return lambda: FolderStorage(Path("/deep/log"), shared=shared, disk=SimulatedDisk(root))


STORAGES = {"memory": memory, "folder": folder, "simulated": simulated}
HEAD_1, HEAD_2 = (f"{ORIGIN}\n{size}\n{'A' * 43}=\n\n".encode() for size in (1, 2))
OBJECTS = {Tile(0, 0, 1).path: b"one", Tile(ENTRIES, 0, 1).path: b"1", "tile/1/x001/234": b"deep"}


@pytest.fixture(params=sorted(STORAGES))
def opener(request, tmp_path) -> Opener:
    """Of a log with one owner."""
    return STORAGES[request.param](tmp_path, False)


@pytest.fixture(params=sorted(STORAGES))
def shared_opener(request, tmp_path) -> Opener:
    """Of a log for which writers race."""
    return STORAGES[request.param](tmp_path, True)


@pytest.fixture
def storage(opener):
    storage = opener()
    storage.prepare()
    storage.claim()
    yield storage
    storage.release()


def seen(storage: LogStorage) -> tuple[bytes | None, dict[str, bytes]]:
    return storage.head(), {path: storage.read(path, 100) for path in storage.paths()}


def test_prepare__nothing_there__no_head_no_objects_and_again_no_harm(storage):
    storage.prepare()
    assert seen(storage) == (None, {})
    assert storage.length("checkpoint") is storage.length("tile/0/000") is None


def test_commit__objects_and_head__are_seen_by_everybody(opener, storage):
    storage.commit(None, OBJECTS, HEAD_1)
    assert seen(storage) == seen(opener()) == (HEAD_1, OBJECTS)
    assert storage.length("tile/1/x001/234") == 4
    assert storage.length("checkpoint") == len(HEAD_1)


def test_commit__no_objects__only_the_head_moves(storage):
    storage.commit(None, OBJECTS, HEAD_1)
    storage.commit(HEAD_1, {}, HEAD_2)
    assert seen(storage) == (HEAD_2, OBJECTS)


def test_commit__object_there_already__is_replaced(storage):
    storage.commit(None, OBJECTS, HEAD_1)
    storage.commit(HEAD_1, {"tile/1/x001/234": b"other"}, HEAD_2)
    assert storage.read("tile/1/x001/234", 5) == b"other"


@pytest.mark.parametrize("expected", [None, HEAD_2, HEAD_1[:-1]])
def test_commit__another_head_expected__refused_and_nothing_changed(storage, expected):
    storage.commit(None, OBJECTS, HEAD_1)
    with pytest.raises(HeadMovedError):
        storage.commit(expected, {"tile/0/000": b"new", "tile/1/x001/234": b"changed"}, HEAD_2)
    assert seen(storage) == (HEAD_1, OBJECTS)
    storage.commit(HEAD_1, {}, HEAD_2)


def test_commit__no_head_but_one_expected__refused(storage):
    with pytest.raises(HeadMovedError):
        storage.commit(HEAD_1, OBJECTS, HEAD_2)
    assert seen(storage) == (None, {})


def test_read__limit__exact_is_given_and_more_refused_not_cut(storage):
    storage.commit(None, OBJECTS, HEAD_1)
    path = "tile/1/x001/234"
    assert storage.read(path, 4) == b"deep"
    for limit in (3, 0):
        with pytest.raises(InputError, match="larger than"):
            storage.read(path, limit)


@pytest.mark.parametrize("path", ["tile/0/001", "tile/7/000", "tile", "nowhere", "tile/0/000/x"])
def test_read__nothing_there__refused_by_name(storage, path):
    storage.commit(None, OBJECTS, HEAD_1)
    with pytest.raises(InputError, match=path):
        storage.read(path, 100)


def test_paths__below_tile_only__sorted(storage):
    names = ["tile/1/000", "tile/0/001", "tile/0/000.p/9", "tile/entries/000.p/10", "tile/0/000"]
    storage.commit(None, dict.fromkeys(names, b"x"), HEAD_1)
    assert list(storage.paths()) == sorted(names)


def test_remove__some_and_again__they_are_gone_and_the_rest_stays(storage):
    storage.commit(None, OBJECTS, HEAD_1)
    gone = ["tile/1/x001/234", Tile(0, 0, 1).path]
    storage.remove(iter(gone))
    storage.remove(iter([*gone, "tile/0/999"]))
    assert list(storage.paths()) == [Tile(ENTRIES, 0, 1).path]
    assert storage.head() == HEAD_1


@pytest.mark.parametrize("level", [ENTRIES, 0, 1])
def test_remove_partials__of_one_tile__only_those(storage, level):
    kept = [Tile(level, 0), Tile(level, 1, 7), Tile(level, 1000, 7), Tile(2, 0, 7)]
    gone = [Tile(level, 0, width) for width in (1, 7, 255)]
    storage.commit(None, {tile.path: b"x" for tile in (*kept, *gone)}, HEAD_1)
    for _ in range(2):  # again: there is nothing left to remove
        storage.remove_partials(Tile(level, 0))
        assert list(storage.paths()) == sorted(tile.path for tile in kept)


def test_claim__second_writer__locked_out_until_the_first_lets_go(opener, storage):
    other = opener()
    with pytest.raises(LockedError, match="another"):
        other.claim()
    other.release()  # lets go of nothing: it has nothing
    with pytest.raises(LockedError):
        other.claim()
    storage.release()
    storage.release()
    other.claim()
    with pytest.raises(LockedError):
        storage.claim()
    other.release()
    storage.claim()


def test_claim__shared__everybody_at_once(shared_opener):
    both = [shared_opener(), shared_opener()]
    both[0].prepare()
    for each in both:
        each.claim()
        assert each.shared
    both[0].commit(None, OBJECTS, HEAD_1)
    with pytest.raises(HeadMovedError):
        both[1].commit(None, {}, HEAD_2)
    both[1].commit(HEAD_1, {}, HEAD_2)
    assert seen(both[0]) == (HEAD_2, OBJECTS)
    for each in both:
        each.release()


def test_shared__two_logs_in_turn__one_history_with_the_leaves_of_both(shared_opener):
    first = Log.create(shared_opener(), ORIGIN, *ALICE.log_signers, CLOCK)
    second = Log.open(shared_opener(), ORIGIN, *ALICE.log_signers, CLOCK)
    places = {}
    for number, log in zip(range(300), itertools.cycle([first, second, second]), strict=False):
        leaf = b"leaf %d" % number
        places[log.append(leaf)] = leaf
    assert sorted(places) == list(range(1, 301))
    assert check_log(shared_opener(), IDENTITY).size == 301
    second.append_many([])
    second.append(b"takes in what the first has")
    assert [second.entry(index) for index in places] == list(places.values())
    for log in (first, second):
        log.close()


@pytest.mark.parametrize("kind", sorted(STORAGES.keys() - {"simulated"}))  # it has one thread
def test_shared__threads_race__every_acknowledged_leaf_at_its_index(kind, tmp_path):
    shared_opener = STORAGES[kind](tmp_path, True)
    Log.create(shared_opener(), ORIGIN, *ALICE.log_signers, CLOCK).close()
    told: dict[int, bytes] = {}
    faults: list[BaseException] = []

    def append(writer: int) -> None:
        try:
            with Log.open(shared_opener(), ORIGIN, *ALICE.log_signers, CLOCK) as log:
                for number in range(12):
                    leaf = b"writer %d leaf %d" % (writer, number)
                    told[log.append(leaf)] = leaf
        except BaseException as fault:
            faults.append(fault)

    threads = [threading.Thread(target=append, args=[writer]) for writer in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert not faults
    assert sorted(told) == list(range(1, 49))
    assert check_log(shared_opener(), IDENTITY).leftovers == ()
    with Log.open(shared_opener(), ORIGIN, *ALICE.log_signers, CLOCK) as log:
        assert all(log.entry(index) == leaf for index, leaf in told.items())
