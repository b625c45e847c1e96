"""Blobs in memory: for tests and simulations."""

from collections.abc import Iterator

from quorate.core.errors import InputError
from quorate.core.hashing import Digest


class MemoryStore:
    """A `BlobStore` that ends with the process."""

    def __init__(self) -> None:
        self._blobs: dict[Digest, bytes] = {}

    def put(self, data: bytes) -> Digest:
        """Keeps a copy of ``data``: its address."""
        address = Digest.of(data)
        self._blobs[address] = bytes(data)
        return address

    def get(self, address: Digest) -> bytes:
        """The bytes; raises `InputError` if there are none."""
        if address not in self._blobs:
            raise InputError(f"could not read blob {address}: it is not in the store")
        return self._blobs[address]

    def has(self, address: Digest) -> bool:
        """Whether the blob is there."""
        return address in self._blobs

    def addresses(self) -> Iterator[Digest]:
        """Every address, in ascending order."""
        yield from sorted(self._blobs)

    def delete(self, address: Digest) -> None:
        """Removes the blob, if it is there."""
        self._blobs.pop(address, None)
