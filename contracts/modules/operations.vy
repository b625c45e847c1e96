# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title   Operations: what a Timelock has announced, and what became of it
@license Apache-2.0
@notice  An operation is one call or a batch, named by the hash of all it consists of. It waits, is
         ready, and then is done, cancelled (as if it had never been) or expired.
"""

from ..interfaces import ITimelock
from . import calls
from . import hashchain

uses: hashchain

MAX_CALLS: constant(uint256) = 8
MAX_DATA: constant(uint256) = 2048
MAX_DELAY: constant(uint256) = 30 * 24 * 3600
MAX_GRACE: constant(uint256) = 366 * 24 * 3600
NEVER: constant(uint256) = max_value(uint256)

# States, as OpenZeppelin numbers them; the last is ours.
UNSET: constant(uint8) = 0
WAITING: constant(uint8) = 1
READY: constant(uint8) = 2
DONE: constant(uint8) = 3
EXPIRED: constant(uint8) = 4
DONE_AT: constant(uint256) = 1  # stands in place of the time

SCHEDULED: constant(bytes32) = keccak256(
    "CallScheduled(bytes32,uint256,address,uint256,bytes,bytes32,uint256)"
)
SALTED: constant(bytes32) = keccak256("CallSalt(bytes32,bytes32)")
EXPIRY_SET: constant(bytes32) = keccak256("ExpirySet(bytes32,uint256)")
EXECUTED: constant(bytes32) = keccak256("CallExecuted(bytes32,uint256,address,uint256,bytes)")
CANCELLED: constant(bytes32) = keccak256("Cancelled(bytes32)")
DELAY_CHANGED: constant(bytes32) = keccak256("MinDelayChange(uint256,uint256)")

# @notice The least delay between scheduling and executing, seconds.
getMinDelay: public(uint256)

_operations: HashMap[bytes32, ITimelock.Operation]


@external
@view
def getTimestamp(operation: bytes32) -> uint256:
    """
    @notice When the operation may be executed; 0 when it is not scheduled, 1 when it is done.
    @param operation The operation.
    @return Seconds since 1970.
    """
    return self._operations[operation].ready_at


@external
@view
def expires_at(operation: bytes32) -> uint256:
    """
    @notice From when on the operation may not be executed any more; 2**256 - 1 for never.
    @param operation The operation.
    @return Seconds since 1970.
    """
    return self._operations[operation].expires_at


@external
@view
def getOperationState(operation: bytes32) -> uint8:
    """
    @notice Unset 0, waiting 1, ready 2, done 3, expired 4.
    @param operation The operation.
    @return The state.
    """
    return self.state_of(operation)


@external
@view
def isOperation(operation: bytes32) -> bool:
    """
    @notice True for what was scheduled and not cancelled.
    @param operation The operation.
    @return True or false.
    """
    return self.state_of(operation) != UNSET


@external
@view
def isOperationPending(operation: bytes32) -> bool:
    """
    @notice True for what waits or is ready.
    @param operation The operation.
    @return True or false.
    """
    return self.state_of(operation) == WAITING or self.state_of(operation) == READY


@external
@view
def isOperationReady(operation: bytes32) -> bool:
    """
    @notice True for what may be executed now.
    @param operation The operation.
    @return True or false.
    """
    return self.state_of(operation) == READY


@external
@view
def isOperationDone(operation: bytes32) -> bool:
    """
    @notice True for what was executed.
    @param operation The operation.
    @return True or false.
    """
    return self.state_of(operation) == DONE


@external
@pure
def hashOperation(
    target: address, amount: uint256, data: Bytes[MAX_DATA], predecessor: bytes32, salt: bytes32
) -> bytes32:
    """
    @notice The operation of one call.
    @param target The contract to call.
    @param amount 0.
    @param data What to call it with.
    @param predecessor An operation that must be done before, or zero.
    @param salt Makes equal calls different operations.
    @return Its id.
    """
    return keccak256(abi_encode(target, amount, data, predecessor, salt))


@external
@pure
def hashOperationBatch(
    targets: DynArray[address, MAX_CALLS],
    values: DynArray[uint256, MAX_CALLS],
    payloads: DynArray[Bytes[MAX_DATA], MAX_CALLS],
    predecessor: bytes32,
    salt: bytes32,
) -> bytes32:
    """
    @notice The operation of several calls.
    @param targets The contracts to call.
    @param values 0 for each.
    @param payloads What to call them with.
    @param predecessor An operation that must be done before, or zero.
    @param salt Makes equal calls different operations.
    @return Its id.
    """
    return keccak256(abi_encode(targets, values, payloads, predecessor, salt))


@internal
@view
def state_of(id: bytes32) -> uint8:
    """@notice Where the operation stands now."""
    found: ITimelock.Operation = self._operations[id]
    if found.ready_at == 0:
        return UNSET
    if found.ready_at == DONE_AT:
        return DONE
    if block.timestamp < found.ready_at:
        return WAITING
    return READY if block.timestamp < found.expires_at else EXPIRED


@internal
def announce(id: bytes32, delay: uint256, grace: uint256, council_only: bool):
    """@notice Starts the wait of a new operation."""
    assert self._operations[id].ready_at == 0, "Timelock: already scheduled"
    assert delay >= self.getMinDelay, "Timelock: delay too short"
    assert delay <= MAX_DELAY, "Timelock: delay over 30 days"
    assert grace != 0 and (grace <= MAX_GRACE or grace == NEVER), "Timelock: grace out of bounds"
    ready_at: uint256 = block.timestamp + delay
    expires_at: uint256 = NEVER if grace == NEVER else ready_at + grace
    self._operations[id] = ITimelock.Operation(
        ready_at=ready_at, expires_at=expires_at, council_only=council_only
    )
    if grace != NEVER:
        log ITimelock.ExpirySet(id=id, expires_at=expires_at)
        hashchain.extend(keccak256(abi_encode(EXPIRY_SET, id, expires_at)))


@internal
def announce_call(
    id: bytes32,
    index: uint256,
    target: address,
    amount: uint256,
    data: Bytes[MAX_DATA],
    predecessor: bytes32,
    delay: uint256,
):
    """@notice Says what one call of the operation is; `amount` would be ether."""
    assert amount == 0, "Timelock: there is no ether"
    log ITimelock.CallScheduled(
        id=id,
        index=index,
        target=target,
        value=amount,
        data=data,
        predecessor=predecessor,
        delay=delay,
    )
    hashchain.extend(
        keccak256(abi_encode(SCHEDULED, id, index, target, amount, data, predecessor, delay))
    )


@internal
def announce_salt(id: bytes32, salt: bytes32):
    """@notice Says the operation's salt, unless it is zero."""
    if salt != empty(bytes32):
        log ITimelock.CallSalt(id=id, salt=salt)
        hashchain.extend(keccak256(abi_encode(SALTED, id, salt)))


