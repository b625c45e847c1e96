# pragma version 0.4.3
"""
@title   Scores: lanes, and a stake-weighted median that is given and checked
@license Apache-2.0
@notice  A score is a signed 32-bit number of millionths, on the wire a lane: score + 2**31 in four
         bytes, big-endian. The median is the greatest score w such that at least half of the stake
         scored w or more.
@dev     Finding it takes a sort, checking it one pass: at least half of the stake scored the hint or
         more, less than half scored more, and somebody scored it. Clipping at a stake-weighted
         median after the Yuma consensus of Bittensor (docs/consensus.md there): liars below half of
         the stake cannot leave the range of the honest scores.
"""

OFFSET: constant(int256) = 2**31
ZERO: constant(uint256) = 2**31


@internal
@pure
def score_of(lane: uint256) -> int256:
    """@notice The score in a lane."""
    return convert(lane, int256) - OFFSET


@internal
@pure
def lane_of(score: int256) -> uint256:
    """@notice The lane of a score; for one out of range the least, or one above the greatest."""
    return convert(min(max(score, -OFFSET), OFFSET) + OFFSET, uint256)


@internal
@pure
def is_median(hint: uint256, whole: uint256, reaching: uint256, beyond: uint256) -> bool:
    """
    @notice True when the lane `hint` is the median, where of the stake `whole` that scored
            `reaching` scored the hint or more and `beyond` more. Without any stake it is score 0.
    """
    if whole == 0:
        return hint == ZERO
    return 2 * reaching >= whole and 2 * beyond < whole and reaching > beyond
