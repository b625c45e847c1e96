"""What a log has of every source: derived from its leaves, with a note of where to begin.

The note lies beside the journals and is believed only if the log's root at its size is the one
that it names; it spares reading the whole log whenever a collector starts.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Protocol

from quorate.core.encoding import canonical_bytes, decode_hex, parse_canonical
from quorate.core.errors import InputError
from quorate.core.files import read_file, write_durable
from quorate.core.filesystem import FileSystem
from quorate.log.sequence import sequence_of

NOTE = ".collected"
_EVERY = 2**16  # leaves between two notes
_LIMIT = 2**26  # bytes


class LeafReader(Protocol):
    """A log's leaves and roots."""

    @property
    def size(self) -> int:
        """The number of leaves."""
        ...

    def entries(self, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """The leaves from ``start`` up to ``end``."""
        ...

    def root_at(self, size: int) -> bytes:
        """The root over the first ``size`` leaves."""
        ...


@dataclass(frozen=True, slots=True)
class Known:
    """The last record of a source: its number, and the SHA-256 of its leaf."""

    number: int
    head: bytes


class Collected:
    """The last record of every source among the first ``size`` leaves of a log."""

    def __init__(self, folder: Path, disk: FileSystem) -> None:
        self.size = 0
        self._path = folder / NOTE
        self._disk = disk
        self._last: dict[str, Known] = {}
        self._genesis = bytes(32)
        self._noted = 0

    def of(self, source: str) -> Known:
        """The last record of ``source``; number 0 and the genesis leaf's digest if none."""
        return self._last.get(source) or Known(0, self._genesis)

    def load(self, log: LeafReader) -> None:
        """Derives it from the log, from the note on if there is a good one."""
        self._genesis = sha256(next(iter(log.entries(0, 1)))).digest()
        try:
            self._read(
                parse_canonical(read_file(self._path, "note", limit=_LIMIT, disk=self._disk))
            )
            if self.size > log.size or log.root_at(self.size) != self._root:
                raise InputError("could not use the note: it is of another log")
        except (InputError, KeyError, TypeError, ValueError, AttributeError):
            self.size, self._last = 0, {}
        self._noted = self.size
        self.catch_up(log, log.size)

    def catch_up(self, log: LeafReader, end: int) -> None:
        """Reads the leaves that somebody else appended, up to ``end``."""
        for leaf in log.entries(self.size, end) if self.size < end else ():
            stated = sequence_of(leaf)
            if stated is not None and stated[1] >= self.of(stated[0]).number:
                self._last[stated[0]] = Known(stated[1], sha256(leaf).digest())
        self.size = max(self.size, end)

    def note(self, source: str, known: Known, size: int) -> None:
        """Takes in that ``known`` is the last of ``source`` among ``size`` leaves."""
        self._last[source] = known
        self.size = size

    @property
    def due(self) -> bool:
        """Whether enough came in to be worth a note."""
        return self.size - self._noted >= _EVERY

    def save(self, log: LeafReader) -> None:
        """Writes the note."""
        sources = {name: [each.number, each.head.hex()] for name, each in self._last.items()}
        value = {"root": log.root_at(self.size).hex(), "size": self.size, "sources": sources}
        write_durable(self._path, canonical_bytes(value), disk=self._disk)
        self._noted = self.size

    def _read(self, value: dict[str, object]) -> None:
        size, sources = value["size"], value["sources"]
        self._root = decode_hex(str(value["root"]), 32)
        if type(size) is not int or not isinstance(sources, dict):
            raise TypeError
        self.size = size
        self._last = {
            name: Known(int(number), decode_hex(head, 32))
            for name, (number, head) in sources.items()
        }
