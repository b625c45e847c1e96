# pragma version 0.4.3
"""
@title   Settlement: hearing the votes, and what they agree on
@license Apache-2.0
@notice  Whoever settles brings the votes; each is checked against what its validator committed to.
         What follows in money is worked out in Tasks.
"""

from ...interfaces import IAppeals
from ...interfaces import IRounds
from ...interfaces import ITasks
from .. import hashchain
from .. import quorum
from . import ballots
from . import clock
from . import phases

uses: ballots
uses: clock
uses: hashchain
uses: phases

MAX_VALIDATORS: constant(uint256) = 64
MAX_PLACES: constant(uint256) = 264
MAX_LANES: constant(uint256) = 1024
MAX_BYTES: constant(uint256) = 8220

SETTLED: constant(bytes32) = keccak256(
    "Settled(bytes32,uint256,bytes32,uint256,bool,uint256,bytes,uint256,bytes32)"
)

appeals: public(immutable(IAppeals))

_aggregates: HashMap[bytes32, bytes32]
# @dev Number of the newest settled round, and in the lowest bit whether it was accepted.
_verdicts: HashMap[bytes32, uint256]


@deploy
def __init__(_appeals: IAppeals):
    """
    @notice Where suspensions are kept, fixed for good.
    @param _appeals The Appeals contract.
    """
    appeals = _appeals


@external
@nonreentrant
def settle(
    task: bytes32,
    votes: DynArray[IRounds.Vote, MAX_VALIDATORS],
    lanes: Bytes[MAX_BYTES],
    medians: Bytes[MAX_LANES],
    before: DynArray[uint256, MAX_PLACES],
):
    """
    @notice Closes a round whose votes are in, or late: by anyone.
    @dev    Who committed and is not heard, alone or here, is slashed first.
    @param task The task's id.
    @param votes Ascending places; all that were revealed (their salts are not looked at), and any
           whose reveal is due.
    @param lanes The votes' scores one after the other, then 28 zero bytes.
    @param medians A lane per included participant; may be empty without agreement.
    @param before The ledger's entries so far, all of them; may be empty without agreement.
    """
    now: clock.Clock = clock.load(task)
    running: bool = now.phase == clock.VOTE_REVEAL and now.state == clock.RUNNING
    assert running, "Rounds: not the phase for it"
    words: DynArray[uint256, MAX_VALIDATORS] = phases.validators(task)
    included: uint256 = phases.chosen[task]
    size: uint256 = 4 * quorum.count(included)
    assert len(lanes) == size * len(votes) + 28, "Rounds: wrong number of scores"
    outcome: ITasks.Outcome = empty(ITasks.Outcome)
    candidate: bytes32 = empty(bytes32)
    lead: uint256 = 0
    at: uint256 = 0
    due: uint256 = now.cast | now.held
    revealed: uint256 = now.held
    for vote: IRounds.Vote in votes:
        assert vote.place < MAX_VALIDATORS, "Rounds: nothing to reveal"
        bit: uint256 = 1 << vote.place
        assert due & bit != 0, "Rounds: nothing to reveal"
        assert bit > outcome.voted, "Rounds: votes out of order"
        outcome.voted |= bit
        own: Bytes[MAX_LANES] = convert(slice(lanes, at, size), Bytes[MAX_LANES])
        account: address = phases.account(words[vote.place])
        self._hear(task, now.number, account, included, vote, own, now.cast & bit != 0)
        at += size
        # The weighted majority vote of Boyer and Moore: one aggregate is left that can have it.
        stake: uint256 = phases.stake(words[vote.place])
        candidate, lead = self._lead(candidate, lead, vote.aggregate, stake)
    assert revealed & ~outcome.voted == 0, "Rounds: a vote is missing"
    now.cast &= ~outcome.voted
    now.held |= outcome.voted
    assert now.cast == 0 or block.timestamp > now.deadline, "Rounds: the phase is not over"
    phases.fault_silent(task, now, words)
    support: uint256 = 0
    accepting: uint256 = 0
    for vote: IRounds.Vote in votes:
        if vote.aggregate == candidate:
            outcome.winners |= 1 << vote.place
            stake: uint256 = phases.stake(words[vote.place])
            support += stake
            if vote.accept:
                accepting += stake
    bench: uint256 = phases.bench[task]
    if not quorum.reached(support, bench & (2**128 - 1)):
        clock.save(task, phases.abort(task, now, "no agreement"))
        return
    outcome.round = now.number
    outcome.included = included
    outcome.seated = quorum.count(bench >> 128)
    outcome.accepted = quorum.reached(accepting, bench & (2**128 - 1))
    spent: uint256 = 0
    root: bytes32 = empty(bytes32)
    spent, root = extcall phases.tasks.settle(task, outcome, lanes, medians, before)
    self._announce(task, candidate, outcome, medians, spent, root)
    liars: uint256 = outcome.voted & ~outcome.winners
    if liars != 0:
        extcall phases.tasks.suspend(task, liars)
        for vote: IRounds.Vote in votes:
            if quorum.has(liars, vote.place):
                account: address = phases.account(words[vote.place])
                self._suspend(task, now.number, account, vote.aggregate)
    clock.save(task, phases.close(task, now, clock.SETTLED))


