"""The Merkle tree of RFC 6962 section 2.1 (RFC 9162 section 2.1) over SHA-256: pure functions.

A leaf's hash is SHA-256(0x00, leaf), a node's is SHA-256(0x01, left, right); the different first
bytes keep a node from being passed off as a leaf. A tree of n leaves splits at the largest power
of two below n; the empty tree's root is SHA-256 of nothing.

Every hash of a proof is the root of a range of leaves. `inclusion_ranges` and `consistency_ranges`
name those ranges from the sizes alone, so that a list of leaf hashes and a folder of tiles give
proofs by the same code.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence

from quorate.core.errors import InputError, VerificationError

HASH_SIZE = 32  # bytes

_sha256 = hashlib.sha256
EMPTY_ROOT = hashlib.sha256(b"").digest()

Range = tuple[int, int]
"""Leaves ``start`` (included) to ``end`` (excluded)."""


def leaf_hash(leaf: bytes) -> bytes:
    """The 32-byte hash of a leaf's bytes."""
    return hashlib.sha256(b"\x00" + leaf).digest()


def hash_leaves(leaves: Iterable[bytes]) -> list[bytes]:
    """The 32-byte hash of each leaf."""
    sha256 = _sha256
    return [sha256(b"\x00" + leaf).digest() for leaf in leaves]


