# pragma version 0.4.3
"""
@title   Book: the state of rounds, and the steps between phases
@license Apache-2.0
@notice  COMMIT, INCLUDE_COMMIT, INCLUDE_REVEAL, VOTE_COMMIT, VOTE_REVEAL, then SETTLED or ABORTED.
"""

from ..interfaces import IRounds
from . import quorum
from . import tasks

uses: tasks

COMMIT: constant(uint256) = 1
INCLUDE_COMMIT: constant(uint256) = 2
INCLUDE_REVEAL: constant(uint256) = 3
VOTE_COMMIT: constant(uint256) = 4
VOTE_REVEAL: constant(uint256) = 5
SETTLED: constant(uint256) = 6
ABORTED: constant(uint256) = 7

PARTICIPANT: constant(uint256) = 2
VALIDATOR: constant(uint256) = 4
MAX_PARTICIPANTS: constant(uint256) = 32
MAX_VALIDATORS: constant(uint256) = 16

# @notice The newest round of a task, and by validator's place what it did in it. The next round
# writes over both: what a closed round said stays in its events, what it agreed in `result_of`.
round_of: public(HashMap[bytes32, IRounds.Round])
ballot_of: public(HashMap[bytes32, HashMap[uint256, IRounds.Ballot]])
# @notice What a settled round agreed on, by task and number; zeros for an aborted one.
result_of: public(HashMap[bytes32, HashMap[uint256, IRounds.Result]])


@internal
@view
def ready(task: bytes32):
    """@notice The phase must be over: its deadline has passed, or nobody is left to act in it."""
    late: bool = block.timestamp > self.round_of[task].deadline
    assert late or self._done(task), "Rounds: the phase is not over"


@internal
@view
def current(task: bytes32, phase: uint256) -> uint256:
    """@notice The number of the task's newest round, which must be in `phase` and in time."""
    assert self.round_of[task].phase == phase, "Rounds: not the phase for it"
    assert block.timestamp <= self.round_of[task].deadline, "Rounds: the phase is over"
    return tasks.task_of[task].round


@internal
def pledge(task: bytes32, phase: uint256, commitment: bytes32) -> uint256:
    """@notice Takes the caller's commitment to a bitmap or a vote; returns the round's number."""
    number: uint256 = self.current(task, phase)
    index: uint256 = tasks.place(task, msg.sender)
    bit: uint256 = 1 << index
    assert self.round_of[task].seats & bit != 0, "Rounds: not seated"
    assert self.round_of[task].cast & bit == 0, "Rounds: already committed"
    assert commitment != empty(bytes32), "Rounds: no commitment"
    self.round_of[task].cast |= bit
    self.round_of[task].waiting |= bit
    self.ballot_of[task][index].commitment = commitment
    return number


@internal
@view
def due(task: bytes32) -> uint256:
    """@notice The caller's place in the list of validators; its reveal must be due."""
    index: uint256 = tasks.place(task, msg.sender)
    assert quorum.has(self.round_of[task].waiting, index), "Rounds: nothing to reveal"
    return index


@internal
def matches(task: bytes32, number: uint256, index: uint256, found: bytes32) -> bool:
    """@notice Takes the caller's reveal: true when it opens the commitment, else it is a fault."""
    bit: uint256 = 1 << index
    self.round_of[task].waiting &= ~bit
    if found == self.ballot_of[task][index].commitment:
        self.round_of[task].held |= bit
        return True
    self._fault(task, number, msg.sender, "reveal does not match")
    return False


@internal
@view
def stake_of(task: bytes32, bits: uint256) -> uint256:
    """@notice The stake of the validators in `bits`, as it was when the round opened."""
    total: uint256 = 0
    for index: uint256 in range(MAX_VALIDATORS):
        if quorum.has(bits, index):
            total += self.ballot_of[task][index].stake
    return total


@internal
@view
def enough(task: bytes32, bits: uint256) -> bool:
    """@notice True when the validators in `bits` hold two thirds of the round's stake."""
    return quorum.reached(self.stake_of(task, bits), self.round_of[task].stake)


@internal
def enter(task: bytes32, number: uint256, phase: uint256, seconds: uint256):
    """@notice Starts a phase that ends `seconds` from now."""
    deadline: uint256 = block.timestamp + seconds
    self.round_of[task].phase = phase
    self.round_of[task].deadline = deadline
    log IRounds.PhaseStarted(task=task, round=number, phase=phase, deadline=deadline)


@internal
def step(task: bytes32, number: uint256):
    """@notice Leaves the phase at once if all who may act in it have acted."""
    if self._done(task):
        self.leave(task, number)


