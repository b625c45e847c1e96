"""Heads of a log that somebody holds who forgets nothing: a witness, an anchor, an old receipt.

A log's own files and signatures cannot show that its tail was cut off, that an older copy was put
back, or that its owner rewrote it and signed again. Whoever kept a head can. Steps, each named in
the `VerificationError` that it raises, with the holder as its place:

1. ``heads.size``  the log is not shorter than a head that somebody holds of it
2. ``heads.root``  its first leaves are those under that head, for every head

Heads are looked at from the smallest: what is named bounds where the history was changed. Leaves
above the largest head that anybody holds are nobody's yet; there, a log may still be rewritten.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from quorate.core.errors import EncodingError, VerificationError
from quorate.log.checkpoint import MAX_SIZE, Checkpoint
from quorate.log.equivocation import RangeRoots
from quorate.log.merkle import HASH_SIZE, consistency_ranges, verify_consistency


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


def check_heads(found: Checkpoint, heads: Iterable[HeldHead], roots: RangeRoots) -> None:
    """That the log at ``found``, a verified checkpoint, goes on from every one of ``heads``.

    ``roots`` gives the root over a range of the log's leaves, from tiles (`served.ServedTree`) or
    leaf hashes (`equivocation.roots_from`). It need not be trusted: what it gives must lead from
    the head to ``found``.
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
