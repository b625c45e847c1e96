# pragma version 0.4.3
"""
@title   People: what anyone may ask Tasks
@license Apache-2.0
"""

from ...interfaces import ITasks
from .. import quorum
from . import cohort
from . import ledger

uses: cohort
uses: ledger

MAX_PARTICIPANTS: constant(uint256) = 256
MAX_VALIDATORS: constant(uint256) = 64


@external
@view
def ledger_of(task: bytes32) -> ITasks.Ledger:
    """
    @notice What the task owes, by digest and root.
    @param task The task's id.
    @return The record; root zero before the first settled round.
    """
    return ITasks.Ledger(
        root=ledger.root_of[task],
        digest=ledger.digest_of[task],
        roster=cohort.digests[task],
        size=cohort.listed(task) + cohort.joined(task),
        spent=cohort.sizes[task] >> 32,
    )


@external
@view
def seats_of(task: bytes32) -> DynArray[uint256, MAX_VALIDATORS]:
    """
    @notice Per listed validator its account (160 bits), stake (95) and whether it stands behind a
            participant (1).
    @param task The task's id.
    @return One word per place.
    """
    found: DynArray[uint256, MAX_VALIDATORS] = []
    for place: uint256 in range(cohort.listed(task), bound=MAX_VALIDATORS):
        found.append(cohort.seat[task][place])
    return found


@external
@view
def roster_of(task: bytes32) -> (bytes32, uint256):
    """
    @notice Digest of the accounts at all places, and how many of them are validators.
    @param task The task's id.
    @return Digest (zero before the first opening) and count.
    """
    return cohort.digests[task], cohort.listed(task)


@external
@view
def stake_in(task: bytes32, bits: uint256) -> uint256:
    """
    @notice The stake of several validators together.
    @param task The task's id.
    @param bits Their places.
    @return Token units.
    """
    total: uint256 = 0
    for place: uint256 in range(cohort.listed(task), bound=MAX_VALIDATORS):
        if quorum.has(bits, place):
            total += (cohort.seat[task][place] >> 160) & cohort.MAX_STAKE
    return total


@external
@view
def joined_of(task: bytes32) -> uint256:
    """
    @notice How many participants joined.
    @param task The task's id.
    @return Their number.
    """
    return cohort.joined(task)


@external
@view
def account_at(task: bytes32, place: uint256) -> address:
    """
    @notice Whose place it is: validators first, in list order, then participants in join order.
    @param task The task's id.
    @param place Counted from 0.
    @return The account; zero where there is none.
    """
    return cohort.account_at(task, place)


@external
@view
def role_at(task: bytes32, place: uint256) -> uint256:
    """
    @notice In which role the account at a place earns.
    @param task The task's id.
    @param place Counted from 0.
    @return VALIDATOR 4 or PARTICIPANT 2.
    """
    return cohort.VALIDATOR if place < cohort.listed(task) else cohort.PARTICIPANT


@external
@view
def stake_of(task: bytes32, place: uint256) -> uint256:
    """
    @notice The stake with which a validator votes.
    @param task The task's id.
    @param place Its place in the list.
    @return Token units; 0 for one that is not seated.
    """
    return (cohort.seat[task][place] >> 160) & cohort.MAX_STAKE


@external
@view
def validators_of(task: bytes32) -> DynArray[address, MAX_VALIDATORS]:
    """
    @notice The listed validators; the place in this list is the bit in bitmaps.
    @param task The task's id.
    @return Their accounts.
    """
    found: DynArray[address, MAX_VALIDATORS] = []
    for place: uint256 in range(cohort.listed(task), bound=MAX_VALIDATORS):
        found.append(cohort.validator_at(task, place))
    return found


@external
@view
def participants_of(task: bytes32) -> DynArray[address, MAX_PARTICIPANTS]:
    """
    @notice The participants in join order; the place in this list is the bit in bitmaps.
    @param task The task's id.
    @return Their accounts.
    """
    found: DynArray[address, MAX_PARTICIPANTS] = []
    for index: uint256 in range(cohort.joined(task), bound=MAX_PARTICIPANTS):
        found.append(cohort.participants[task][index])
    return found


@external
@view
def expelled(task: bytes32, place: uint256) -> bool:
    """
    @notice True for a validator that lied in this task.
    @param task The task's id.
    @param place Its place in the list.
    @return True or false.
    """
    return place < MAX_VALIDATORS and quorum.has(cohort.expelled_[task], place)


@external
@view
def appeal_seconds(task: bytes32) -> uint256:
    """
    @notice How much longer the window of an appealed suspension stays open.
    @param task The task's id.
    @return Seconds.
    """
    return cohort.terms_of[task].appeal_seconds
