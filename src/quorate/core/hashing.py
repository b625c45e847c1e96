"""Digests: SHA-256 for all that is named or voted on, Keccak-256 where the EVM demands it."""

import hashlib
import hmac
from dataclasses import dataclass

from Crypto.Hash import keccak
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from quorate.core.encoding import canonical_bytes, decode_hex
from quorate.core.errors import EncodingError, VerificationError


@dataclass(frozen=True, slots=True, order=True)
class Digest:
    """A SHA-256 digest, 32 bytes; as text ``sha256:<64 lower-case hex digits>``."""

    raw: bytes

    def __post_init__(self) -> None:
        if len(self.raw) != 32:
            raise EncodingError(f"could not hold a digest: {len(self.raw)} bytes where 32 are due")

    @classmethod
    def of(cls, data: bytes | bytearray | memoryview) -> "Digest":
        """The digest of ``data``."""
        return cls(hashlib.sha256(data).digest())

    @classmethod
    def of_value(cls, value: object) -> "Digest":
        """The digest of the canonical bytes of ``value``."""
        return cls.of(canonical_bytes(value))

    @classmethod
    def parse(cls, text: str) -> "Digest":
        """The inverse of ``str``; only the one spelling is accepted."""
        if not isinstance(text, str) or not text.startswith("sha256:"):
            raise EncodingError(f"could not read a digest: {str(text)[:80]!r}")
        return cls(decode_hex(text[7:], 32))

    @property
    def hex(self) -> str:
        """The 64 hex digits alone."""
        return self.raw.hex()

    def __str__(self) -> str:
        return f"sha256:{self.raw.hex()}"

    def verify(self, data: bytes | bytearray | memoryview, place: str) -> None:
        """Raises `VerificationError`, naming ``place``, unless ``data`` has this digest."""
        found = Digest.of(data)
        if found != self:
            raise VerificationError(f"digest is {found}, not the stated {self}", place=place)


def keccak256(data: bytes) -> bytes:
    """Keccak-256 as Ethereum uses it (the padding before FIPS 202), 32 bytes."""
    return keccak.new(digest_bits=256, data=data).digest()


def hmac_sha256(key: bytes, data: bytes) -> bytes:
    """HMAC-SHA-256 (RFC 2104), 32 bytes."""
    return hmac.digest(key, data, "sha256")


def derive_key(secret: bytes, *context: str, length: int = 32) -> bytes:
    """``length`` bytes from ``secret`` by HKDF-SHA-256 (RFC 5869), bound to ``context``."""
    info = canonical_bytes(["quorate", *context])
    return HKDF(algorithm=hashes.SHA256(), length=length, salt=None, info=info).derive(secret)
