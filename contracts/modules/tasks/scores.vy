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
MAX_VALIDATORS: constant(uint256) = 64
MAX_BYTES: constant(uint256) = 8220


@internal
@pure
def score_of(lane: uint256) -> int256:
    """@notice The score in a lane."""
    return convert(lane, int256) - OFFSET


@internal
@pure
def is_median(
    hint: uint256,
    lanes: Bytes[MAX_BYTES],
    first: uint256,
    stride: uint256,
    stakes: DynArray[uint256, MAX_VALIDATORS],
) -> bool:
    """
    @notice True when the lane `hint` is the median of the lanes at byte `first`, then every
            `stride` bytes, one per stake; stakes of 0 do not count. Without any it is score 0.
    @dev    The bytes go on for at least 28 behind the last lane.
    """
    whole: uint256 = 0
    reaching: uint256 = 0
    beyond: uint256 = 0
    at: uint256 = first
    for stake: uint256 in stakes:
        if stake != 0:
            lane: uint256 = convert(extract32(lanes, at), uint256) >> 224
            whole = unsafe_add(whole, stake)
            if lane >= hint:
                reaching = unsafe_add(reaching, stake)
                if lane > hint:
                    beyond = unsafe_add(beyond, stake)
        at = unsafe_add(at, stride)
    if whole == 0:
        return hint == ZERO
    return 2 * reaching >= whole and 2 * beyond < whole and reaching > beyond