@internal
def finish(id: bytes32, predecessor: bytes32):
    """@notice Marks a ready operation as done, before its calls are made."""
    state: uint8 = self.state_of(id)
    assert state != UNSET, "Timelock: not scheduled"
    assert state != WAITING, "Timelock: not ready yet"
    assert state != DONE, "Timelock: already done"
    assert state == READY, "Timelock: expired"
    if predecessor != empty(bytes32):
        assert self.state_of(predecessor) == DONE, "Timelock: predecessor not done"
    self._operations[id].ready_at = DONE_AT


@internal
def call(id: bytes32, index: uint256, target: address, amount: uint256, data: Bytes[MAX_DATA]):
    """@notice Makes one call of an operation; all is undone when it fails."""
    log ITimelock.CallExecuted(id=id, index=index, target=target, value=amount, data=data)
    hashchain.extend(keccak256(abi_encode(EXECUTED, id, index, target, amount, data)))
    assert calls.made(target, data), "Timelock: the call failed"


@internal
def drop(id: bytes32, by_council: bool):
    """@notice Forgets an operation that is not done."""
    state: uint8 = self.state_of(id)
    assert state == WAITING or state == READY, "Timelock: not pending"
    if by_council:
        assert not self._operations[id].council_only, "Timelock: about the council"
    self._operations[id] = empty(ITimelock.Operation)
    log ITimelock.Cancelled(id=id)
    hashchain.extend(keccak256(abi_encode(CANCELLED, id)))


@internal
def set_delay(delay: uint256):
    """@notice Changes the least delay."""
    assert delay != 0 and delay <= MAX_DELAY, "Timelock: delay not 1 s-30 days"
    log ITimelock.MinDelayChange(oldDuration=self.getMinDelay, newDuration=delay)
    hashchain.extend(keccak256(abi_encode(DELAY_CHANGED, self.getMinDelay, delay)))
    self.getMinDelay = delay
