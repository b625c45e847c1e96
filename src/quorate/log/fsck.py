"""Everything about a log re-derived from what is served of it; the first bad object is named.

Steps, each named in the `VerificationError` that it raises with the object as its place:

1. ``fsck.checkpoint``  the checkpoint is there and verifies (`verify.verify_note`)
2. ``fsck.files``       every tile and entry bundle of that size is there and readable
3. ``fsck.entries``     the entries hash to the level-0 tiles
4. ``fsck.tiles``       every tile above holds the roots of the tiles below, byte for byte
5. ``fsck.root``        the leaves hash to the checkpoint's root, the first is the genesis
6. ``fsck.partials``    every partial tile and bundle kept from an older size is a prefix of today's
7. ``fsck.witnessed``   the checkpoint kept for its witnesses' lines, if there is one, is the log's
   own, no known witness's line on it is bad, and the log begins with its tree
8. ``fsck.sequence``    every source numbers its records from 1 without a gap (`log.sequence`)

The order in which objects are looked at, and so which of several bad ones is the first: from the
first leaf on, the level-0 tile, then the bundle below it; then the tiles above, level by level.
Where two objects disagree, the signed root tells which is bad. The order does not depend on how
many processes share the work.

Files beyond the checkpoint are no part of the log (a writer may have been killed, or may be at
work): they are reported, not judged. Where nobody lists what is there (a log behind an address),
neither they nor older partial files can be seen, and step 6 has nothing to do. Nothing is locked
and nothing is changed: a writer may append meanwhile. What is judged is the log at the head that
was read; tiles that he outgrew and removed are cut from their successors (`folder.FolderReader`).

Memory: one bundle per process, and 32 bytes for every 256 records; one count per source.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from quorate.core.errors import DamagedError, InputError, VerificationError
from quorate.log.checkpoint import Checkpoint, Cosignature, LogIdentity, WitnessIdentity
from quorate.log.folder import FolderReader
from quorate.log.merkle import HASH_SIZE, consistency_ranges, root_of, verify_consistency
from quorate.log.recovery import leftovers, partials
from quorate.log.sequence import Gap
from quorate.log.served import ServedTree
from quorate.log.shown import ShownHeads, read_heads
from quorate.log.storage import (
    CHECKPOINT,
    WITNESSED,
    ListedReader,
    LogReader,
    read_entries,
    read_hashes,
    read_tile,
)
from quorate.log.stretch import Fault, Numbering, stretches
from quorate.log.tiles import (
    ENTRIES,
    TILE_WIDTH,
    RightEdge,
    Tile,
    count_at,
    encode_entries,
    encode_hashes,
    parse_hashes,
    tiles_of,
)
from quorate.log.verify import VerifiedNote, genesis_leaf, verify_note

_TILE_SIZE = TILE_WIDTH * HASH_SIZE  # bytes

Progress = Callable[[int, int], None]
"""Told how many records of how many are re-derived."""


@dataclass(frozen=True, slots=True)
class LogReport:
    """A log that is what its checkpoint says: ``files`` were read, ``leftovers`` are none of it.

    ``listed``: whether older partial files and leftovers could be seen. ``gaps``: the first 1,000
    places where a source's numbers do not go on; empty unless the caller allowed them.
    ``witnessed_size``: up to which record a reader's quorum vouches, None where he demands none.
    """

    size: int
    root: bytes
    cosigners: tuple[Cosignature, ...]
    files: int
    leftovers: tuple[str, ...]
    listed: bool = True
    gaps: tuple[Gap, ...] = ()
    witnessed_size: int | None = None


def check_log(
    place: Path | LogReader,
    log: LogIdentity,
    witnesses: Sequence[WitnessIdentity] = (),
    quorum: int = 0,
    *,
    jobs: int = 1,
    gapless: bool = True,
    progress: Progress | None = None,
    shown: ShownHeads | None = None,
) -> LogReport:
    """Re-derives the log in ``place``; raises `VerificationError` at the first bad object.

    ``jobs``: processes that share the work; for more than one, ``place`` must be a folder or a
    reader that can be pickled. ``gapless=False``: gaps in numbering are reported, not judged.
    ``shown``: the heads that the caller has read and judged; they are not read again.
    """
    files = FolderReader(place) if isinstance(place, Path) else place
    if isinstance(place, Path) and not (place / CHECKPOINT).exists():
        raise InputError(f"could not check log {place}: it holds no checkpoint")
    # 1. fsck.checkpoint
    shown, verified = _check_checkpoint(files, shown, log, witnesses, quorum)
    checkpoint = verified.checkpoint
    # 2. to 5.
    numbering = _check_leaves(files, log, checkpoint, jobs, progress or _untold)
    # 6. fsck.partials
    listed = hasattr(files, "paths")
    older = _check_partials(cast("ListedReader", files), checkpoint.size) if listed else 0
    beyond = leftovers(cast("ListedReader", files), checkpoint.size) if listed else []
    # 7. fsck.witnessed
    kept = _check_witnessed(files, shown, log, witnesses, checkpoint)
    # 8. fsck.sequence
    if numbering.gaps and gapless:
        gap = numbering.gaps[0]
        bundle = gap.index // TILE_WIDTH
        place_of = Tile(ENTRIES, bundle, _width_today(Tile(ENTRIES, bundle), checkpoint.size)).path
        raise VerificationError(str(gap), step="fsck.sequence", place=place_of)
    return LogReport(
        checkpoint.size,
        checkpoint.root,
        verified.cosigners,
        1 + kept + sum(1 for _ in tiles_of(checkpoint.size)) + older,
        tuple(beyond),
        listed,
        tuple(numbering.gaps),
    )


def _untold(_done: int, _all: int) -> None:
    """Nobody watches."""


def _check_checkpoint(
    files: LogReader,
    shown: ShownHeads | None,
    log: LogIdentity,
    witnesses: Sequence[WitnessIdentity],
    quorum: int,
) -> tuple[ShownHeads, VerifiedNote]:
    try:
        shown = shown or read_heads(files)
        return shown, verify_note(shown.note(), log, witnesses, quorum, place=CHECKPOINT)
    except VerificationError as error:
        message = error.message if error.place == CHECKPOINT else f"{error.place}: {error.message}"
        raise VerificationError(message, step="fsck.checkpoint", place=CHECKPOINT) from None
    except InputError as error:
        raise VerificationError(error.message, step="fsck.checkpoint", place=CHECKPOINT) from None


def _check_leaves(
    files: LogReader, log: LogIdentity, checkpoint: Checkpoint, jobs: int, progress: Progress
) -> Numbering:
    """Steps 2 to 5: the log from its leaves to its root; how its records are numbered."""
    size, numbering = checkpoint.size, Numbering()
    roots, edge, genesis = bytearray(), b"", None
    fault: Fault | None = None
    for stretch in stretches(files, size, jobs):
        fault = fault or stretch.fault
        # 2. fsck.files
        if fault is not None and fault.derived is None:
            raise VerificationError(fault.why, step="fsck.files", place=fault.tile.path)
        roots += stretch.roots
        edge = stretch.edge
        genesis = stretch.genesis if genesis is None else genesis
        for run in stretch.runs:
            numbering.add(run)
        progress(len(roots) // HASH_SIZE * TILE_WIDTH + len(edge) // HASH_SIZE, size)
    # 3. fsck.entries
    if fault is not None:
        bad = _bad_of_two(files, checkpoint, fault, bytes(roots), edge)
        raise VerificationError(fault.why, step="fsck.entries", place=bad.path)
    # 4. fsck.tiles
    _check_tiles(files, checkpoint, bytes(roots), edge)
    # 5. fsck.root
    if _root([edge], bytes(roots)) != checkpoint.root:
        raise VerificationError(
            "entries and tiles agree on another root", step="fsck.root", place=CHECKPOINT
        )
    if genesis != genesis_leaf(log):
        raise VerificationError(
            "the first entry is not the genesis of this log", step="fsck.root", place=CHECKPOINT
        )
    return numbering


def _bad_of_two(
    files: LogReader, checkpoint: Checkpoint, fault: Fault, roots: bytes, edge: bytes
) -> Tile:
    """Which of a bundle and its tile is the bad one: the signed root tells.

    Where more than this pair is wrong it cannot, and the tile above is asked.
    """
    tile, derived = fault.tile, fault.derived or b""
    bundle = Tile(ENTRIES, tile.index, tile.width)
    if _root([edge], roots) == checkpoint.root:
        return bundle
    if tile.width < TILE_WIDTH:
        return tile
    at = tile.index * HASH_SIZE
    instead = roots[:at] + derived + roots[at + HASH_SIZE :]
    if _root([edge], instead) == checkpoint.root:
        return tile
    above, offset = divmod(tile.index, TILE_WIDTH)
    width = _width_today(Tile(1, above), checkpoint.size)
    try:
        stored = read_hashes(files, Tile(1, above, width))[offset]
    except DamagedError:
        return tile
    return bundle if stored == roots[at : at + HASH_SIZE] else tile


def _check_tiles(files: LogReader, checkpoint: Checkpoint, roots: bytes, edge: bytes) -> None:
    # 4. fsck.tiles
    level, row, below = 1, roots, [edge]
    while row:
        for start in range(0, len(row), _TILE_SIZE):
            due = row[start : start + _TILE_SIZE]
            tile = Tile(level, start // _TILE_SIZE, len(due) // HASH_SIZE)
            found = _read(files, tile)
            if found != due:
                instead = row[:start] + found + row[start + len(due) :]
                signed = len(found) == len(due) and _root(below, instead) == checkpoint.root
                raise _wrong_tile(tile, due, found if signed else None)
        whole = len(row) - len(row) % _TILE_SIZE
        level, row, below = level + 1, _roots_over(row), [*below, row[whole:]]


def _wrong_tile(tile: Tile, due: bytes, signed: bytes | None) -> VerificationError:
    """The tile, or if the signed root bears it out, the object below it that was replaced.

    Whoever changes a record and hashes it into its level-0 tile, but no higher, is found here.
    """
    if signed is None:
        return VerificationError(
            "not the roots of the tiles below", step="fsck.tiles", place=tile.path
        )
    first = next(i for i in range(len(due)) if due[i] != signed[i]) // HASH_SIZE
    index = tile.index * TILE_WIDTH + first
    bad = Tile(tile.level - 1 if tile.level > 1 else ENTRIES, index)
    return VerificationError(
        f"not what the signed root demands, nor what {tile.path} holds of it",
        step="fsck.tiles",
        place=bad.path,
    )


def _roots_over(row: bytes) -> bytes:
    """The roots of the whole tiles of a row of hashes."""
    starts = range(0, len(row) - len(row) % _TILE_SIZE, _TILE_SIZE)
    return b"".join(root_of(_split(row[start : start + _TILE_SIZE])) for start in starts)


def _root(below: Sequence[bytes], row: bytes) -> bytes:
    """The tree's root from a row of hashes and, of each level below it, those in no whole tile."""
    levels = [_split(each) for each in below]
    while row:
        levels.append(_split(row[len(row) - len(row) % _TILE_SIZE :]))
        row = _roots_over(row)
    return RightEdge(levels).root()


