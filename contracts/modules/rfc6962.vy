# pragma version 0.4.3
"""
@title   Proofs of RFC 6962 over SHA-256
@license Apache-2.0
@notice  Pure checks of inclusion and consistency proofs, to the same answers as the algorithms of
         RFC 9162 sections 2.1.3.2 and 2.1.4.2: a leaf's hash is SHA-256(0x00, leaf), a node's is
         SHA-256(0x01, left, right).
@dev     The sizes alone say on which side every hash of a proof stands, and how many are due; so
         both are worked out before the first hash, as one bitmap. Trees have fewer than 2**63
         leaves: nothing here overflows.
"""

NODE: constant(bytes1) = 0x01
# @dev More than a proof over fewer than 2**63 leaves can hold.
MAX_PROOF: constant(uint256) = 64
MAX_SIZE: constant(uint256) = 2**63 - 1
# @dev Of 64 bits: the lower half of each 2, 4 and 8; the lowest of each 8.
TWOS: constant(uint256) = (2**64 - 1) // 3
FOURS: constant(uint256) = (2**64 - 1) // 5
EIGHTS: constant(uint256) = (2**64 - 1) // 17
LOWEST: constant(uint256) = (2**64 - 1) // 255


@internal
@pure
def included(
    index: uint256,
    size: uint256,
    leaf: bytes32,
    root: bytes32,
    proof: DynArray[bytes32, MAX_PROOF],
) -> bool:
    """
    @notice True when the leaf with hash `leaf` is number `index`, from 0, of the tree with `size`
            leaves and this root. Too many or too few hashes prove nothing.
    """
    if index >= size or size > MAX_SIZE:
        return False
    due: uint256 = 0
    left: uint256 = 0
    due, left = self._path(index, unsafe_sub(size, 1))
    if len(proof) != due:
        return False
    current: bytes32 = leaf
    for sibling: bytes32 in proof:
        if left & 1 == 0:
            current = sha256(concat(NODE, current, sibling))
        else:
            current = sha256(concat(NODE, sibling, current))
        left >>= 1
    return current == root


@internal
@pure
def consistent(
    old_size: uint256,
    old_root: bytes32,
    new_size: uint256,
    new_root: bytes32,
    proof: DynArray[bytes32, MAX_PROOF],
) -> bool:
    """
    @notice True when the old tree is a prefix of the new one. An old size of 0 is refused: every
            tree extends the empty one. Equal sizes need equal roots and an empty proof.
    """
    if old_size == 0 or old_size > new_size or new_size > MAX_SIZE:
        return False
    if old_size == new_size:
        return len(proof) == 0 and old_root == new_root
    # The climb starts at the root of the old tree's last whole subtree, of `whole` leaves.
    whole: uint256 = old_size & unsafe_sub(0, old_size)
    due: uint256 = 0
    left: uint256 = 0
    due, left = self._path(
        unsafe_div(unsafe_sub(old_size, 1), whole), unsafe_div(unsafe_sub(new_size, 1), whole)
    )
    old: bytes32 = old_root
    # Where that subtree is the whole old tree, the proof leaves it out; else it is the first hash.
    started: bool = whole == old_size
    if not started:
        due = unsafe_add(due, 1)
    if len(proof) != due:
        return False
    new: bytes32 = old_root
    for sibling: bytes32 in proof:
        if not started:
            started = True
            old = sibling
            new = sibling
            continue
        if left & 1 == 0:
            new = sha256(concat(NODE, new, sibling))
        else:
            old = sha256(concat(NODE, sibling, old))
            new = sha256(concat(NODE, sibling, new))
        left >>= 1
    return old == old_root and new == new_root


@internal
@pure
def _path(position: uint256, last: uint256) -> (uint256, uint256):
    """
    @notice How many siblings lie between the node at `position` of a level, whose last node is
            `last`, and the root; and a bitmap, lowest bit first, of those that stand on the left.
    @dev    Below the node where the ways of `position` and `last` part, every level has a sibling,
            on the left where the bit of `position` is set. Above it, the node is the last of its
            level: it has a left sibling where the bit is set, and else is lifted unchanged.
    """
    # The levels below: the length of `apart` in bits.
    apart: uint256 = position ^ last
    depth: uint256 = 0
    if apart >= 2**32:
        apart >>= 32
        depth = 32
    if apart >= 2**16:
        apart >>= 16
        depth |= 16
    if apart >= 2**8:
        apart >>= 8
        depth |= 8
    if apart >= 2**4:
        apart >>= 4
        depth |= 4
    if apart >= 2**2:
        apart >>= 2
        depth |= 2
    depth = unsafe_add(depth, min(apart, 2))
    # The levels above that have a sibling: the bits that are set, added up in pairs, fours, bytes.
    ones: uint256 = position >> depth
    ones = unsafe_sub(ones, (ones >> 1) & TWOS)
    ones = unsafe_add(ones & FOURS, (ones >> 2) & FOURS)
    ones = unsafe_add(ones, ones >> 4) & EIGHTS
    ones = (unsafe_mul(ones, LOWEST) >> 56) & 255
    return unsafe_add(depth, ones), position | (max_value(uint256) << depth)
