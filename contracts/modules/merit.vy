# pragma version 0.4.3
"""
@title   Merit: what settled work says about an account in a role
@license Apache-2.0
@notice  Reputations that only grow by what the suite's own contracts report.
@dev     One slot per account and role: settled (64 bits from bit 192), faults (64), score (128,
         two's complement).
"""

from ..interfaces import IStakes
from . import hashchain

uses: hashchain

RECORDED: constant(bytes32) = keccak256("Recorded(address,uint256,uint256,int256,uint256)")
COUNT_MASK: constant(uint256) = 2**64 - 1
SCORE_MASK: constant(uint256) = 2**128 - 1
MOST: constant(int256) = 2**127 - 1  # and, negative, the least that is told apart

_words: HashMap[address, HashMap[uint256, uint256]]


@external
@view
def reputation_of(account: address, role: uint256) -> IStakes.Reputation:
    """
    @notice What settled work says about the account in `role`.
    @param account The account asked about.
    @param role PARTICIPANT 2 or VALIDATOR 4.
    @return The record.
    """
    word: uint256 = self._words[account][role]
    return IStakes.Reputation(
        settled=word >> 192, score=self._score(word), faults=(word >> 128) & COUNT_MASK
    )


@internal
def add(account: address, role: uint256, settled: uint256, score: int256, faults: uint256):
    """@notice Adds to the reputation; refuses what would not fit, so that nothing runs over."""
    word: uint256 = self._words[account][role]
    assert max(settled, faults) <= COUNT_MASK, "Stakes: too much to record"
    assert score <= MOST and score >= -MOST, "Stakes: too much to record"
    rounds: uint256 = (word >> 192) + settled
    failed: uint256 = ((word >> 128) & COUNT_MASK) + faults
    total: int256 = self._score(word) + score
    assert max(rounds, failed) <= COUNT_MASK, "Stakes: too much to record"
    assert total <= MOST and total >= -MOST, "Stakes: too much to record"
    low: uint256 = convert(total, uint256) if total >= 0 else 2**128 - convert(-total, uint256)
    self._words[account][role] = (rounds << 192) | (failed << 128) | low
    log IStakes.Recorded(
        account=account, role=role, settled=settled, score=score, faults=faults
    )
    hashchain.extend(
        keccak256(abi_encode(RECORDED, account, role, settled, score, faults))
    )


@internal
@pure
def _score(word: uint256) -> int256:
    low: uint256 = word & SCORE_MASK
    if low >> 127 == 0:
        return convert(low, int256)
    return -convert(2**128 - low, int256)
