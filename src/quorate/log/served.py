"""A tree that somebody serves, read tile by tile: the roots of its ranges, believed by nobody yet.

Every hash comes out of one tile; whoever uses it checks that it leads to a signed root.
"""

from functools import lru_cache

from quorate.log.checkpoint import Checkpoint
from quorate.log.merkle import Range, fold_peaks, root_of, whole_subtrees
from quorate.log.storage import LogReader, read_hashes
from quorate.log.tiles import TILE_HEIGHT, TILE_WIDTH, Tile, count_at


class ServedTree:
    """The tiles under ``checkpoint`` as ``reader`` gives them; `DamagedError` for a bad one."""

    def __init__(self, reader: LogReader, checkpoint: Checkpoint) -> None:
        self._reader = reader
        self._size = checkpoint.size
        self._hashes = lru_cache(maxsize=64)(self._read)

    def root_over(self, leaves: Range) -> bytes:
        """The 32-byte root over ``leaves``, a range of a proof or one from 0 on."""
        return fold_peaks([self._subtree(*each) for each in whole_subtrees(*leaves)])

    def peaks(self) -> tuple[bytes, ...]:
        """The roots of the whole subtrees that the tree is made of, largest first."""
        return tuple(self._subtree(*each) for each in whole_subtrees(0, self._size))

    def _subtree(self, level: int, index: int) -> bytes:
        tile_level, inner = divmod(level, TILE_HEIGHT)
        tile, offset = divmod(index << inner, TILE_WIDTH)
        return root_of(self._hashes(tile_level, tile)[offset : offset + (1 << inner)])

    def _read(self, level: int, index: int) -> list[bytes]:
        width = min(TILE_WIDTH, count_at(level, self._size) - index * TILE_WIDTH)
        return read_hashes(self._reader, Tile(level, index, width))
