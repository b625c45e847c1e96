"""Receipts (C2SP tlog-proof v1): one small text file that proves one leaf, offline.

The first line names the format, ``index N`` the leaf; then the inclusion proof, one base64 hash a
line; a blank line; the checkpoint as signed. An ``extra`` line carries bytes that nothing signs:
never trust them. The only ones that we know hold an RFC 3161 token, which vouches for itself
(`log.timestamp`). Format pages: docs/formats/tlog-proof.md, timestamp.md.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from quorate.core.encoding import canonical_bytes, decode_base64, encode_base64, parse_canonical
from quorate.core.errors import EncodingError
from quorate.log.checkpoint import parse_number
from quorate.log.merkle import HASH_SIZE
from quorate.log.note import Note

HEADER = "c2sp.org/tlog-proof@v1"
MAX_PROOF = 63  # hashes: a tree has fewer than 2**63 leaves


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a receipt says, not verified; ``proof`` from the leaf's sibling upwards."""

    index: int
    proof: tuple[bytes, ...]
    note: Note
    extra: bytes | None = None

    def __post_init__(self) -> None:
        if len(self.proof) > MAX_PROOF or any(len(each) != HASH_SIZE for each in self.proof):
            raise EncodingError("could not hold a receipt: not a proof of at most 63 hashes")

    def __str__(self) -> str:
        return receipt_text(self.index, self.proof, str(self.note), self.extra)

    @property
    def timestamp(self) -> bytes | None:
        """The RFC 3161 token in ``extra``, not verified, or None where there is no ``extra``.

        Raises `EncodingError` when ``extra`` holds anything else.
        """
        if self.extra is None:
            return None
        value = parse_canonical(self.extra)
        if type(value) is not dict or set(value) != {"timestamp"}:
            raise EncodingError("could not read a receipt's extra line: unexpected fields")
        if type(value["timestamp"]) is not str or not value["timestamp"]:
            raise EncodingError("could not read a receipt's extra line: its timestamp is no text")
        return decode_base64(value["timestamp"])

    def with_timestamp(self, token: bytes) -> "Receipt":
        """The same receipt with ``token``, an RFC 3161 token (DER), as its whole ``extra``."""
        return replace(self, extra=canonical_bytes({"timestamp": encode_base64(token)}))

    @classmethod
    def parse(cls, text: str) -> "Receipt":
        """The inverse of ``str``; raises `EncodingError` on any other spelling."""
        head, separator, note = text.partition("\n\n")
        header, *lines = head.split("\n")
        if header != HEADER or not separator:
            raise EncodingError("could not read a receipt: not in the form tlog-proof@v1")
        extra = None
        if lines and lines[0].startswith("extra "):
            extra = decode_base64(lines.pop(0).removeprefix("extra "))
        if not lines or not lines[0].startswith("index "):
            raise EncodingError("could not read a receipt: its index is missing")
        index = parse_number(lines[0].removeprefix("index "))
        proof = tuple(decode_base64(line) for line in lines[1:])
        return cls(index, proof, Note.parse(note), extra)


def receipt_text(index: int, proof: Iterable[bytes], note: str, extra: bytes | None = None) -> str:
    """The text of a receipt, for a writer who holds the note as text already."""
    lines = [HEADER] if extra is None else [HEADER, f"extra {encode_base64(extra)}"]
    lines += [f"index {index}", *map(encode_base64, proof)]
    return "\n".join(lines) + "\n\n" + note
