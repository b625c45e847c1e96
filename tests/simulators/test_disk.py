"""The simulated disk against a real one, call by call; and what it may and must forget."""

import errno
import fcntl
import os
import random
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quorate.core.filesystem import SYSTEM, FileSystem
from tests.simulators.disk import Ended, Fault, SimulatedDisk
from tests.simulators.platter import FATES, SECTOR, Fate

WRITE = os.O_CREAT | os.O_RDWR
PATHS = ["a", "b", "f", "f/a", "f/g", "f/g/b", "nowhere/x"]
FLAGS = [os.O_RDONLY, os.O_RDONLY | os.O_DIRECTORY, os.O_WRONLY, os.O_RDWR, WRITE]
FLAGS += [WRITE | os.O_TRUNC, WRITE | os.O_EXCL, WRITE | os.O_APPEND]
RENAMES = [("a", "b"), ("b", "f"), ("f", "a"), ("f/a", "f/g"), ("f/g", "f/a"), ("a", "nowhere/x")]
LOCKS = [fcntl.LOCK_EX | fcntl.LOCK_NB, fcntl.LOCK_UN]

paths, slots = st.sampled_from(PATHS), st.integers(0, 3)
step = st.one_of(
    st.tuples(st.just("open"), slots, paths, st.sampled_from(FLAGS)),
    st.tuples(st.just("write"), slots, st.binary(max_size=9)),
    st.tuples(st.just("read"), slots, st.integers(0, 12)),
    st.tuples(st.just("truncate"), slots, st.integers(0, 12)),
    st.tuples(st.sampled_from(["fsync", "close", "fstat"]), slots),
    st.tuples(st.just("flock"), slots, st.sampled_from(LOCKS)),
    st.tuples(st.sampled_from(["unlink", "mkdir", "rmdir", "listdir", "stat"]), paths),
    st.tuples(st.just("mkdir"), st.sampled_from(["f", "f/g"])),
    st.sampled_from(RENAMES).map(lambda pair: ("replace", *pair)),
)


class Script:
    """Plays steps on a disk; what each gave or was refused with."""

    def __init__(self, disk: FileSystem, root: str) -> None:
        self.disk, self.root, self.slots = disk, root, dict[int, int]()

    def play(self, verb: str, *values: object) -> object:
        try:
            return getattr(self, f"_{verb}", self._plain)(verb, *values)
        except OSError as error:
            return errno.errorcode[error.errno or 0]

    def close_all(self) -> None:
        for slot in list(self.slots):
            self.play("close", slot)

    def _open(self, _verb: str, slot: int, path: str, flags: int) -> str:
        descriptor = self.disk.open(f"{self.root}/{path}", flags)
        self.play("close", slot)
        self.slots[slot] = descriptor
        return "open"

    def _close(self, _verb: str, slot: int) -> str:
        if slot in self.slots:
            self.disk.close(self.slots.pop(slot))
        return "closed"

    def _plain(self, verb: str, *values: object) -> object:
        if isinstance(values[0], int):
            if values[0] not in self.slots:
                return "not open"
            return _told(getattr(self.disk, verb)(self.slots[values[0]], *values[1:]))
        return _told(getattr(self.disk, verb)(*(f"{self.root}/{path}" for path in values)))


def _told(value: object) -> object:
    if isinstance(value, os.stat_result):
        folder = value.st_mode & 0o170000 == 0o040000
        return "folder" if folder else value.st_size
    return sorted(value) if isinstance(value, list) else value


def tree(disk: FileSystem, path: str) -> object:
    """All names below ``path`` and the bytes that they lead to."""
    try:
        return {name: tree(disk, f"{path}/{name}") for name in sorted(disk.listdir(path))}
    except NotADirectoryError:
        descriptor = disk.open(path, os.O_RDONLY)
        try:
            return disk.read(descriptor, 1000)
        finally:
            disk.close(descriptor)


