# pragma version 0.4.3
"""
@title   Typed data: the domain of a contract, and digests in it
@license Apache-2.0
@notice  EIP-712 digests bound to this chain and this contract, so that no signature can be replayed
         on another; ERC-5267 tells wallets the domain.
"""

DOMAIN_TYPE: constant(bytes32) = keccak256(
    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
)
VERSION: constant(String[1]) = "1"

_name: immutable(String[32])
_name_hash: immutable(bytes32)
_separator: immutable(bytes32)
_chain: immutable(uint256)


@deploy
def __init__(name: String[32]):
    """
    @notice The domain's name; its version is 1.
    @param name Such as "Quorate Token".
    """
    _name = name
    _name_hash = keccak256(name)
    _chain = chain.id
    _separator = keccak256(
        abi_encode(DOMAIN_TYPE, keccak256(name), keccak256(VERSION), chain.id, self)
    )


@external
@view
def eip712Domain() -> (
    bytes1, String[32], String[1], uint256, address, bytes32, DynArray[uint256, 1]
):
    """
    @notice ERC-5267: the fields of the domain (bits 0 to 3), and no extensions.
    @return Fields, name, version, chain id, contract, salt, extensions.
    """
    return (0x0f, _name, VERSION, chain.id, self, empty(bytes32), [])


@internal
@view
def separator() -> bytes32:
    """@notice The domain separator, anew if the chain forked and changed its id (EIP-712)."""
    if chain.id == _chain:
        return _separator
    return keccak256(
        abi_encode(DOMAIN_TYPE, _name_hash, keccak256(VERSION), chain.id, self)
    )


@internal
@view
def digest(struct_hash: bytes32) -> bytes32:
    """@notice What is signed for a struct with this hash."""
    return keccak256(concat(b"\x19\x01", self.separator(), struct_hash))