def node_hash(left: bytes, right: bytes) -> bytes:
    """The 32-byte hash of an inner node over two 32-byte hashes."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_of(leaf_hashes: Sequence[bytes]) -> bytes:
    """The root over 32-byte leaf hashes, in time linear in their number.

    Pairing level by level and lifting an odd last hash unchanged gives the tree of the RFC: the
    last, ragged subtree is completed only where its left neighbour is a whole power of two.
    """
    if not leaf_hashes:
        return EMPTY_ROOT
    level: Sequence[bytes] = leaf_hashes
    while len(level) > 1:
        level = level_above(level)
    return level[0]


def level_above(hashes: Sequence[bytes]) -> list[bytes]:
    """The hashes over each pair of ``hashes``; an odd last one is lifted unchanged."""
    sha256 = _sha256
    each = iter(hashes)
    paired = [
        sha256(b"\x01" + left + right).digest() for left, right in zip(each, each, strict=False)
    ]
    if len(hashes) % 2:
        paired.append(hashes[-1])
    return paired


def roots_at(leaf_hashes: Sequence[bytes], sizes: Iterable[int]) -> dict[int, bytes]:
    """The root at each of ``sizes``, in one pass over the leaves; `InputError` beyond the end."""
    wanted = set(sizes)
    if wanted and not 0 <= min(wanted) <= max(wanted) <= len(leaf_hashes):
        raise InputError(f"could not compute roots: only {len(leaf_hashes)} leaves are there")
    roots = {0: EMPTY_ROOT} if 0 in wanted else {}
    peaks: list[bytes] = []
    for size, current in enumerate(leaf_hashes, start=1):
        # As in binary counting: a trailing 1 bit of the old size is a whole subtree to merge with.
        peak = current
        for _ in range((size & -size).bit_length() - 1):
            peak = node_hash(peaks.pop(), peak)
        peaks.append(peak)
        if size in wanted:
            roots[size] = fold_peaks(peaks)
    return roots


def fold_peaks(peaks: Sequence[bytes]) -> bytes:
    """The root over the roots of whole subtrees, largest (leftmost) first; at least one."""
    root = peaks[-1]
    for peak in reversed(peaks[:-1]):
        root = node_hash(peak, root)
    return root


def inclusion_ranges(index: int, size: int) -> list[Range]:
    """The ranges whose roots prove leaf ``index`` in a tree of ``size``, from the leaf upwards."""
    if not 0 <= index < size:
        raise InputError(f"could not prove leaf {index}: the tree has {size} leaves")
    ranges, start, end = [], 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((start, middle))
            start = middle
    return ranges[::-1]


def consistency_ranges(old_size: int, new_size: int) -> list[Range]:
    """The ranges whose roots prove that ``old_size`` leaves are a prefix of ``new_size``.

    Empty for equal sizes and for ``old_size`` 0, where there is nothing to prove.
    """
    if not 0 <= old_size <= new_size:
        raise InputError(f"could not prove that {old_size} leaves are a prefix of {new_size}")
    if old_size in {0, new_size}:
        return []
    ranges, start, end = [], 0, new_size
    while end != old_size:
        middle = start + _split(end - start)
        if old_size <= middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((start, middle))
            start = middle
    if start:  # the whole old tree needs no hash: the verifier has its root
        ranges.append((start, end))
    return ranges[::-1]


def whole_subtrees(start: int, end: int) -> Iterator[tuple[int, int]]:
    """The (level, index) of the whole subtrees that tile a proof's range, largest first.

    ``start`` is a multiple of the smallest power of two that covers the range, as it is for every
    range of a proof and for (0, size).
    """
    while start < end:
        level = (end - start).bit_length() - 1
        yield level, start >> level
        start += 1 << level


def inclusion_proof(leaf_hashes: Sequence[bytes], index: int) -> list[bytes]:
    """The RFC 6962 audit path of leaf ``index``, 32-byte hashes from the leaf upwards."""
    ranges = inclusion_ranges(index, len(leaf_hashes))
    return [root_of(leaf_hashes[start:end]) for start, end in ranges]


def consistency_proof(leaf_hashes: Sequence[bytes], old_size: int) -> list[bytes]:
    """The RFC 6962 proof that the first ``old_size`` leaves are a prefix, 32-byte hashes."""
    ranges = consistency_ranges(old_size, len(leaf_hashes))
    return [root_of(leaf_hashes[start:end]) for start, end in ranges]


def verify_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes, *, place: str = "proof"
) -> None:
    """Raises `VerificationError` unless leaf hash ``leaf`` is leaf ``index`` under ``root``.

    The algorithm of RFC 9162 section 2.1.3.2; proof hashes too many or too few are refused.
    """
    _check_hashes([leaf, root, *proof], place)
    if not 0 <= index < size:
        raise VerificationError(f"leaf {index} cannot be in a tree of {size}", place=place)
    position, last, current = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise VerificationError("inclusion proof has hashes to spare", place=place)
        if position % 2 or position == last:
            current = node_hash(sibling, current)
            position, last = _skip_unpaired(position, last)
        else:
            current = node_hash(current, sibling)
        position, last = position >> 1, last >> 1
    if last:
        raise VerificationError("inclusion proof ends too early", place=place)
    if current != root:
        raise VerificationError(f"inclusion proof of leaf {index} misses the root", place=place)


def verify_consistency(
    old_size: int,
    old_root: bytes,
    new_size: int,
    new_root: bytes,
    proof: Sequence[bytes],
    *,
    place: str = "proof",
) -> None:
    """Raises `VerificationError` unless the old tree is a prefix of the new one.

    The algorithm of RFC 9162 section 2.1.4.2. An old size of 0 is refused: every tree extends the
    empty one, so such a proof says nothing (a witness that has seen nothing yet asks for none).
    """
    if not 0 < old_size <= new_size:
        raise VerificationError(f"no proof leads from size {old_size} to {new_size}", place=place)
    if old_size == new_size:
        if proof or old_root != new_root:
            raise VerificationError(f"two different trees of size {new_size}", place=place)
        return
    _check_hashes([old_root, new_root, *proof], place)
    # A whole old tree is its own first hash; it is left out of the proof.
    path = [old_root, *proof] if old_size & (old_size - 1) == 0 else list(proof)
    if not proof:
        raise VerificationError("consistency proof ends too early", place=place)
    old, new = _fold_consistency(old_size, new_size, path, place)
    if old != old_root:
        raise VerificationError(f"consistency proof misses the root at {old_size}", place=place)
    if new != new_root:
        raise VerificationError(f"consistency proof misses the root at {new_size}", place=place)


def _fold_consistency(
    old_size: int, new_size: int, path: list[bytes], place: str
) -> tuple[bytes, bytes]:
    position, last = old_size - 1, new_size - 1
    while position % 2:
        position, last = position >> 1, last >> 1
    old = new = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise VerificationError("consistency proof has hashes to spare", place=place)
        if position % 2 or position == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            position, last = _skip_unpaired(position, last)
        else:
            new = node_hash(new, sibling)
        position, last = position >> 1, last >> 1
    if last:
        raise VerificationError("consistency proof ends too early", place=place)
    return old, new


def _skip_unpaired(position: int, last: int) -> Range:
    """Climbs past the levels where the last node has no sibling and is lifted unchanged."""
    while position and position % 2 == 0:
        position, last = position >> 1, last >> 1
    return position, last


def _check_hashes(hashes: Iterable[bytes], place: str) -> None:
    if any(len(each) != HASH_SIZE for each in hashes):
        raise VerificationError("a hash is not of 32 bytes", place=place)


def _split(size: int) -> int:
    """The largest power of two below ``size`` (at least 2)."""
    return 1 << ((size - 1).bit_length() - 1)
