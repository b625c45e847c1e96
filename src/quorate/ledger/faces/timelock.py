"""The Timelock contract: typed calls and views.

Written by scripts/compile_contracts.py from the contract; change that, not this file.
"""

from collections.abc import Sequence

from quorate.ledger.contracts import Call, load_artifact
from quorate.ledger.faces.base import Face
from quorate.ledger.faces.timelock_facts import (
    CallExecuted,
    CallSalt,
    CallScheduled,
    Cancelled,
    ExpirySet,
    MinDelayChange,
)


class Timelock(Face):
    """Holds every power over the other contracts, and uses one only after it has been
    announced for the minimum delay: whoever disagrees can leave before. The Governor
    schedules, the Governor or the Council cancels, anyone executes. Nobody owns it: these
    three facts are fixed when it is deployed. There is no ether in it: every value is 0.
    """

    NAME = "Timelock"
    EVENTS = (
        MinDelayChange,
        ExpirySet,
        CallScheduled,
        CallSalt,
        CallExecuted,
        Cancelled,
    )

    @staticmethod
    def deployment(governor: str, council: str, delay: int) -> Call:
        """The call that creates the contract."""
        return load_artifact("Timelock").deployment(governor, council, delay)

    def cancel(self, operation: bytes) -> Call:
        """Governor or Council: takes back what is not done yet. The Council cannot take back
        what concerns the Council alone: else nobody could replace it.
        """
        return self._encode("cancel", operation)

    def council(self) -> str:
        """Who may cancel, beside the Governor."""
        return self._ask(str, "council")

    def event_head(self) -> bytes:
        """The running hash of all events so far (216 bits) and their count (the lowest 40 bits)."""
        return self._ask(bytes, "event_head")

    def execute(
        self, target: str, amount: int, payload: bytes, predecessor: bytes, salt: bytes
    ) -> Call:
        """Makes an announced call once its time has come. Anyone may ask for it."""
        return self._encode("execute", target, amount, payload, predecessor, salt)

    def executeBatch(
        self,
        targets: Sequence[str],
        values: Sequence[int],
        payloads: Sequence[bytes],
        predecessor: bytes,
        salt: bytes,
    ) -> Call:
        """Makes announced calls once their time has come, all or none. Anyone may ask for it."""
        return self._encode("executeBatch", targets, values, payloads, predecessor, salt)

    def expires_at(self, operation: bytes) -> int:
        """From when on the operation may not be executed any more; 2**256 - 1 for never."""
        return self._ask(int, "expires_at", operation)

    def getMinDelay(self) -> int:
        """The least delay between scheduling and executing, seconds."""
        return self._ask(int, "getMinDelay")

    def getOperationState(self, operation: bytes) -> int:
        """Unset 0, waiting 1, ready 2, done 3, expired 4."""
        return self._ask(int, "getOperationState", operation)

    def getTimestamp(self, operation: bytes) -> int:
        """When the operation may be executed; 0 when it is not scheduled, 1 when it is done."""
        return self._ask(int, "getTimestamp", operation)

    def governor(self) -> str:
        """Who schedules."""
        return self._ask(str, "governor")

    def hashOperation(
        self, target: str, amount: int, data: bytes, predecessor: bytes, salt: bytes
    ) -> bytes:
        """The operation of one call."""
        return self._ask(bytes, "hashOperation", target, amount, data, predecessor, salt)

    def hashOperationBatch(
        self,
        targets: Sequence[str],
        values: Sequence[int],
        payloads: Sequence[bytes],
        predecessor: bytes,
        salt: bytes,
    ) -> bytes:
        """The operation of several calls."""
        return self._ask(bytes, "hashOperationBatch", targets, values, payloads, predecessor, salt)

    def isOperation(self, operation: bytes) -> bool:
        """True for what was scheduled and not cancelled."""
        return self._ask(bool, "isOperation", operation)

    def isOperationDone(self, operation: bytes) -> bool:
        """True for what was executed."""
        return self._ask(bool, "isOperationDone", operation)

    def isOperationPending(self, operation: bytes) -> bool:
        """True for what waits or is ready."""
        return self._ask(bool, "isOperationPending", operation)

    def isOperationReady(self, operation: bytes) -> bool:
        """True for what may be executed now."""
        return self._ask(bool, "isOperationReady", operation)

    def schedule(
        self,
        *,
        target: str,
        amount: int,
        data: bytes,
        predecessor: bytes,
        salt: bytes,
        delay: int,
        grace: int,
    ) -> Call:
        """Governor: announces one call."""
        return self._encode("schedule", target, amount, data, predecessor, salt, delay, grace)

    def scheduleBatch(
        self,
        *,
        targets: Sequence[str],
        values: Sequence[int],
        payloads: Sequence[bytes],
        predecessor: bytes,
        salt: bytes,
        delay: int,
        grace: int,
    ) -> Call:
        """Governor: announces calls that will be made in one transaction, in their order."""
        return self._encode(
            "scheduleBatch", targets, values, payloads, predecessor, salt, delay, grace
        )

    def updateDelay(self, newDelay: int) -> Call:
        """Timelock itself: another least delay, for what is scheduled from then on."""
        return self._encode("updateDelay", newDelay)
