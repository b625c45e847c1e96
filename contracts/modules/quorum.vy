# pragma version 0.4.3
"""
@title   Two thirds, and counting bits
@license Apache-2.0
@notice  The one threshold of the suite: 3 * part >= 2 * whole. Amounts are below 2**128 because
         the token's supply is, so the products cannot overflow.
"""

TWOS: constant(uint256) = max_value(uint256) // 3       # 0101...
FOURS: constant(uint256) = max_value(uint256) // 5      # 00110011...
EIGHTS: constant(uint256) = max_value(uint256) // 17    # 00001111...
SIXTEENS: constant(uint256) = max_value(uint256) // 257 # 0000000011111111...


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
    """
    @notice How many bits are set.
    @dev    Sums of 2, 4, 8 and 16 neighbouring bits side by side; the 16-bit sums are the digits of
            a number in base 2**16, whose remainder modulo 2**16 - 1 is the sum of its digits.
    """
    twos: uint256 = unsafe_sub(bits, (bits >> 1) & TWOS)
    fours: uint256 = unsafe_add(twos & FOURS, (twos >> 2) & FOURS)
    eights: uint256 = unsafe_add(fours, fours >> 4) & EIGHTS
    return unsafe_add(eights & SIXTEENS, (eights >> 8) & SIXTEENS) % 65535
