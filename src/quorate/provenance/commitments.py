"""Keyed commitments to rows: provable one by one, erasable, and silent without the owner's key.

Row i is committed as HMAC-SHA-256(k_i, "quorate/row/v1" LF canonical row) with
k_i = HKDF(data set key, "row", i). A plain hash of a row would be a dictionary look-up away from
the row (EDPB Guidelines 02/2025); here the owner destroys the key and nothing remains to be
opened, while the root and every proof still verify.
"""

from collections.abc import Sequence

from quorate.core.encoding import canonical_bytes
from quorate.core.hashing import Digest, derive_key, hmac_sha256
from quorate.log.merkle import leaf_hash, root_of

DOMAIN = b"quorate/row/v1\n"


def commit_to_row(key: bytes, index: int, row: Sequence[str]) -> bytes:
    """The 32-byte commitment of one row, given as its cells' text."""
    return hmac_sha256(derive_key(key, "row", str(index)), DOMAIN + canonical_bytes(list(row)))


def commit_to_rows(key: bytes, rows: Sequence[Sequence[str]]) -> Digest:
    """The RFC 6962 root over all rows' commitments, in order."""
    leaves = [leaf_hash(commit_to_row(key, index, row)) for index, row in enumerate(rows)]
    return Digest(root_of(leaves))


def commit_to_input(key: bytes, record: str, values: Sequence[str]) -> Digest:
    """The commitment of one decision's input, keyed per record so that equal inputs differ."""
    inner = derive_key(key, "input", record)
    return Digest(hmac_sha256(inner, b"quorate/input/v1\n" + canonical_bytes(list(values))))
