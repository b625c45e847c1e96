"""A log in a folder, as any web server serves it: reading that trusts nothing, writing that lasts.

A reader of these files need not be a writer: `fsck` reads them without a lock.

A head moves in two steps. It is made durable under a hidden name first, and renamed to where
readers find it after that: had they seen a head that a power cut then took back, the next one of
that size would be of another tree, and the log convicted of showing two. Whoever takes the log
next finishes a move that was interrupted.
"""

import contextlib
import errno
import fcntl
import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from quorate.core.errors import InputError
from quorate.core.files import (
    FolderLock,
    OpenFile,
    make_folder,
    read_file,
    read_own_file,
    sync_folder,
    write_all_durable,
    write_durable,
)
from quorate.core.filesystem import SYSTEM, FileSystem
from quorate.log.checkpoint import Checkpoint
from quorate.log.note import Note
from quorate.log.recovery import tidy
from quorate.log.storage import CHECKPOINT, HeadMovedError, checkpoint_text, object_tile
from quorate.log.tiles import TILE_WIDTH, Tile, beginning

_NEXT = ".checkpoint.next"  # a head that is durable and not yet shown
_WRITING = ".writing"  # there while a commit of a shared log is under way
_MAX_HEAD = 2**20


class FolderReader:
    """A log's folder, for reading."""

    def __init__(self, folder: Path, *, disk: FileSystem = SYSTEM) -> None:
        self.path = folder
        self.name = str(folder)
        self._disk = disk

    def head(self) -> bytes | None:
        """The checkpoint, None before the first."""
        return self._head_at(CHECKPOINT)

    def _head_at(self, name: str) -> bytes | None:
        try:
            path = self.path / name
            return read_own_file(path, "checkpoint", limit=_MAX_HEAD, disk=self._disk)
        except (FileNotFoundError, NotADirectoryError):
            return None

    def read(self, path: str, limit: int) -> bytes:
        """The bytes of the file at ``path``.

        A partial tile that its writer has outgrown and removed since the head was read is the
        beginning of what came after it.
        """
        try:
            return self._read(path, limit)
        except InputError:
            tile = object_tile(path)
            if tile is None or tile.width == TILE_WIDTH or self.length(path) is not None:
                raise
            for larger in self._outgrowing(tile):
                with contextlib.suppress(InputError):
                    return beginning(self._read(larger.path, limit), larger, tile)
            raise

    def _outgrowing(self, tile: Tile) -> Iterator[Tile]:
        """Larger partial tiles, then the whole one: it is there before any of those goes."""
        folder = tile.path.rpartition("/")[0]
        for path in sorted(self._below(folder)):
            larger = object_tile(path)
            if larger is not None and larger.width > tile.width:
                yield larger
        yield Tile(tile.level, tile.index)

    def _read(self, path: str, limit: int) -> bytes:
        what = "checkpoint" if path == CHECKPOINT else "tile"
        return read_file(self.path / path, what, limit=limit, disk=self._disk)

    def open(self, path: str, limit: int) -> OpenFile:
        """The same file, to be read in pieces."""
        return OpenFile(self.path / path, "tile", limit=limit, disk=self._disk)

    def length(self, path: str) -> int | None:
        """How long the file at ``path`` is, None if there is none.

        A disk that cannot tell is an `OSError`: "none" would be taken for a log to be created.
        """
        try:
            return self._disk.stat(str(self.path / path)).st_size
        except (FileNotFoundError, NotADirectoryError):
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
        self._lasting = {folder}
        self._settled = False  # whether a turn of ours has cleared away what others left

    def claim(self) -> None:
        """Takes the folder; of a shared one only a first turn."""
        if self.shared:
            with self._turn():
                return
        self._lock.__enter__()
        try:
            self._finish_move()
        except BaseException:
            self.release()
            raise

    def release(self) -> None:
        """Lets the folder go again."""
        self._lock.__exit__()

    def read(self, path: str, limit: int) -> bytes:
        """The bytes of the very file at ``path``: its writer is told when his own are gone."""
        return self._read(path, limit)

    def prepare(self) -> None:
        """Makes the folder, and everything above it durable: it may have been made just now."""
        with contextlib.suppress(FileNotFoundError):
            if not stat.S_ISDIR(self._disk.stat(str(self.path)).st_mode):
                raise InputError(f"could not create a log in {self.path}: it is a file")
        make_folder(self.path, disk=self._disk)
        for parent in self.path.absolute().parents:
            try:
                sync_folder(parent, disk=self._disk)
            except OSError as error:  # a folder that is not ours, on a disk that syncs none
                if error.errno not in (errno.EACCES, errno.EPERM, errno.EINVAL):
                    raise

    def head(self) -> bytes | None:
        """The checkpoint, None before the first; a first one that is durable counts."""
        shown = super().head()
        return self._head_at(_NEXT) if shown is None else shown

    def commit(self, expected: bytes | None, objects: Mapping[str, bytes], head: bytes) -> None:
        """As `LogStorage` says: each file written beside, fsynced and renamed; then the head."""
        with self._turn():
            if self.head() != expected:
                raise HeadMovedError(f"could not write to log {self.name}: its head has moved")
            with self._marked():
                write_all_durable(self.path, objects, disk=self._disk, lasting=self._lasting)
                write_durable(self.path / _NEXT, head, disk=self._disk, name=CHECKPOINT)
                self._show_next()

    def _show_next(self) -> None:
        self._disk.replace(str(self.path / _NEXT), str(self.path / CHECKPOINT))
        sync_folder(self.path, disk=self._disk)

    def _finish_move(self) -> None:
        """Shows a head that a killed writer made durable and did not come to show."""
        waiting = self._head_at(_NEXT)
        if waiting is None:
            return
        shown = super().head()
        if shown is not None and self._size_of(waiting) < self._size_of(shown):
            # A copy of a log at work can hold both, and the shown one later.
            self._disk.unlink(str(self.path / _NEXT))
            return
        sync_folder(self.path, disk=self._disk)
        self._show_next()

    def _size_of(self, head: bytes | None) -> int:
        if head is None:
            return 0
        return Checkpoint.parse(Note.parse(checkpoint_text(head, self.name)).text).size

    def remove(self, paths: Iterator[str]) -> None:
        """Removes files, and with them temporary ones of a killed writer beside the checkpoint.

        Durably: a stale tile that a power cut brings back would by then lie within the log.
        """
        names = self._disk.listdir(str(self.path))
        temporary = [name for name in names if name.startswith(".") and name.endswith(".tmp")]
        changed = set[Path]()
        for path in (*paths, *temporary):
            with contextlib.suppress(FileNotFoundError):
                self._disk.unlink(str(self.path / path))
            changed.add((self.path / path).parent)
        for folder in sorted(changed):
            sync_folder(folder, disk=self._disk)

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

        A stale tile beyond the head must not lie about until the log has grown past it. A writer
        clears at its first turn, which it has before it reads anything (a power cut may have taken
        the marker, and all writers with it), and whenever there is a marker.
        """
        if not self.shared:
            yield
            return
        lock = self._disk.open(str(self.path / ".lock"), os.O_CREAT | os.O_RDWR, 0o600)
        try:
            self._disk.flock(lock, fcntl.LOCK_EX)
            if not self._settled or self.length(_WRITING) is not None:
                self._finish_move()
                tidy(self, self._size_of(self.head()))
                with contextlib.suppress(FileNotFoundError):
                    self._disk.unlink(str(self.path / _WRITING))
                self._settled = True
            yield
        finally:
            self._disk.close(lock)

    @contextlib.contextmanager
    def _marked(self) -> Iterator[None]:
        """In a shared folder: leaves a marker if what follows does not come to its end."""
        if not self.shared:
            yield
            return
        marker = str(self.path / _WRITING)
        self._disk.close(self._disk.open(marker, os.O_CREAT | os.O_WRONLY, 0o644))
        yield
        self._disk.unlink(marker)
