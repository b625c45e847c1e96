"""A log kept in memory: for tests and simulations, and the plain reading of what a storage is."""

import threading
from collections.abc import Iterator, Mapping

from quorate.core.errors import InputError, LockedError
from quorate.log.storage import CHECKPOINT, HeadMovedError
from quorate.log.tiles import Tile


class MemoryStorage:
    """One log's head and objects, for any number of writers in this process.

    Each writer holds its own `MemoryStorage`; those that are `joined` keep the same log.
    """

    def __init__(self, *, shared: bool = False, name: str = "memory") -> None:
        self.name = name
        self.shared = shared
        self.objects: dict[str, bytes] = {}
        self._owner: list[MemoryStorage] = []
        self._lock = threading.Lock()

    def joined(self) -> "MemoryStorage":
        """Another writer's or reader's access to the same log."""
        other = MemoryStorage(shared=self.shared, name=self.name)
        other.objects, other._owner, other._lock = self.objects, self._owner, self._lock
        return other

    def claim(self) -> None:
        """Takes the log, unless it is shared."""
        if self.shared:
            return
        with self._lock:
            if self._owner:
                raise LockedError(f"could not open log {self.name}: another writer holds it")
            self._owner.append(self)

    def release(self) -> None:
        """Lets it go again."""
        with self._lock:
            if self in self._owner:
                self._owner.remove(self)

    def prepare(self) -> None:
        """Memory needs no preparing."""

    def head(self) -> bytes | None:
        """The checkpoint, None before the first."""
        return self.objects.get(CHECKPOINT)

    def read(self, path: str, limit: int) -> bytes:
        """The object at ``path``."""
        data = self.objects.get(path)
        if data is None:
            raise InputError(f"could not read {self.name}/{path}: no such object")
        if len(data) > limit:
            raise InputError(f"could not read {self.name}/{path}: larger than {limit} bytes")
        return data

    def length(self, path: str) -> int | None:
        """Its length, None if there is none."""
        data = self.objects.get(path)
        return None if data is None else len(data)

    def paths(self) -> Iterator[str]:
        """Every path below ``tile/``, sorted."""
        return iter(sorted(path for path in self.objects if path.startswith("tile/")))

    def commit(self, expected: bytes | None, objects: Mapping[str, bytes], head: bytes) -> None:
        """As `LogStorage` says, in one step that no other writer sees half of."""
        with self._lock:
            if self.objects.get(CHECKPOINT) != expected:
                raise HeadMovedError(f"could not write to log {self.name}: its head has moved")
            self.objects |= objects
            self.objects[CHECKPOINT] = head

    def remove(self, paths: Iterator[str]) -> None:
        """Removes objects."""
        with self._lock:
            for path in paths:
                self.objects.pop(path, None)

    def remove_partials(self, tile: Tile) -> None:
        """Removes what lies below ``<tile>.p/``."""
        prefix = f"{Tile(tile.level, tile.index).path}.p/"
        self.remove(iter([path for path in list(self.objects) if path.startswith(prefix)]))
