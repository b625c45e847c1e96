"""Everything about a log re-derived from its files; the first bad file is named.

Steps, each named in the `VerificationError` that it raises with the file as its place:

1. ``fsck.checkpoint``  the checkpoint is there and verifies (`verify.verify_note`)
2. ``fsck.files``       every tile and entry bundle of that size is there and readable
3. ``fsck.entries``     the entries hash to the level-0 tiles
4. ``fsck.tiles``       every tile above holds the roots of the tiles below, byte for byte
5. ``fsck.root``        the leaves hash to the checkpoint's root, the first is the genesis
6. ``fsck.partials``    every partial tile and bundle kept from an older size is a prefix of today's

Files beyond the checkpoint are no part of the log (a writer may have been killed, or may be at
work): they are reported, not judged. Nothing is locked and nothing is changed: a log to which a
writer appends meanwhile is to be checked on a copy.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from quorate.core.errors import DamagedError, InputError, VerificationError
from quorate.log.checkpoint import Checkpoint, Cosignature, LogIdentity, WitnessIdentity
from quorate.log.folder import FolderReader
from quorate.log.merkle import hash_leaves, root_of
from quorate.log.recovery import leftovers, partials
from quorate.log.storage import (
    CHECKPOINT,
    ListedReader,
    read_checkpoint,
    read_entries,
    read_hashes,
    read_tile,
)
from quorate.log.tiles import (
    ENTRIES,
    TILE_WIDTH,
    Tile,
    count_at,
    encode_entries,
    encode_hashes,
    levels_of,
    tiles_of,
)
from quorate.log.verify import VerifiedNote, genesis_leaf, verify_note


@dataclass(frozen=True, slots=True)
class LogReport:
    """A log that is what its checkpoint says: ``files`` were read, ``leftovers`` are none of it."""

    size: int
    root: bytes
    cosigners: tuple[Cosignature, ...]
    files: int
    leftovers: tuple[str, ...]


def check_log(
    place: Path | ListedReader,
    log: LogIdentity,
    witnesses: Sequence[WitnessIdentity] = (),
    quorum: int = 0,
) -> LogReport:
    """Re-derives the log in ``place``; raises `VerificationError` at the first bad file."""
    files = FolderReader(place) if isinstance(place, Path) else place
    if isinstance(place, Path) and not (place / CHECKPOINT).exists():
        raise InputError(f"could not check log {place}: it holds no checkpoint")
    # 1. fsck.checkpoint
    verified = _check_checkpoint(files, log, witnesses, quorum)
    size = verified.checkpoint.size
    # 2. to 4.
    leaves = _read_leaves(files, size)
    genesis = _check_entries(files, verified.checkpoint, leaves)
    _check_tiles(files, leaves)
    # 5. fsck.root
    if root_of(leaves) != verified.checkpoint.root:
        raise VerificationError(
            "entries and tiles agree on another root", step="fsck.root", place=CHECKPOINT
        )
    if genesis != genesis_leaf(log):
        raise VerificationError(
            "the first entry is not the genesis of this log", step="fsck.root", place=CHECKPOINT
        )
    # 6. fsck.partials
    older = _check_partials(files, size)
    return LogReport(
        size,
        verified.checkpoint.root,
        verified.cosigners,
        1 + sum(1 for _ in tiles_of(size)) + older,
        tuple(leftovers(files, size)),
    )


def _check_checkpoint(
    files: ListedReader, log: LogIdentity, witnesses: Sequence[WitnessIdentity], quorum: int
) -> VerifiedNote:
    try:
        return verify_note(read_checkpoint(files), log, witnesses, quorum, place=CHECKPOINT)
    except VerificationError as error:
        message = error.message if error.place == CHECKPOINT else f"{error.place}: {error.message}"
        raise VerificationError(message, step="fsck.checkpoint", place=CHECKPOINT) from None
    except InputError as error:
        raise VerificationError(error.message, step="fsck.checkpoint", place=CHECKPOINT) from None


def _read_leaves(files: ListedReader, size: int) -> list[bytes]:
    # 2. fsck.files (level 0; the others where they are compared)
    tiles = (tile for tile in tiles_of(size) if tile.level == 0)
    try:
        return [each for tile in tiles for each in read_hashes(files, tile)]
    except DamagedError as error:
        raise _unreadable(error) from None


def _unreadable(error: DamagedError) -> VerificationError:
    fields = error.fields
    return VerificationError(fields["why"], step="fsck.files", place=fields["file"])


def _read(files: ListedReader, tile: Tile) -> bytes:
    # 2. fsck.files
    try:
        return read_tile(files, tile)
    except DamagedError as error:
        raise _unreadable(error) from None


def _check_entries(files: ListedReader, checkpoint: Checkpoint, leaves: Sequence[bytes]) -> bytes:
    """Compares bundles with level-0 tiles; the first entry."""
    # 3. fsck.entries
    genesis = b""
    for tile in (tile for tile in tiles_of(len(leaves)) if tile.level == ENTRIES):
        try:
            entries = read_entries(files, tile)
        except DamagedError as error:
            raise _unreadable(error) from None
        start = tile.index * TILE_WIDTH
        if hash_leaves(entries) != leaves[start : start + tile.width]:
            # Two files disagree; the signed root tells which of them is the bad one.
            hashes_are_good = root_of(leaves) == checkpoint.root
            bad = tile if hashes_are_good else Tile(0, tile.index, tile.width)
            raise VerificationError(
                "entries and level-0 hashes disagree", step="fsck.entries", place=bad.path
            )
        genesis = genesis if tile.index else entries[0]
    return genesis


def _check_tiles(files: ListedReader, leaves: Sequence[bytes]) -> None:
    # 4. fsck.tiles
    below = list(leaves)
    for level, count in levels_of(len(leaves)):
        if level == 0:
            continue
        starts = range(0, count * TILE_WIDTH, TILE_WIDTH)
        below = [root_of(below[start : start + TILE_WIDTH]) for start in starts]
        for start in range(0, count, TILE_WIDTH):
            hashes = below[start : start + TILE_WIDTH]
            tile = Tile(level, start // TILE_WIDTH, len(hashes))
            if _read(files, tile) != encode_hashes(hashes):
                raise VerificationError(
                    "not the roots of the tiles below", step="fsck.tiles", place=tile.path
                )


def _check_partials(files: ListedReader, size: int) -> int:
    """Compares partial files of older sizes with today's; how many there are."""
    # 6. fsck.partials
    older = [tile for tile in partials(files, size) if not _is_current(tile, size)]
    for tile in older:
        today = Tile(tile.level, tile.index, _width_today(tile, size))
        if tile.level == ENTRIES:
            due = encode_entries(read_entries(files, today)[: tile.width])
        else:
            due = encode_hashes(read_hashes(files, today)[: tile.width])
        if _read(files, tile) != due:
            raise VerificationError(
                f"not a prefix of {today.path}", step="fsck.partials", place=tile.path
            )
    return len(older)


def _is_current(tile: Tile, size: int) -> bool:
    return tile.width == _width_today(tile, size)


def _width_today(tile: Tile, size: int) -> int:
    return min(TILE_WIDTH, count_at(tile.level, size) - tile.index * TILE_WIDTH)
