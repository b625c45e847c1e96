# pragma version 0.4.3
"""
@title   Proofs of RFC 6962 over SHA-256
@license Apache-2.0
@notice  Pure checks of inclusion and consistency proofs, as in RFC 9162 sections 2.1.3.2 and
         2.1.4.2: a leaf's hash is SHA-256(0x00, leaf), a node's is SHA-256(0x01, left, right).
@dev     `position` and `last` are the places, on one level, of the node that is climbed from and of
         the level's last node. A last node without a sibling is lifted unchanged: dividing by the
         lowest set bit of its place climbs all such levels at once.
"""

NODE: constant(bytes1) = 0x01
# @dev At least what a proof over 2**63 leaves can hold.
MAX_PROOF: constant(uint256) = 64


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
    if index >= size:
        return False
    position: uint256 = index
    last: uint256 = unsafe_sub(size, 1)
    current: bytes32 = leaf
    for sibling: bytes32 in proof:
        if last == 0:
            return False
        if position & 1 != 0 or position == last:
            current = sha256(concat(NODE, sibling, current))
            # Not zero: `position` is odd, or equals `last`.
            width: uint256 = (position & unsafe_sub(0, position)) << 1
            position = unsafe_div(position, width)
            last = unsafe_div(last, width)
        else:
            current = sha256(concat(NODE, current, sibling))
            position >>= 1
            last >>= 1
    return last == 0 and current == root


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
    if old_size == 0 or old_size > new_size:
        return False
    if old_size == new_size:
        return len(proof) == 0 and old_root == new_root
    # The climb starts at the root of the old tree's last whole subtree, of `whole` leaves.
    whole: uint256 = old_size & unsafe_sub(0, old_size)
    position: uint256 = unsafe_div(unsafe_sub(old_size, 1), whole)
    last: uint256 = unsafe_div(unsafe_sub(new_size, 1), whole)
    old: bytes32 = old_root
    new: bytes32 = old_root
    # Where that is the whole old tree, the proof leaves it out; else it is the first hash.
    first: bool = whole != old_size
    for sibling: bytes32 in proof:
        if first:
            first = False
            old = sibling
            new = sibling
            continue
        if last == 0:
            return False
        if position & 1 != 0 or position == last:
            old = sha256(concat(NODE, sibling, old))
            new = sha256(concat(NODE, sibling, new))
            # Not zero: `position` is odd, or equals `last`.
            width: uint256 = (position & unsafe_sub(0, position)) << 1
            position = unsafe_div(position, width)
            last = unsafe_div(last, width)
        else:
            new = sha256(concat(NODE, new, sibling))
            position >>= 1
            last >>= 1
    return last == 0 and old == old_root and new == new_root