@external
@view
def result_of(task: bytes32) -> IRounds.Result:
    """
    @notice What the newest settled round agreed on.
    @param task The task's id.
    @return The record; round 0 before the first.
    """
    word: uint256 = self._verdicts[task]
    return IRounds.Result(
        round=word >> 1, aggregate=self._aggregates[task], accepted=word & 1 == 1
    )


@internal
@pure
def _lead(
    candidate: bytes32, lead: uint256, aggregate: bytes32, stake: uint256
) -> (bytes32, uint256):
    """@notice One step of the vote of Boyer and Moore: who leads now, and by how much."""
    if aggregate == candidate:
        return candidate, lead + stake
    if stake > lead:
        return aggregate, stake - lead
    return candidate, lead - stake


@internal
def _suspend(task: bytes32, number: uint256, account: address, aggregate: bytes32):
    """@notice Who revealed another aggregate waits for an appeal, its bond locked."""
    seconds: uint256 = phases.schedule[task].appeal_seconds
    extcall appeals.suspend(task, number, account, aggregate, seconds)


@internal
def _hear(
    task: bytes32,
    number: uint256,
    account: address,
    included: uint256,
    vote: IRounds.Vote,
    lanes: Bytes[MAX_LANES],
    fresh: bool,
):
    """@notice Checks a vote against its commitment, and says it if nobody did yet."""
    lanes_hash: bytes32 = keccak256(lanes)
    found: bytes32 = ballots.vote_digest(vote.aggregate, vote.accept, lanes_hash)
    if fresh:
        found = ballots.vote_hash(
            task,
            number,
            account,
            included,
            vote.aggregate,
            vote.accept,
            vote.salt,
            lanes_hash,
        )
    assert found == phases.ballot_of[task][vote.place], "Rounds: vote does not match"
    if fresh:
        ballots.announce(task, number, account, vote.aggregate, vote.accept, lanes)


@internal
def _announce(
    task: bytes32,
    aggregate: bytes32,
    outcome: ITasks.Outcome,
    medians: Bytes[MAX_LANES],
    spent: uint256,
    root: bytes32,
):
    """@notice Keeps and says what the round came to."""
    self._aggregates[task] = aggregate
    self._verdicts[task] = (outcome.round << 1) | convert(outcome.accepted, uint256)
    log IRounds.Settled(
        task=task,
        round=outcome.round,
        aggregate=aggregate,
        included=outcome.included,
        accepted=outcome.accepted,
        winners=outcome.winners,
        medians=medians,
        spent=spent,
        root=root,
    )
    hashchain.extend(
        keccak256(
            abi_encode(
                SETTLED,
                task,
                outcome.round,
                aggregate,
                outcome.included,
                outcome.accepted,
                outcome.winners,
                medians,
                spent,
                root,
            )
        )
    )
