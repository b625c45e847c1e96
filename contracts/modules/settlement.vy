# pragma version 0.4.3
"""
@title   Settlement: agreement, medians, rewards, penalties
@license Apache-2.0
@notice  Everything here is integer arithmetic over the round's facts; the same function in Python
         is quorate.learning.settlement, which an auditor runs beside it.
"""

from ..interfaces import IRounds
from . import book
from . import quorum
from . import scores
from . import tasks

uses: book
uses: tasks

PARTICIPANT: constant(uint256) = 2
VALIDATOR: constant(uint256) = 4
MAX_PARTICIPANTS: constant(uint256) = 32
MAX_VALIDATORS: constant(uint256) = 16

# @notice A validator's suspension by task and account.
suspension_of: public(HashMap[bytes32, HashMap[address, IRounds.Suspension]])


@external
@nonreentrant
def settle(task: bytes32):
    """
    @notice Closes a round whose votes are in, or late: by anyone.
    @dev    Those who committed and did not reveal are slashed first.
    @param task The task's id.
    """
    number: uint256 = tasks.task_of[task].round
    r: IRounds.Round = book.round_of[task]
    assert r.phase == book.VOTE_REVEAL, "Rounds: not the phase for it"
    book.ready(task)
    book.fault_silent(task, number)
    agreed: uint256 = self._agreed(task, r.held, r.stake)
    if agreed == 0:
        book.abort(task, number, "no agreement")
        return
    aggregate: bytes32 = empty(bytes32)
    accepting: uint256 = 0
    for seat: uint256 in range(MAX_VALIDATORS):
        if quorum.has(agreed, seat):
            aggregate = book.ballot_of[task][seat].aggregate
            if book.ballot_of[task][seat].accept:
                accepting += book.ballot_of[task][seat].stake
    accepted: bool = quorum.reached(accepting, r.stake)
    book.result_of[task][number] = IRounds.Result(
        aggregate=aggregate, included=r.included, accepted=accepted
    )
    log IRounds.Settled(
        task=task, round=number, aggregate=aggregate, included=r.included, accepted=accepted
    )
    self._score(task, number, r.included, agreed, accepted)
    share: uint256 = tasks.terms_of[task].validator_reward // r.seated
    for seat: uint256 in range(MAX_VALIDATORS):
        if quorum.has(agreed, seat):
            account: address = tasks.validators[task][seat]
            tasks.pay(task, account, share)
            extcall tasks.stakes.record(account, VALIDATOR, 0, False)
            log IRounds.Rewarded(task=task, round=number, validator=account, amount=share)
    self._suspend(task, number, r.held & ~agreed)
    book.close(task, number, book.SETTLED)


@internal
@view
def _agreed(task: bytes32, held: uint256, whole: uint256) -> uint256:
    """@notice The validators that revealed an aggregate with two thirds of the stake, or none."""
    for index: uint256 in range(MAX_VALIDATORS):
        if not quorum.has(held, index):
            continue
        aggregate: bytes32 = book.ballot_of[task][index].aggregate
        same: uint256 = 0
        for other: uint256 in range(MAX_VALIDATORS):
            if quorum.has(held, other):
                if book.ballot_of[task][other].aggregate == aggregate:
                    same |= 1 << other
        if quorum.reached(book.stake_of(task, same), whole):
            return same
    return 0


@internal
def _score(task: bytes32, number: uint256, included: uint256, agreed: uint256, accepted: bool):
    medians: int256[MAX_PARTICIPANTS] = self._medians(task, included, agreed)
    positive: uint256 = 0
    for median: int256 in medians:
        if median > 0:
            positive += convert(median, uint256)
    pool: uint256 = tasks.terms_of[task].participant_reward if accepted else 0
    for index: uint256 in range(MAX_PARTICIPANTS):
        if quorum.has(included, index):
            account: address = tasks.participants[task][index]
            median: int256 = medians[index]
            reward: uint256 = 0
            if median > 0:
                reward = pool * convert(median, uint256) // positive
                tasks.pay(task, account, reward)
            penalty: uint256 = 0
            if median < tasks.terms_of[task].score_floor:
                penalty = tasks.terms_of[task].low_score_penalty
                extcall tasks.stakes.slash(account, PARTICIPANT, penalty, "low score")
            extcall tasks.stakes.record(account, PARTICIPANT, median, False)
            log IRounds.Scored(
                task=task,
                round=number,
                participant=account,
                median=median,
                reward=reward,
                penalty=penalty,
            )


@internal
@view
def _medians(task: bytes32, included: uint256, agreed: uint256) -> int256[MAX_PARTICIPANTS]:
    """@notice Per participant bit the median score; 0 for those not included."""
    controllers: bytes32[MAX_VALIDATORS] = empty(bytes32[MAX_VALIDATORS])
    packed: uint256[4][MAX_VALIDATORS] = empty(uint256[4][MAX_VALIDATORS])
    for seat: uint256 in range(MAX_VALIDATORS):
        if quorum.has(agreed, seat):
            account: address = tasks.validators[task][seat]
            controllers[seat] = staticcall tasks.members.controller_of(account)
            packed[seat] = book.ballot_of[task][seat].scores
    medians: int256[MAX_PARTICIPANTS] = empty(int256[MAX_PARTICIPANTS])
    place: uint256 = 0  # among the included: where its score stands in every reveal
    for index: uint256 in range(MAX_PARTICIPANTS):
        if not quorum.has(included, index):
            continue
        account: address = tasks.participants[task][index]
        controller: bytes32 = staticcall tasks.members.controller_of(account)
        values: int256[MAX_VALIDATORS] = empty(int256[MAX_VALIDATORS])
        stakes: uint256[MAX_VALIDATORS] = empty(uint256[MAX_VALIDATORS])
        for seat: uint256 in range(MAX_VALIDATORS):
            # A score for a party under the scorer's own control is ignored.
            if quorum.has(agreed, seat) and controllers[seat] != controller:
                values[seat] = scores.unpack(packed[seat], place)
                stakes[seat] = book.ballot_of[task][seat].stake
        medians[index] = scores.median(values, stakes)
        place += 1
    return medians


@internal
def _suspend(task: bytes32, number: uint256, liars: uint256):
    if liars == 0:
        return
    deadline: uint256 = block.timestamp + tasks.terms_of[task].appeal_seconds
    tasks.task_of[task].suspended |= liars
    for index: uint256 in range(MAX_VALIDATORS):
        if quorum.has(liars, index):
            account: address = tasks.validators[task][index]
            self.suspension_of[task][account] = IRounds.Suspension(
                round=number, deadline=deadline, appealed=False
            )
            log IRounds.Suspended(
                task=task,
                round=number,
                validator=account,
                aggregate=book.ballot_of[task][index].aggregate,
                deadline=deadline,
            )
