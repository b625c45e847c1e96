"""The paths and bytes of a tiled log (C2SP tlog-tiles): pure.

A tile is up to 256 hashes of 32 bytes; each hash of level L + 1 is the root of a whole tile of
level L, and level 0 holds leaf hashes. An entry bundle holds the leaves of a level-0 tile, each
behind its length in 2 bytes, big-endian. Format page: docs/formats/tlog-tiles.md.
"""

import re
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from quorate.core.errors import EncodingError, InputError
from quorate.log.merkle import HASH_SIZE, root_of

TILE_WIDTH = 256  # hashes
TILE_HEIGHT = 8  # levels of the tree that a tile spans
MAX_LEAF_SIZE = 65_535  # bytes, what 2 bytes can count
ENTRIES = -1
"""The level of entry bundles, as a `Tile` states it."""

_PATH = re.compile(
    r"tile/(entries|0|[1-9]|[1-5][0-9]|6[0-3])/((?:x[0-9]{3}/){0,6}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?\Z"
)


@dataclass(frozen=True, slots=True, order=True)
class Tile:
    """One file of a log: its level (`ENTRIES` or 0 to 63), index, and width (1 to 256)."""

    level: int
    index: int
    width: int = TILE_WIDTH

    @property
    def path(self) -> str:
        """Where it lies below the log's folder, ``/`` between parts."""
        level = "entries" if self.level == ENTRIES else str(self.level)
        suffix = "" if self.width == TILE_WIDTH else f".p/{self.width}"
        return f"tile/{level}/{_index_path(self.index)}{suffix}"

    @classmethod
    def parse(cls, path: str) -> "Tile":
        """The inverse of `path`; raises `EncodingError` on any other spelling."""
        match = _PATH.match(path)
        if match is None:
            raise EncodingError(f"could not read {path[:80]!r} as the path of a tile")
        level = ENTRIES if match[1] == "entries" else int(match[1])
        index = int(match[2].replace("x", "").replace("/", ""))
        tile = cls(level, index, int(match[3] or TILE_WIDTH))
        if tile.path != path or tile.width > TILE_WIDTH:
            raise EncodingError(f"could not read {path[:80]!r} as the path of a tile")
        return tile


def _index_path(index: int) -> str:
    digits = str(index)
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[i : i + 3] for i in range(0, len(digits), 3)]
    return "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])


