"""Checkpoints (C2SP tlog-checkpoint v1.0.0) and the signatures that logs and witnesses give them.

A checkpoint is a note of exactly three lines: origin, size, base64 of the root. Extension lines
are refused: ML-DSA-44 signatures do not cover them, so two readers could be shown two texts.

A log signs with Ed25519 (type 0x01, over the text) and with ML-DSA-44 (type 0x06, over the
``subtree/v1`` structure), and a reader demands both: whoever breaks one scheme gains nothing, and
whoever strips a signature is found out. A witness cosigns with Ed25519 (type 0x04), with ML-DSA-44
(type 0x06) or with both; either adds the time at which it saw no larger tree. Format pages:
docs/formats/signed-note.md, cosignature.md.
"""

import re
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from quorate.core.encoding import decode_base64, encode_base64
from quorate.core.errors import EncodingError, VerificationError
from quorate.core.keys import ED25519, ML_DSA_44, SIGNATURE_SIZES, PublicKey, Signer
from quorate.log.merkle import EMPTY_ROOT
from quorate.log.note import (
    ED25519_COSIGNATURE,
    ED25519_NOTE,
    ML_DSA_44_COSIGNATURE,
    Note,
    NoteKey,
    NoteVerifier,
    PlainVerifier,
    SignatureLine,
    check_key_name,
)

MAX_SIZE = 2**63 - 1
MAX_TIME = 2**63 - 1  # seconds since the Unix epoch

COSIGNATURE_TYPES = {ED25519: ED25519_COSIGNATURE, ML_DSA_44: ML_DSA_44_COSIGNATURE}
"""The signature type with which a key of each scheme cosigns."""
COSIGNATURE_SIZES = frozenset(8 + SIGNATURE_SIZES[scheme] for scheme in COSIGNATURE_TYPES)
"""Bytes behind the key id on a cosignature's line: 72 (0x04) or 2,428 (0x06)."""

_NUMBER = re.compile(r"(0|[1-9][0-9]{0,18})\Z")
_LABEL = b"subtree/v1\n\0"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a log says of itself: its origin, its number of leaves, the 32-byte root over them."""

    origin: str
    size: int
    root: bytes

    def __post_init__(self) -> None:
        check_key_name(self.origin)
        if not 0 <= self.size <= MAX_SIZE:
            raise EncodingError(f"could not hold a checkpoint of size {self.size}")
        if len(self.root) != 32:
            raise EncodingError("could not hold a checkpoint: its root is not of 32 bytes")
        if self.size == 0 and self.root != EMPTY_ROOT:
            raise EncodingError("could not hold a checkpoint: an empty tree has another root")

    def __str__(self) -> str:
        return f"{self.origin}\n{self.size}\n{encode_base64(self.root)}\n"

    @classmethod
    def parse(cls, text: str) -> "Checkpoint":
        """The inverse of ``str``; any other spelling and extension lines are refused."""
        lines = text.split("\n")
        if len(lines) != 4 or lines[3]:
            raise EncodingError("could not read a checkpoint: not exactly three lines")
        return cls(lines[0], parse_number(lines[1]), decode_base64(lines[2]))


@dataclass(frozen=True, slots=True)
class LogIdentity:
    """The log that a reader trusts: its origin and both of its keys."""

    origin: str
    ed25519: PublicKey
    ml_dsa_44: PublicKey

    def __post_init__(self) -> None:
        check_key_name(self.origin)
        if (self.ed25519.scheme, self.ml_dsa_44.scheme) != (ED25519, ML_DSA_44):
            raise EncodingError("could not hold a log identity: not Ed25519 and ML-DSA-44 keys")

    @property
    def verifiers(self) -> tuple[NoteVerifier, NoteVerifier]:
        """Both signatures that a checkpoint of this log must carry."""
        return (
            PlainVerifier(self.origin, self.ed25519),
            SubtreeVerifier(self.origin, self.ml_dsa_44),
        )


@dataclass(frozen=True, slots=True)
class WitnessIdentity:
    """A witness that a reader trusts: its name and one of its keys, Ed25519 or ML-DSA-44.

    A witness with two keys is two identities of one name; `witnesses_among` counts it once.
    """

    name: str
    key: PublicKey

    def __post_init__(self) -> None:
        check_key_name(self.name)
        if self.key.scheme not in COSIGNATURE_TYPES:
            raise EncodingError(
                f"could not hold a witness identity: a {self.key.scheme} key cannot cosign"
            )

    @property
    def verifier(self) -> NoteVerifier:
        """The cosignature that this witness gives: type 0x04 or 0x06, by the key's scheme."""
        if self.key.scheme == ML_DSA_44:
            return SubtreeVerifier(self.name, self.key)
        return CosignatureVerifier(self.name, self.key)


@dataclass(frozen=True, slots=True)
class Cosignature:
    """That ``witness`` saw, at ``time`` (Unix seconds), no larger tree of the log.

    A ``time`` of 0 by an ML-DSA-44 key says only that the tree extends what the witness saw.
    """

    witness: WitnessIdentity
    time: int


