# pragma version 0.4.3
"""
@title   Clock: where a task and its newest round stand
@license Apache-2.0
@notice  COMMIT, INCLUDE_COMMIT, INCLUDE_REVEAL, VOTE_COMMIT, VOTE_REVEAL, then SETTLED or ABORTED.
@dev     All of it shares one storage slot, which every act of a round reads and most acts write:
         state 2 bits, phase 3, number 14, deadline 40, then 64 bits each for seats, cast and held.
"""

JOINING: constant(uint256) = 1
RUNNING: constant(uint256) = 2
ENDED: constant(uint256) = 3

COMMIT: constant(uint256) = 1
INCLUDE_COMMIT: constant(uint256) = 2
INCLUDE_REVEAL: constant(uint256) = 3
VOTE_COMMIT: constant(uint256) = 4
VOTE_REVEAL: constant(uint256) = 5
SETTLED: constant(uint256) = 6
ABORTED: constant(uint256) = 7

LANE: constant(uint256) = 2**64 - 1

# @notice `cast`: validators that committed; while revealing, those whose reveal is still due.
struct Clock:
    state: uint256
    phase: uint256
    number: uint256
    deadline: uint256
    seats: uint256
    cast: uint256
    held: uint256  # whose reveal counts

_words: HashMap[bytes32, uint256]


@internal
@view
def load(task: bytes32) -> Clock:
    """@notice Where the task stands; zeros for an unknown one."""
    word: uint256 = self._words[task]
    return Clock(
        state=word & 3,
        phase=(word >> 2) & 7,
        number=(word >> 8) & (2**14 - 1),
        deadline=(word >> 24) & (2**40 - 1),
        seats=word >> 192,
        cast=(word >> 128) & LANE,
        held=(word >> 64) & LANE,
    )


@internal
def save(task: bytes32, now: Clock):
    """@notice Writes where the task stands."""
    self._words[task] = (
        now.state
        | (now.phase << 2)
        | (now.number << 8)
        | (now.deadline << 24)
        | (now.held << 64)
        | (now.cast << 128)
        | (now.seats << 192)
    )


@internal
@view
def during(task: bytes32, phase: uint256) -> Clock:
    """@notice Where the task stands; it must be in `phase` and in time."""
    now: Clock = self.load(task)
    assert now.phase == phase and now.state == RUNNING, "Rounds: not the phase for it"
    assert block.timestamp <= now.deadline, "Rounds: the phase is over"
    return now
