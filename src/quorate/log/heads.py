"""Heads of a log that somebody holds who forgets nothing: a witness, an anchor, an old receipt.

A log's own files and signatures cannot show that its tail was cut off, that an older copy was put
back, or that its owner rewrote it and signed again. Whoever kept a head can. Steps, each named in
the `VerificationError` that it raises, with the holder as its place:

1. ``heads.size``  the log is not shorter than a head that somebody holds of it
2. ``heads.root``  its first leaves are those under that head, for every head
3. ``note.*``      the checkpoint that the log keeps for its witnesses' lines, if it keeps one, is
   the log's, no known witness's line on it is bad (`verify.verify_note`), and by 1 and 2 it is of
   this tree

Heads are looked at from the smallest: what is named bounds where the history was changed. Leaves
above the largest head that anybody holds are nobody's yet; there, a log may still be rewritten.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from quorate.core.errors import DamagedError, EncodingError, InputError, VerificationError
from quorate.log.checkpoint import MAX_SIZE, Checkpoint, LogIdentity, WitnessIdentity
from quorate.log.equivocation import RangeRoots
from quorate.log.fsck import LogReport, check_log
from quorate.log.merkle import (
    HASH_SIZE,
    Range,
    consistency_ranges,
    fold_peaks,
    root_of,
    verify_consistency,
    whole_subtrees,
)
from quorate.log.note import MAX_NOTE_SIZE
from quorate.log.storage import (
    WITNESSED,
    LogReader,
    checkpoint_text,
    read_checkpoint,
    read_hashes,
)
from quorate.log.tiles import TILE_HEIGHT, TILE_WIDTH, Tile, count_at
from quorate.log.verify import verify_note


@dataclass(frozen=True, slots=True)
class HeldHead:
    """That ``holder`` saw the log with ``size`` leaves (at least one) under the 32-byte ``root``.

    Whether the holder is to be believed is the caller's business: a head counts as it is.
    """

    holder: str
    size: int
    root: bytes

    def __post_init__(self) -> None:
        if not 1 <= self.size <= MAX_SIZE or len(self.root) != HASH_SIZE:
            raise EncodingError("could not hold a head: not a size from 1 and a root of 32 bytes")


def check_history(
    files: LogReader,
    log: LogIdentity,
    heads: Sequence[HeldHead],
    witnesses: Sequence[WitnessIdentity] = (),
    quorum: int = 0,
    *,
    jobs: int = 1,
) -> LogReport:
    """`fsck.check_log` of ``files``, and that they go on from every one of ``heads``.

    Sizes come before the files: an older checkpoint that was put back would else be reported as
    missing tiles.
    """
    # 1. heads.size
    promised = _promised(files, log)
    if promised is not None:
        check_sizes(promised, heads)
    report = check_log(files, log, witnesses, quorum, jobs=jobs, witnessed=False)
    # 1. and 2.
    found = Checkpoint(log.origin, report.size, report.root)
    roots = stored_roots(files, report.size)
    check_heads(found, heads, roots)
    # 3. note.*
    check_heads(found, _witnessed(files, log, witnesses), roots)
    return report


def check_heads(found: Checkpoint, heads: Iterable[HeldHead], roots: RangeRoots) -> None:
    """That the log at ``found``, a verified checkpoint, goes on from every one of ``heads``.

    ``roots`` gives the root over a range of the log's leaves, from tiles or leaf hashes. It need
    not be trusted: what it gives must lead from the head to ``found``.
    """
    ordered = sorted(heads, key=lambda head: head.size)
    # 1. heads.size
    check_sizes(found, ordered)
    # 2. heads.root
    for head in ordered:
        proof = [roots(each) for each in consistency_ranges(head.size, found.size)]
        try:
            verify_consistency(head.size, head.root, found.size, found.root, proof)
        except VerificationError:
            raise VerificationError(
                f"saw another history: the log's first {head.size} leaves are not those it holds "
                "a head of",
                step="heads.root",
                place=head.holder,
                remedy="ask the log's owner; two signed heads prove that it signed both",
                size=head.size,
            ) from None


def check_sizes(found: Checkpoint, heads: Iterable[HeldHead]) -> None:
    """Step 1 alone, for whoever has not read the log's files yet."""
    # 1. heads.size
    for head in sorted(heads, key=lambda head: head.size):
        if head.size > found.size:
            raise VerificationError(
                f"saw {head.size} leaves where the log has {found.size}: its tail was cut off or "
                "an older copy put back",
                step="heads.size",
                place=head.holder,
                remedy="find the newest copy of the log",
                size=head.size,
            )


def stored_roots(files: LogReader, size: int) -> RangeRoots:
    """The roots of ranges, as proofs need them, from the tiles of a log of ``size`` leaves."""

    def subtree(level: int, index: int) -> bytes:
        tile_level, inner = divmod(level, TILE_HEIGHT)
        tile, offset = divmod(index << inner, TILE_WIDTH)
        width = min(TILE_WIDTH, count_at(tile_level, size) - tile * TILE_WIDTH)
        hashes = read_hashes(files, Tile(tile_level, tile, width))
        return root_of(hashes[offset : offset + (1 << inner)])

    def root(leaves: Range) -> bytes:
        return fold_peaks([subtree(*each) for each in whole_subtrees(*leaves)])

    return root


def _witnessed(
    files: LogReader, log: LogIdentity, witnesses: Sequence[WitnessIdentity]
) -> list[HeldHead]:
    """The head that the log's own file of cosigned checkpoints holds, if there is one.

    No quorum is asked of it: it has whatever lines came in time.
    """
    try:
        text = checkpoint_text(files.read(WITNESSED, MAX_NOTE_SIZE), files.name)
    except DamagedError as error:
        raise VerificationError(error.message, step="note.form", place=WITNESSED) from None
    except InputError:
        return []
    point = verify_note(text, log, witnesses, place=WITNESSED).checkpoint
    return [HeldHead(WITNESSED, point.size, point.root)] if point.size else []


def _promised(files: LogReader, log: LogIdentity) -> Checkpoint | None:
    """The checkpoint if the log signed it; None leaves it to `check_log` to say what is wrong."""
    try:
        return verify_note(read_checkpoint(files), log).checkpoint
    except (InputError, VerificationError):
        return None
