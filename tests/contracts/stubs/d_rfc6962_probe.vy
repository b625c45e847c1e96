# pragma version 0.4.3
"""
@title   Door to the module rfc6962
@license Apache-2.0
"""

from contracts.modules import rfc6962


@external
@pure
def included(
    index: uint256, size: uint256, leaf: bytes32, root: bytes32, proof: DynArray[bytes32, 64]
) -> bool:
    return rfc6962.included(index, size, leaf, root, proof)


@external
@pure
def consistent(
    old_size: uint256,
    old_root: bytes32,
    new_size: uint256,
    new_root: bytes32,
    proof: DynArray[bytes32, 64],
) -> bool:
    return rfc6962.consistent(old_size, old_root, new_size, new_root, proof)
