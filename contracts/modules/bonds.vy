# pragma version 0.4.3
"""
@title   Bonds: one storage slot per account and role
@license Apache-2.0
@notice  What is bonded, what is unbonding and until when, and how many tasks hold it; and the
         votes that bonded amounts give.
@dev     amount (96 bits from bit 0), unbonding (96), ready_at (40), locks (24): the supply of the
         token is below 2**96, so nothing of it can run over; `save` refuses what would.
"""

from ..interfaces import IStakes
from . import votes

uses: votes

AMOUNT_MASK: constant(uint256) = 2**96 - 1
TIME_MASK: constant(uint256) = 2**40 - 1
MAX_LOCKS: constant(uint256) = 2**24 - 1

_words: HashMap[address, HashMap[uint256, uint256]]


@external
@view
def bond(account: address, role: uint256) -> uint256:
    """
    @notice The bonded amount, without what is unbonding.
    @param account The account asked about.
    @param role PARTICIPANT 2 or VALIDATOR 4.
    @return Token units.
    """
    return self._words[account][role] & AMOUNT_MASK


@external
@view
def bond_of(account: address, role: uint256) -> IStakes.Bond:
    """
    @notice The whole state of a bond.
    @param account The account asked about.
    @param role PARTICIPANT 2 or VALIDATOR 4.
    @return The record.
    """
    return self.load(account, role)


@external
@view
def delegates(account: address) -> address:
    """
    @notice Everybody votes with its own bonds.
    @param account Whose delegate.
    @return The account itself.
    """
    return account


@internal
@view
def load(account: address, role: uint256) -> IStakes.Bond:
    """@notice What is stored about a bond."""
    word: uint256 = self._words[account][role]
    return IStakes.Bond(
        amount=word & AMOUNT_MASK,
        unbonding=(word >> 96) & AMOUNT_MASK,
        ready_at=(word >> 192) & TIME_MASK,
        locks=word >> 232,
    )


@internal
def save(account: address, role: uint256, bond: IStakes.Bond):
    """@notice Stores what `load` returned, changed."""
    assert max(bond.amount, bond.unbonding) <= AMOUNT_MASK, "Stakes: amount too large"
    self._words[account][role] = (
        bond.amount | (bond.unbonding << 96) | (bond.ready_at << 192) | (bond.locks << 232)
    )


@internal
def raise_lock(account: address, role: uint256) -> uint256:
    """@notice One task more holds the bond; returns how many do."""
    word: uint256 = self._words[account][role]
    locks: uint256 = word >> 232
    assert locks < MAX_LOCKS, "Stakes: too many locks"
    self._words[account][role] = word + (1 << 232)
    return locks + 1


@internal
def lower_lock(account: address, role: uint256) -> uint256:
    """@notice One task fewer holds the bond; returns how many do."""
    word: uint256 = self._words[account][role]
    locks: uint256 = word >> 232
    assert locks != 0, "Stakes: not locked"
    self._words[account][role] = word - (1 << 232)
    return locks - 1


@internal
def give_votes(account: address, amount: uint256):
    """@notice `amount` more is bonded: it votes."""
    votes.push(account, votes.latest(account) + amount)
    votes.push_total(votes.latest_total() + amount)


@internal
def take_votes(account: address, amount: uint256):
    """@notice `amount` less is bonded."""
    votes.push(account, votes.latest(account) - amount)
    votes.push_total(votes.latest_total() - amount)
