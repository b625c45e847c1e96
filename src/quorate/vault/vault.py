"""One party's vault: it seals what goes in and opens only what is sealed to it.

A blob's address is the digest of its envelope. Each envelope has a fresh content key, so the
address says nothing about the plaintext: nobody can confirm a guess of the contents by hashing it,
and the same bytes put twice lie at two addresses. Format page: docs/formats/sealed.md.
"""

from collections.abc import Sequence

from quorate.core.hashing import Digest
from quorate.core.sealing import SealingKey, SealingPublicKey, seal, unseal
from quorate.core.sources import Randomness
from quorate.vault.interface import BlobStore


class Vault:
    """Sealed blobs of one party over any `BlobStore`."""

    def __init__(self, store: BlobStore, key: SealingKey, randomness: Randomness) -> None:
        self._store = store
        self._key = key
        self._randomness = randomness

    def put(self, plaintext: bytes, recipients: Sequence[SealingPublicKey] = ()) -> Digest:
        """Seals ``plaintext`` to this party and ``recipients``, keeps it, gives its address."""
        to = [self._key.public_key, *recipients]
        return self._store.put(seal(plaintext, to, self._randomness))

    def get(self, address: Digest) -> bytes:
        """The plaintext at ``address``.

        Raises `InputError` if nothing is there, `DamagedError` if the file changed.
        """
        return unseal(self._store.get(address), self._key)

    def envelope(self, address: Digest) -> bytes:
        """The sealed bytes at ``address``, to be handed to another recipient."""
        return self._store.get(address)

    def accept(self, envelope: bytes) -> Digest:
        """Keeps another party's envelope and gives its address; nothing is kept on an error.

        Raises `VerificationError` if it is not sealed to this party or was altered,
        `EncodingError` if it is no envelope: whoever keeps what it cannot open could not later
        show what it was given.
        """
        unseal(envelope, self._key)
        return self._store.put(envelope)
