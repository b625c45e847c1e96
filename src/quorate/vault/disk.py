"""Blobs as files: ``<folder>/ab/cd/<64 hex digits>``, so that no folder grows too long.

Needs no lock: a file's name is the digest of its bytes, so that two writers of one name write the
same bytes, each by an atomic rename.
"""

from collections.abc import Iterator
from pathlib import Path

from quorate.core.errors import DamagedError, EncodingError, InputError, VerificationError
from quorate.core.files import durable_step, make_folder, read_file, sync_folder, write_durable
from quorate.core.hashing import Digest


class DiskStore:
    """A `BlobStore` below one folder, readable by its owner only."""

    def __init__(self, folder: Path) -> None:
        if folder.exists() and not folder.is_dir():
            raise InputError(f"could not open a vault in {folder}: it is a file")
        self._folder = folder
        make_folder(folder, mode=0o700)

    def put(self, data: bytes) -> Digest:
        """Keeps ``data``, durable on return: its address. A damaged copy is replaced."""
        address = Digest.of(data)
        if not self._is_whole(address):
            path = self._path(address)
            make_folder(path.parent, mode=0o700)
            write_durable(path, data, mode=0o600)
        return address

    def get(self, address: Digest) -> bytes:
        """The bytes, checked; `InputError` if there are none, `DamagedError` if they changed."""
        path = self._path(address)
        if not path.exists():
            raise InputError(f"could not read blob {address}: it is not in the store")
        data = read_file(path, "blob")
        try:
            address.verify(data, str(path))
        except VerificationError as error:
            raise DamagedError(
                f"could not read blob {path}: {error.message}",
                remedy="fetch it again from another holder",
                file=str(path),
            ) from None
        return data

    def has(self, address: Digest) -> bool:
        """Whether a file lies at that address."""
        return self._path(address).exists()

    def addresses(self) -> Iterator[Digest]:
        """Every address, in ascending order; what is no blob's file is passed over."""
        for path in sorted(self._folder.glob("[0-9a-f][0-9a-f]/[0-9a-f][0-9a-f]/*")):
            try:
                address = Digest.parse(f"sha256:{path.name}")
            except EncodingError:
                continue
            if path == self._path(address):
                yield address

    def delete(self, address: Digest) -> None:
        """Removes the file, if it is there; durable on return."""
        path = self._path(address)
        if path.exists():
            with durable_step(f"delete {path.name}"):
                path.unlink(missing_ok=True)
                sync_folder(path.parent)

    def tidy(self) -> None:
        """Removes temporary files of killed writers; only while nobody else writes."""
        for path in self._folder.glob("*/*/.*.tmp"):
            path.unlink(missing_ok=True)

    def _is_whole(self, address: Digest) -> bool:
        try:
            self.get(address)
        except InputError:
            return False
        return True

    def _path(self, address: Digest) -> Path:
        digits = address.hex
        return self._folder / digits[:2] / digits[2:4] / digits
