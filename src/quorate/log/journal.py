"""One source's journal: the frames that its recorder appends and the log's collector follows.

A journal is a folder of segments, each a file to which frames are appended and nothing else is
done. Of a segment only its valid prefix counts: the frames before the first that is not whole.
Format page: docs/formats/journal.md.
"""

import os
import re
import struct
import zlib
from dataclasses import asdict, dataclass
from enum import Enum
from pathlib import Path
from typing import NamedTuple, get_type_hints

from quorate.core.encoding import canonical_bytes, decode_hex, parse_canonical
from quorate.core.errors import DamagedError, EncodingError, InputError
from quorate.core.files import read_file
from quorate.core.filesystem import FileSystem

VERSION = 1
PROGRESS = "progress"
MAX_SEGMENT = 2**31  # bytes that are read of one segment at most

RECORD, OPENING, RESERVED, CLOSED = 1, 2, 3, 4
_CHECK = struct.Struct(">I")
_REST = struct.Struct(">HBQ")
_HEADER = struct.Struct(">IHBQ")
OVERHEAD = _HEADER.size
"""Bytes that a frame has around its payload."""
MAX_FRAME = OVERHEAD + 2**16 - 1

_SOURCE = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*\Z")
_LONGEST_SOURCE = 100  # characters
_SEGMENT = re.compile(r"([0-9]{12})\.segment\Z")
_PROGRESS = struct.Struct(">8sQQ32s")
_PROGRESS_MAGIC = b"qjrnl/1\n"


class Frame(NamedTuple):
    """One frame: a record's ``number`` and leaf, or what its kind says; ``end`` in its segment."""

    kind: int
    number: int
    payload: bytes
    end: int


class Tail(Enum):
    """What follows the valid prefix of a segment."""

    WHOLE = "nothing"
    PARTIAL = "the beginning of a frame"
    BAD = "bytes that are no frame"


@dataclass(frozen=True, slots=True)
class Opening:
    """The first frame of a segment: where it stands in its source's journal.

    ``first`` is the number of its first record, ``after`` that of the record before it, whose leaf
    has the SHA-256 ``head``; they differ by more than one where a power cut came between, and then
    ``lost``. ``position`` counts the bytes of all segments before it, ``reserved`` is the largest
    number that may be used before another reservation, ``boot`` the kernel's boot id.
    """

    source: str
    first: int
    after: int
    head: str
    position: int
    reserved: int
    boot: str
    lost: bool

    def encode(self) -> bytes:
        """The frame."""
        return encode_frame(OPENING, self.first, canonical_bytes(asdict(self) | {"v": VERSION}))

    @classmethod
    def parse(cls, frame: Frame) -> "Opening":
        """The inverse of `encode`; `EncodingError` for anything else."""
        value = parse_canonical(frame.payload)
        if frame.kind != OPENING or not isinstance(value, dict) or value.pop("v", 0) != VERSION:
            raise EncodingError("could not read a journal: a segment does not begin with its head")
        if {key: type(each) for key, each in value.items()} != get_type_hints(cls):
            raise EncodingError("could not read a journal: a segment's head has other fields")
        opening = cls(**value)
        decode_hex(opening.head, 32)
        if not 0 <= opening.after < opening.first or opening.position < 0:
            raise EncodingError("could not read a journal: a segment's head counts wrongly")
        return opening


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a source is durable in the log: its last number there, and that leaf's SHA-256.

    ``position``: the bytes of its journal that nobody needs any more. For a source that the log
    does not know yet, number 0 and the head of the log's genesis leaf.
    """

    number: int
    position: int
    head: bytes

    def encode(self) -> bytes:
        """60 bytes, the last four of them a check."""
        data = _PROGRESS.pack(_PROGRESS_MAGIC, self.number, self.position, self.head)
        return data + _CHECK.pack(zlib.crc32(data))

    @classmethod
    def parse(cls, data: bytes) -> "Progress | None":
        """The inverse; None for anything else: it is overwritten in place and never synced."""
        body, check = data[: _PROGRESS.size], data[_PROGRESS.size :]
        if len(body) != _PROGRESS.size or check != _CHECK.pack(zlib.crc32(body)):
            return None
        magic, number, position, head = _PROGRESS.unpack(body)
        return cls(number, position, head) if magic == _PROGRESS_MAGIC else None


def encode_frame(kind: int, number: int, payload: bytes = b"") -> bytes:
    """A frame's bytes."""
    rest = _REST.pack(len(payload), kind, number)
    return _CHECK.pack(zlib.crc32(payload, zlib.crc32(rest))) + rest + payload


