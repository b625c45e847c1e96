# pragma version 0.4.3
"""
@title   Ledger: what settled rounds add to what a task owes
@license Apache-2.0
@notice  Integer arithmetic over what a round agreed on. Whoever settles brings medians and the
         ledger so far, which can be worked out from the events; every bit of both is checked here.
         The same function in Python is quorate.learning.settlement.
"""

from ...interfaces import ITasks
from .. import hashchain
from .. import quorum
from .. import refusal
from . import cohort
from . import payouts
from . import scores

uses: cohort
uses: hashchain

MAX_PARTICIPANTS: constant(uint256) = 256
MAX_VALIDATORS: constant(uint256) = 64
MAX_PLACES: constant(uint256) = 320
MAX_LANES: constant(uint256) = 1024
MAX_BYTES: constant(uint256) = 8220

LOW: constant(bytes32) = keccak256("LowScore(bytes32,uint256,address,int256,uint256)")

digest_of: HashMap[bytes32, bytes32]
root_of: HashMap[bytes32, bytes32]
spent_of: HashMap[bytes32, uint256]


@internal
def open_(task: bytes32):
    """@notice Every entry is zero before the first round."""
    entries: DynArray[uint256, MAX_PLACES] = []
    for _: uint256 in range(cohort.listed[task] + cohort.joined[task], bound=MAX_PLACES):
        entries.append(0)
    self.digest_of[task] = keccak256(abi_encode(entries))


@internal
def add(
    task: bytes32,
    outcome: ITasks.Outcome,
    lanes: Bytes[MAX_BYTES],
    medians: Bytes[MAX_LANES],
    before: DynArray[uint256, MAX_PLACES],
) -> uint256:
    """@notice Adds a settled round; returns what it costs the escrow."""
    if len(medians) != 4 * quorum.count(outcome.included):
        refusal.because("Tasks: not the median")
    if keccak256(abi_encode(before)) != self.digest_of[task]:
        refusal.because("Tasks: not the ledger")
    self._check(task, outcome, lanes, medians)
    return self._pay(task, outcome, medians, before)


@internal
@view
def _check(
    task: bytes32,
    outcome: ITasks.Outcome,
    lanes: Bytes[MAX_BYTES],
    medians: Bytes[MAX_LANES],
):
    """@notice Every median must be the one of the winners that are not its party's own."""
    stakes: DynArray[uint256, MAX_VALIDATORS] = []
    conflicts: DynArray[uint256, MAX_VALIDATORS] = []
    some: uint256 = 0
    for place: uint256 in range(cohort.listed[task], bound=MAX_VALIDATORS):
        if quorum.has(outcome.voted, place):
            stake: uint256 = 0
            conflict: uint256 = 0
            if quorum.has(outcome.winners, place):
                word: uint256 = cohort.seat[task][place]
                stake = (word >> 160) & cohort.MAX_STAKE
                if word & cohort.CONFLICTED != 0:
                    conflict = cohort.conflicts_of[task][place]
                    some |= conflict
            stakes.append(stake)
            conflicts.append(conflict)
    at: uint256 = 0
    for index: uint256 in range(MAX_PARTICIPANTS):
        if at == len(medians):
            break
        if quorum.has(outcome.included, index):
            counted: DynArray[uint256, MAX_VALIDATORS] = stakes
            if quorum.has(some, index):
                for i: uint256 in range(len(stakes), bound=MAX_VALIDATORS):
                    # A score for a party under the scorer's own control is ignored.
                    if quorum.has(conflicts[i], index):
                        counted[i] = 0
            hint: uint256 = convert(slice(medians, at, 4), uint256)
            if not scores.is_median(hint, lanes, at, len(medians), counted):
                refusal.because("Tasks: not the median")
            at += 4


@internal
def _pay(
    task: bytes32,
    outcome: ITasks.Outcome,
    medians: Bytes[MAX_LANES],
    before: DynArray[uint256, MAX_PLACES],
) -> uint256:
    """@notice The new entries, their digest and root; penalties for low scores."""
    entries: DynArray[uint256, MAX_PLACES] = before
    spent: uint256 = 0
    share: uint256 = cohort.terms_of[task].validator_reward // outcome.seated
    count: uint256 = cohort.listed[task]
    for place: uint256 in range(count, bound=MAX_VALIDATORS):
        if quorum.has(outcome.winners, place):
            entries[place] = payouts.earn(entries[place], share, 0)
            spent += share
    positive: uint256 = 0
    for i: uint256 in range(len(medians) // 4, bound=MAX_PARTICIPANTS):
        lane: uint256 = convert(slice(medians, 4 * i, 4), uint256)
        if lane > scores.ZERO:
            positive += lane - scores.ZERO
    pool: uint256 = cohort.terms_of[task].participant_reward if outcome.accepted else 0
    floor_: int256 = cohort.terms_of[task].score_floor
    at: uint256 = 0
    for index: uint256 in range(MAX_PARTICIPANTS):
        if at == len(medians):
            break
        if quorum.has(outcome.included, index):
            lane: uint256 = convert(slice(medians, at, 4), uint256)
            median: int256 = scores.score_of(lane)
            amount: uint256 = 0
            if lane > scores.ZERO:
                amount = pool * (lane - scores.ZERO) // positive
                spent += amount
            place: uint256 = count + index
            entries[place] = payouts.earn(entries[place], amount, median)
            if median < floor_:
                self._penalise(task, outcome.round, index, median)
            at += 4
    self.digest_of[task] = keccak256(abi_encode(entries))
    self.root_of[task] = payouts.root_of(task, entries)
    self.spent_of[task] += spent
    return spent


@internal
def _penalise(task: bytes32, number: uint256, index: uint256, median: int256):
    """@notice A median below the floor costs what the terms say."""
    penalty: uint256 = cohort.terms_of[task].low_score_penalty
    account: address = cohort.penalise(task, index, penalty, "low score")
    log ITasks.LowScore(
        task=task, round=number, participant=account, median=median, penalty=penalty
    )
    hashchain.extend(keccak256(abi_encode(LOW, task, number, account, median, penalty)))
