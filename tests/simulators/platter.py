"""What a power cut leaves of files and folders whose changes were not all synced.

What the kernel shows (``seen``) and what the platter holds (``kept``) are two things here:

- Bytes written are seen at once and kept after an `fsync` of the file. Of bytes that were not
  synced a power cut keeps none, all, a prefix torn at any byte, zeros in their place (the length
  was kept, the bytes were not), or any sectors of them.
- A name made, removed or renamed is seen at once and kept after an `fsync` of the folder. Of the
  changes of a folder that were not synced a power cut keeps none, all, the first few or any
  (POSIX orders nothing; see Pillai et al., OSDI 2014). One change, a rename too, is atomic. Each
  folder is on its own, and so are names and bytes: a name may outlive the bytes that it leads to.
- An `fsync` that fails drops the file's dirty pages: they are seen on, they are never written, and
  the next `fsync` succeeds ("fsyncgate": Rebello et al., ATC 2020). Changes of a folder wait on.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Union

SECTOR = 512  # bytes


@dataclass(frozen=True)
class Fate:
    """What a power cut does to what was not synced: to names, and to bytes; seeded."""

    names: str  # none, all, first, some
    data: str  # none, all, torn, zeros, sectors


FATES = {
    "nothing kept": Fate("none", "none"),
    "everything kept": Fate("all", "all"),
    "names without bytes": Fate("all", "none"),
    "names with zeros": Fate("all", "zeros"),
    "first names, torn bytes": Fate("first", "torn"),
    "some names, some sectors": Fate("some", "sectors"),
}


Node = Union["File", "Folder"]


@dataclass(eq=False)
class File:
    """One file's bytes as seen and as kept, and which of those seen wait to be written."""

    seen: bytearray = field(default_factory=bytearray)
    kept: bytearray = field(default_factory=bytearray)
    dirty: list[tuple[int, int]] = field(default_factory=list)
    locked_by: object = None

    def write(self, at: int, data: bytes) -> None:
        """Puts ``data`` at ``at``, zeros before it where the file was shorter."""
        start = min(at, len(self.seen))
        self.seen.extend(bytes(max(at - len(self.seen), 0)))
        self.seen[at : at + len(data)] = data
        self.dirty.append((start, at + len(data)))

    def truncate(self, size: int) -> None:
        """Cuts or lengthens the file."""
        if size > len(self.seen):
            self.write(size, b"")
        del self.seen[size:]

    def sync(self) -> None:
        """Writes what is dirty; pages dropped before stay as the platter has them."""
        self.kept = self._with(self.dirty, len(self.seen))
        self.dirty = []

    def after_cut(self, how: str, dice: random.Random) -> "File":
        """The file as the platter may hold it."""
        size = len(self.seen)
        if how == "all":
            data = self._with(self.dirty, size)
        elif how == "zeros":
            data = self._with([], size)
        elif how == "torn":
            end = dice.randint(0, size)
            written = [(start, min(stop, end)) for start, stop in self.dirty]
            data = self._with(written, dice.choice([max(end, min(len(self.kept), size)), size]))
        elif how == "sectors":
            sectors = [each for span in self.dirty for each in _sectors(*span)]
            data = self._with([s for s in sectors if dice.random() < 0.5], size)
        else:
            data = self.kept
        return File(bytearray(data), bytearray(data))

    def forget(self) -> None:
        """What a failed `fsync` does: the kernel believes that nothing is left to write."""
        self.dirty = []

    def _with(self, spans: list[tuple[int, int]], size: int) -> bytearray:
        data = bytearray(self.kept[:size].ljust(size, b"\0"))
        for start, stop in spans:
            data[start : min(stop, size)] = self.seen[start : min(stop, size)]
        return data


def _sectors(start: int, stop: int) -> Iterator[tuple[int, int]]:
    while start < stop:
        end = min(stop, start - start % SECTOR + SECTOR)
        yield start, end
        start = end


@dataclass(eq=False)
class Folder:
    """One folder's names as seen and as kept, and the changes that wait to be written, in order."""

    seen: dict[str, Node] = field(default_factory=dict)
    kept: dict[str, Node] = field(default_factory=dict)
    waiting: list[dict[str, Node | None]] = field(default_factory=list)
    locked_by: object = None

    def change(self, names: dict[str, Node | None]) -> None:
        """One atomic change: each name leads to its node, or nowhere."""
        _apply(self.seen, names)
        self.waiting.append(names)

    def sync(self) -> None:
        """Writes all changes."""
        self.kept = dict(self.seen)
        self.waiting = []

    def after_cut(self, how: str, dice: random.Random) -> dict[str, Node]:
        """The names as the platter may hold them."""
        changes = {"none": [], "all": self.waiting}.get(how)
        if how == "first":
            changes = self.waiting[: dice.randint(0, len(self.waiting))]
        elif how == "some":
            changes = [each for each in self.waiting if dice.random() < 0.5]
        names = dict(self.kept)
        for each in changes or []:
            _apply(names, each)
        return names


def _apply(names: dict[str, Node], change: dict[str, Node | None]) -> None:
    for name, node in change.items():
        if node is None:
            names.pop(name, None)
        else:
            names[name] = node
