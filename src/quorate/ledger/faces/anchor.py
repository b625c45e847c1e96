"""The Anchor contract: typed calls and views.

Written by scripts/compile_contracts.py from the contract; change that, not this file.
"""

from quorate.ledger.contracts import Call, load_artifact
from quorate.ledger.faces.anchor_facts import Anchored, Head
from quorate.ledger.faces.base import Face


class Anchor(Face):
    """Each member's log, pinned: sizes only grow, and one size has one root for ever. A log
    that shows two people different histories contradicts what stands here.
    """

    NAME = "Anchor"
    EVENTS = (Anchored,)

    @staticmethod
    def deployment(members: str) -> Call:
        """The call that creates the contract."""
        return load_artifact("Anchor").deployment(members)

    def anchor(self, size: int, root: bytes) -> Call:
        """Pins the caller's own log. Repeating what stands here already changes nothing, so
        that sending again is safe.
        """
        return self._encode("anchor", size, root)

    def head(self, account: str) -> Head:
        """The newest anchored size and root of an account's log; zeros if there is none."""
        return self._ask(Head, "head", account)

    def members(self) -> str:
        """The contract's `members`."""
        return self._ask(str, "members")

    def root_at(self, arg0: str, arg1: int) -> bytes:
        """The root that a log had at a size; zero if that size was never anchored."""
        return self._ask(bytes, "root_at", arg0, arg1)
