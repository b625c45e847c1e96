"""The port behind which blobs lie. Siblings pass one suite (tests/conformance)."""

from collections.abc import Iterator
from typing import Protocol

from quorate.core.hashing import Digest


class BlobStore(Protocol):
    """Blobs by the SHA-256 digest of their bytes."""

    def put(self, data: bytes) -> Digest:
        """Keeps ``data``, durably where the store is durable, and names it; again is no change."""
        ...

    def get(self, address: Digest) -> bytes:
        """The bytes with this digest.

        Raises `InputError` if there are none, `DamagedError` if what lies there has another digest.
        """
        ...

    def has(self, address: Digest) -> bool:
        """Whether a blob lies there (not whether it is whole: `get` checks)."""
        ...

    def addresses(self) -> Iterator[Digest]:
        """Every address, in ascending order."""
        ...

    def delete(self, address: Digest) -> None:
        """Removes the blob, if it is there; on return it stays removed."""
        ...
