# pragma version 0.4.3
"""
@title   Payouts: what a task owes, entry by entry, under one root
@license Apache-2.0
@notice  One cumulative entry per place, so that one proof against the newest root pays several
         rounds at once. Entry: amount (96 bits), settled rounds (32), sum of scores (128, signed).
@dev     Leaves are hashes of three words, inner nodes of two, so neither can pass for the other. A
         level of odd length is filled with one zero.
"""

AMOUNT: constant(uint256) = 2**96 - 1
MAX_PROOF: constant(uint256) = 9


@internal
@pure
def earn(entry: uint256, amount: uint256) -> uint256:
    """
    @notice The entry after one more settled round.
    @dev    Amounts are parts of an escrow below 2**96, rounds at most 10,000: nothing overflows.
    """
    return unsafe_add(entry, unsafe_add(amount, 2**96))


@internal
@pure
def score(entry: uint256, lane: uint256) -> uint256:
    """
    @notice The entry with the score in a lane (score + 2**31) added to the sum of scores.
    @dev    Two's complement in the upper half: the product and the sum wrap as they should.
    """
    return unsafe_add(entry, unsafe_mul(unsafe_sub(lane, 2**31), 2**128))


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
def chain(digest: bytes32, entry: uint256) -> bytes32:
    """@notice The digest of a list of entries is that of all but the last, and the last."""
    return keccak256(abi_encode(digest, entry))


@internal
@pure
def root_of(peaks: bytes32[MAX_PROOF], size: uint256) -> bytes32:
    """
    @notice The root over `size` leaves, at least one. Peak i is the root of 2**i leaves, counted
            from the left, for every bit i of `size`.
    """
    node: bytes32 = empty(bytes32)
    partial: bool = False  # whether `node` is there: what is right of the peaks, filled up
    width: uint256 = size
    for level: uint256 in range(MAX_PROOF):
        if width & 1 == 1:
            if partial:
                node = keccak256(abi_encode(peaks[level], node))
            elif width == 1:
                return peaks[level]
            else:
                node = keccak256(abi_encode(peaks[level], empty(bytes32)))
                partial = True
            if width == 1:
                return node
        elif partial:
            node = keccak256(abi_encode(node, empty(bytes32)))
        width >>= 1
        if width == 0:
            break
    return node


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
