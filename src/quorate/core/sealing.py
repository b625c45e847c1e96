"""Sealing bytes to several recipients under one content key, post-quantum hybrid, key-committing.

A sealed envelope (docs/formats/sealed.md) is::

    "quorate/sealed/v1\n"  |  u32 header length, big-endian  |  header  |  AES-256-GCM ciphertext

The header is canonical JSON: ``commitment`` (a digest of the content key), ``size`` (plaintext
bytes) and ``recipients``. Each recipient entry wraps the *same* content key under a secret from
X25519 (RFC 7748) and ML-KEM-768 (FIPS 203), both bound by HKDF to every public value. AES-GCM
alone does not commit to its key: two keys can open one ciphertext to two meanings ("invisible
salamanders", Dodis et al., CRYPTO 2018), and two validators would then see two updates. The
commitment in the header, checked by every opener, forbids it; the header is associated data.
"""

import struct
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from quorate.core.encoding import (
    canonical_bytes,
    decode_base64,
    decode_hex,
    encode_base64,
    parse_canonical,
)
from quorate.core.errors import EncodingError, InputError, VerificationError
from quorate.core.hashing import Digest, derive_key
from quorate.core.sources import Randomness

MAGIC = b"quorate/sealed/v1\n"
KEM_CIPHERTEXT_SIZE = 1088  # bytes, ML-KEM-768
SEALING_KEY_SIZE = 32 + 1184  # bytes: X25519 key, then ML-KEM-768 key

_NONCE = bytes(12)  # every AES-GCM key below encrypts exactly one message


@dataclass(frozen=True, slots=True)
class SealingPublicKey:
    """What others seal to: an X25519 key (32 bytes) and an ML-KEM-768 key (1,184 bytes)."""

    raw: bytes

    def __post_init__(self) -> None:
        if len(self.raw) != SEALING_KEY_SIZE:
            raise EncodingError(f"could not hold a sealing key of {len(self.raw)} bytes")

    @classmethod
    def parse(cls, text: str) -> "SealingPublicKey":
        """The inverse of ``str``."""
        prefix, _, digits = str(text).partition(":")
        if prefix != "x25519-ml-kem-768":
            raise EncodingError(f"could not read a sealing key: {str(text)[:40]!r}")
        return cls(decode_hex(digits, SEALING_KEY_SIZE))

    def __str__(self) -> str:
        return f"x25519-ml-kem-768:{self.raw.hex()}"

    @property
    def keyid(self) -> str:
        """``x25519-ml-kem-768:`` and the first 16 bytes of SHA-256 over the raw key, in hex."""
        return f"x25519-ml-kem-768:{Digest.of(self.raw).hex[:32]}"


class SealingKey:
    """The private half, from two 32-byte and 64-byte seeds."""

    def __init__(self, x25519_seed: bytes, kem_seed: bytes) -> None:
        self._x25519 = X25519PrivateKey.from_private_bytes(x25519_seed)
        self._kem = MLKEM768PrivateKey.from_seed_bytes(kem_seed)
        self.public_key = SealingPublicKey(
            self._x25519.public_key().public_bytes_raw() + self._kem.public_key().public_bytes_raw()
        )

    def agree(self, ephemeral: bytes, kem_ciphertext: bytes) -> bytes:
        """The wrapping key that a sender made for this recipient, 32 bytes."""
        try:
            classic = self._x25519.exchange(X25519PublicKey.from_public_bytes(ephemeral))
        except ValueError:
            raise VerificationError("ephemeral key is of low order", place="sealed") from None
        quantum = self._kem.decapsulate(kem_ciphertext)
        return _wrapping_key(classic, quantum, ephemeral, kem_ciphertext, self.public_key)


def _wrapping_key(
    classic: bytes, quantum: bytes, ephemeral: bytes, kem: bytes, to: SealingPublicKey
) -> bytes:
    transcript = Digest.of(ephemeral + kem + to.raw).hex
    return derive_key(quantum + classic, "sealed/v1", "wrap", transcript)


def commit_to_key(content_key: bytes) -> str:
    """The digest in a header that binds an envelope to one content key, 64 hex digits."""
    return derive_key(content_key, "sealed/v1", "commit").hex()


