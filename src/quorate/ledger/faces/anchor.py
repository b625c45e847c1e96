"""The Anchor contract: typed calls and views.

Written by scripts/compile_contracts.py from the contract; change that, not this file.
"""

from collections.abc import Sequence

from quorate.ledger.contracts import Call, load_artifact
from quorate.ledger.faces.anchor_facts import Anchored, Head, Pinned
from quorate.ledger.faces.base import Face


class Anchor(Face):
    """Each member's logs, pinned: a log can only grow, and the contract checks by an RFC
    6962 consistency proof that the new tree contains the old one whole. A log that shows
    two people different histories contradicts what stands here.
    """

    NAME = "Anchor"
    EVENTS = (
        Anchored,
        Pinned,
    )

    @staticmethod
    def deployment(members: str) -> Call:
        """The call that creates the contract."""
        return load_artifact("Anchor").deployment(members)

    def anchor(
        self, owner: str, log_id: bytes, size: int, root: bytes, proof: Sequence[bytes]
    ) -> Call:
        """Moves a log's head: by the log's owner, or by one whom the owner allowed.
        Repeating what stands here changes nothing, so that sending again is safe.
        """
        return self._encode("anchor", owner, log_id, size, root, proof)

    def contains(
        self, owner: str, log_id: bytes, size: int, root: bytes, proof: Sequence[bytes]
    ) -> bool:
        """Whether the log's head contains an earlier checkpoint whole, pinned or not."""
        return self._ask(bool, "contains", owner, log_id, size, root, proof)

    def event_head(self) -> bytes:
        """The running hash of all events so far (216 bits) and their count (the lowest 40 bits)."""
        return self._ask(bytes, "event_head")

    def head(self, owner: str, log_id: bytes) -> Head:
        """The newest anchored size and root of a log."""
        return self._ask(Head, "head", owner, log_id)

    def members(self) -> str:
        """The Members contract that this one was created for."""
        return self._ask(str, "members")

    def pin(
        self, owner: str, log_id: bytes, size: int, root: bytes, proof: Sequence[bytes]
    ) -> Call:
        """Keeps the root of a log's present or earlier checkpoint for ever: by anyone, who
        proves that the head contains it. Repeating it changes nothing.
        """
        return self._encode("pin", owner, log_id, size, root, proof)

    def root_at(self, owner: str, log_id: bytes, size: int) -> bytes:
        """The root that a log has at a size: its head's, or one that was pinned."""
        return self._ask(bytes, "root_at", owner, log_id, size)

    def verifyInclusion(
        self,
        *,
        owner: str,
        log_id: bytes,
        size: int,
        index: int,
        leaf_hash: bytes,
        proof: Sequence[bytes],
    ) -> bool:
        """Whether a leaf is in a log, by the root that the contract holds for a size."""
        return self._ask(bool, "verifyInclusion", owner, log_id, size, index, leaf_hash, proof)

    def verify_record(
        self,
        *,
        owner: str,
        log_id: bytes,
        size: int,
        index: int,
        record: bytes,
        proof: Sequence[bytes],
    ) -> bool:
        """Whether a record of at most 4,096 bytes is a leaf of a log; else as `verifyInclusion`."""
        return self._ask(bool, "verify_record", owner, log_id, size, index, record, proof)
