"""High-volume records: one canonical JSON leaf with a common header, gapless per source.

A record is not signed by itself; the log's signed checkpoint seals it. Each names the digest of
the record before it and its place in the source's sequence, so that a dropped or reordered record
shows.
Format page: docs/formats/record.md.
"""

from dataclasses import asdict, dataclass, field, fields
from typing import Any

from quorate.core.encoding import canonical_bytes, decode_decimal, parse_canonical
from quorate.core.errors import EncodingError
from quorate.core.hashing import Digest

VERSION = 1


@dataclass(frozen=True, slots=True)
class Record:
    """The common header; times are nanoseconds as decimal strings, digests ``sha256:<hex>``."""

    type: str
    id: str
    seq: int
    source: str
    ts_start: str
    ts_end: str
    actor: str
    action: str
    object: list[dict[str, str]] = field(default_factory=list)
    on_behalf_of: str | None = None
    role: str | None = None
    purpose: str | None = None
    legal_basis: str | None = None
    policy: dict[str, str] | None = None
    decision: str | None = None
    outcome: dict[str, Any] | None = None
    prev_source_head: str | None = None
    links: list[dict[str, str]] = field(default_factory=list)
    commitments: dict[str, str] = field(default_factory=dict)

    def to_leaf(self) -> bytes:
        """The leaf bytes."""
        return canonical_bytes(asdict(self) | {"v": VERSION})

    @classmethod
    def from_leaf(cls, leaf: bytes) -> "Record":
        """The inverse of `to_leaf`; unknown or missing fields are refused."""
        value = parse_canonical(leaf)
        if not isinstance(value, dict) or value.pop("v", None) != VERSION:
            raise EncodingError("could not read a record: unknown version")
        if set(value) != {item.name for item in fields(cls)}:
            raise EncodingError("could not read a record: unexpected fields")
        texts = ("type", "id", "source", "ts_start", "ts_end", "actor", "action")
        if type(value["seq"]) is not int or any(not isinstance(value[k], str) for k in texts):
            raise EncodingError("could not read a record: a header field is of the wrong type")
        if min(decode_decimal(value["ts_start"]), decode_decimal(value["ts_end"])) < 0:
            raise EncodingError("could not read a record: a time is wrong")
        for items in (value["object"], value["links"]):
            if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
                raise EncodingError("could not read a record: objects and links are lists")
        return cls(**value)


def record_id(time_ns: int, random: bytes) -> str:
    """A UUIDv7 (RFC 9562) from a time and ten random bytes."""
    milliseconds = (time_ns // 1_000_000).to_bytes(6, "big")
    raw = bytearray(milliseconds + random[:10])
    raw[6] = 0x70 | (raw[6] & 0x0F)
    raw[8] = 0x80 | (raw[8] & 0x3F)
    text = raw.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def leaf_digest(leaf: bytes) -> str:
    """How one record names another."""
    return str(Digest.of(leaf))