def seal(plaintext: bytes, recipients: list[SealingPublicKey], randomness: Randomness) -> bytes:
    """An envelope that each of ``recipients`` opens to the same bytes.

    ML-KEM draws its own randomness inside the library; all else comes from ``randomness``. Raises
    `InputError` if a recipient's key is none (an X25519 point of low order, no ML-KEM key).
    """
    content_key = randomness.bytes(32)
    ordered = sorted({key.keyid: key for key in recipients}.items())
    header = canonical_bytes(
        {
            "commitment": commit_to_key(content_key),
            "recipients": [_wrap(content_key, key, randomness) for _, key in ordered],
            "size": len(plaintext),
        }
    )
    prefix = MAGIC + struct.pack(">I", len(header)) + header
    cipher = AESGCM(derive_key(content_key, "sealed/v1", "encrypt"))
    return prefix + cipher.encrypt(_NONCE, plaintext, prefix)


def _wrap(content_key: bytes, to: SealingPublicKey, randomness: Randomness) -> dict[str, str]:
    ephemeral = X25519PrivateKey.from_private_bytes(randomness.bytes(32))
    try:
        classic = ephemeral.exchange(X25519PublicKey.from_public_bytes(to.raw[:32]))
        quantum, kem = MLKEM768PublicKey.from_public_bytes(to.raw[32:]).encapsulate()
    except ValueError:
        raise InputError(f"could not seal to {to.keyid}: it is not a usable key") from None
    public = ephemeral.public_key().public_bytes_raw()
    key = _wrapping_key(classic, quantum, public, kem, to)
    return {
        "ephemeral": encode_base64(public),
        "kem": encode_base64(kem),
        "keyid": to.keyid,
        "wrapped": encode_base64(AESGCM(key).encrypt(_NONCE, content_key, None)),
    }


def unseal(envelope: bytes, key: SealingKey) -> bytes:
    """The plaintext; raises `VerificationError` if ``key`` is no recipient or bytes changed."""
    return open_with(envelope, content_key_of(envelope, key))


def content_key_of(envelope: bytes, key: SealingKey) -> bytes:
    """The content key (32 bytes) that a recipient can hand on to open this one envelope."""
    header, _, _ = _split(envelope)
    for entry in header["recipients"]:
        if entry["keyid"] == key.public_key.keyid:
            wrapping = key.agree(
                _sized(entry["ephemeral"], 32), _sized(entry["kem"], KEM_CIPHERTEXT_SIZE)
            )
            try:
                return AESGCM(wrapping).decrypt(_NONCE, _sized(entry["wrapped"], 48), None)
            except InvalidTag:
                raise VerificationError("wrapped key was altered", place="sealed") from None
    raise VerificationError(f"not sealed to {key.public_key.keyid}", place="sealed")


def open_with(envelope: bytes, content_key: bytes) -> bytes:
    """The plaintext under a content key; the key must be the one that the header commits to."""
    header, prefix, ciphertext = _split(envelope)
    if commit_to_key(content_key) != header["commitment"]:
        raise VerificationError("content key is not the committed one", place="sealed")
    try:
        cipher = AESGCM(derive_key(content_key, "sealed/v1", "encrypt"))
        plaintext = cipher.decrypt(_NONCE, ciphertext, prefix)
    except InvalidTag:
        raise VerificationError("ciphertext was altered", place="sealed") from None
    if len(plaintext) != header["size"]:
        raise VerificationError("plaintext is not of the stated size", place="sealed")
    return plaintext


def recipients_of(envelope: bytes) -> list[str]:
    """The key ids that an envelope says it is sealed to."""
    return [entry["keyid"] for entry in _split(envelope)[0]["recipients"]]


def _sized(text: str, size: int) -> bytes:
    data = decode_base64(text)
    if len(data) != size:
        raise EncodingError(f"could not read a sealed header: {len(data)} bytes, {size} are due")
    return data


def _split(envelope: bytes) -> tuple[dict[str, Any], bytes, bytes]:
    """Header, authenticated prefix, ciphertext; raises `EncodingError` on any other shape."""
    start = len(MAGIC) + 4
    if envelope[: len(MAGIC)] != MAGIC or len(envelope) < start + 16:
        raise EncodingError("could not read a sealed envelope: wrong magic or too short")
    (length,) = struct.unpack(">I", envelope[len(MAGIC) : start])
    header = parse_canonical(envelope[start : start + length])
    if not _is_header(header):
        raise EncodingError("could not read a sealed envelope: unexpected header")
    return header, envelope[: start + length], envelope[start + length :]


def _is_header(header: object) -> bool:
    if not isinstance(header, dict) or set(header) != {"commitment", "recipients", "size"}:
        return False
    entries = header["recipients"]
    fields = {"ephemeral", "kem", "keyid", "wrapped"}
    return (
        isinstance(header["commitment"], str)
        and type(header["size"]) is int
        and isinstance(entries, list)
        and all(
            isinstance(e, dict) and set(e) == fields and all(type(v) is str for v in e.values())
            for e in entries
        )
    )
