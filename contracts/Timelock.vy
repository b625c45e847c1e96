# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title   Timelock
@license Apache-2.0
@notice  Holds every power over the other contracts, and uses one only after it has been announced
         for the minimum delay: whoever disagrees can leave before. The Governor schedules, the
         Governor or the Council cancels, anyone executes. Nobody owns it: these three facts are
         fixed when it is deployed. There is no ether in it: every value is 0.
@dev     Functions, events and states of OpenZeppelin's TimelockController, plus an expiry: without
         one, what passed long ago could be executed when nobody thinks of it any more.
"""

from .interfaces import ITimelock
from .modules import hashchain
from .modules import operations

implements: ITimelock
initializes: hashchain
initializes: operations[hashchain := hashchain]
exports: hashchain.event_head
exports: (
    operations.getMinDelay,
    operations.getTimestamp,
    operations.expires_at,
    operations.getOperationState,
    operations.isOperation,
    operations.isOperationPending,
    operations.isOperationReady,
    operations.isOperationDone,
    operations.hashOperation,
    operations.hashOperationBatch,
)

MAX_CALLS: constant(uint256) = 8
MAX_DATA: constant(uint256) = 2048
NEVER: constant(uint256) = max_value(uint256)

# @notice Who schedules.
governor: public(immutable(address))
# @notice Who may cancel, beside the Governor.
council: public(immutable(address))

@deploy
def __init__(_governor: address, _council: address, _delay: uint256):
    """
    @notice Fixes who schedules and who cancels; there is no other role and no administrator.
    @param _governor The Governor contract.
    @param _council The Council contract.
    @param _delay The least delay, 1 second to 30 days.
    """
    assert _governor != empty(address) and _council != empty(address), "Timelock: no contract"
    governor = _governor
    council = _council
    operations.set_delay(_delay)


@external
def schedule(
    target: address,
    amount: uint256,
    data: Bytes[MAX_DATA],
    predecessor: bytes32,
    salt: bytes32,
    delay: uint256,
    grace: uint256 = NEVER,
):
    """
    @notice Governor: announces one call.
    @param target The contract to call.
    @param amount 0.
    @param data What to call it with.
    @param predecessor An operation that must be done before, or zero.
    @param salt Makes equal calls different operations.
    @param delay Seconds from now, at least the minimum delay.
    @param grace Seconds after that in which it may be executed; without it, for ever.
    """
    id: bytes32 = keccak256(abi_encode(target, amount, data, predecessor, salt))
    self._only_governor()
    operations.announce(id, delay, grace, target == council)
    operations.announce_call(id, 0, target, amount, data, predecessor, delay)
    operations.announce_salt(id, salt)


@external
def scheduleBatch(
    targets: DynArray[address, MAX_CALLS],
    values: DynArray[uint256, MAX_CALLS],
    payloads: DynArray[Bytes[MAX_DATA], MAX_CALLS],
    predecessor: bytes32,
    salt: bytes32,
    delay: uint256,
    grace: uint256 = NEVER,
):
    """
    @notice Governor: announces calls that will be made in one transaction, in their order.
    @param targets The contracts to call.
    @param values 0 for each.
    @param payloads What to call them with.
    @param predecessor An operation that must be done before, or zero.
    @param salt Makes equal calls different operations.
    @param delay Seconds from now, at least the minimum delay.
    @param grace Seconds after that in which it may be executed; without it, for ever.
    """
    self._check_lengths(len(targets), len(values), len(payloads))
    id: bytes32 = keccak256(abi_encode(targets, values, payloads, predecessor, salt))
    council_only: bool = True
    for target: address in targets:
        council_only = council_only and target == council
    self._only_governor()
    operations.announce(id, delay, grace, council_only)
    for i: uint256 in range(len(targets), bound=MAX_CALLS):
        operations.announce_call(id, i, targets[i], values[i], payloads[i], predecessor, delay)
    operations.announce_salt(id, salt)


@external
def execute(
    target: address, amount: uint256, payload: Bytes[MAX_DATA], predecessor: bytes32, salt: bytes32
):
    """
    @notice Makes an announced call once its time has come. Anyone may ask for it.
    @param target As announced.
    @param amount As announced.
    @param payload As announced.
    @param predecessor As announced.
    @param salt As announced.
    """
    id: bytes32 = keccak256(abi_encode(target, amount, payload, predecessor, salt))
    operations.finish(id, predecessor)
    operations.call(id, 0, target, amount, payload)


@external
def executeBatch(
    targets: DynArray[address, MAX_CALLS],
    values: DynArray[uint256, MAX_CALLS],
    payloads: DynArray[Bytes[MAX_DATA], MAX_CALLS],
    predecessor: bytes32,
    salt: bytes32,
):
    """
    @notice Makes announced calls once their time has come, all or none. Anyone may ask for it.
    @param targets As announced.
    @param values As announced.
    @param payloads As announced.
    @param predecessor As announced.
    @param salt As announced.
    """
    self._check_lengths(len(targets), len(values), len(payloads))
    id: bytes32 = keccak256(abi_encode(targets, values, payloads, predecessor, salt))
    operations.finish(id, predecessor)
    for i: uint256 in range(len(targets), bound=MAX_CALLS):
        operations.call(id, i, targets[i], values[i], payloads[i])


@external
def cancel(operation: bytes32):
    """
    @notice Governor or Council: takes back what is not done yet. The Council cannot take back what
            concerns the Council alone: else nobody could replace it.
    @param operation The operation.
    """
    assert msg.sender == governor or msg.sender == council, "Timelock: only Governor, Council"
    operations.drop(operation, msg.sender == council)


@external
@reentrant  # called by this contract itself, in the middle of execute
def updateDelay(newDelay: uint256):
    """
    @notice Timelock itself: another least delay, for what is scheduled from then on.
    @param newDelay Seconds, 1 to 30 days.
    """
    assert msg.sender == self, "Timelock: only Timelock"
    operations.set_delay(newDelay)


@internal
def _only_governor():
    assert msg.sender == governor, "Timelock: only Governor"


@internal
@pure
def _check_lengths(targets: uint256, amounts: uint256, payloads: uint256):
    assert targets != 0, "Timelock: nothing to do"
    assert targets == amounts and targets == payloads, "Timelock: lengths differ"
