# pragma version 0.4.3
"""
@title   Votes: who had how many, at any second of the past
@license Apache-2.0
@notice  ERC-5805's views over checkpoints, on a clock of seconds (ERC-6372). A contract that has
         votes calls `push` and `push_total` whenever they change.
@dev     A trace is a tip and the checkpoints before it. The tip holds, in one slot: value (160
         bits), the second since which it holds (48), and how many checkpoints precede it (48).
         One second has one checkpoint: what the last transaction in it left. So what `past` says
         about a second that is over never changes.
"""

TIME_SHIFT: constant(uint256) = 160
COUNT_SHIFT: constant(uint256) = 208
VALUE_MASK: constant(uint256) = 2**160 - 1
TIME_MASK: constant(uint256) = 2**48 - 1
# @dev The trace of the total: no address is that great.
TOTAL: constant(uint256) = 2**160

_tips: HashMap[uint256, uint256]
_checkpoints: HashMap[uint256, HashMap[uint256, uint256]]


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
    @return How many.
    """
    return self.latest(account)


@external
@view
def getPastVotes(account: address, timepoint: uint256) -> uint256:
    """
    @notice The votes that an account had at the end of a second.
    @param account Whose votes.
    @param timepoint The second: earlier than this block's.
    @return How many.
    """
    return self.past(account, timepoint)


@external
@view
def getPastTotalSupply(timepoint: uint256) -> uint256:
    """
    @notice All votes that there were at the end of a second, delegated or not.
    @param timepoint The second: earlier than this block's.
    @return How many.
    """
    return self.past_total(timepoint)


@internal
def push(account: address, amount: uint256):
    """@notice From this second on `account` has `amount` votes (below 2**160)."""
    self._push(convert(account, uint256), amount)


@internal
def push_total(amount: uint256):
    """@notice From this second on there are `amount` votes in all (below 2**160)."""
    self._push(TOTAL, amount)


@internal
@view
def latest(account: address) -> uint256:
    """@notice The votes of `account` now."""
    return self._tips[convert(account, uint256)] & VALUE_MASK


@internal
@view
def latest_total() -> uint256:
    """@notice All votes now."""
    return self._tips[TOTAL] & VALUE_MASK


@internal
@view
def past(account: address, timepoint: uint256) -> uint256:
    """@notice The votes of `account` at the end of the second `timepoint`, which must be over."""
    return self._past(convert(account, uint256), timepoint)


@internal
@view
def past_total(timepoint: uint256) -> uint256:
    """@notice All votes at the end of the second `timepoint`, which must be over."""
    return self._past(TOTAL, timepoint)


@internal
def _push(trace: uint256, amount: uint256):
    assert amount <= VALUE_MASK, "Votes: 2**160 or more"
    tip: uint256 = self._tips[trace]
    count: uint256 = tip >> COUNT_SHIFT
    if tip != 0 and self._time(tip) != block.timestamp:
        self._checkpoints[trace][count] = tip
        count += 1
    self._tips[trace] = (count << COUNT_SHIFT) | (block.timestamp << TIME_SHIFT) | amount


@internal
@view
def _past(trace: uint256, timepoint: uint256) -> uint256:
    """@notice Looks at the tip, then halves the checkpoints: `low` is how many are old enough."""
    assert timepoint < block.timestamp, "Votes: not in the past"
    tip: uint256 = self._tips[trace]
    if self._time(tip) <= timepoint:
        return tip & VALUE_MASK
    low: uint256 = 0
    high: uint256 = tip >> COUNT_SHIFT
    for step: uint256 in range(48):
        if low == high:
            break
        middle: uint256 = (low + high) // 2
        if self._time(self._checkpoints[trace][middle]) <= timepoint:
            low = middle + 1
        else:
            high = middle
    if low == 0:
        return 0
    return self._checkpoints[trace][low - 1] & VALUE_MASK


@internal
@pure
def _time(checkpoint: uint256) -> uint256:
    return (checkpoint >> TIME_SHIFT) & TIME_MASK