def parse_frames(data: bytes, offset: int = 0) -> tuple[list[Frame], Tail]:
    """The frames of the valid prefix of ``data``, which stands at ``offset`` of its segment."""
    frames: list[Frame] = []
    at, size = 0, len(data)
    while size - at >= OVERHEAD:
        check, length, kind, number = _HEADER.unpack_from(data, at)
        end = at + OVERHEAD + length
        if not RECORD <= kind <= CLOSED:
            return frames, Tail.BAD
        if end > size:
            break
        if zlib.crc32(data[at + _CHECK.size : end]) != check:
            return frames, Tail.BAD
        frames.append(Frame(kind, number, data[at + OVERHEAD : end], offset + end))
        at = end
    return frames, Tail.PARTIAL if at < size else Tail.WHOLE


def check_source(source: str) -> None:
    """Raises `InputError` unless ``source`` can name a journal: ``north``, ``north/serving-1``."""
    if len(source) > _LONGEST_SOURCE or not _SOURCE.match(source):
        raise InputError(
            f"could not keep a journal of source {source[:120]!r}: not a name such as "
            "'north' or 'north/serving-1'"
        )


def journal_folder(journals: Path, source: str) -> Path:
    """Where the journal of ``source`` lies below ``journals``; ``+`` stands for ``/``."""
    check_source(source)
    return journals / source.replace("/", "+")


def source_of(folder: str) -> str | None:
    """The source whose journal lies in a folder of that name; None if it is no journal's."""
    source = folder.replace("+", "/")
    try:
        check_source(source)
    except InputError:
        return None
    return source


def segment_path(folder: Path, number: int) -> Path:
    """The file of the segment ``number``."""
    return folder / f"{number:012}.segment"


def segment_numbers(folder: Path, disk: FileSystem) -> list[int]:
    """The numbers of the segments that are there, in order."""
    found = (_SEGMENT.match(name) for name in disk.listdir(str(folder)))
    return sorted(int(each.group(1)) for each in found if each)


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment as it was found: its valid prefix, and what follows it."""

    number: int
    opening: Opening | None
    frames: list[Frame]
    tail: Tail

    @property
    def length(self) -> int:
        """Bytes of the valid prefix."""
        return self.frames[-1].end if self.frames else 0

    @property
    def end(self) -> int:
        """The position in the journal where the valid prefix ends."""
        return self.length + (self.opening.position if self.opening else 0)


def read_segment(folder: Path, number: int, source: str, disk: FileSystem) -> Segment:
    """The segment as it is now; a first frame that is no opening of this source is no frame."""
    path = segment_path(folder, number)
    data = read_file(path, "journal", limit=MAX_SEGMENT, disk=disk)
    frames, tail = parse_frames(data)
    if not frames:
        return Segment(number, None, frames, tail)
    try:
        opening = Opening.parse(frames[0])
    except EncodingError as error:
        raise DamagedError(f"{error.message} ({path})") from None
    check_opening(opening, source, path)
    return Segment(number, opening, frames, tail)


def check_opening(opening: Opening, source: str, path: Path) -> None:
    """Raises `DamagedError` if a segment is another source's."""
    if opening.source != source:
        raise DamagedError(
            f"could not use journal {path}: it is of source {opening.source[:120]!r}",
            remedy="put the folder back under its own name",
        )


def read_progress(folder: Path, disk: FileSystem) -> Progress | None:
    """What the collector said last, None if nothing is there or it is being written just now."""
    try:
        descriptor = disk.open(str(folder / PROGRESS), os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        return Progress.parse(disk.read(descriptor, _PROGRESS.size + _CHECK.size + 1))
    finally:
        disk.close(descriptor)


def write_progress(folder: Path, progress: Progress, disk: FileSystem) -> None:
    """Says how far a source is durable; not synced: it is derived again from the log."""
    flags = os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC
    descriptor = disk.open(str(folder / PROGRESS), flags, 0o644)
    try:
        disk.write(descriptor, progress.encode())
    finally:
        disk.close(descriptor)
