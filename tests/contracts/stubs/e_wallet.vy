# pragma version 0.4.3
"""
@title A wallet that signs by ERC-1271: well, or in one of the ways in which a bad one does.
"""

GOOD: constant(uint256) = 0
WRONG: constant(uint256) = 1
REFUSES: constant(uint256) = 2
LONG: constant(uint256) = 3
BURNS: constant(uint256) = 4

owner: public(address)
mode: public(uint256)


@deploy
def __init__(owner: address, mode: uint256):
    self.owner = owner
    self.mode = mode


@external
@view
@raw_return
def isValidSignature(digest: bytes32, signature: Bytes[1024]) -> Bytes[64]:
    if self.mode == REFUSES:
        raise "Wallet: no"
    if self.mode == BURNS:
        raise UNREACHABLE
    magic: bytes32 = convert(method_id("isValidSignature(bytes32,bytes)"), bytes32)
    v: uint256 = convert(slice(signature, 64, 1), uint256)
    signer: address = ecrecover(
        digest, v, extract32(signature, 0, output_type=uint256), extract32(signature, 32, output_type=uint256)
    )
    if signer != self.owner or self.mode == WRONG:
        magic = empty(bytes32)
    if self.mode == LONG:
        return concat(magic, empty(bytes32))
    return concat(magic, b"")
