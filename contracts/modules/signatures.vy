# pragma version 0.4.3
"""
@title   Who signed a digest
@license Apache-2.0
@notice  secp256k1 signatures in the compact form of EIP-2098: r, then s with the recovery id as its
         top bit. One spelling each.
"""

# @dev Half of the curve's order, rounded down.
HALF_ORDER: constant(uint256) = (
    57896044618658097711785492504343953926418782139537452191302581570759080747168
)


@internal
@pure
def signer_of(digest: bytes32, signature: bytes32[2]) -> address:
    """
    @notice The account whose key signed `digest`; zero when there is none, or when s is in the
            upper half of the order (the malleable twin, EIP-2).
    """
    packed: uint256 = convert(signature[1], uint256)
    s: uint256 = packed & (2**255 - 1)
    if s > HALF_ORDER:
        return empty(address)
    return ecrecover(digest, 27 + (packed >> 255), convert(signature[0], uint256), s)
