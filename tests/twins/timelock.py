"""Timelock in plain Python: what was announced, and how long everybody has had to see it."""

from dataclasses import dataclass, field

from tests.twins.calls import call
from tests.twins.world import Twin, World, keccak_of, need

DAY = 86_400
NEVER = 2**256 - 1
UNSET, WAITING, READY, DONE, EXPIRED = range(5)


@dataclass
class Operation:
    ready_at: int
    expires_at: int
    about_council: bool
    done: bool = False


@dataclass
class State:
    delay: int = 0
    operations: dict[bytes, Operation] = field(default_factory=dict)


class Timelock(Twin):
    def __init__(self, world: World, address: str, governor: str, council: str, delay: int) -> None:
        super().__init__(world, address, State())
        need(int(governor, 16) != 0 and int(council, 16) != 0, "Timelock: no contract")
        self._governor, self._council = governor, council
        self._change_delay(delay)

    # --- announcing -----------------------------------------------------------------------------

    def schedule(self, sender, *arguments) -> None:
        *call, delay, grace = arguments
        target, value, data, predecessor, salt = call
        name = self.hashOperation(*call)
        self._announce(sender, name, [(target, value, data)], delay, grace)
        self._describe(name, [(target, value, data)], predecessor, salt, delay)

    def scheduleBatch(self, sender, *arguments) -> None:
        *call, delay, grace = arguments
        targets, values, payloads, predecessor, salt = call
        calls = self._batch(targets, values, payloads)
        name = self.hashOperationBatch(*call)
        self._announce(sender, name, calls, delay, grace)
        self._describe(name, calls, predecessor, salt, delay)

    def _announce(self, sender, name, calls, delay, grace) -> None:
        need(sender == self._governor, "Timelock: only Governor")
        need(name not in self.state.operations, "Timelock: already scheduled")
        need(delay >= self.state.delay, "Timelock: delay too short")
        need(delay <= 30 * DAY, "Timelock: delay over 30 days")
        need(1 <= grace <= 366 * DAY or grace == NEVER, "Timelock: grace out of bounds")
        ready_at = self.world.now + delay
        expires_at = NEVER if grace == NEVER else ready_at + grace
        about_council = all(target == self._council for target, _, _ in calls)
        self.state.operations[name] = Operation(ready_at, expires_at, about_council)
        if grace != NEVER:
            self.emit("ExpirySet", id=name, expires_at=expires_at)

    def _describe(self, name, calls, predecessor, salt, delay) -> None:
        for index, (target, value, data) in enumerate(calls):
            need(value == 0, "Timelock: there is no ether")
            self.emit(
                "CallScheduled",
                id=name,
                index=index,
                target=target,
                value=value,
                data=data,
                predecessor=predecessor,
                delay=delay,
            )
        if any(salt):
            self.emit("CallSalt", id=name, salt=salt)

    # --- doing, and taking back -------------------------------------------------------------------

    def execute(self, sender, *call) -> None:
        target, value, data, predecessor, _ = call
        self._do(self.hashOperation(*call), [(target, value, data)], predecessor)

    def executeBatch(self, sender, *call) -> None:
        targets, values, payloads, predecessor, _ = call
        calls = self._batch(targets, values, payloads)
        self._do(self.hashOperationBatch(*call), calls, predecessor)

    def _do(self, name, calls, predecessor) -> None:
        stands = self.getOperationState(name)
        need(stands != UNSET, "Timelock: not scheduled")
        need(stands != WAITING, "Timelock: not ready yet")
        need(stands != DONE, "Timelock: already done")
        need(stands != EXPIRED, "Timelock: expired")
        free = not any(predecessor) or self.isOperationDone(predecessor)
        need(free, "Timelock: predecessor not done")
        self.state.operations[name].done = True
        for index, (target, value, data) in enumerate(calls):
            self.emit("CallExecuted", id=name, index=index, target=target, value=value, data=data)
            call(self.world, self.address, target, data, "Timelock: the call failed")

    def cancel(self, sender: str, name: bytes) -> None:
        need(sender in (self._governor, self._council), "Timelock: only Governor, Council")
        need(self.isOperationPending(name), "Timelock: not pending")
        vetoed = sender == self._council and self.state.operations[name].about_council
        need(not vetoed, "Timelock: about the council")
        del self.state.operations[name]
        self.emit("Cancelled", id=name)

    def updateDelay(self, sender: str, delay: int) -> None:
        need(sender == self.address, "Timelock: only Timelock")
        self._change_delay(delay)

    def _change_delay(self, delay: int) -> None:
        need(1 <= delay <= 30 * DAY, "Timelock: delay not 1 s-30 days")
        self.emit("MinDelayChange", oldDuration=self.state.delay, newDuration=delay)
        self.state.delay = delay

    # --- looking --------------------------------------------------------------------------------

    def hashOperation(self, target, value, data, predecessor, salt) -> bytes:
        types = ["address", "uint256", "bytes", "bytes32", "bytes32"]
        return keccak_of(types, [target, value, data, predecessor, salt])

    def hashOperationBatch(self, targets, values, payloads, predecessor, salt) -> bytes:
        types = ["address[]", "uint256[]", "bytes[]", "bytes32", "bytes32"]
        return keccak_of(types, [targets, values, payloads, predecessor, salt])

    def getOperationState(self, name: bytes) -> int:
        operation = self.state.operations.get(name)
        if operation is None:
            return UNSET
        if operation.done:
            return DONE
        if self.world.now < operation.ready_at:
            return WAITING
        return READY if self.world.now < operation.expires_at else EXPIRED

    def getTimestamp(self, name: bytes) -> int:
        if name not in self.state.operations:
            return 0
        return 1 if self.isOperationDone(name) else self.state.operations[name].ready_at

    def expires_at(self, name: bytes) -> int:
        known = name in self.state.operations
        return self.state.operations[name].expires_at if known else 0

    def isOperation(self, name: bytes) -> bool:
        return name in self.state.operations

    def isOperationPending(self, name: bytes) -> bool:
        return self.getOperationState(name) in (WAITING, READY)

    def isOperationReady(self, name: bytes) -> bool:
        return self.getOperationState(name) == READY

    def isOperationDone(self, name: bytes) -> bool:
        return self.getOperationState(name) == DONE

    def getMinDelay(self) -> int:
        return self.state.delay

    def governor(self) -> str:
        return self._governor

    def council(self) -> str:
        return self._council

    def _batch(self, targets, values, payloads) -> list[tuple]:
        need(len(targets) > 0, "Timelock: nothing to do")
        need(len(targets) == len(values) == len(payloads), "Timelock: lengths differ")
        return list(zip(targets, values, payloads, strict=True))
