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
MAX_PLACES: constant(uint256) = 320
MAX_LANES: constant(uint256) = 1024
MAX_BYTES: constant(uint256) = 8220

SETTLED: constant(bytes32) = keccak256(
    "Settled(bytes32,uint256,bytes32,uint256,bool,uint256,bytes,uint256,bytes32)"
)

# @notice What the votes of a round come to.
struct Agreement:
    voted: uint256      # bits of all places that were heard
    winners: uint256    # of those behind the agreed aggregate; 0: no agreement
    aggregate: bytes32
    accepted: bool

appeals: public(immutable(IAppeals))

# @notice What the newest settled round agreed on.
result_of: public(HashMap[bytes32, IRounds.Result])


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
    @param votes Ascending places; all that were revealed, and any whose reveal is due.
    @param lanes The votes' scores one after the other, then 28 zero bytes.
    @param medians A lane per included participant; may be empty without agreement.
    @param before The ledger's entries so far, all of them; may be empty without agreement.
    """
    now: clock.Clock = clock.load(task)
    running: bool = now.phase == clock.VOTE_REVEAL and now.state == clock.RUNNING
    assert running, "Rounds: not the phase for it"
    words: DynArray[uint256, MAX_VALIDATORS] = phases.validators(task)
    included: uint256 = phases.chosen[task]
    now = self._hear(task, now, included, votes, lanes, words)
    assert now.cast == 0 or block.timestamp > now.deadline, "Rounds: the phase is not over"
    phases.fault_silent(task, now, words)
    agreed: Agreement = self._agree(task, votes, words)
    if agreed.winners == 0:
        clock.save(task, phases.abort(task, now, "no agreement"))
        return
    self.result_of[task] = IRounds.Result(
        round=now.number, aggregate=agreed.aggregate, accepted=agreed.accepted
    )
    spent: uint256 = 0
    root: bytes32 = empty(bytes32)
    spent, root = extcall phases.tasks.settle(
        task,
        ITasks.Outcome(
            round=now.number,
            included=included,
            voted=agreed.voted,
            winners=agreed.winners,
            seated=quorum.count(phases.bench[task] >> 128),
            accepted=agreed.accepted,
        ),
        lanes,
        medians,
        before,
    )
    self._announce(task, now.number, included, agreed, medians, spent, root)
    self._suspend(task, now.number, agreed.voted & ~agreed.winners, votes, words)
    clock.save(task, phases.close(task, now, clock.SETTLED))


@internal
def _hear(
    task: bytes32,
    now: clock.Clock,
    included: uint256,
    votes: DynArray[IRounds.Vote, MAX_VALIDATORS],
    lanes: Bytes[MAX_BYTES],
    words: DynArray[uint256, MAX_VALIDATORS],
) -> clock.Clock:
    """@notice Checks every vote against its commitment; those not yet revealed are so now."""
    after: clock.Clock = now
    size: uint256 = 4 * quorum.count(included)
    assert len(lanes) == size * len(votes) + 28, "Rounds: wrong number of scores"
    heard: uint256 = 0
    at: uint256 = 0
    for vote: IRounds.Vote in votes:
        due: bool = vote.place < MAX_VALIDATORS
        due = due and quorum.has(now.cast | now.held, vote.place)
        assert due, "Rounds: nothing to reveal"
        bit: uint256 = 1 << vote.place
        assert bit > heard, "Rounds: votes out of order"
        heard |= bit
        account: address = phases.account(words[vote.place])
        own: Bytes[MAX_LANES] = convert(slice(lanes, at, size), Bytes[MAX_LANES])
        found: bytes32 = ballots.vote_hash(
            task,
            now.number,
            account,
            included,
            vote.aggregate,
            vote.accept,
            vote.salt,
            keccak256(own),
        )
        matches: bool = found == phases.ballot_of[task][vote.place]
        assert matches, "Rounds: vote does not match"
        at += size
        if now.cast & bit != 0:
            after.cast &= ~bit
            after.held |= bit
            ballots.announce(task, now.number, account, vote.aggregate, vote.accept, own)
    assert now.held & ~heard == 0, "Rounds: a vote is missing"
    return after


@internal
@view
def _agree(
    task: bytes32,
    votes: DynArray[IRounds.Vote, MAX_VALIDATORS],
    words: DynArray[uint256, MAX_VALIDATORS],
) -> Agreement:
    """
    @notice Who revealed the aggregate that has two thirds of the stake.
    @dev    The weighted majority vote of Boyer and Moore leaves one candidate that can have it.
    """
    agreed: Agreement = empty(Agreement)
    lead: uint256 = 0
    for vote: IRounds.Vote in votes:
        stake: uint256 = phases.stake(words[vote.place])
        if vote.aggregate == agreed.aggregate:
            lead += stake
        elif stake > lead:
            agreed.aggregate = vote.aggregate
            lead = stake - lead
        else:
            lead -= stake
    support: uint256 = 0
    accepting: uint256 = 0
    for vote: IRounds.Vote in votes:
        agreed.voted |= 1 << vote.place
        if vote.aggregate == agreed.aggregate:
            stake: uint256 = phases.stake(words[vote.place])
            agreed.winners |= 1 << vote.place
            support += stake
            if vote.accept:
                accepting += stake
    whole: uint256 = phases.whole(task)
    agreed.accepted = quorum.reached(accepting, whole)
    if not quorum.reached(support, whole):
        agreed.winners = 0
    return agreed


@internal
def _announce(
    task: bytes32,
    number: uint256,
    included: uint256,
    agreed: Agreement,
    medians: Bytes[MAX_LANES],
    spent: uint256,
    root: bytes32,
):
    """@notice Says what the round came to."""
    log IRounds.Settled(
        task=task,
        round=number,
        aggregate=agreed.aggregate,
        included=included,
        accepted=agreed.accepted,
        winners=agreed.winners,
        medians=medians,
        spent=spent,
        root=root,
    )
    hashchain.extend(
        keccak256(
            abi_encode(
                SETTLED,
                task,
                number,
                agreed.aggregate,
                included,
                agreed.accepted,
                agreed.winners,
                medians,
                spent,
                root,
            )
        )
    )


@internal
def _suspend(
    task: bytes32,
    number: uint256,
    liars: uint256,
    votes: DynArray[IRounds.Vote, MAX_VALIDATORS],
    words: DynArray[uint256, MAX_VALIDATORS],
):
    """@notice Who revealed another aggregate waits for an appeal, its bond locked."""
    if liars == 0:
        return
    extcall phases.tasks.suspend(task, liars)
    seconds: uint256 = phases.schedule[task].appeal_seconds
    for vote: IRounds.Vote in votes:
        if quorum.has(liars, vote.place):
            account: address = phases.account(words[vote.place])
            extcall appeals.suspend(task, number, account, vote.aggregate, seconds)
