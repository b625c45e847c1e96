"""The Council contract: typed calls and views.

Written by scripts/compile_contracts.py from the contract; change that, not this file.
"""

from collections.abc import Sequence

from quorate.ledger.contracts import Call, load_artifact
from quorate.ledger.faces.base import Face
from quorate.ledger.faces.council_facts import (
    ActApproved,
    Acted,
    Consent,
    Pause,
    Paused,
    SeatsChanged,
    Unpaused,
)


class Council(Face):
    """k of n people who can stop things in an emergency: pause a contract for a while,
    cancel a proposal, roll a version back. It moves no money and changes no rule, and it
    can do only what other contracts grant it. Its seats are changed by the Timelock
    alone.
    """

    NAME = "Council"
    EVENTS = (
        SeatsChanged,
        Acted,
        ActApproved,
        Paused,
        Unpaused,
    )

    @staticmethod
    def deployment(seats: Sequence[str], threshold: int, timelock: str) -> Call:
        """The call that creates the contract."""
        return load_artifact("Council").deployment(seats, threshold, timelock)

    def act_hash(self, target: str, data: bytes, nonce: int, deadline: int) -> bytes:
        """What a seat signs (EIP-712) or approves on chain."""
        return self._ask(bytes, "act_hash", target, data, nonce, deadline)

    def approve_act(self, act: bytes) -> Call:
        """A seat says yes to an act on chain, in place of a signature."""
        return self._encode("approve_act", act)

    def eip712Domain(self) -> tuple[bytes, str, str, int, str, bytes, tuple[int, ...]]:
        """ERC-5267: the fields of the domain (bits 0 to 3), and no extensions."""
        return self._ask(tuple[bytes, str, str, int, str, bytes, tuple[int, ...]], "eip712Domain")

    def event_head(self) -> bytes:
        """The running hash of all events so far (216 bits) and their count (the lowest 40 bits)."""
        return self._ask(bytes, "event_head")

    def execute(self, target: str, data: bytes, deadline: int, consents: Sequence[Consent]) -> Call:
        """Carries out an act that enough seats agreed to. Anyone may bring their consents."""
        return self._encode("execute", target, data, deadline, consents)

    def has_approved(self, arg0: bytes, arg1: str) -> bool:
        """True when the seat has said yes on chain to the act with this digest."""
        return self._ask(bool, "has_approved", arg0, arg1)

    def is_seat(self, arg0: str) -> bool:
        """True for an address that holds a seat."""
        return self._ask(bool, "is_seat", arg0)

    def nonce(self) -> int:
        """The number of the next act; also counted on when the seats change."""
        return self._ask(int, "nonce")

    def pause(self, target: str, seconds: int) -> Call:
        """Council itself: new work in `target` stops until the time is over. Exits of money
        and votes go on: contracts ask `paused` only where something new begins.
        """
        return self._encode("pause", target, seconds)

    def pause_of(self, target: str) -> Pause:
        """All about the last pause of the contract."""
        return self._ask(Pause, "pause_of", target)

    def paused(self, target: str) -> bool:
        """True while the contract is paused."""
        return self._ask(bool, "paused", target)

    def paused_until(self, target: str) -> int:
        """When the last pause of the contract ends or ended; 0 when there never was one."""
        return self._ask(int, "paused_until", target)

    def seats(self) -> tuple[str, ...]:
        """Who sits in the council."""
        return self._ask(tuple[str, ...], "seats")

    def set_seats(self, seats: Sequence[str], threshold: int) -> Call:
        """Timelock: other seats. Every consent given so far is void."""
        return self._encode("set_seats", seats, threshold)

    def threshold(self) -> int:
        """How many seats an act needs; always more than half of them."""
        return self._ask(int, "threshold")

    def timelock(self) -> str:
        """Who alone changes the seats."""
        return self._ask(str, "timelock")

    def unpause(self, target: str) -> Call:
        """Council itself or Timelock: ends a pause early. What the council lifts itself
        counts with the time that it lasted; after the Timelock lifted it the rest stays
        as it was.
        """
        return self._encode("unpause", target)
