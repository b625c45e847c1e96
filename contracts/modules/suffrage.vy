# pragma version 0.4.3
"""
@title   Suffrage: who may vote, now and at any second of the past
@license Apache-2.0
@notice  One member, one vote, as ERC-5805's views on a clock of seconds (ERC-6372), so that a
         Governor can count members. A vote cannot be delegated.
@dev     The electorate is a bitmap over positions; its former values are kept, each with its
         seconds and the number of its bits. So a founding of 256 accounts is one checkpoint, and
         an account's vote of the past is its bit then, while the position was its own.
         A suspension by Council takes no vote: it must not decide what the members decide.
"""

from . import quorum
from . import roster

uses: roster

TIME_MASK: constant(uint256) = 2**48 - 1
COUNT_SHIFT: constant(uint256) = 48
HISTORY_SHIFT: constant(uint256) = 64

# @notice Bits of the accounts that may vote now: role MEMBER, not suspended by Timelock; bit =
# position - 1.
electorate: public(uint256)

# Second since which it holds (48 bits), how many may vote (16), length of the history (from 64).
_tip: uint256
_past_bits: HashMap[uint256, uint256]
_past_tips: HashMap[uint256, uint256]


@external
@view
def voters() -> uint256:
    """
    @notice How many members may vote now.
    @return Their number.
    """
    return self.count()


@external
@view
def clock() -> uint48:
    """
    @notice ERC-6372: the present timepoint.
    @return Seconds since 1970, of this block.
    """
    return convert(block.timestamp, uint48)


@external
@pure
def CLOCK_MODE() -> String[14]:
    """
    @notice ERC-6372: what timepoints count.
    @return Seconds.
    """
    return "mode=timestamp"


@external
@view
def getVotes(account: address) -> uint256:
    """
    @notice The votes that an account has now.
    @param account Whose votes.
    @return 1 for a member, else 0.
    """
    return 0 if self.electorate & roster.bit(account) == 0 else 1


@external
@view
def getPastVotes(account: address, timepoint: uint256) -> uint256:
    """
    @notice The votes that an account had at the end of a second.
    @param account Whose votes.
    @param timepoint The second: earlier than this block's.
    @return 1 for a member, else 0.
    """
    bits: uint256 = self._past(timepoint)[0]
    facts: roster.Facts = roster.load(account)
    if facts.position == 0:
        former: roster.Former = roster.former(account)
        if timepoint >= former.left:
            return 0
        facts.position = former.position
    if timepoint < facts.joined:
        return 0
    return (bits >> (facts.position - 1)) & 1


@external
@view
def getPastTotalSupply(timepoint: uint256) -> uint256:
    """
    @notice How many members could vote at the end of a second.
    @param timepoint The second: earlier than this block's.
    @return Their number.
    """
    return (self._past(timepoint)[1] >> COUNT_SHIFT) & 65535


@external
@pure
def delegates(account: address) -> address:
    """
    @notice Everybody votes for itself.
    @param account Whose delegate.
    @return The account itself.
    """
    return account


@internal
@view
def count() -> uint256:
    """@notice How many members may vote now."""
    return (self._tip >> COUNT_SHIFT) & 65535


@internal
def change(bits: uint256):
    """@notice From this second on the electorate is `bits`."""
    tip: uint256 = self._tip
    history: uint256 = tip >> HISTORY_SHIFT
    if tip != 0 and tip & TIME_MASK != block.timestamp:
        self._past_bits[history] = self.electorate
        self._past_tips[history] = tip
        history += 1
    self.electorate = bits
    self._tip = (
        (history << HISTORY_SHIFT) | (quorum.count(bits) << COUNT_SHIFT) | block.timestamp
    )


@internal
@view
def _past(timepoint: uint256) -> uint256[2]:
    """
    @notice Bits and tip at the end of a second, which must be over; zeros before the first. Looks
            at the tip, then halves the history: `low` is how many are old enough.
    """
    assert timepoint < block.timestamp, "Members: not in the past"
    tip: uint256 = self._tip
    if tip & TIME_MASK <= timepoint:
        return [self.electorate, tip]
    low: uint256 = 0
    high: uint256 = tip >> HISTORY_SHIFT
    for step: uint256 in range(48):
        if low == high:
            break
        middle: uint256 = (low + high) // 2
        if self._past_tips[middle] & TIME_MASK <= timepoint:
            low = middle + 1
        else:
            high = middle
    if low == 0:
        return [0, 0]
    return [self._past_bits[low - 1], self._past_tips[low - 1]]
