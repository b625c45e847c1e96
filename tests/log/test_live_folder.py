"""Readers of a folder to which its writer appends meanwhile: partial tiles go, nobody minds."""

import threading

import pytest

from quorate.core.errors import DamagedError, InputError, VerificationError
from quorate.core.filesystem import SYSTEM
from quorate.log.appender import Appender
from quorate.log.folder import FolderReader, FolderStorage
from quorate.log.fsck import check_log
from quorate.log.monitor import look
from quorate.log.storage import read_entries, read_hashes
from quorate.log.tiles import ENTRIES, Tile
from quorate.log.verify import verify_note
from tests.log.parties import IDENTITY, create_log, leaf, open_log


class Busy(FolderReader):
    """A folder whose writer appends right after the reader has read its head."""

    def __init__(self, folder, count):
        super().__init__(folder, disk=SYSTEM)
        self._left = count

    def read(self, path, limit):
        found = super().read(path, limit)
        if path == "checkpoint" and self._left:
            count, self._left = self._left, 0
            with open_log(self.path) as log:
                size = log.size
                log.append_many(leaf(i) for i in range(size, size + count))
        return found


@pytest.mark.parametrize("count", [1, 255, 300, 70_000])
def test_readers__partial_tiles_outgrown_while_they_read__cut_from_the_whole(tmp_path, count):
    create_log(tmp_path / "log", 299).close()
    assert check_log(Busy(tmp_path / "log", count), IDENTITY).size == 300
    size = 300 + count
    reader = Busy(tmp_path / "log", 300)
    seen, _ = look(reader, IDENTITY, lambda note: verify_note(note, IDENTITY), None, full=True)
    assert seen.checkpoint.size == size
    for tile in (Tile(ENTRIES, 0, 7), Tile(0, 0, 7)):
        assert not (tmp_path / "log" / tile.path).exists()
    assert read_entries(reader, Tile(ENTRIES, 1, 2)) == [leaf(256), leaf(257)]
    assert len(read_hashes(reader, Tile(0, 1, 2))) == 2


def test_reader__partial_tile_gone_and_a_larger_partial_there__cut_from_it(tmp_path):
    with create_log(tmp_path / "log", 9) as log:
        log.append_many(leaf(i) for i in range(10, 20))
    reader = FolderReader(tmp_path / "log")
    for level in (ENTRIES, 0):
        older = tmp_path / "log" / Tile(level, 0, 10).path
        data = older.read_bytes()
        older.unlink()
        (older.parent / "stray").write_bytes(b"none of it")
        assert reader.read(Tile(level, 0, 10).path, 2**20) == data
        with pytest.raises(InputError, match="21"):
            reader.read(Tile(level, 0, 21).path, 2**20)


def test_reader__successor_is_damaged__refused(tmp_path):
    create_log(tmp_path / "log", 299).close()
    (tmp_path / "log" / "tile/0/000").write_bytes(b"short")
    (tmp_path / "log" / "tile/entries/000").write_bytes(b"\xff")
    reader = FolderReader(tmp_path / "log")
    with pytest.raises(DamagedError):
        read_hashes(reader, Tile(0, 0, 7))
    with pytest.raises(DamagedError):
        read_entries(reader, Tile(ENTRIES, 0, 7))


def test_writer__its_own_partial_tile_is_gone__damaged_whatever_else_lies_there(tmp_path):
    create_log(tmp_path / "log", 9).close()
    path = tmp_path / "log" / Tile(0, 0, 10).path
    whole = tmp_path / "log" / "tile/0/000"
    whole.write_bytes(path.read_bytes() + bytes(246 * 32))
    path.unlink()
    with pytest.raises(InputError, match="no such file"):
        FolderStorage(tmp_path / "log").read(Tile(0, 0, 10).path, 2**20)


def test_check_log__while_an_appender_works__whole_every_time(tmp_path):
    stop = threading.Event()
    with create_log(tmp_path / "log") as log, Appender(log, interval=0.001) as appender:

        def load():
            while not stop.is_set():
                appender.append_many([b"x" * 50] * 100)

        thread = threading.Thread(target=load)
        thread.start()
        try:
            sizes = [0]
            while sizes[-1] < 3000 and len(sizes) < 1000:
                sizes.append(check_log(tmp_path / "log", IDENTITY).size)
        except VerificationError as error:
            raise AssertionError(f"{error.step}: {error}") from error
        finally:
            stop.set()
            thread.join()
    assert sizes == sorted(sizes) and sizes[-1] >= 3000
