"""The tree of one log as its writer holds it: the right edge in memory, the rest in the storage."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

from quorate.core.errors import DamagedError, InputError, VerificationError
from quorate.log.checkpoint import Checkpoint, LogIdentity
from quorate.log.fsck import check_log
from quorate.log.merkle import (
    EMPTY_ROOT,
    Range,
    consistency_ranges,
    fold_peaks,
    hash_leaves,
    inclusion_ranges,
    level_above,
    node_hash,
    root_of,
    whole_subtrees,
)
from quorate.log.storage import LogStorage, read_entries, read_hashes
from quorate.log.tiles import (
    ENTRIES,
    TILE_HEIGHT,
    TILE_WIDTH,
    RightEdge,
    Tile,
    count_at,
    encode_entries,
    encode_hashes,
    levels_of,
)

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")
_KEPT = 512  # whole tiles with all their inner hashes in memory: about 20 MB


class StoredTree:
    """A log's leaves at one checkpoint; what it hands out was checked against the checkpoint.

    `grown` gives the tree after more leaves and what must be stored for it; this one stays as
    it is, so that a commit that fails has changed nothing.
    """

    def __init__(
        self,
        storage: LogStorage,
        identity: LogIdentity,
        checkpoint: Checkpoint,
        edge: RightEdge,
        pending: Sequence[bytes],
    ) -> None:
        self.checkpoint = checkpoint
        self._storage = storage
        self._identity = identity
        self._edge = edge
        self._pending = pending  # entries of the bundle that is not whole yet
        self._pyramids: dict[tuple[int, int], list[list[bytes]]] = {}
        self._above_tile: dict[int, list[bytes]] = {}  # tile to what proves it, this tree only
        self._roots: dict[Range, bytes] = {}  # of this tree only

    @classmethod
    def empty(cls, storage: LogStorage, identity: LogIdentity) -> "StoredTree":
        """The tree before the first leaf."""
        checkpoint = Checkpoint(identity.origin, 0, EMPTY_ROOT)
        return cls(storage, identity, checkpoint, RightEdge(), [])

    @classmethod
    def load(
        cls, storage: LogStorage, identity: LogIdentity, checkpoint: Checkpoint
    ) -> "StoredTree":
        """The tree under ``checkpoint``; `DamagedError` if the right edge does not lead to it."""
        size = checkpoint.size
        levels = [
            read_hashes(storage, Tile(level, count // TILE_WIDTH, count % TILE_WIDTH))
            if count % TILE_WIDTH
            else []
            for level, count in levels_of(size)
        ]
        last, width = divmod(size, TILE_WIDTH)
        pending = read_entries(storage, Tile(ENTRIES, last, width)) if width else []
        tree = cls(storage, identity, checkpoint, RightEdge(levels), pending)
        if tree._edge.root() != checkpoint.root or (width and hash_leaves(pending) != levels[0]):
            raise tree.damage()
        return tree

    @property
    def size(self) -> int:
        """The number of leaves."""
        return self.checkpoint.size

    # What grows.

    def grown(self, batch: Sequence[bytes]) -> tuple["StoredTree", "Objects"]:
        """The tree after ``batch``, and the objects to be stored before it is one."""
        edge, size = self._edge.copy(), self.size + len(batch)
        objects = Objects()
        for tile, hashes in self._completed(edge.extend(hash_leaves(batch))):
            objects.add(tile, encode_hashes, hashes)
        entries, first = [*self._pending, *batch], self.size // TILE_WIDTH
        for index in range(first, size // TILE_WIDTH):
            start = (index - first) * TILE_WIDTH
            objects.add(Tile(ENTRIES, index), encode_entries, entries[start : start + TILE_WIDTH])
        pending = entries[len(entries) - size % TILE_WIDTH :]
        self._add_partials(objects, edge, pending, size)
        checkpoint = Checkpoint(self._identity.origin, size, edge.root())
        grown = StoredTree(self._storage, self._identity, checkpoint, edge, pending)
        grown._pyramids = self._pyramids  # whole tiles never change
        return grown, objects

    def _completed(
        self, tiles: Sequence[tuple[int, list[bytes]]]
    ) -> Iterator[tuple[Tile, list[bytes]]]:
        """The tiles that an extension of the edge made whole, with their indices."""
        following: dict[int, int] = {}
        for level, hashes in tiles:
            index = following.get(level, count_at(level + 1, self.size))
            following[level] = index + 1
            yield Tile(level, index), hashes

    def _add_partials(
        self, objects: "Objects", edge: RightEdge, pending: Sequence[bytes], size: int
    ) -> None:
        if pending:
            objects.add(Tile(ENTRIES, size // TILE_WIDTH, len(pending)), encode_entries, pending)
        for level, hashes in enumerate(edge.levels):
            # A level whose count did not change has its partial tile already.
            if hashes and count_at(level, size) != count_at(level, self.size):
                tile = Tile(level, count_at(level + 1, size), len(hashes))
                objects.add(tile, encode_hashes, hashes)

    def partials_outgrown_by(self, size: int) -> Iterator[Tile]:
        """The tiles and bundles that are partial here and whole in a tree of ``size``."""
        for level, count in ((ENTRIES, self.size), *levels_of(self.size)):
            index, width = divmod(count, TILE_WIDTH)
            if width and count_at(level, size) // TILE_WIDTH > index:
                yield Tile(level, index)

    # What it says.

    def entries(self, start: int, end: int) -> Iterator[bytes]:
        """The leaves from ``start`` up to ``end``."""
        for bundle in range(start // TILE_WIDTH, -(-end // TILE_WIDTH)):
            first = bundle * TILE_WIDTH
            yield from self._bundle(bundle)[max(start - first, 0) : end - first]

    def leaf_hashes(self) -> list[bytes]:
        """The 32-byte hashes of all leaves."""
        bundles = range(-(-self.size // TILE_WIDTH))
        return [each for index in bundles for each in self._tile(0, index)]

    def inclusion_proof(self, index: int, size: int | None = None) -> tuple[bytes, ...]:
        """The audit path of the leaf at ``index`` in the first ``size`` leaves (default: all)."""
        if size is not None and size != self.size:
            self._check_size(size)
            return tuple(self._root_of(each) for each in inclusion_ranges(index, size))
        ranges = inclusion_ranges(index, self.size)
        tile, offset = divmod(index, TILE_WIDTH)
        if tile == self.size // TILE_WIDTH:
            return tuple(self._root_of(each) for each in ranges)
        rows = self._pyramid(0, tile)
        if tile not in self._above_tile:
            _keep(self._above_tile, tile, [self._root_of(r) for r in ranges[TILE_HEIGHT:]])
        siblings = [row[(offset >> level) ^ 1] for level, row in enumerate(rows)]
        return (*siblings, *self._above_tile[tile])

    def consistency_proof(self, old_size: int, size: int | None = None) -> list[bytes]:
        """The proof that ``old_size`` leaves are a prefix of ``size`` (default all); none for 0."""
        if size is None:
            size = self.size
        self._check_size(size)
        return [self._root_of(each) for each in consistency_ranges(old_size, size)]

    def root_at(self, size: int) -> bytes:
        """The 32-byte root over the first ``size`` leaves."""
        self._check_size(size)
        return self._root_of((0, size)) if size else EMPTY_ROOT

    def _check_size(self, size: int) -> None:
        if not 0 <= size <= self.size:
            raise InputError(f"could not compute the root at {size}: the log has {self.size}")

    def damage(self) -> DamagedError:
        """What `fsck` finds, as the failure of a log that cannot go on."""
        name = self._storage.name
        try:
            check_log(self._storage, self._identity, gapless=False)
        except VerificationError as error:
            return DamagedError(
                f"could not use log {name}: {error}",
                remedy="restore the file from a copy of the log",
                file=error.place,
            )
        return DamagedError(f"could not use log {name}: its files changed meanwhile")

    def _tile(self, level: int, index: int) -> Sequence[bytes]:
        """The hashes at ``level`` from ``index`` tiles on: from memory at the edge, else read."""
        if index == count_at(level + 1, self.size):
            return self._edge.levels[level]
        return self._pyramid(level, index)[0]

    def _pyramid(self, level: int, index: int) -> list[list[bytes]]:
        """A whole tile's hashes, and above them each level of the subtree that it holds.

        What is read is checked against the tile above it, and so on up to the edge, which was
        checked against the checkpoint: `DamagedError` if a file is not what was written.
        """
        rows = self._pyramids.get((level, index))
        if rows is None:
            rows = [read_hashes(self._storage, Tile(level, index))]
            while len(rows) < TILE_HEIGHT:
                rows.append(level_above(rows[-1]))
            above, offset = divmod(index, TILE_WIDTH)
            if self._tile(level + 1, above)[offset] != node_hash(*rows[-1]):
                raise self.damage()
            _keep(self._pyramids, (level, index), rows)
        return rows

    def _bundle(self, index: int) -> Sequence[bytes]:
        if index == self.size // TILE_WIDTH:
            return self._pending
        entries = read_entries(self._storage, Tile(ENTRIES, index))
        if hash_leaves(entries) != self._tile(0, index):
            raise self.damage()
        return entries

    def _root_of(self, leaves: Range) -> bytes:
        root = self._roots.get(leaves)
        if root is None:
            root = fold_peaks([self._subtree(*each) for each in whole_subtrees(*leaves)])
            _keep(self._roots, leaves, root)
        return root

    def _subtree(self, level: int, index: int) -> bytes:
        """The root of the ``index``-th whole subtree of 2**level leaves, out of its one tile."""
        tile_level, inner = divmod(level, TILE_HEIGHT)
        tile, offset = divmod(index << inner, TILE_WIDTH)
        if tile == count_at(tile_level + 1, self.size):
            hashes = self._edge.levels[tile_level]
            return root_of(hashes[offset : offset + (1 << inner)])
        return self._pyramid(tile_level, tile)[inner][offset >> inner]


class Objects(Mapping[str, bytes]):
    """Tiles and bundles by path, each encoded only when its bytes are asked for.

    A commit of tens of thousands of records is written bundle by bundle out of the processor's
    cache; encoded all at once, it would be written to memory and read back from there.
    """

    def __init__(self) -> None:
        self._parts: dict[str, tuple[Callable[[Sequence[bytes]], bytes], Sequence[bytes]]] = {}

    def add(
        self, tile: Tile, encode: Callable[[Sequence[bytes]], bytes], items: Sequence[bytes]
    ) -> None:
        """``items``, not to be changed any more, are to be stored as ``tile``."""
        self._parts[tile.path] = (encode, items)

    def __getitem__(self, path: str) -> bytes:
        encode, items = self._parts[path]
        return encode(items)

    def __iter__(self) -> Iterator[str]:
        return iter(self._parts)

    def __len__(self) -> int:
        return len(self._parts)


def _keep(cache: dict[_Key, _Value], key: _Key, value: _Value) -> None:
    """Remembers ``value``; forgets all others when they have become many."""
    if len(cache) >= _KEPT:
        cache.clear()
    cache[key] = value
