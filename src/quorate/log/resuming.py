"""What a recorder finds of its source's journal when it opens it, and makes good.

Under the boot id of the last segment the kernel kept every byte that it had taken: only a frame
that its writer never heard of may be torn, and numbers go on. Under another one after an unclean
end a power cut may have taken whatever was not synced: torn frames are cut off, and numbers go on
after all that were reserved, so that what was lost shows as a gap.

Whatever is cut or removed here is synced before anything new is written: a torn tail that came
back after a second power cut would hide what follows it.
"""

import os
import stat
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from quorate.core.errors import DamagedError
from quorate.core.files import read_file, sync_folder, write_durable
from quorate.core.filesystem import FileSystem
from quorate.log.journal import (
    CLOSED,
    MAX_SEGMENT,
    OPENING,
    RECORD,
    Frame,
    Opening,
    Progress,
    Segment,
    Tail,
    read_segment,
    segment_numbers,
    segment_path,
)


@dataclass(frozen=True, slots=True)
class Kept:
    """A segment that is no longer written: its number, and the position where it ends."""

    number: int
    end: int


@dataclass(frozen=True, slots=True)
class Journal:
    """What is there, mended: the numbers go on at ``first``, after ``after`` with leaf ``head``.

    Numbers between the two are left out: a power cut may have taken their records.
    The next segment is number ``segment`` and begins at ``position``; those in ``kept`` are whole
    and durable, the first of them at ``begin``.
    """

    first: int
    after: int
    head: bytes
    segment: int
    position: int
    kept: tuple[Kept, ...]
    begin: int

    @classmethod
    def new(cls, progress: Progress) -> "Journal":
        """A journal that begins where the log stands."""
        number, position = progress.number, progress.position
        return cls(number + 1, number, progress.head, 1, position, (), position)


def resume(
    folder: Path, source: str, boot: str, progress: Progress | None, disk: FileSystem
) -> Journal | None:
    """The journal in ``folder``, mended durably; None if there is none.

    Raises `DamagedError` where a segment is not as the kernel must have kept it.
    """
    numbers = segment_numbers(folder, disk)
    segments = [read_segment(folder, number, source, disk) for number in numbers]
    opened = [each for each in segments if each.opening is not None]
    for name in disk.listdir(str(folder)):
        if name.endswith(".tmp"):  # of a recorder that was killed in here
            disk.unlink(str(folder / name))
    if not opened:
        _remove(folder, numbers, disk)
        return None
    last = opened[-1].opening
    assert last is not None
    same = boot != "" and last.boot == boot
    if same:
        for segment in segments:
            _check_kept(folder, segment, opened[-1].number)
    collected = progress.position if progress else 0
    for segment in opened:
        _cut(folder, segment, disk)
        if same and segment.end > collected:
            _renew(folder, segment, disk)
    _remove(folder, [each.number for each in segments if each.opening is None], disk)
    return _continued(opened, numbers[-1] + 1, same, progress)


def _check_kept(folder: Path, segment: Segment, last: int) -> None:
    """The kernel lost nothing: the tail of the last segment may be a torn frame, nothing else."""
    torn = Tail.PARTIAL if segment.number >= last else Tail.WHOLE
    if segment.tail not in (Tail.WHOLE, torn):
        path = segment_path(folder, segment.number)
        raise DamagedError(
            f"could not open journal {folder}: after byte {segment.length} of {path.name} stands "
            f"{segment.tail.value}",
            remedy="keep the folder for whoever looks into it, and record under a new source",
            file=str(path),
        )


def _cut(folder: Path, segment: Segment, disk: FileSystem) -> None:
    descriptor = disk.open(str(segment_path(folder, segment.number)), os.O_WRONLY | os.O_CLOEXEC)
    try:
        if segment.tail is not Tail.WHOLE:
            disk.truncate(descriptor, segment.length)
        disk.fsync(descriptor)
    finally:
        disk.close(descriptor)


def _renew(folder: Path, segment: Segment, disk: FileSystem) -> None:
    """Writes a segment anew: if a sync of it failed, the kernel shows bytes that no later sync of
    that file will ever write (Rebello et al., "Can Applications Recover from fsync Failures?").

    A collector that reads the old file goes on there to the same end.
    """
    path = segment_path(folder, segment.number)
    mode = stat.S_IMODE(disk.stat(str(path)).st_mode)  # its reader stays its reader
    data = read_file(path, "journal", limit=MAX_SEGMENT, disk=disk)
    write_durable(path, data[: segment.length], mode=mode, disk=disk)


def _remove(folder: Path, numbers: list[int], disk: FileSystem) -> None:
    for number in numbers:
        disk.unlink(str(segment_path(folder, number)))
    sync_folder(folder, disk=disk)


def _continued(
    opened: list[Segment], segment: int, same: bool, progress: Progress | None
) -> Journal:
    frames = [frame for each in opened for frame in each.frames]
    openings = [Opening.parse(frame) for frame in frames if frame.kind == OPENING]
    after, head = _last_of(frames, openings, progress)
    clean = frames[-1].kind == CLOSED
    first = max(after + 1, openings[-1].first)
    if not (same or clean):
        # Frames beyond a tear count too: whatever number was ever in use is not used again.
        reserved = max(opening.reserved for opening in openings)
        first = max([reserved, after, *(frame.number for frame in frames)]) + 1
    kept = tuple(Kept(each.number, each.end) for each in opened)
    # Never below what was told durable, or a segment could seem collected before it is read.
    position = max(kept[-1].end, progress.position if progress else 0)
    return Journal(first, after, head, segment, position, kept, openings[0].position)


def _last_of(
    frames: list[Frame], openings: list[Opening], progress: Progress | None
) -> tuple[int, bytes]:
    """The last record that is known, in the journal or by the log's word, and its digest."""
    found = [(each.after, bytes.fromhex(each.head)) for each in openings]
    found += [(progress.number, progress.head)] if progress else []
    last = next((frame for frame in reversed(frames) if frame.kind == RECORD), None)
    if last is not None:
        found.append((last.number, sha256(last.payload).digest()))
    return max(found, key=lambda each: each[0])
