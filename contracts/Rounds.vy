# pragma version 0.4.3
"""
@title   Rounds
@license Apache-2.0
@notice  Federated tasks: participants commit to updates; validators agree by two thirds of their
         stake on the set of updates, on the aggregate's digest and on the scores; rewards,
         penalties and suspensions follow from the numbers.
@dev     Every state can be left by anyone once its deadline has passed. Nobody owns the contract.
         A commitment binds tag, chain, contract, task, round and sender, so none can be copied or
         replayed. See contracts/README.md for the phases.
"""

from .interfaces import IMembers
from .interfaces import IRounds
from .interfaces import IStakes
from .interfaces import IToken
from .modules import appeals
from .modules import book
from .modules import quorum
from .modules import scores
from .modules import settlement
from .modules import tasks

initializes: tasks
initializes: book[tasks := tasks]
initializes: settlement[book := book, tasks := tasks]
initializes: appeals[book := book, settlement := settlement, tasks := tasks]

exports: (
    tasks.create,
    tasks.join,
    tasks.cancel,
    tasks.claim,
    tasks.task_id,
    tasks.terms_of,
    tasks.task_of,
    tasks.owed,
    tasks.validators_of,
    tasks.participants_of,
    tasks.participant_of,
    tasks.members,
    tasks.token,
    tasks.stakes,
    book.round_of,
    book.ballot_of,
    book.result_of,
    settlement.settle,
    settlement.suspension_of,
    appeals.appeal,
    appeals.resolve,
    appeals.prove_equivocation,
    appeals.appeal_subject,
)

PARTICIPANT: constant(uint256) = 2
VALIDATOR: constant(uint256) = 4
MAX_PARTICIPANTS: constant(uint256) = 32
MAX_VALIDATORS: constant(uint256) = 16

# The ASCII text, then zero bytes: "quorate/include/v1" and "quorate/vote/v1".
INCLUDE_TAG: constant(bytes32) = 0x71756f726174652f696e636c7564652f76310000000000000000000000000000
VOTE_TAG: constant(bytes32) = 0x71756f726174652f766f74652f76310000000000000000000000000000000000


@deploy
def __init__(_members: IMembers, _token: IToken, _stakes: IStakes):
    """
    @notice The three contracts are fixed for good.
    @param _members The Members contract.
    @param _token The Token contract.
    @param _stakes The Stakes contract.
    """
    tasks.__init__(_members, _token, _stakes)


@external
@nonreentrant
def open(task: bytes32):
    """
    @notice Opens the next round. The first: by the sponsor once enough joined, by anyone after
            the join deadline. Later ones: by anyone once the one before is closed. Who may act,
            and every validator's stake, is fixed here. With too few, the task ends.
    @param task The task's id.
    """
    state: uint256 = tasks.task_of[task].state
    assert state == tasks.JOINING or state == tasks.RUNNING, "Rounds: no running task"
    number: uint256 = tasks.task_of[task].round
    early: bool = False
    if state == tasks.JOINING:
        enough: bool = len(tasks.participants[task]) >= tasks.terms_of[task].min_participants
        assert enough, "Rounds: too few joined"
        early = block.timestamp <= tasks.task_of[task].join_deadline
        assert not early or msg.sender == tasks.terms_of[task].sponsor, "Rounds: too early to open"
    else:
        closed: bool = book.round_of[task].phase >= book.SETTLED
        assert closed, "Rounds: a round is still open"
    eligible: uint256 = self._eligible(task)
    stakes: DynArray[uint256, MAX_VALIDATORS] = self._stakes(task)
    seated: uint256 = 0
    for stake: uint256 in stakes:
        if stake != 0:
            seated += 1
    few: bool = quorum.count(eligible) < tasks.terms_of[task].min_participants
    # The committee that the members approved must keep two thirds of its seats.
    if few or not quorum.reached(seated, len(tasks.validators[task])):
        # Before the join deadline more can still come: nothing is ended then.
        assert not early, "Rounds: too few are eligible"
        tasks.finish(task, "too few are eligible")
        return
    tasks.task_of[task].state = tasks.RUNNING
    tasks.task_of[task].round = number + 1
    self._seat(task, number + 1, eligible, stakes)
    book.enter(task, number + 1, book.COMMIT, tasks.terms_of[task].commit_seconds)