def tiles_of(size: int) -> Iterator[Tile]:
    """Every tile and entry bundle of a log of ``size`` leaves: bundles first, then level by level.

    Partial ones appear only at the right edge, with the width that this size gives them.
    """
    for level, hashes in ((ENTRIES, size), *levels_of(size)):
        for index in range(hashes // TILE_WIDTH):
            yield Tile(level, index)
        if hashes % TILE_WIDTH:
            yield Tile(level, hashes // TILE_WIDTH, hashes % TILE_WIDTH)


def levels_of(size: int) -> Iterator[tuple[int, int]]:
    """Each level of tiles in a log of ``size`` leaves and how many hashes it holds."""
    level = 0
    while size:
        yield level, size
        level, size = level + 1, size // TILE_WIDTH


def belongs(tile: Tile, size: int) -> bool:
    """Whether a log of ``size`` leaves may hold ``tile``: whole, or partial at some size."""
    return tile.index * TILE_WIDTH + tile.width <= count_at(tile.level, size)


def count_at(level: int, size: int) -> int:
    """How many hashes (at `ENTRIES`: entries) a log of ``size`` leaves has at ``level``."""
    return size >> (TILE_HEIGHT * max(level, 0))


def encode_hashes(hashes: Sequence[bytes]) -> bytes:
    """The bytes of a tile of 32-byte hashes."""
    return b"".join(hashes)


def parse_hashes(data: bytes, width: int) -> list[bytes]:
    """The ``width`` hashes of a tile; raises `EncodingError` if ``data`` has another length."""
    if len(data) != width * HASH_SIZE:
        raise EncodingError(f"could not read a tile: {len(data)} bytes for {width} hashes")
    return [data[i : i + HASH_SIZE] for i in range(0, len(data), HASH_SIZE)]


class _Prefixes(dict[int, bytes]):
    """The 2-byte length prefixes that were needed so far: packing one costs as much as a hash."""

    def __missing__(self, length: int) -> bytes:
        self[length] = prefix = struct.pack(">H", length)
        return prefix


_prefix_of = _Prefixes().__getitem__


def encode_entries(entries: Sequence[bytes]) -> bytes:
    """The bytes of an entry bundle."""
    prefixes = map(_prefix_of, map(len, entries))
    return b"".join(chain.from_iterable(zip(prefixes, entries, strict=True)))


def parse_entries(data: bytes, width: int) -> list[bytes]:
    """The ``width`` entries of a bundle; raises `EncodingError` if the bytes do not fit them."""
    entries, at = [], 0
    try:
        for _ in range(width):
            start = at + 2
            at = start + (data[at] << 8 | data[at + 1])
            entries.append(data[start:at])
    except IndexError:
        raise EncodingError(
            f"could not read an entry bundle: it ends before {width} entries"
        ) from None
    if at != len(data):
        raise EncodingError("could not read an entry bundle: its entries do not end with it")
    return entries


def beginning(data: bytes, larger: Tile, tile: Tile) -> bytes:
    """The bytes of ``tile`` out of those of a ``larger`` one; bytes that are none stay as they are.

    Whoever parses them finds the wrong length.
    """
    if tile.level != ENTRIES:
        return data[: tile.width * HASH_SIZE] if len(data) == larger.width * HASH_SIZE else data
    try:
        return encode_entries(parse_entries(data, larger.width)[: tile.width])
    except EncodingError:
        return data


def check_leaf(leaf: bytes) -> None:
    """Raises `InputError` if ``leaf`` is too long for an entry bundle."""
    if len(leaf) > MAX_LEAF_SIZE:
        raise InputError(
            f"could not log a record of {len(leaf)} bytes: a leaf holds at most {MAX_LEAF_SIZE}",
            remedy="put the bytes into the vault and log their digest",
        )


def check_leaves(leaves: Sequence[bytes]) -> None:
    """Raises `InputError` if one of ``leaves`` is too long for an entry bundle."""
    if leaves and max(map(len, leaves)) > MAX_LEAF_SIZE:
        for leaf in leaves:
            check_leaf(leaf)


class RightEdge:
    """The hashes that are not yet in a whole tile, level by level: all that appending needs."""

    def __init__(self, levels: Sequence[Sequence[bytes]] = ()) -> None:
        self.levels = [list(hashes) for hashes in levels]

    def copy(self) -> "RightEdge":
        """An edge that can grow without touching this one."""
        return RightEdge(self.levels)

    def extend(self, leaves: Sequence[bytes]) -> list[tuple[int, list[bytes]]]:
        """Adds leaf hashes; the (level, 256 hashes) of every tile completed, in order by level."""
        completed: list[tuple[int, list[bytes]]] = []
        level, incoming = 0, list(leaves)
        while incoming:
            if level == len(self.levels):
                self.levels.append([])
            row = self.levels[level] + incoming
            ragged = len(row) - len(row) % TILE_WIDTH
            tiles = [row[i : i + TILE_WIDTH] for i in range(0, ragged, TILE_WIDTH)]
            completed += [(level, tile) for tile in tiles]
            self.levels[level], incoming = row[ragged:], [root_of(tile) for tile in tiles]
            level += 1
        return completed

    def root(self) -> bytes:
        """The root of the whole tree.

        What lies to the right of the last whole tile is one ragged subtree; at the level above it
        stands where that tile's next hash would, and pairs as that hash would.
        """
        ragged: list[bytes] = []
        for hashes in self.levels:
            if hashes or ragged:
                ragged = [root_of([*hashes, *ragged])]
        return root_of(ragged)
