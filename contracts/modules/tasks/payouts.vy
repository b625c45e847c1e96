# pragma version 0.4.3
"""
@title   Payouts: what a task owes, entry by entry, under one root
@license Apache-2.0
@notice  One cumulative entry per place, so that one proof against the newest root pays several
         rounds at once. Entry: amount (96 bits), settled rounds (32), sum of scores (128, signed).
@dev     Leaves are hashes of three words, inner nodes of two, so neither can pass for the other. A
         level of odd length is filled with one zero.
"""

MAX_PLACES: constant(uint256) = 320
AMOUNT: constant(uint256) = 2**96 - 1
MAX_PROOF: constant(uint256) = 9


@internal
@pure
def earn(entry: uint256, amount: uint256, score: int256) -> uint256:
    """@notice The entry after one more settled round."""
    total: int256 = self.score_of(entry) + score
    word: uint256 = convert(convert(total, bytes32), uint256) << 128
    # Amounts are parts of an escrow below 2**96, rounds at most 10,000: nothing overflows.
    return word | ((entry & (2**128 - 1)) + (1 << 96) + amount)


@internal
@pure
def amount_of(entry: uint256) -> uint256:
    """@notice Token units earned so far."""
    return entry & AMOUNT


@internal
@pure
def settled_of(entry: uint256) -> uint256:
    """@notice Settled rounds so far."""
    return (entry >> 96) & (2**32 - 1)


@internal
@pure
def score_of(entry: uint256) -> int256:
    """@notice Sum of median scores so far, millionths."""
    # By way of bytes32: a conversion of numbers would refuse a negative sum.
    return convert(convert(entry, bytes32), int256) >> 128


@internal
@pure
def leaf_of(task: bytes32, place: uint256, entry: uint256) -> bytes32:
    """@notice The leaf of a place."""
    return keccak256(abi_encode(task, place, entry))


@internal
@pure
def root_of(task: bytes32, entries: DynArray[uint256, MAX_PLACES]) -> bytes32:
    """@notice The root over all entries in the order of their places; at least one."""
    nodes: bytes32[MAX_PLACES] = empty(bytes32[MAX_PLACES])
    size: uint256 = 0
    for entry: uint256 in entries:
        nodes[size] = keccak256(abi_encode(task, size, entry))
        size += 1
    for _: uint256 in range(MAX_PROOF):
        if size <= 1:
            break
        half: uint256 = (size + 1) >> 1
        if size & 1 == 1:
            nodes[size] = empty(bytes32)
        for i: uint256 in range(half, bound=160):
            nodes[i] = keccak256(abi_encode(nodes[2 * i], nodes[2 * i + 1]))
        size = half
    return nodes[0]


@internal
@pure
def proven(
    root: bytes32,
    size: uint256,
    place: uint256,
    leaf: bytes32,
    proof: DynArray[bytes32, MAX_PROOF],
) -> bool:
    """@notice True when `leaf` stands at `place` of the tree of `size` leaves under `root`."""
    if place >= size or root == empty(bytes32):
        return False
    node: bytes32 = leaf
    index: uint256 = place
    width: uint256 = size
    for sibling: bytes32 in proof:
        if width <= 1:
            return False
        if index & 1 == 0:
            node = keccak256(abi_encode(node, sibling))
        else:
            node = keccak256(abi_encode(sibling, node))
        index >>= 1
        width = (width + 1) >> 1
    return width == 1 and node == root
