"""A log's own operator as the adversary: all of its keys, all of its files, no witness's key.

He edits the history and then builds everything above the edit anew: bundles, tiles of every level,
partial files of older sizes, the checkpoint with both of the log's signatures, receipts. What he
cannot build are cosignatures of the new head; those of old heads he has, and may use.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from quorate.core.keyring import Keyring
from quorate.log.checkpoint import Checkpoint, sign_checkpoint
from quorate.log.merkle import hash_leaves, inclusion_proof, root_of
from quorate.log.note import Note, SignatureLine
from quorate.log.receipt import Receipt
from quorate.log.storage import CHECKPOINT
from quorate.log.tiles import (
    ENTRIES,
    TILE_WIDTH,
    RightEdge,
    Tile,
    encode_entries,
    encode_hashes,
)
from tests.simulators.log_worlds import ALICE, ORIGIN, TIME, HeldReceipt, World, numbered_record


@dataclass(frozen=True)
class Forged:
    """Another history of a world's log, signed by its owner."""

    leaves: tuple[bytes, ...]
    world: World
    owner: Keyring = ALICE

    @cached_property
    def hashes(self) -> list[bytes]:
        """Of the leaves."""
        return hash_leaves(self.leaves)

    @cached_property
    def rows(self) -> list[list[bytes]]:
        """Level by level, the hashes that the tiles hold."""
        rows = [self.hashes]
        while len(rows[-1]) >= TILE_WIDTH:
            row, tiles = rows[-1], len(rows[-1]) // TILE_WIDTH
            rows.append([root_of(row[i * TILE_WIDTH : (i + 1) * TILE_WIDTH]) for i in range(tiles)])
        return rows

    @cached_property
    def note(self) -> Note:
        """The checkpoint, with the log's own signatures and no others."""
        ragged = [row[len(row) - len(row) % TILE_WIDTH :] for row in self.rows]
        checkpoint = Checkpoint(ORIGIN, len(self.leaves), RightEdge(ragged).root())
        return sign_checkpoint(checkpoint, *self.owner.log_signers, TIME)

    @property
    def checkpoint(self) -> Checkpoint:
        """What the note says."""
        return Checkpoint.parse(self.note.text)

    @property
    def first_difference(self) -> int:
        """The first index at which a leaf is another, or is not there."""
        pairs = enumerate(zip(self.leaves, self.world.leaves, strict=False))
        shorter = min(len(self.leaves), self.world.size)
        return next((index for index, (one, other) in pairs if one != other), shorter)

    def objects(self, lines: Sequence[SignatureLine] = ()) -> dict[str, bytes]:
        """The whole log as files, ``lines`` under the checkpoint after the log's own."""
        found: dict[str, bytes] = {}
        sizes = [s for s in self.world.sizes if s < len(self.leaves)]
        for level, row in ((ENTRIES, list(self.leaves)), *enumerate(self.rows)):
            encode = encode_entries if level == ENTRIES else encode_hashes
            for index in range(-(-len(row) // TILE_WIDTH)):
                part = row[index * TILE_WIDTH : (index + 1) * TILE_WIDTH]
                found[Tile(level, index, len(part)).path] = encode(part)
            for size in sizes:  # the partial files that a whole tile has not replaced
                index, width = divmod(size >> 8 * max(level, 0), TILE_WIDTH)
                if width and index == len(row) // TILE_WIDTH:
                    part = row[index * TILE_WIDTH : index * TILE_WIDTH + width]
                    found[Tile(level, index, width).path] = encode(part)
        note = Note(self.note.text, (*self.note.signatures, *lines))
        return found | {CHECKPOINT: str(note).encode()}

    def receipt(self, index: int, name: str, lines: Sequence[SignatureLine] = ()) -> HeldReceipt:
        """A receipt of this history's leaf."""
        note = Note(self.note.text, (*self.note.signatures, *lines))
        text = str(Receipt(index, tuple(inclusion_proof(self.hashes, index)), note))
        return HeldReceipt(name, self.leaves[index], text.encode())


def forge(world: World, leaves: Sequence[bytes], *, renumber: bool = True) -> Forged:
    """The history ``leaves``, in a log of numbered records with the numbers mended."""
    mended = list(leaves)
    if world.numbered and renumber:
        last: dict[str, int] = {}
        for index, leaf in enumerate(leaves[1:], start=1):
            value = json.loads(leaf)
            source = value["source"]
            last[source] = last.get(source, 0) + 1
            if value["seq"] != last[source]:
                mended[index] = numbered_record(value["n"], source, last[source])
    return Forged(tuple(mended), world)
