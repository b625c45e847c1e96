"""Trees of one log that its owner signed, some of which do not extend each other."""

from quorate.log.checkpoint import Checkpoint, sign_checkpoint
from quorate.log.merkle import consistency_proof, leaf_hash, root_of
from tests.log.parties import ALICE, ORIGIN


class Branch:
    """A history of alice's log: ``leaf`` hashes, and the notes that she signs over them."""

    def __init__(self, name: str, shared: int = 0, size: int = 64) -> None:
        self._hashes = [leaf_hash(b"shared %d" % i) for i in range(shared)]
        self._hashes += [leaf_hash(f"{name} {i}".encode()) for i in range(shared, size)]

    def root(self, size: int) -> bytes:
        """The root over the first ``size`` leaves."""
        return root_of(self._hashes[:size])

    def note(self, size: int, *, signers=ALICE.log_signers, origin: str = ORIGIN) -> str:
        """The checkpoint of ``size``, signed."""
        checkpoint = Checkpoint(origin, size, self.root(size))
        return str(sign_checkpoint(checkpoint, *signers, 1_800_000_000))

    def proof(self, old: int, new: int) -> list[bytes]:
        """From ``old`` to ``new``; empty from 0 and to the same."""
        return consistency_proof(self._hashes[:new], old) if 0 < old < new else []