@settings(max_examples=200, deadline=None)
@given(st.lists(step, max_size=40))
def test_simulated_disk__any_calls__as_a_real_one(steps):
    real = tempfile.mkdtemp()
    simulated = SimulatedDisk()
    simulated.mkdir("/root")
    both = [Script(SYSTEM, real), Script(simulated, "/root")]
    try:
        for each in steps:
            told = [script.play(*each) for script in both]
            assert told[0] == told[1], each
        assert tree(SYSTEM, real) == tree(simulated, "/root")
        # What is synced whole is kept whole, whatever the cut does.
        kept = SimulatedDisk(simulated.root).cut(FATES["everything kept"])
        assert tree(kept, "/root") == tree(SYSTEM, real)
    finally:
        both[0].close_all()
        shutil.rmtree(real)


def put(disk: SimulatedDisk, path: str, data: bytes, *, sync: bool = True) -> None:
    descriptor = disk.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC)
    disk.write(descriptor, data)
    if sync:
        disk.fsync(descriptor)
    disk.close(descriptor)


def sync(disk: SimulatedDisk, path: str = "/") -> None:
    descriptor = disk.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        disk.fsync(descriptor)
    finally:
        disk.close(descriptor)


def outcomes(disk: SimulatedDisk, path: str, fate: Fate) -> set[bytes | None]:
    return {disk.cut(fate, seed).peek(path) for seed in range(60)}


def test_cut__file_synced_but_not_its_name__may_be_gone():
    disk = SimulatedDisk()
    put(disk, "/a", b"bytes")
    assert outcomes(disk, "/a", FATES["nothing kept"]) == {None}
    assert outcomes(disk, "/a", FATES["some names, some sectors"]) == {None, b"bytes"}
    sync(disk)
    for fate in FATES.values():
        assert outcomes(disk, "/a", fate) == {b"bytes"}


