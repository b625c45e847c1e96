# pragma version 0.4.3
"""
@title   Two thirds, and counting bits
@license Apache-2.0
@notice  The one threshold of the suite: 3 * part >= 2 * whole. Amounts are below 2**128 because
         the token's supply is, so the products cannot overflow.
"""


@internal
@pure
def reached(part: uint256, whole: uint256) -> bool:
    """@notice True when `part` is at least two thirds of `whole`."""
    return 3 * part >= 2 * whole


@internal
@pure
def has(bits: uint256, index: uint256) -> bool:
    """@notice True when bit `index` of `bits` is set."""
    return (bits >> index) & 1 == 1


@internal
@pure
def count(bits: uint256) -> uint256:
    """@notice How many bits are set; costs gas per set bit only."""
    left: uint256 = bits
    found: uint256 = 0
    for _: uint256 in range(256):
        if left == 0:
            break
        left &= left - 1
        found += 1
    return found
