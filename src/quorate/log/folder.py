"""A log in a folder, as any web server serves it: reading that trusts nothing, writing that lasts.

A reader of these files need not be a writer: `fsck` reads them without a lock.
"""

import contextlib
import fcntl
import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from quorate.core.errors import InputError
from quorate.core.files import FolderLock, make_folder, read_file, write_all_durable, write_durable
from quorate.core.filesystem import SYSTEM, FileSystem
from quorate.log.checkpoint import Checkpoint
from quorate.log.note import Note
from quorate.log.recovery import tidy
from quorate.log.storage import CHECKPOINT, HeadMovedError, checkpoint_text
from quorate.log.tiles import Tile

_WRITING = ".writing"  # there while a commit of a shared log is under way


class FolderReader:
    """A log's folder, for reading."""

    def __init__(self, folder: Path, *, disk: FileSystem = SYSTEM) -> None:
        self.path = folder
        self.name = str(folder)
        self._disk = disk

    def head(self) -> bytes | None:
        """The checkpoint, None before the first."""
        if self.length(CHECKPOINT) is None:
            return None
        return self.read(CHECKPOINT, 2**20)

    def read(self, path: str, limit: int) -> bytes:
        """The bytes of the file at ``path``."""
        what = "checkpoint" if path == CHECKPOINT else "tile"
        return read_file(self.path / path, what, limit=limit, disk=self._disk)

    def length(self, path: str) -> int | None:
        """How long the file at ``path`` is, None if it cannot be found."""
        try:
            return self._disk.stat(str(self.path / path)).st_size
        except OSError:
            return None

    def paths(self) -> Iterator[str]:
        """Every file below ``tile/``, sorted; temporary files and strangers' files included."""
        return iter(sorted(self._below("tile")))

    def _below(self, path: str) -> Iterator[str]:
        try:
            names = self._disk.listdir(str(self.path / path))
        except (FileNotFoundError, NotADirectoryError):
            return
        for name in names:
            below = f"{path}/{name}"
            if self._is_folder(below):
                yield from self._below(below)
            else:
                yield below

    def _is_folder(self, path: str) -> bool:
        try:
            return stat.S_ISDIR(self._disk.stat(str(self.path / path)).st_mode)
        except OSError:  # removed meanwhile, or a link to nowhere
            return False


class FolderStorage(FolderReader):
    """A log's folder, for its writer, who holds ``.lock`` (a `shared` one: during each commit)."""

    def __init__(self, folder: Path, *, shared: bool = False, disk: FileSystem = SYSTEM) -> None:
        super().__init__(folder, disk=disk)
        self.shared = shared
        self._lock = FolderLock(folder, "log", disk=disk)

    def claim(self) -> None:
        """Takes the folder, unless it is shared."""
        if not self.shared:
            self._lock.__enter__()

    def release(self) -> None:
        """Lets the folder go again."""
        self._lock.__exit__()

    def prepare(self) -> None:
        """Makes the folder."""
        if self.path.exists() and not self.path.is_dir():
            raise InputError(f"could not create a log in {self.path}: it is a file")
        make_folder(self.path, disk=self._disk)

    def commit(self, expected: bytes | None, objects: Mapping[str, bytes], head: bytes) -> None:
        """As `LogStorage` says: each file written beside, fsynced and renamed; then the head."""
        with self._turn():
            if self.head() != expected:
                raise HeadMovedError(f"could not write to log {self.name}: its head has moved")
            write_all_durable(self.path, objects, disk=self._disk)
            write_durable(self.path / CHECKPOINT, head, disk=self._disk)

    def remove(self, paths: Iterator[str]) -> None:
        """Removes files, and with them temporary ones of a killed writer beside the checkpoint."""
        for path in paths:
            with contextlib.suppress(FileNotFoundError):
                self._disk.unlink(str(self.path / path))
        for name in self._disk.listdir(str(self.path)):
            if name.startswith(".") and name.endswith(".tmp"):
                with contextlib.suppress(FileNotFoundError):
                    self._disk.unlink(str(self.path / name))

    def remove_partials(self, tile: Tile) -> None:
        """Removes what lies below ``<tile>.p/``, and the folder."""
        folder = str(self.path / f"{Tile(tile.level, tile.index).path}.p")
        with contextlib.suppress(OSError):  # a web server may hold one: it stays, harmlessly
            for name in self._disk.listdir(folder):
                self._disk.unlink(f"{folder}/{name}")
            self._disk.rmdir(folder)

    @contextlib.contextmanager
    def _turn(self) -> Iterator[None]:
        """In a shared folder: waits for its turn, then clears away what a killed writer left.

        A stale tile beyond the head must not lie about until the log has grown past it.
        """
        if not self.shared:
            yield
            return
        lock = self._disk.open(str(self.path / ".lock"), os.O_CREAT | os.O_RDWR, 0o600)
        try:
            self._disk.flock(lock, fcntl.LOCK_EX)
            marker = str(self.path / _WRITING)
            head = self.head()
            if head is not None and self.length(_WRITING) is not None:
                text = checkpoint_text(head, self.name)
                tidy(self, Checkpoint.parse(Note.parse(text).text).size)
            self._disk.close(self._disk.open(marker, os.O_CREAT | os.O_WRONLY, 0o644))
            yield
            self._disk.unlink(marker)
        finally:
            self._disk.close(lock)