def test_cut__name_synced_but_not_the_bytes__dropped_torn_zeros_or_there():
    disk, data = SimulatedDisk(), bytes(range(1, 200)) * 6
    put(disk, "/a", data, sync=False)
    sync(disk)
    assert outcomes(disk, "/a", FATES["nothing kept"]) == {b""}
    assert outcomes(disk, "/a", FATES["everything kept"]) == {data}
    assert outcomes(disk, "/a", FATES["names with zeros"]) == {bytes(len(data))}
    torn = outcomes(disk, "/a", FATES["first names, torn bytes"])
    assert len(torn) > 20
    for each in torn - {None}:
        written = len(each.rstrip(b"\0"))
        assert data.startswith(each[:written]) and len(each) in (written, len(data))
    sectors = outcomes(disk, "/a", FATES["some names, some sectors"])
    assert len(sectors) == 2 ** -(-len(data) // SECTOR)


def test_cut__rename_not_synced__old_or_new_never_neither():
    disk = SimulatedDisk()
    put(disk, "/a", b"old")
    sync(disk)
    put(disk, "/b", b"new")
    disk.replace("/b", "/a")
    assert disk.peek("/a") == b"new"
    for fate in FATES.values():
        assert outcomes(disk, "/a", fate) <= {b"old", b"new"}
    assert outcomes(disk, "/a", FATES["some names, some sectors"]) == {b"old", b"new"}


def test_cut__folder_not_synced__takes_its_synced_content_with_it():
    disk = SimulatedDisk()
    disk.mkdir("/f")
    put(disk, "/f/a", b"bytes")
    sync(disk, "/f")
    assert outcomes(disk, "/f/a", FATES["nothing kept"]) == {None}


def test_fsync__failed__bytes_seen_but_never_kept_though_the_next_one_succeeds():
    disk = SimulatedDisk()
    put(disk, "/a", b"")
    sync(disk)
    descriptor = disk.open("/a", os.O_WRONLY)
    disk.write(descriptor, b"lost ")
    disk.arm(1, Fault(errno.EIO))
    with pytest.raises(OSError, match="Input/output"):
        disk.fsync(descriptor)
    disk.write(descriptor, b"later")
    disk.fsync(descriptor)
    assert disk.peek("/a") == b"lost later"
    assert outcomes(disk, "/a", FATES["everything kept"]) == {bytes(5) + b"later"}


@pytest.mark.parametrize(("done", "seen"), [(False, None), (True, b"")])
def test_arm__a_call_fails__without_effect_or_after_it(done, seen):
    disk = SimulatedDisk()
    disk.arm(1, Fault(errno.ENOSPC, done=done))
    with pytest.raises(OSError) as caught:
        disk.open("/a", WRITE)
    assert (caught.value.errno, disk.peek("/a")) == (errno.ENOSPC, seen)
    assert disk.open("/b", WRITE) > 0


def test_arm__short_write__half_is_there_and_the_disk_is_full():
    disk = SimulatedDisk()
    descriptor = disk.open("/a", WRITE)
    disk.arm(1, Fault(short=True))
    assert disk.write(descriptor, b"123456") == 3
    with pytest.raises(OSError) as caught:
        disk.write(descriptor, b"456")
    assert (caught.value.errno, disk.peek("/a")) == (errno.ENOSPC, b"123")


@pytest.mark.parametrize(("done", "seen"), [(False, None), (True, b"")])
def test_arm__process_ends__nothing_it_tries_later_reaches_the_disk(done, seen):
    disk = SimulatedDisk()
    disk.arm(1, Fault(done=done))
    with pytest.raises(Ended):
        disk.open("/a", WRITE)
    with pytest.raises(Ended):
        disk.mkdir("/f")
    assert disk.killed().peek("/a") == seen
    assert "f" not in disk.root.seen


def test_killed__locks_are_free_and_unsynced_changes_still_wait():
    disk = SimulatedDisk()
    disk.flock(disk.open("/a", WRITE), fcntl.LOCK_EX | fcntl.LOCK_NB)
    other = SimulatedDisk(disk.root)
    with pytest.raises(BlockingIOError):
        other.flock(other.open("/a", WRITE), fcntl.LOCK_EX | fcntl.LOCK_NB)
    successor = disk.killed()
    successor.flock(successor.open("/a", WRITE), fcntl.LOCK_EX | fcntl.LOCK_NB)
    assert successor.cut(FATES["nothing kept"]).peek("/a") is None


@pytest.mark.parametrize(("field", "number"), [("full", errno.ENOSPC), ("read_only", errno.EROFS)])
def test_disk__full_or_read_only__nothing_new_and_what_is_there_can_be_read(field, number):
    disk = SimulatedDisk()
    put(disk, "/a", b"bytes")
    setattr(disk, field, True)
    for attempt in (lambda: disk.mkdir("/f"), lambda: disk.open("/b", WRITE)):
        with pytest.raises(OSError) as caught:
            attempt()
        assert caught.value.errno == number
    assert disk.files() == {"/a": b"bytes"}
    assert disk.read(disk.open("/a", os.O_RDONLY), 9) == b"bytes"


def test_cut__same_seed__same_disk():
    disk, dice = SimulatedDisk(), random.Random(1)
    for number in range(9):
        put(disk, f"/{number}", dice.randbytes(2000), sync=number % 2 == 0)
    for fate in FATES.values():
        assert disk.cut(fate, 7).files() == disk.cut(fate, 7).files()
    scattered = FATES["some names, some sectors"]
    assert disk.cut(scattered, 7).files() != disk.cut(scattered, 8).files()


def test_real_disk__the_folder_that_tests_use__is_one(tmp_path: Path):
    """The comparison above says something only if the verbs of `SYSTEM` reach a disk."""
    script = Script(SYSTEM, str(tmp_path))
    script.play("open", 0, "a", WRITE)
    script.play("write", 0, b"bytes")
    script.close_all()
    assert (tmp_path / "a").read_bytes() == b"bytes"