@external
@nonreentrant
def commit(task: bytes32, commitment: bytes32):
    """
    @notice An eligible participant's hiding commitment to its update.
    @param commitment keccak256 of the ABI encoding of "quorate/update/v1" as bytes32, chain id,
           this contract, task, round, sender, digest of the update and salt; opened off chain.
    @param task The task's id.
    """
    number: uint256 = book.current(task, book.COMMIT)
    position: uint256 = tasks.people[task][msg.sender].position
    assert position != 0, "Rounds: not a participant here"
    bit: uint256 = 1 << (position - 1)
    assert book.round_of[task].eligible & bit != 0, "Rounds: not eligible"
    assert book.round_of[task].committed & bit == 0, "Rounds: already committed"
    assert commitment != empty(bytes32), "Rounds: no commitment"
    book.round_of[task].committed |= bit
    log IRounds.Committed(
        task=task, round=number, participant=msg.sender, commitment=commitment
    )
    book.step(task, number)


@external
@nonreentrant
def include_commit(task: bytes32, commitment: bytes32):
    """
    @notice A seated validator's commitment to the updates that it holds, opened and found valid.
    @param commitment keccak256 of the ABI encoding of "quorate/include/v1" as bytes32, chain id,
           this contract, task, round, sender, bitmap and salt.
    @param task The task's id.
    """
    number: uint256 = book.pledge(task, book.INCLUDE_COMMIT, commitment)
    log IRounds.IncludeCommitted(
        task=task, round=number, validator=msg.sender, commitment=commitment
    )
    book.step(task, number)


@external
@nonreentrant
def include_reveal(task: bytes32, bitmap: uint256, salt: bytes32):
    """
    @notice Opens the include commitment. One that does not match is a fault, slashed at once.
    @param bitmap Bits of participants that committed; any other bit reverts.
    @param task The task's id.
    @param salt The 32 bytes that hid what was committed.
    """
    number: uint256 = book.current(task, book.INCLUDE_REVEAL)
    index: uint256 = book.due(task)
    foreign: uint256 = bitmap & ~book.round_of[task].committed
    assert foreign == 0, "Rounds: bit without commitment"
    found: bytes32 = keccak256(
        abi_encode(INCLUDE_TAG, chain.id, self, task, number, msg.sender, bitmap, salt)
    )
    if book.matches(task, number, index, found):
        book.ballot_of[task][index].bitmap = bitmap
        log IRounds.Included(task=task, round=number, validator=msg.sender, bitmap=bitmap)
    book.step(task, number)


@external
@nonreentrant
def vote_commit(task: bytes32, commitment: bytes32):
    """
    @notice A seated validator's commitment to aggregate, scores and verdict.
    @param commitment keccak256 of the ABI encoding of "quorate/vote/v1" as bytes32, chain id,
           this contract, task, round, sender, included bitmap, aggregate, scores, accept, salt.
    @param task The task's id.
    """
    number: uint256 = book.pledge(task, book.VOTE_COMMIT, commitment)
    log IRounds.VoteCommitted(
        task=task, round=number, validator=msg.sender, commitment=commitment
    )
    book.step(task, number)


