# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title   Stakes
@license Apache-2.0
@notice  Bonds per account and role, returned after a delay, slashed by `Tasks` and `Rounds` alone.
         What is slashed is burnt: nobody gains from another's fault. Bonds vote in a Governor that
         counts stake; what is unbonding does not. Nobody can pause the way out.
@dev     Roles are the bits of Members: PARTICIPANT = 2, VALIDATOR = 4. One bond may back several
         tasks; each holds one lock on it.
"""

from .interfaces import IMembers
from .interfaces import IStakes
from .interfaces import IToken
from .modules import bonds
from .modules import hashchain
from .modules import merit
from .modules import votes

implements: IStakes
initializes: hashchain
initializes: votes
initializes: bonds[votes := votes]
initializes: merit[hashchain := hashchain]
exports: hashchain.event_head
exports: (bonds.bond, bonds.bond_of, bonds.delegates)
exports: merit.reputation_of
exports: (
    votes.clock,
    votes.CLOCK_MODE,
    votes.getVotes,
    votes.getPastVotes,
    votes.getPastTotalSupply,
)

PARTICIPANT: constant(uint256) = 2
VALIDATOR: constant(uint256) = 4
MAX_DELAY: constant(uint256) = 366 * 24 * 3600

DEPOSITED: constant(bytes32) = keccak256("Deposited(address,uint256,uint256)")
UNBOND_REQUESTED: constant(bytes32) = keccak256(
    "UnbondRequested(address,uint256,uint256,uint256)"
)
WITHDRAWN: constant(bytes32) = keccak256("Withdrawn(address,uint256,uint256)")
LOCKED: constant(bytes32) = keccak256("Locked(address,uint256,uint256)")
UNLOCKED: constant(bytes32) = keccak256("Unlocked(address,uint256,uint256)")
SLASHED: constant(bytes32) = keccak256("Slashed(address,uint256,uint256,uint256,string)")

# @notice What bonds are paid in.
token: public(immutable(IToken))
# @notice Who may bond in which role.
members: public(immutable(IMembers))
# @notice May lock, unlock, slash and record, as `rounds` may.
tasks: public(immutable(address))
# @notice May lock, unlock, slash and record, as `tasks` may.
rounds: public(immutable(address))
# @notice From asking a bond back to getting it.
unbonding_seconds: public(immutable(uint256))


@deploy
def __init__(
    _token: IToken,
    _members: IMembers,
    _tasks: address,
    _rounds: address,
    _unbonding_seconds: uint256,
):
    """
    @notice Fixes everything that this contract relies on.
    @param _token The Token contract.
    @param _members The Members contract.
    @param _tasks The Tasks contract.
    @param _rounds The Rounds contract.
    @param _unbonding_seconds From asking a bond back to getting it, at most 366 days.
    """
    assert _unbonding_seconds <= MAX_DELAY, "Stakes: delay over 366 days"
    token = _token
    members = _members
    tasks = _tasks
    rounds = _rounds
    unbonding_seconds = _unbonding_seconds


@external
def deposit(role: uint256, amount: uint256):
    """
    @notice Adds `amount`, taken from the caller's allowance, to the caller's bond in `role`.
    @param role PARTICIPANT 2 or VALIDATOR 4.
    @param amount In token units.
    """
    assert role == PARTICIPANT or role == VALIDATOR, "Stakes: no such role"
    assert staticcall members.has_role(msg.sender, role), "Stakes: role not held"
    assert amount != 0, "Stakes: nothing to deposit"
    assert amount < 2**96, "Stakes: amount too large"
    held: IStakes.Bond = bonds.load(msg.sender, role)
    held.amount += amount
    bonds.save(msg.sender, role, held)
    bonds.give_votes(msg.sender, amount)
    log IStakes.Deposited(account=msg.sender, role=role, amount=amount)
    hashchain.extend(keccak256(abi_encode(DEPOSITED, msg.sender, role, amount)))
    assert extcall token.transferFrom(msg.sender, self, amount), "Stakes: transfer failed"


@external
def request_unbond(role: uint256, amount: uint256):
    """
    @notice Starts the delay for `amount`; it stays slashable. Asking again starts the delay
            again for all that is unbonding.
    @param role PARTICIPANT 2 or VALIDATOR 4.
    @param amount In token units.
    """
    held: IStakes.Bond = bonds.load(msg.sender, role)
    assert amount != 0, "Stakes: nothing to unbond"
    assert amount <= held.amount, "Stakes: more than is bonded"
    held.amount -= amount
    held.unbonding += amount
    held.ready_at = block.timestamp + unbonding_seconds
    bonds.save(msg.sender, role, held)
    bonds.take_votes(msg.sender, amount)
    log IStakes.UnbondRequested(
        account=msg.sender, role=role, amount=amount, ready_at=held.ready_at
    )
    hashchain.extend(
        keccak256(abi_encode(UNBOND_REQUESTED, msg.sender, role, amount, held.ready_at))
    )


@external
def withdraw(role: uint256):
    """
    @notice Pays out what is unbonding, after the delay and when no task holds the bond.
    @param role PARTICIPANT 2 or VALIDATOR 4.
    """
    held: IStakes.Bond = bonds.load(msg.sender, role)
    amount: uint256 = held.unbonding
    assert amount != 0, "Stakes: nothing to withdraw"
    assert held.locks == 0, "Stakes: locked by a task"
    assert block.timestamp >= held.ready_at, "Stakes: still unbonding"
    held.unbonding = 0
    bonds.save(msg.sender, role, held)
    log IStakes.Withdrawn(account=msg.sender, role=role, amount=amount)
    hashchain.extend(keccak256(abi_encode(WITHDRAWN, msg.sender, role, amount)))
    assert extcall token.transfer(msg.sender, amount), "Stakes: transfer failed"


@external
def lock(account: address, role: uint256):
    """
    @notice Tasks, Rounds: one more task holds the bond.
    @param account Whose bond.
    @param role PARTICIPANT 2 or VALIDATOR 4.
    """
    self._only_work()
    locks: uint256 = bonds.raise_lock(account, role)
    log IStakes.Locked(account=account, role=role, locks=locks)
    hashchain.extend(keccak256(abi_encode(LOCKED, account, role, locks)))


@external
def unlock(account: address, role: uint256):
    """
    @notice Tasks, Rounds: one task fewer holds the bond. What is unbonding starts its delay again,
            so that what was done in the last round can still be proven and slashed.
    @param account Whose bond.
    @param role PARTICIPANT 2 or VALIDATOR 4.
    """
    self._only_work()
    locks: uint256 = bonds.lower_lock(account, role)
    log IStakes.Unlocked(account=account, role=role, locks=locks)
    hashchain.extend(keccak256(abi_encode(UNLOCKED, account, role, locks)))
    held: IStakes.Bond = bonds.load(account, role)
    if held.unbonding != 0:
        held.ready_at = block.timestamp + unbonding_seconds
        bonds.save(account, role, held)
        log IStakes.UnbondRequested(
            account=account, role=role, amount=0, ready_at=held.ready_at
        )
        hashchain.extend(
            keccak256(
                abi_encode(UNBOND_REQUESTED, account, role, empty(uint256), held.ready_at)
            )
        )


@external
def slash(account: address, role: uint256, amount: uint256, reason: String[32]) -> uint256:
    """
    @notice Tasks, Rounds: burns `amount`, or all there is if that is less: the bond first, then
            what is unbonding.
    @param account Whose bond.
    @param role PARTICIPANT 2 or VALIDATOR 4.
    @param amount What the terms ask for, token units.
    @param reason For the event.
    @return What was burnt.
    """
    self._only_work()
    held: IStakes.Bond = bonds.load(account, role)
    burnt: uint256 = min(amount, held.amount + held.unbonding)
    from_bond: uint256 = min(burnt, held.amount)
    if burnt != 0:
        held.amount -= from_bond
        held.unbonding -= burnt - from_bond
        bonds.save(account, role, held)
    if from_bond != 0:
        bonds.take_votes(account, from_bond)
    log IStakes.Slashed(
        account=account, role=role, amount=burnt, due=amount, reason=reason
    )
    hashchain.extend(keccak256(abi_encode(SLASHED, account, role, burnt, amount, reason)))
    if burnt != 0:
        extcall token.burn(burnt)
    return burnt


@external
def record(account: address, role: uint256, settled: uint256, score: int256, faults: uint256):
    """
    @notice Tasks, Rounds: adds to the reputation.
    @param account Whose reputation.
    @param role PARTICIPANT 2 or VALIDATOR 4.
    @param settled Rounds that it settled in.
    @param score Sum of its median scores in them, millionths.
    @param faults Absences, broken commitments, lies.
    """
    self._only_work()
    merit.add(account, role, settled, score, faults)


@internal
@view
def _only_work():
    assert msg.sender == tasks or msg.sender == rounds, "Stakes: only Tasks or Rounds"