def _split(row: bytes) -> list[bytes]:
    return parse_hashes(row, len(row) // HASH_SIZE)


def _read(files: LogReader, tile: Tile) -> bytes:
    # 2. fsck.files
    try:
        return read_tile(files, tile)
    except DamagedError as error:
        fields = error.fields
        raise VerificationError(fields["why"], step="fsck.files", place=fields["file"]) from None


def _check_partials(files: ListedReader, size: int) -> int:
    """Compares partial files of older sizes with today's; how many there are."""
    # 6. fsck.partials
    older = [tile for tile in partials(files, size) if tile.width != _width_today(tile, size)]
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


def _check_witnessed(
    files: LogReader,
    shown: ShownHeads,
    log: LogIdentity,
    witnesses: Sequence[WitnessIdentity],
    checkpoint: Checkpoint,
) -> int:
    """Compares the cosigned checkpoint beside the head with the log; how many there are."""
    # 7. fsck.witnessed
    try:
        text = shown.witnessed_note()
        if text is None:
            return 0
        cosigned = verify_note(text, log, witnesses, place=WITNESSED).checkpoint
    except (InputError, VerificationError) as error:
        raise VerificationError(error.message, step="fsck.witnessed", place=WITNESSED) from None
    size = cosigned.size
    if size > checkpoint.size:
        raise VerificationError(
            f"covers {size} leaves where the log has {checkpoint.size}: its tail was cut off",
            step="fsck.witnessed",
            place=WITNESSED,
        )
    if size:
        _check_prefix(files, checkpoint, cosigned)
    return 1


def _check_prefix(files: LogReader, checkpoint: Checkpoint, cosigned: Checkpoint) -> None:
    """That the log begins with the cosigned tree.

    Tiles are read once more for it, and a server may answer otherwise now: what it gives must lead
    to the root that was re-derived.
    """
    roots = ServedTree(files, checkpoint).root_over
    proof = [roots(each) for each in consistency_ranges(cosigned.size, checkpoint.size)]
    try:
        verify_consistency(
            cosigned.size, cosigned.root, checkpoint.size, checkpoint.root, proof, place=WITNESSED
        )
    except VerificationError:
        raise VerificationError(
            "is of another tree", step="fsck.witnessed", place=WITNESSED
        ) from None


def _width_today(tile: Tile, size: int) -> int:
    return min(TILE_WIDTH, count_at(tile.level, size) - tile.index * TILE_WIDTH)