@external
@nonreentrant
def vote_reveal(
    task: bytes32,
    aggregate: bytes32,
    participant_scores: DynArray[int256, MAX_PARTICIPANTS],
    accept: bool,
    salt: bytes32,
):
    """
    @notice Opens the vote. One that does not match is a fault, slashed at once.
    @param aggregate SHA-256 of the aggregate's bytes.
    @param participant_scores One per included participant, in join order, millionths.
    @param accept True when the candidate model is good enough to advance.
    @param task The task's id.
    @param salt The 32 bytes that hid what was committed.
    """
    number: uint256 = book.current(task, book.VOTE_REVEAL)
    index: uint256 = book.due(task)
    included: uint256 = book.round_of[task].included
    whole: bool = len(participant_scores) == quorum.count(included)
    assert whole, "Rounds: one score per included"
    packed: uint256[4] = scores.pack(participant_scores)
    found: bytes32 = keccak256(
        abi_encode(
            VOTE_TAG,
            chain.id,
            self,
            task,
            number,
            msg.sender,
            included,
            aggregate,
            participant_scores,
            accept,
            salt,
        )
    )
    if book.matches(task, number, index, found):
        book.ballot_of[task][index].aggregate = aggregate
        book.ballot_of[task][index].accept = accept
        book.ballot_of[task][index].scores = packed
        log IRounds.VoteRevealed(
            task=task,
            round=number,
            validator=msg.sender,
            aggregate=aggregate,
            scores=participant_scores,
            accept=accept,
        )


@external
@nonreentrant
def advance(task: bytes32):
    """
    @notice Leaves a phase that is over, by anyone; the last one is left by `settle`.
    @param task The task's id.
    """
    number: uint256 = tasks.task_of[task].round
    phase: uint256 = book.round_of[task].phase
    assert phase >= book.COMMIT and phase < book.VOTE_REVEAL, "Rounds: not the phase for it"
    book.ready(task)
    book.leave(task, number)


@internal
@view
def _eligible(task: bytes32) -> uint256:
    least: uint256 = tasks.terms_of[task].participant_bond
    eligible: uint256 = 0
    bit: uint256 = 1
    for account: address in tasks.participants[task]:
        if staticcall tasks.members.has_role(account, PARTICIPANT):
            if staticcall tasks.stakes.bond(account, PARTICIPANT) >= least:
                eligible |= bit
        bit <<= 1
    return eligible


@internal
@view
def _stakes(task: bytes32) -> DynArray[uint256, MAX_VALIDATORS]:
    """@notice Per listed validator its bond now, or 0 if it cannot be seated."""
    least: uint256 = tasks.terms_of[task].validator_bond
    barred: uint256 = tasks.task_of[task].suspended | tasks.task_of[task].expelled
    stakes: DynArray[uint256, MAX_VALIDATORS] = []
    for account: address in tasks.validators[task]:
        stake: uint256 = staticcall tasks.stakes.bond(account, VALIDATOR)
        may: bool = staticcall tasks.members.has_role(account, VALIDATOR)
        if stake < least or not may or quorum.has(barred, len(stakes)):
            stake = 0
        stakes.append(stake)
    return stakes


@internal
def _seat(
    task: bytes32,
    number: uint256,
    eligible: uint256,
    stakes: DynArray[uint256, MAX_VALIDATORS],
):
    """@notice Writes down who may act with which stake; locks bonds not yet locked."""
    # A whole new record: no bit of the round before survives.
    newest: IRounds.Round = empty(IRounds.Round)
    newest.eligible = eligible
    locked: uint256 = tasks.task_of[task].locked
    index: uint256 = 0
    for stake: uint256 in stakes:
        book.ballot_of[task][index].stake = stake
        if stake != 0:
            newest.seats |= 1 << index
            newest.seated += 1
            newest.stake += stake
            if not quorum.has(locked, index):
                extcall tasks.stakes.lock(tasks.validators[task][index], VALIDATOR)
        index += 1
    tasks.task_of[task].locked = locked | newest.seats
    book.round_of[task] = newest
    log IRounds.RoundOpened(
        task=task,
        round=number,
        eligible=eligible,
        validators=tasks.validators[task],
        stakes=stakes,
    )
