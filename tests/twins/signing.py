"""Typed data (EIP-712) and compact signatures (EIP-2098), for the twins."""

from coincurve import PublicKey

from tests.twins.table import keccak
from tests.twins.world import NOBODY, keccak_of

DOMAIN = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


def separator_of(name: str, chain_id: int, contract: str) -> bytes:
    types = ["bytes32", "bytes32", "bytes32", "uint256", "address"]
    names = [keccak(text.encode()) for text in (DOMAIN, name, "1")]
    return keccak_of(types, [*names, chain_id, contract])


def digest_in(separator: bytes, shape: str, types: list[str], values: list) -> bytes:
    """What is signed for a struct of this shape."""
    struct = keccak_of(["bytes32", *types], [keccak(shape.encode()), *values])
    return keccak(b"\x19\x01" + separator + struct)


def signer_of(digest: bytes, signature: tuple[bytes, bytes]) -> str:
    """Whose compact signature (r, then s with the recovery id on top) this is."""
    packed = int.from_bytes(signature[1], "big")
    s, odd = packed % 2**255, packed >> 255
    if s > ORDER // 2:
        return NOBODY
    try:
        key = PublicKey.from_signature_and_message(
            signature[0] + s.to_bytes(32, "big") + bytes([odd]), digest, hasher=None
        )
    except Exception:  # coincurve raises bare Exceptions for impossible points
        return NOBODY
    return spell(keccak(key.format(compressed=False)[1:])[12:])


def spell(raw: bytes) -> str:
    """EIP-55."""
    digits = raw.hex()
    nibbles = keccak(digits.encode()).hex()
    pairs = zip(digits, nibbles, strict=False)
    return "0x" + "".join(c.upper() if int(n, 16) > 7 else c for c, n in pairs)
