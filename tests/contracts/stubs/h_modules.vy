# pragma version 0.4.3
"""
@title   Door to the modules' arithmetic: many calls in one
@license Apache-2.0
"""

from contracts.modules import quorum
from contracts.modules import rfc6962
from contracts.modules.tasks import payouts
from contracts.modules.tasks import scores

MANY: constant(uint256) = 4096


@external
@pure
def reached(most: uint256) -> DynArray[bool, MANY]:
    """@notice For part in 0..most, for whole in 0..most."""
    found: DynArray[bool, MANY] = []
    for part: uint256 in range(most + 1, bound=64):
        for whole: uint256 in range(most + 1, bound=64):
            found.append(quorum.reached(part, whole))
    return found


@external
@pure
def counted(first: uint256, many: uint256) -> DynArray[uint256, MANY]:
    found: DynArray[uint256, MANY] = []
    for i: uint256 in range(many, bound=MANY):
        found.append(quorum.count(first + i))
    return found


@external
@pure
def has(bits: uint256) -> DynArray[bool, MANY]:
    found: DynArray[bool, MANY] = []
    for i: uint256 in range(256):
        found.append(quorum.has(bits, i))
    return found


@external
@pure
def medians(
    lanes: DynArray[uint256, 4], most: uint256, low: uint256, high: uint256
) -> DynArray[uint256, MANY]:
    """@notice For every stake in 0..most of every lane: one bit per hint in low..high."""
    found: DynArray[uint256, MANY] = []
    base: uint256 = most + 1
    for code: uint256 in range(pow_mod256(base, len(lanes)), bound=MANY):
        bits: uint256 = 0
        for hint: uint256 in range(low, high + 1, bound=64):
            left: uint256 = code
            whole: uint256 = 0
            reaching: uint256 = 0
            beyond: uint256 = 0
            for lane: uint256 in lanes:
                stake: uint256 = left % base
                left //= base
                whole += stake
                reaching += stake if lane >= hint else 0
                beyond += stake if lane > hint else 0
            if scores.is_median(hint, whole, reaching, beyond):
                bits |= 1 << (hint - low)
        found.append(bits)
    return found


@external
@pure
def included(
    size: uint256, leaf: bytes32, root: bytes32, proof: DynArray[bytes32, 64]
) -> DynArray[bool, MANY]:
    """@notice For index in 0..size."""
    found: DynArray[bool, MANY] = []
    for index: uint256 in range(size + 1, bound=65):
        found.append(rfc6962.included(index, size, leaf, root, proof))
    return found


@external
@pure
def consistent(
    old_root: bytes32, new_size: uint256, new_root: bytes32, proof: DynArray[bytes32, 64]
) -> DynArray[bool, MANY]:
    """@notice For old size in 0..new_size + 1."""
    found: DynArray[bool, MANY] = []
    for old: uint256 in range(new_size + 2, bound=66):
        found.append(rfc6962.consistent(old, old_root, new_size, new_root, proof))
    return found


@external
@pure
def earn(entry: uint256, amount: uint256, lane: uint256) -> uint256[4]:
    word: uint256 = payouts.score(payouts.earn(entry, amount), lane)
    total: uint256 = convert(convert(payouts.score_of(word), bytes32), uint256)
    return [word, payouts.amount_of(word), payouts.settled_of(word), total]


@external
@pure
def proven(
    root: bytes32, size: uint256, leaf: bytes32, proof: DynArray[bytes32, 9]
) -> DynArray[bool, MANY]:
    """@notice For place in 0..size."""
    found: DynArray[bool, MANY] = []
    for place: uint256 in range(size + 1, bound=65):
        found.append(payouts.proven(root, size, place, leaf, proof))
    return found