@internal
@view
def _done(task: bytes32) -> bool:
    """@notice True when nobody is left who may act in the phase."""
    phase: uint256 = self.round_of[task].phase
    if phase == COMMIT:
        return self.round_of[task].committed == self.round_of[task].eligible
    if phase == INCLUDE_COMMIT or phase == VOTE_COMMIT:
        return self.round_of[task].cast == self.round_of[task].seats
    return self.round_of[task].waiting == 0


@internal
def leave(task: bytes32, number: uint256):
    """@notice Goes from any phase but the last to the next one, or aborts the round."""
    phase: uint256 = self.round_of[task].phase
    if phase == COMMIT:
        committed: uint256 = quorum.count(self.round_of[task].committed)
        if committed < tasks.terms_of[task].min_participants:
            self.abort(task, number, "too few commitments")
        else:
            self.enter(task, number, INCLUDE_COMMIT, tasks.terms_of[task].include_seconds)
    elif phase == INCLUDE_REVEAL:
        self._fix(task, number)
    elif not self.enough(task, self.round_of[task].cast):
        self.abort(task, number, "too few validators")
    else:
        self.enter(task, number, phase + 1, tasks.terms_of[task].reveal_seconds)


@internal
def close(task: bytes32, number: uint256, phase: uint256):
    """@notice Closes the round; the last one ends the task."""
    self.round_of[task].phase = phase
    if number == tasks.terms_of[task].rounds:
        tasks.finish(task, "all rounds done")


@internal
def abort(task: bytes32, number: uint256, reason: String[32]):
    """@notice Closes the round without a result."""
    log IRounds.Aborted(task=task, round=number, reason=reason)
    self.close(task, number, ABORTED)


@internal
def unseat(task: bytes32, bit: uint256):
    """
    @notice What the validator still had to say in the round, and what it said that was not yet
            counted, counts no more. The round's whole stake stays as it was.
    """
    self.round_of[task].seats &= ~bit
    self.round_of[task].cast &= ~bit
    self.round_of[task].waiting &= ~bit
    self.round_of[task].held &= ~bit


@internal
def _fault(task: bytes32, number: uint256, account: address, reason: String[32]):
    """@notice A validator broke its own commitment."""
    log IRounds.Faulted(
        task=task,
        round=number,
        validator=account,
        phase=self.round_of[task].phase,
        reason=reason,
    )
    tasks.punish(account, VALIDATOR, tasks.terms_of[task].fault_penalty, reason)


@internal
def fault_silent(task: bytes32, number: uint256):
    """@notice Every validator that committed and did not reveal broke its commitment."""
    waiting: uint256 = self.round_of[task].waiting
    self.round_of[task].waiting = 0
    for index: uint256 in range(MAX_VALIDATORS):
        if quorum.has(waiting, index):
            self._fault(task, number, tasks.validators[task][index], "no reveal")


@internal
def _fix(task: bytes32, number: uint256):
    self.fault_silent(task, number)
    held: uint256 = self.round_of[task].held
    if not self.enough(task, held):
        self.abort(task, number, "too few validators")
        return
    included: uint256 = self._included(task, held)
    absent: uint256 = self.round_of[task].committed & ~included
    self.round_of[task].included = included
    log IRounds.SetFixed(task=task, round=number, included=included, absent=absent)
    penalty: uint256 = tasks.terms_of[task].absence_penalty
    for index: uint256 in range(MAX_PARTICIPANTS):
        if quorum.has(absent, index):
            tasks.punish(tasks.participants[task][index], PARTICIPANT, penalty, "absent")
    if quorum.count(included) < tasks.terms_of[task].min_participants:
        self.abort(task, number, "too few included")
    else:
        self.round_of[task].cast = 0
        self.round_of[task].held = 0
        self.enter(task, number, VOTE_COMMIT, tasks.terms_of[task].vote_seconds)


@internal
@view
def _included(task: bytes32, held: uint256) -> uint256:
    support: uint256[MAX_PARTICIPANTS] = empty(uint256[MAX_PARTICIPANTS])
    for seat: uint256 in range(MAX_VALIDATORS):
        if not quorum.has(held, seat):
            continue
        bitmap: uint256 = self.ballot_of[task][seat].bitmap
        stake: uint256 = self.ballot_of[task][seat].stake
        for index: uint256 in range(MAX_PARTICIPANTS):
            if quorum.has(bitmap, index):
                support[index] += stake
    whole: uint256 = self.round_of[task].stake
    included: uint256 = 0
    for index: uint256 in range(MAX_PARTICIPANTS):
        if quorum.reached(support[index], whole):
            included |= 1 << index
    return included
