# pragma version 0.4.3
"""
@title   Verdicts: what Rounds tells Tasks
@license Apache-2.0
@notice  Every function here is for Rounds alone; what it decided is carried out on people, bonds
         and the ledger.
"""

from ...interfaces import ITasks
from .. import quorum
from . import cohort
from . import ledger

uses: cohort
uses: ledger

PARTICIPANT: constant(uint256) = 2
MAX_PARTICIPANTS: constant(uint256) = 256
MAX_VALIDATORS: constant(uint256) = 64


@external
def muster(task: bytes32, first: bool) -> ITasks.Muster:
    """
    @notice Rounds: who may act in the round that opens.
    @param task The task's id.
    @param first True for the first round, when all is computed and the ledger begins.
    @return Counts, bits and stake.
    """
    cohort.only_rounds()
    if first:
        ledger.open_(task)
    return cohort.muster(task, first)


@external
def punish(task: bytes32, places: uint256, reason: String[32]):
    """
    @notice Rounds: validators broke their own commitments.
    @param task The task's id.
    @param places Bits of the validators.
    @param reason For the event of Stakes.
    """
    cohort.only_rounds()
    penalty: uint256 = cohort.terms_of[task].fault_penalty
    for place: uint256 in range(MAX_VALIDATORS):
        if quorum.has(places, place):
            cohort.punish(task, place, penalty, reason)


@external
def mark_absent(task: bytes32, absent: uint256):
    """
    @notice Rounds: participants committed to updates that they did not deliver.
    @param task The task's id.
    @param absent Bits of the participants.
    """
    cohort.only_rounds()
    penalty: uint256 = cohort.terms_of[task].absence_penalty
    for index: uint256 in range(MAX_PARTICIPANTS):
        if quorum.has(absent, index):
            account: address = cohort.penalise(task, index, penalty, "absent")
            extcall cohort.stakes.record(account, PARTICIPANT, 0, 0, 1)


@external
def suspend(task: bytes32, places: uint256):
    """
    @notice Rounds: validators that revealed another aggregate wait for an appeal.
    @param task The task's id.
    @param places Bits of the validators.
    """
    cohort.only_rounds()
    cohort.suspended[task] |= places
    cohort.mark(task, places)


@external
def expel(task: bytes32, place: uint256, reason: String[32]):
    """
    @notice Rounds, for Appeals: slashes a validator that lied; it is never seated again here.
    @param task The task's id.
    @param place The validator's.
    @param reason For the event of Stakes.
    """
    cohort.only_rounds()
    cohort.expelled_[task] |= 1 << place
    cohort.suspended[task] &= ~(1 << place)
    cohort.punish(task, place, cohort.terms_of[task].lie_penalty, reason)
    cohort.unlock(task, place)


@external
def reinstate(task: bytes32, place: uint256):
    """
    @notice Rounds, for Appeals: ends a suspension in the validator's favour.
    @param task The task's id.
    @param place The validator's.
    """
    cohort.only_rounds()
    cohort.suspended[task] &= ~(1 << place)
    cohort.mark(task, 1 << place)
    cohort.unlock(task, place)
