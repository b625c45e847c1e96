# pragma version 0.4.3
"""
@title   Who signed a digest
@license Apache-2.0
@notice  secp256k1 signatures with s in the lower half of the order only (EIP-2: the other half is
         the malleable twin), in the compact form of EIP-2098 or as r, s, v; and contracts that sign
         by ERC-1271.
"""

# @dev Half of the curve's order, rounded down.
HALF_ORDER: constant(uint256) = (
    57896044618658097711785492504343953926418782139537452191302581570759080747168
)
MAGIC: constant(bytes4) = 0x1626ba7e  # ERC-1271
MAX_SIGNATURE: constant(uint256) = 1024


@internal
@pure
def signer_of(digest: bytes32, signature: bytes32[2]) -> address:
    """
    @notice The account whose key signed `digest` in compact form: r, then s with the recovery id as
            its top bit. Zero when there is none.
    """
    packed: uint256 = convert(signature[1], uint256)
    s: uint256 = packed & (2**255 - 1)
    return self.recover(digest, 27 + (packed >> 255), convert(signature[0], uint256), s)


@internal
@pure
def recover(digest: bytes32, v: uint256, r: uint256, s: uint256) -> address:
    """@notice The account whose key signed `digest`; zero when there is none, or s is high."""
    if s > HALF_ORDER or (v != 27 and v != 28):
        return empty(address)
    return ecrecover(digest, v, r, s)


@internal
@view
def signed_by(account: address, digest: bytes32, signature: Bytes[MAX_SIGNATURE]) -> bool:
    """
    @notice True when `account` signed `digest`: 65 bytes r, s, v by its key, or whatever a contract
            at that address accepts by ERC-1271. A contract that reverts has not signed.
    """
    if not account.is_contract:
        if account == empty(address) or len(signature) != 65:
            return False
        v: uint256 = convert(slice(signature, 64, 1), uint256)
        r: uint256 = convert(extract32(signature, 0), uint256)
        s: uint256 = convert(extract32(signature, 32), uint256)
        return self.recover(digest, v, r, s) == account
    success: bool = False
    answer: Bytes[32] = b""
    success, answer = raw_call(
        account,
        abi_encode(digest, signature, method_id=MAGIC),
        max_outsize=32,
        is_static_call=True,
        revert_on_failure=False,
    )
    if not success or len(answer) != 32:
        return False
    return convert(answer, bytes32) == convert(MAGIC, bytes32)
