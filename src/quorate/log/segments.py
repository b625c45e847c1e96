"""The segment that a recorder writes, its forerunners until they are collected, its successor.

`Segments.put` and `Segments.turn_over` belong to whoever holds the recorder's lock; `prepare`,
`sync` and `remove_collected` to its one syncing thread, which is also the only one that turns over.
"""

import contextlib
import errno
import os
from pathlib import Path

from quorate.core.files import sync_folder
from quorate.core.filesystem import FileSystem
from quorate.log.journal import Opening, segment_path
from quorate.log.resuming import Journal, Kept

_APPENDING = os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC | os.O_CREAT | os.O_EXCL


class Segments:
    """The files of one journal, for its writer; ``size``: bytes after which a segment is full.

    ``mode``: who may read them, less the umask.
    """

    def __init__(
        self, folder: Path, journal: Journal, size: int, mode: int, *, disk: FileSystem
    ) -> None:
        self.position = journal.position
        """Where the next frame will stand, bytes from the beginning of the journal."""
        self._folder = folder
        self._size = size
        self._mode = mode
        self._disk = disk
        self._write = disk.write
        self._number = journal.segment
        self._start = journal.position
        self._kept = list(journal.kept)
        self._full: list[int] = []  # descriptors of forerunners that are not synced yet
        self._spare: int | None = None  # the successor's descriptor
        self._descriptor = self._create(self._number)

    def put(self, frame: bytes) -> None:
        """Appends a frame in one write; `OSError` if any of it was not written."""
        written = self._write(self._descriptor, frame)
        if written != len(frame):
            raise OSError(errno.ENOSPC, f"{written} of {len(frame)} bytes were written")
        self.position += written

    @property
    def full(self) -> bool:
        """Whether the segment has its size and its successor is ready."""
        return self._spare is not None and self.position - self._start >= self._size

    def turn_over(self, opening: Opening) -> None:
        """Goes on in the successor, with ``opening`` as its first frame."""
        assert self._spare is not None
        self._kept.append(Kept(self._number, self.position))
        self._full.append(self._descriptor)
        self._number, self._descriptor, self._spare = self._number + 1, self._spare, None
        self._start = self.position
        self.put(opening.encode())

    def prepare(self) -> None:
        """Makes the successor, its name durable, before it is needed."""
        if self._spare is None and self.position - self._start >= self._size // 2:
            self._spare = self._create(self._number + 1)

    def sync(self) -> None:
        """On return everything that was put before is durable: forerunners first."""
        while self._full:
            self._disk.fsync(self._full[0])
            self._disk.close(self._full.pop(0))
        self._disk.fsync(self._descriptor)

    def remove_collected(self, position: int) -> None:
        """Removes forerunners that end before ``position``; oldest first, each one durably.

        Else a power cut could bring an older one back without its successor. Only after `sync`:
        then the segment that is written holds the latest reservation durably.
        """
        while self._kept and self._kept[0].end <= position:
            self._disk.unlink(str(segment_path(self._folder, self._kept[0].number)))
            sync_folder(self._folder, disk=self._disk)
            self._kept.pop(0)

    def close(self) -> None:
        """Releases every file."""
        descriptors = [self._descriptor, *self._full]
        descriptors += [] if self._spare is None else [self._spare]
        self._full, self._spare = [], None
        for descriptor in descriptors:
            with contextlib.suppress(OSError):
                self._disk.close(descriptor)

    def _create(self, number: int) -> int:
        path = str(segment_path(self._folder, number))
        descriptor = self._disk.open(path, _APPENDING, self._mode)
        try:
            sync_folder(self._folder, disk=self._disk)
        except BaseException:
            self._disk.close(descriptor)
            raise
        return descriptor
