"""Where a log lies: the ports that its readers and its writer need, and nothing of how.

A log is a head (its checkpoint as signed) and objects under the paths of tlog-tiles. The one rule
of the writing port is `LogStorage.commit`: objects first, then the head, and the head only if
nobody moved it meanwhile. Two writers of one log therefore never fork it, wherever it lies: the
second one is told, reads on, and appends after the first.
"""

from collections.abc import Iterator, Mapping
from typing import Protocol

from quorate.core.errors import DamagedError, EncodingError, InputError, UnavailableError
from quorate.log.note import MAX_NOTE_SIZE
from quorate.log.tiles import (
    ENTRIES,
    MAX_LEAF_SIZE,
    TILE_WIDTH,
    Tile,
    parse_entries,
    parse_hashes,
)

CHECKPOINT = "checkpoint"
WITNESSED = "witnessed"
"""The latest checkpoint with witnesses' cosignatures, perhaps older than `CHECKPOINT`; optional."""
MAX_TILE_SIZE = TILE_WIDTH * (MAX_LEAF_SIZE + 2)
"""Bytes that the largest object of a log, an entry bundle, can have."""


class HeadMovedError(UnavailableError):
    """Another writer committed first; nothing of this commit is part of the log."""


class LogReader(Protocol):
    """A log's files, wherever they are served from; nothing that it gives is to be trusted."""

    name: str
    """How messages call it: a path or an address."""

    def read(self, path: str, limit: int) -> bytes:
        """The object at ``path``, ``/`` between parts; `InputError` if it cannot be had.

        More than ``limit`` bytes are refused, not cut.
        """
        ...


class ListedReader(LogReader, Protocol):
    """A reader that can also say what is there."""

    def paths(self) -> Iterator[str]:
        """Every path below ``tile/``, sorted."""
        ...


class LogStorage(ListedReader, Protocol):
    """Where one log is kept and written."""

    def claim(self) -> None:
        """Takes the log for this writer until `release`; `LockedError` if another has it.

        A shared storage takes nothing: there, writers race for every commit.
        """
        ...

    def release(self) -> None:
        """Lets the log go again, if this writer has it."""
        ...

    @property
    def shared(self) -> bool:
        """Whether other writers may commit between two commits of this one."""
        ...

    def prepare(self) -> None:
        """Makes the place, durably, where a new log will lie; nothing if it is there."""
        ...

    def head(self) -> bytes | None:
        """The checkpoint as committed last, None before the first."""
        ...

    def length(self, path: str) -> int | None:
        """The bytes that the object at ``path`` has, None if there is none."""
        ...

    def commit(self, expected: bytes | None, objects: Mapping[str, bytes], head: bytes) -> None:
        """Makes ``objects`` durable, then ``head``; `HeadMovedError` unless it was ``expected``.

        Whoever reads sees the old head or the new one, and with it every object that it covers.
        After an `OSError` nobody knows which: read again.
        """
        ...

    def remove(self, paths: Iterator[str]) -> None:
        """Removes objects that are no part of the log; those that are gone already are no error."""
        ...

    def remove_partials(self, tile: Tile) -> None:
        """Removes the partial forerunners of a whole tile (tlog-tiles allows it from then on)."""
        ...


def read_checkpoint(reader: LogReader) -> str:
    """The text of the checkpoint note, not verified."""
    return checkpoint_text(reader.read(CHECKPOINT, MAX_NOTE_SIZE), reader.name)


def checkpoint_text(head: bytes, name: str) -> str:
    """A head's bytes as text; `DamagedError` if they are none."""
    try:
        return head.decode("utf-8")
    except UnicodeDecodeError:
        raise DamagedError(f"could not read checkpoint of {name}: it is not text") from None


def read_tile(reader: LogReader, tile: Tile) -> bytes:
    """A tile's bytes; `DamagedError` naming the object if they cannot be had."""
    try:
        return reader.read(tile.path, MAX_TILE_SIZE)
    except InputError:
        raise damage(reader, tile, "it is missing or cannot be read") from None


def read_hashes(reader: LogReader, tile: Tile) -> list[bytes]:
    """A tile's hashes, right in number only; `DamagedError` otherwise."""
    try:
        return parse_hashes(read_tile(reader, tile), tile.width)
    except EncodingError as error:
        raise damage(reader, tile, error.message) from None


def read_entries(reader: LogReader, tile: Tile) -> list[bytes]:
    """An entry bundle's entries, right in number only; `DamagedError` otherwise."""
    try:
        return parse_entries(read_tile(reader, tile), tile.width)
    except EncodingError as error:
        raise damage(reader, tile, error.message) from None


def damage(reader: LogReader, tile: Tile, message: str) -> DamagedError:
    """The error that says what is wrong with a tile's object."""
    return DamagedError(
        f"could not use {reader.name}/{tile.path}: {message}",
        remedy="restore the file from a copy of the log",
        file=tile.path,
        why=message,
    )


def object_tile(path: str) -> Tile | None:
    """The tile or bundle that a path names, None if it names none."""
    try:
        return Tile.parse(path)
    except EncodingError:
        return None


def wrong_length(tile: Tile, length: int) -> bool:
    """Whether an object of ``length`` bytes cannot be ``tile``; a bundle's own is not known."""
    if tile.level == ENTRIES:
        return not 2 * tile.width <= length <= MAX_TILE_SIZE
    return length != tile.width * 32
