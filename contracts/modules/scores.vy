# pragma version 0.4.3
"""
@title   Scores: packing and stake-weighted medians
@license Apache-2.0
@notice  A score is a signed number of millionths with |score| <= 10**9; eight of them share a
         storage slot as 32-bit lanes holding score + 2**31.
"""

LIMIT: constant(int256) = 10**9
OFFSET: constant(int256) = 2**31
MAX_PARTICIPANTS: constant(uint256) = 32
MAX_VALIDATORS: constant(uint256) = 16


@internal
@pure
def pack(scores: DynArray[int256, MAX_PARTICIPANTS]) -> uint256[4]:
    """@notice Score i goes to lane i % 8 of word i // 8; a score out of range reverts."""
    words: uint256[4] = empty(uint256[4])
    index: uint256 = 0
    for score: int256 in scores:
        assert score >= -LIMIT and score <= LIMIT, "Rounds: score over 10**9"
        words[index >> 3] |= convert(score + OFFSET, uint256) << (32 * (index & 7))
        index += 1
    return words


@internal
@pure
def unpack(words: uint256[4], index: uint256) -> int256:
    """@notice Score `index` of packed words."""
    lane: uint256 = (words[index >> 3] >> (32 * (index & 7))) & (2**32 - 1)
    return convert(lane, int256) - OFFSET


@internal
@pure
def median(scores: int256[MAX_VALIDATORS], stakes: uint256[MAX_VALIDATORS]) -> int256:
    """
    @notice The greatest score w such that at least half of the stake scored w or more; 0 when
            nobody scored (no stake).
    @dev    Clipping at a stake-weighted median after the Yuma consensus of Bittensor
            (docs/consensus.md there): liars below half of the stake cannot leave the range of
            the honest scores.
    """
    whole: uint256 = 0
    for stake: uint256 in stakes:
        whole += stake
    found: bool = False
    best: int256 = 0
    for i: uint256 in range(MAX_VALIDATORS):
        if stakes[i] == 0 or (found and scores[i] <= best):
            continue
        support: uint256 = 0
        for j: uint256 in range(MAX_VALIDATORS):
            if scores[j] >= scores[i]:
                support += stakes[j]
        if 2 * support >= whole:
            found = True
            best = scores[i]
    return best
