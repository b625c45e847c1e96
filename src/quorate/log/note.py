"""Signed notes (C2SP signed-note v1.0.0): text, a blank line, one line per signature.

A signature line is an em dash, a space, the key's name, a space and base64 of a 4-byte key id and
the signature. Unknown keys are ignored, so that a witness can add its line; a known key's bad
signature refuses the whole note. The format page is docs/formats/signed-note.md.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from quorate.core.encoding import decode_base64, decode_hex, encode_base64
from quorate.core.errors import EncodingError
from quorate.core.keys import ED25519, ML_DSA_44, PublicKey

ED25519_NOTE = 0x01
ED25519_COSIGNATURE = 0x04
ML_DSA_44_COSIGNATURE = 0x06

MAX_SIGNATURES = 64  # signed-note demands that at least 16 are accepted
MAX_NOTE_SIZE = 512 * 1024  # bytes; 64 ML-DSA-44 lines and a checkpoint stay below

_DASH = "— "
_SCHEMES = {
    ED25519_NOTE: ED25519,
    ED25519_COSIGNATURE: ED25519,
    ML_DSA_44_COSIGNATURE: ML_DSA_44,
}


@dataclass(frozen=True, slots=True)
class SignatureLine:
    """One signature of a note: the signer's name, its 4-byte key id, the bytes that follow."""

    name: str
    key_id: bytes
    blob: bytes

    def __post_init__(self) -> None:
        check_key_name(self.name)
        if len(self.key_id) != 4 or not self.blob:
            raise EncodingError("could not hold a signature line: key id or signature is missing")

    def __str__(self) -> str:
        return f"{_DASH}{self.name} {encode_base64(self.key_id + self.blob)}\n"

    @classmethod
    def parse(cls, line: str) -> "SignatureLine":
        """The inverse of ``str``; a missing last newline is accepted."""
        name, separator, encoded = line.removesuffix("\n").removeprefix(_DASH).partition(" ")
        if not line.startswith(_DASH) or not separator:
            raise EncodingError(f"could not read a signature line: {line[:60]!r}")
        data = decode_base64(encoded)
        return cls(name, data[:4], data[4:])


@dataclass(frozen=True, slots=True)
class Note:
    """A text (its last newline included) and its signatures, not verified."""

    text: str
    signatures: tuple[SignatureLine, ...]

    def __post_init__(self) -> None:
        if not self.text.endswith("\n"):
            raise EncodingError("could not hold a note: its text does not end in a newline")
        _check_characters(self.text)
        if not 1 <= len(self.signatures) <= MAX_SIGNATURES:
            raise EncodingError(f"could not hold a note of {len(self.signatures)} signatures")

    def __str__(self) -> str:
        return self.text + "\n" + "".join(str(line) for line in self.signatures)

    @classmethod
    def parse(cls, note: str) -> "Note":
        """The inverse of ``str``; raises `EncodingError` on any other form."""
        if len(note) > MAX_NOTE_SIZE:
            raise EncodingError("could not read a note: it is too long")
        head, separator, tail = note.rpartition("\n\n")
        if not separator or not tail.endswith("\n"):
            raise EncodingError("could not read a note: no signatures after a blank line")
        # Not splitlines(): a name may hold characters that Python takes for line ends.
        lines = tail.removesuffix("\n").split("\n")
        return cls(head + "\n", tuple(SignatureLine.parse(line) for line in lines))


@dataclass(frozen=True, slots=True)
class NoteKey:
    """A key as notes know it: a name, a signature type, the public key."""

    name: str
    kind: int
    key: PublicKey

    def __post_init__(self) -> None:
        check_key_name(self.name)
        if _SCHEMES.get(self.kind) != self.key.scheme:
            raise EncodingError(
                f"could not hold a note key: type {self.kind:#04x} does not go with a "
                f"{self.key.scheme} key"
            )

    @property
    def key_id(self) -> bytes:
        """SHA-256 over name, LF, type and raw key: the first 4 bytes."""
        material = self.name.encode() + b"\n" + bytes([self.kind]) + self.key.raw
        return hashlib.sha256(material).digest()[:4]

    @property
    def vkey(self) -> str:
        """The verifier key in text: ``name+<key id, hex>+base64(type, key)``."""
        encoded = encode_base64(bytes([self.kind]) + self.key.raw)
        return f"{self.name}+{self.key_id.hex()}+{encoded}"

    @classmethod
    def parse_vkey(cls, text: str) -> "NoteKey":
        """The inverse of `vkey`; a key id that is not the key's is refused."""
        parts = text.split("+", 2)  # base64 may hold a plus, names and key ids may not
        if len(parts) != 3:
            raise EncodingError(f"could not read a verifier key: {text[:60]!r}")
        data = decode_base64(parts[2])
        if not data or data[0] not in _SCHEMES:
            raise EncodingError(f"could not read a verifier key: unknown type in {text[:60]!r}")
        key = cls(parts[0], data[0], PublicKey(_SCHEMES[data[0]], data[1:]))
        if decode_hex(parts[1], 4) != key.key_id:
            raise EncodingError(f"could not read a verifier key: wrong key id in {text[:60]!r}")
        return key


class NoteVerifier(Protocol):
    """One key that a verifier knows, and how it signs the text of a note."""

    @property
    def note_key(self) -> NoteKey:
        """The name and key id that its lines carry."""
        ...

    def verify(self, text: str, blob: bytes, place: str) -> None:
        """Raises `VerificationError` unless ``blob`` is this key's signature of ``text``."""
        ...


class PlainVerifier:
    """Type 0x01: Ed25519 over the text itself."""

    def __init__(self, name: str, key: PublicKey) -> None:
        self.note_key = NoteKey(name, ED25519_NOTE, key)

    def verify(self, text: str, blob: bytes, place: str) -> None:
        """Raises `VerificationError` unless ``blob`` is 64 bytes by this key over ``text``."""
        self.note_key.key.verify(blob, text.encode(), place)


def signatures_by(
    note: Note, verifiers: Sequence[NoteVerifier], place: str = "note"
) -> dict[int, bytes]:
    """The signature of each verifier that signed, by its position in ``verifiers``.

    Every line of a known key is verified and the first one kept; a bad one raises
    `VerificationError`. Lines of unknown keys are ignored.
    """
    known = {(v.note_key.name, v.note_key.key_id): i for i, v in enumerate(verifiers)}
    found: dict[int, bytes] = {}
    for line in note.signatures:
        position = known.get((line.name, line.key_id))
        if position is None:
            continue
        verifiers[position].verify(note.text, line.blob, f"{place}: signature of {line.name}")
        found.setdefault(position, line.blob)
    return found


def check_key_name(name: str) -> None:
    """Raises `EncodingError` unless ``name`` may stand on a signature line."""
    if not name or "+" in name or any(char.isspace() for char in name):
        raise EncodingError(f"could not use {name[:60]!r} as a key name: empty, space or plus")
    if len(name.encode("utf-8", "replace")) > 255:
        raise EncodingError("could not use a key name of more than 255 bytes")
    _check_characters(name)


def _check_characters(text: str) -> None:
    if any(char < " " and char != "\n" for char in text):
        raise EncodingError("could not read a note: it holds a control character")
    if any("\ud800" <= char <= "\udfff" for char in text):
        raise EncodingError("could not read a note: it is not valid UTF-8")
