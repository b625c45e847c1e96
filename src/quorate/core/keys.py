"""Signing keys by scheme: Ed25519 and ML-DSA-44 for statements, secp256k1 for the chain.

A verifier raises; it never returns a boolean that a caller can forget to read.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from coincurve import PrivateKey as _CurvePrivate
from coincurve import PublicKey as _CurvePublic
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey

from quorate.core.encoding import decode_hex
from quorate.core.errors import EncodingError, VerificationError
from quorate.core.hashing import keccak256

ED25519 = "ed25519"
ML_DSA_44 = "ml-dsa-44"
SECP256K1 = "secp256k1"

PUBLIC_SIZES = {ED25519: 32, ML_DSA_44: 1312, SECP256K1: 64}  # bytes
SIGNATURE_SIZES = {ED25519: 64, ML_DSA_44: 2420, SECP256K1: 65}  # bytes

_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key: its scheme and its raw bytes; as text ``<scheme>:<hex>``."""

    scheme: str
    raw: bytes

    def __post_init__(self) -> None:
        if len(self.raw) != PUBLIC_SIZES.get(self.scheme, -1):
            raise EncodingError(f"could not hold a {self.scheme!r} key of {len(self.raw)} bytes")

    @classmethod
    def parse(cls, text: str) -> "PublicKey":
        """The inverse of ``str``."""
        scheme, separator, digits = str(text).partition(":")
        if not separator or scheme not in PUBLIC_SIZES:
            raise EncodingError(f"could not read a public key: {str(text)[:40]!r}")
        return cls(scheme, decode_hex(digits, PUBLIC_SIZES[scheme]))

    def __str__(self) -> str:
        return f"{self.scheme}:{self.raw.hex()}"

    @property
    def keyid(self) -> str:
        """``<scheme>:`` and the first 16 bytes of SHA-256 over scheme, LF and raw key, in hex."""
        digest = hashlib.sha256(self.scheme.encode() + b"\n" + self.raw).hexdigest()
        return f"{self.scheme}:{digest[:32]}"

    @property
    def address(self) -> str:
        """The EIP-55 account address of a secp256k1 key."""
        if self.scheme != SECP256K1:
            raise EncodingError(f"could not derive an address: a {self.scheme} key has none")
        return checksum_address(keccak256(self.raw)[12:])

    def verify(self, signature: bytes, message: bytes, place: str = "signature") -> None:
        """Raises `VerificationError`, naming ``place``, unless this key signed ``message``."""
        if len(signature) != SIGNATURE_SIZES[self.scheme] or not _VERIFIERS[self.scheme](
            self.raw, signature, message
        ):
            raise VerificationError(f"not signed by {self.keyid}", place=place)


class Signer(Protocol):
    """A private key that signs messages under one scheme."""

    @property
    def public_key(self) -> PublicKey:
        """The public half."""
        ...

    def sign(self, message: bytes) -> bytes:
        """A signature of ``message``, of the scheme's size."""
        ...


class Ed25519Signer:
    """Ed25519 (RFC 8032) from a 32-byte seed; deterministic."""

    def __init__(self, seed: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public_key = PublicKey(ED25519, self._key.public_key().public_bytes_raw())

    def sign(self, message: bytes) -> bytes:
        """64 bytes."""
        return self._key.sign(message)


class MLDSA44Signer:
    """ML-DSA-44 (FIPS 204) from a 32-byte seed; hedged, so two signatures differ."""

    def __init__(self, seed: bytes) -> None:
        self._key = MLDSA44PrivateKey.from_seed_bytes(seed)
        self.public_key = PublicKey(ML_DSA_44, self._key.public_key().public_bytes_raw())

    def sign(self, message: bytes) -> bytes:
        """2,420 bytes."""
        return self._key.sign(message)


class Secp256k1Signer:
    """secp256k1 ECDSA (SEC 2) with RFC 6979 nonces and low s, as the EVM recovers it."""

    def __init__(self, secret: bytes) -> None:
        self._key = _CurvePrivate(secret)
        self.public_key = PublicKey(SECP256K1, self._key.public_key.format(compressed=False)[1:])

    @property
    def address(self) -> str:
        """The EIP-55 account address."""
        return self.public_key.address

    def sign(self, message: bytes) -> bytes:
        """r, s and recovery id (0 or 1), 65 bytes, over Keccak-256 of ``message``."""
        return self.sign_digest(keccak256(message))

    def sign_digest(self, digest: bytes) -> bytes:
        """r, s and recovery id (0 or 1), 65 bytes, over a 32-byte ``digest``."""
        return self._key.sign_recoverable(digest, hasher=None)


def recover_signer(signature: bytes, digest: bytes, place: str = "signature") -> PublicKey:
    """The secp256k1 key that signed the 32-byte ``digest``; high s is refused (EIP-2)."""
    if len(signature) != 65 or signature[64] > 1:
        raise VerificationError("not a recoverable signature of 65 bytes", place=place)
    if int.from_bytes(signature[32:64], "big") > _ORDER // 2:
        raise VerificationError("signature is malleable (high s)", place=place)
    try:
        key = _CurvePublic.from_signature_and_message(signature, digest, hasher=None)
    except Exception as error:  # coincurve raises bare Exceptions for impossible points
        raise VerificationError(
            f"no key can have made this signature: {error}", place=place
        ) from None
    return PublicKey(SECP256K1, key.format(compressed=False)[1:])


def checksum_address(raw: bytes) -> str:
    """The EIP-55 spelling of a 20-byte address."""
    if len(raw) != 20:
        raise EncodingError(f"could not spell an address of {len(raw)} bytes")
    digits = raw.hex()
    nibbles = keccak256(digits.encode("ascii")).hex()
    return "0x" + "".join(
        char.upper() if int(nibble, 16) >= 8 else char
        for char, nibble in zip(digits, nibbles, strict=False)
    )


def parse_address(text: str) -> bytes:
    """The 20 bytes of an address in EIP-55 spelling; any other spelling is refused."""
    if not isinstance(text, str) or len(text) != 42 or not text.startswith("0x"):
        raise EncodingError(f"could not read an address: {str(text)[:48]!r}")
    raw = decode_hex(text[2:].lower(), 20)
    if checksum_address(raw) != text:
        raise EncodingError(f"could not read an address: {text!r} is not in EIP-55 spelling")
    return raw


def _verify_ed25519(raw: bytes, signature: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(raw).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _verify_ml_dsa_44(raw: bytes, signature: bytes, message: bytes) -> bool:
    try:
        MLDSA44PublicKey.from_public_bytes(raw).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _verify_secp256k1(raw: bytes, signature: bytes, message: bytes) -> bool:
    try:
        return recover_signer(signature, keccak256(message)).raw == raw
    except VerificationError:
        return False


_VERIFIERS: dict[str, Callable[[bytes, bytes, bytes], bool]] = {
    ED25519: _verify_ed25519,
    ML_DSA_44: _verify_ml_dsa_44,
    SECP256K1: _verify_secp256k1,
}