class CosignatureVerifier:
    """Type 0x04: a time and Ed25519 over ``cosignature/v1``, that time and the text."""

    def __init__(self, name: str, key: PublicKey) -> None:
        self.note_key = NoteKey(name, ED25519_COSIGNATURE, key)

    def verify(self, text: str, blob: bytes, place: str) -> None:
        """Raises `VerificationError` unless ``blob`` (8 + 64 bytes) cosigns ``text``."""
        message = _cosigned(time_of(blob, place), text)
        self.note_key.key.verify(blob[8:], message, place)


class SubtreeVerifier:
    """Type 0x06: a time and ML-DSA-44 over the ``subtree/v1`` structure of a checkpoint."""

    def __init__(self, name: str, key: PublicKey) -> None:
        self.note_key = NoteKey(name, ML_DSA_44_COSIGNATURE, key)

    def verify(self, text: str, blob: bytes, place: str) -> None:
        """Raises `VerificationError` unless ``blob`` (8 + 2,420 bytes) signs ``text``'s tree."""
        message = _subtree(self.note_key.name, time_of(blob, place), Checkpoint.parse(text))
        self.note_key.key.verify(blob[8:], message, place)


def sign_checkpoint(checkpoint: Checkpoint, ed25519: Signer, ml_dsa_44: Signer, time: int) -> Note:
    """The note that the log itself gives out, with both of its signatures; ``time`` in seconds."""
    text, name = str(checkpoint), checkpoint.origin
    plain = NoteKey(name, ED25519_NOTE, ed25519.public_key)
    quantum = NoteKey(name, ML_DSA_44_COSIGNATURE, ml_dsa_44.public_key)
    signature = ml_dsa_44.sign(_subtree(name, time, checkpoint))
    return Note(
        text,
        (
            SignatureLine(name, plain.key_id, ed25519.sign(text.encode())),
            SignatureLine(name, quantum.key_id, struct.pack(">Q", time) + signature),
        ),
    )


def sign_cosignature(checkpoint: Checkpoint, name: str, signer: Signer, time: int) -> SignatureLine:
    """A witness's line for ``checkpoint``; ``time`` in seconds since the Unix epoch.

    Of type 0x04 by an Ed25519 ``signer``, of type 0x06 by an ML-DSA-44 one; others are refused.
    """
    key = WitnessIdentity(name, signer.public_key).verifier.note_key
    if key.kind == ML_DSA_44_COSIGNATURE:
        message = _subtree(name, time, checkpoint)
    else:
        message = _cosigned(time, str(checkpoint))
    signature = signer.sign(message)
    return SignatureLine(name, key.key_id, struct.pack(">Q", time) + signature)


def verifier_of(key: NoteKey) -> NoteVerifier:
    """How ``key`` signs checkpoints, by its type."""
    if key.kind == ML_DSA_44_COSIGNATURE:
        return SubtreeVerifier(key.name, key.key)
    if key.kind == ED25519_COSIGNATURE:
        return CosignatureVerifier(key.name, key.key)
    return PlainVerifier(key.name, key.key)


def is_cosignature_size(size: int) -> bool:
    """Whether a signature of ``size`` bytes, its time included, may be a witness's."""
    return size in COSIGNATURE_SIZES


def witnesses_among(
    cosigners: Iterable[WitnessIdentity], known: Sequence[WitnessIdentity] = ()
) -> int:
    """How many different witnesses ``cosigners`` are, given all that the reader knows.

    Identities that share a name or a key are one witness: else a witness that signs with both of
    its schemes, or under two names, would fill a quorum by itself.
    """
    present = set(cosigners)
    groups: list[set[WitnessIdentity]] = []
    for identity in {*known, *present}:
        same = [group for group in groups if any(_one_witness(identity, each) for each in group)]
        groups = [group for group in groups if group not in same]
        groups.append({identity}.union(*same))
    return sum(1 for group in groups if group & present)


def _one_witness(one: WitnessIdentity, other: WitnessIdentity) -> bool:
    return one.name == other.name or one.key == other.key


def time_of(blob: bytes, place: str) -> int:
    """The Unix seconds that lead a timestamped signature; `VerificationError` if there are none."""
    if len(blob) < 8:
        raise VerificationError("signature carries no time", place=place)
    (time,) = struct.unpack(">Q", blob[:8])
    if time > MAX_TIME:
        raise VerificationError("signature's time is out of range", place=place)
    return int(time)


def parse_number(text: str) -> int:
    """A decimal number below 2**63 without sign or leading zeros; else `EncodingError`."""
    if not _NUMBER.match(text) or int(text) > MAX_SIZE:
        raise EncodingError(f"could not read a number: {text[:32]!r}")
    return int(text)


def _cosigned(time: int, text: str) -> bytes:
    return f"cosignature/v1\ntime {time}\n{text}".encode()


def _subtree(name: str, time: int, checkpoint: Checkpoint) -> bytes:
    cosigner, origin = name.encode(), checkpoint.origin.encode()
    return b"".join(
        (
            _LABEL,
            bytes([len(cosigner)]) + cosigner,
            struct.pack(">Q", time),
            bytes([len(origin)]) + origin,
            struct.pack(">QQ", 0, checkpoint.size),
            checkpoint.root,
        )
    )
