# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title   Stakes
@license Apache-2.0
@notice  Bonds per account and role, returned after a delay, slashed by `Rounds` alone. What is
         slashed is burnt: nobody gains from another's fault.
@dev     Roles are the bits of Members: PARTICIPANT = 2, VALIDATOR = 4. One bond may back several
         tasks; each holds one lock on it.
"""

from .interfaces import IMembers
from .interfaces import IStakes
from .interfaces import IToken

implements: IStakes

PARTICIPANT: constant(uint256) = 2
VALIDATOR: constant(uint256) = 4
MAX_DELAY: constant(uint256) = 366 * 24 * 3600

token: public(immutable(IToken))
members: public(immutable(IMembers))
unbonding_seconds: public(immutable(uint256))
# @notice The one contract that may lock, slash and record; fixed by `bind`.
rounds: public(address)

_deployer: immutable(address)
_bonds: HashMap[address, HashMap[uint256, IStakes.Bond]]
_reputations: HashMap[address, HashMap[uint256, IStakes.Reputation]]


@deploy
def __init__(_token: IToken, _members: IMembers, _unbonding_seconds: uint256):
    """
    @param _unbonding_seconds From asking a bond back to getting it, at most 366 days.
    @param _token The Token contract.
    @param _members The Members contract.
    """
    assert _unbonding_seconds <= MAX_DELAY, "Stakes: delay over 366 days"
    token = _token
    members = _members
    unbonding_seconds = _unbonding_seconds
    _deployer = msg.sender


@external
def bind(_rounds: address):
    """
    @notice Names the Rounds contract, once; the deployer has no power afterwards.
    @param _rounds The Rounds contract.
    """
    assert msg.sender == _deployer, "Stakes: only the deployer binds"
    assert self.rounds == empty(address), "Stakes: already bound"
    assert _rounds != empty(address), "Stakes: no contract to bind"
    self.rounds = _rounds
    log IStakes.Bound(rounds=_rounds)


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
    self._bonds[msg.sender][role].amount += amount
    log IStakes.Deposited(account=msg.sender, role=role, amount=amount)
    assert extcall token.transferFrom(msg.sender, self, amount), "Stakes: transfer failed"


@external
def request_unbond(role: uint256, amount: uint256):
    """
    @notice Starts the delay for `amount`; it stays slashable. Asking again starts the delay
            again for all that is unbonding.
    @param role PARTICIPANT 2 or VALIDATOR 4.
    @param amount In token units.
    """
    held: uint256 = self._bonds[msg.sender][role].amount
    assert amount != 0, "Stakes: nothing to unbond"
    assert amount <= held, "Stakes: more than is bonded"
    ready_at: uint256 = block.timestamp + unbonding_seconds
    self._bonds[msg.sender][role].amount = held - amount
    self._bonds[msg.sender][role].unbonding += amount
    self._bonds[msg.sender][role].ready_at = ready_at
    log IStakes.UnbondRequested(
        account=msg.sender, role=role, amount=amount, ready_at=ready_at
    )


@external
def withdraw(role: uint256):
    """
    @notice Pays out what is unbonding, after the delay and when no task holds the bond.
    @param role PARTICIPANT 2 or VALIDATOR 4.
    """
    held: IStakes.Bond = self._bonds[msg.sender][role]
    assert held.unbonding != 0, "Stakes: nothing to withdraw"
    assert block.timestamp >= held.ready_at, "Stakes: still unbonding"
    assert held.locks == 0, "Stakes: locked by a task"
    self._bonds[msg.sender][role].unbonding = 0
    log IStakes.Withdrawn(account=msg.sender, role=role, amount=held.unbonding)
    assert extcall token.transfer(msg.sender, held.unbonding), "Stakes: transfer failed"


@external
def lock(account: address, role: uint256):
    """
    @notice Rounds: one more task holds the bond.
    @param account Whose bond.
    @param role PARTICIPANT 2 or VALIDATOR 4.
    """
    self._only_rounds()
    locks: uint256 = self._bonds[account][role].locks + 1
    self._bonds[account][role].locks = locks
    log IStakes.Locked(account=account, role=role, locks=locks)


@external
def unlock(account: address, role: uint256):
    """
    @notice Rounds: one task fewer holds the bond.
    @param account Whose bond.
    @param role PARTICIPANT 2 or VALIDATOR 4.
    """
    self._only_rounds()
    locks: uint256 = self._bonds[account][role].locks
    assert locks != 0, "Stakes: not locked"
    self._bonds[account][role].locks = locks - 1
    log IStakes.Unlocked(account=account, role=role, locks=locks - 1)


@external
def slash(account: address, role: uint256, amount: uint256, reason: String[32]) -> uint256:
    """
    @notice Rounds: burns `amount`, or all there is if that is less: the bond first, then what is
            unbonding.
    @return What was burnt.
    @param account Whose bond.
    @param role PARTICIPANT 2 or VALIDATOR 4.
    @param amount What the terms ask for, token units.
    @param reason For the event.
    """
    self._only_rounds()
    held: IStakes.Bond = self._bonds[account][role]
    burnt: uint256 = min(amount, held.amount + held.unbonding)
    from_bond: uint256 = min(burnt, held.amount)
    self._bonds[account][role].amount = held.amount - from_bond
    self._bonds[account][role].unbonding = held.unbonding - (burnt - from_bond)
    log IStakes.Slashed(
        account=account, role=role, amount=burnt, due=amount, reason=reason
    )
    if burnt != 0:
        extcall token.burn(burnt)
    return burnt


@external
def record(account: address, role: uint256, score: int256, fault: bool):
    """
    @notice Rounds: adds a settled round with its score, or a fault, to the reputation.
    @param account Whose reputation.
    @param role PARTICIPANT 2 or VALIDATOR 4.
    @param score Median of the round, millionths.
    @param fault True to count a fault and no round.
    """
    self._only_rounds()
    if fault:
        self._reputations[account][role].faults += 1
    else:
        self._reputations[account][role].settled += 1
        self._reputations[account][role].score += score
    log IStakes.Recorded(account=account, role=role, score=score, fault=fault)


@external
@view
def bond(account: address, role: uint256) -> uint256:
    """
    @notice The bonded amount, without what is unbonding.
    @param account The account asked about.
    @param role PARTICIPANT 2 or VALIDATOR 4.
    @return Token units.
    """
    return self._bonds[account][role].amount


@external
@view
def bond_of(account: address, role: uint256) -> IStakes.Bond:
    """
    @notice The whole state of a bond.
    @param account The account asked about.
    @param role PARTICIPANT 2 or VALIDATOR 4.
    @return The record.
    """
    return self._bonds[account][role]


@external
@view
def reputation_of(account: address, role: uint256) -> IStakes.Reputation:
    """
    @notice What settled work says about the account in `role`.
    @param account The account asked about.
    @param role PARTICIPANT 2 or VALIDATOR 4.
    @return The record.
    """
    return self._reputations[account][role]


@internal
@view
def _only_rounds():
    assert msg.sender == self.rounds, "Stakes: only Rounds"
