# pragma version 0.4.3
"""
@title   Rounds
@license Apache-2.0
@notice  Federated rounds: participants commit to updates; validators agree by two thirds of their
         stake on the set of updates, on the aggregate's digest and on the scores; what the task
         owes and whom it suspends follow from the numbers.
@dev     Every state can be left by anyone once its deadline has passed. Nobody owns the contract,
         and it holds no money: Tasks does. A commitment binds tag, chain, contract, task, round and
         sender, so none can be copied or replayed. See contracts/README.md for the phases.
"""

from .interfaces import IAppeals
from .interfaces import ICouncil
from .interfaces import IRounds
from .interfaces import ITasks
from .modules import eip712
from .modules import hashchain
from .modules import quorum
from .modules import refusal
from .modules.rounds import ballots
from .modules.rounds import batches
from .modules.rounds import clock
from .modules.rounds import expulsion
from .modules.rounds import inspection
from .modules.rounds import phases
from .modules.rounds import settlement

implements: IRounds

initializes: hashchain
initializes: eip712
initializes: clock
initializes: phases[clock := clock, hashchain := hashchain]
initializes: ballots[clock := clock, hashchain := hashchain, phases := phases]
initializes: batches[
    clock := clock, eip712 := eip712, hashchain := hashchain, phases := phases
]
initializes: settlement[
    ballots := ballots, clock := clock, hashchain := hashchain, phases := phases
]
initializes: expulsion[clock := clock, phases := phases, settlement := settlement]
initializes: inspection[clock := clock, eip712 := eip712, phases := phases]

exports: (
    ballots.include_commit,
    ballots.include_reveal,
    ballots.vote_commit,
    ballots.vote_reveal,
    batches.commit_many,
    batches.concur,
    batches.vouch,
    eip712.eip712Domain,
    expulsion.expel,
    expulsion.reinstate,
    hashchain.event_head,
    inspection.ended,
    inspection.idle,
    inspection.round_of,
    inspection.separator,
    phases.ballot_of,
    phases.place_of,
    phases.position_of,
    phases.tasks,
    settlement.appeals,
    settlement.result_of,
    settlement.settle,
)

MAX_VALIDATORS: constant(uint256) = 64

OPENED: constant(bytes32) = keccak256("RoundOpened(bytes32,uint256,uint256,uint256,uint256)")
COMMITTED: constant(bytes32) = keccak256("Committed(bytes32,uint256,address,bytes32)")

council: public(immutable(ICouncil))


@deploy
def __init__(_tasks: ITasks, _appeals: IAppeals, _council: ICouncil):
    """
    @notice The other contracts are fixed for good.
    @param _tasks The Tasks contract: people and money.
    @param _appeals The Appeals contract, which expels and reinstates.
    @param _council The Council contract, which can pause new rounds.
    """
    eip712.__init__("Quorate Rounds")
    phases.__init__(_tasks)
    settlement.__init__(_appeals)
    council = _council


@external
@nonreentrant
def begin(
    task: bytes32, terms: IRounds.Terms, listed: DynArray[address, MAX_VALIDATORS]
):
    """
    @notice Tasks: a new task, open to join.
    @param task The task's id.
    @param terms As approved and checked there.
    @param listed The validators; their order is that of every validator bitmap.
    """
    if msg.sender != phases.tasks.address:
        refusal.because("Rounds: only Tasks")
    place: uint256 = 0
    for account: address in listed:
        fresh: bool = phases.place_of[task][account] == 0
        if not fresh or account == empty(address):
            refusal.because("Rounds: no list of validators")
        place += 1
        phases.place_of[task][account] = place
    phases.schedule[task] = phases.Schedule(
        sponsor=terms.sponsor,
        rounds=terms.rounds,
        min_participants=terms.min_participants,
        commit_seconds=terms.commit_seconds,
        include_seconds=terms.include_seconds,
        vote_seconds=terms.vote_seconds,
        reveal_seconds=terms.reveal_seconds,
        appeal_seconds=terms.appeal_seconds,
    )
    now: clock.Clock = empty(clock.Clock)
    now.state = clock.JOINING
    now.deadline = block.timestamp + terms.join_seconds
    clock.save(task, now)


@external
@nonreentrant
def admit(task: bytes32, account: address, index: uint256):
    """
    @notice Tasks: one more participant.
    @param task The task's id.
    @param account Who joins.
    @param index Its place in join order, from 0.
    """
    if msg.sender != phases.tasks.address:
        refusal.because("Rounds: only Tasks")
    now: clock.Clock = clock.load(task)
    if now.state != clock.JOINING:
        refusal.because("Rounds: not open to join")
    if block.timestamp > now.deadline:
        refusal.because("Rounds: the join window is over")
    if phases.position_of[task][account] != 0:
        refusal.because("Rounds: already joined")
    phases.position_of[task][account] = index + 1


@external
@nonreentrant
def open(task: bytes32):
    """
    @notice Opens the next round. The first: by the sponsor once enough joined, by anyone after the
            join deadline. Later ones: by anyone once the one before is closed. With too few, the
            task ends.
    @param task The task's id.
    """
    now: clock.Clock = clock.load(task)
    joining: bool = now.state == clock.JOINING
    if not joining and now.state != clock.RUNNING:
        refusal.because("Rounds: no running task")
    least: uint256 = phases.schedule[task].min_participants
    early: bool = joining and block.timestamp <= now.deadline
    if joining:
        few: bool = staticcall phases.tasks.joined_of(task) < least
        if few and early:
            refusal.because("Rounds: too few joined")
        if few:
            clock.save(task, phases.end(task, now, "too few joined"))
            return
        sponsor: address = phases.schedule[task].sponsor
        if early and msg.sender != sponsor:
            refusal.because("Rounds: too early to open")
    else:
        if now.phase < clock.SETTLED:
            refusal.because("Rounds: a round is still open")
    muster: ITasks.Muster = extcall phases.tasks.muster(task, joining)
    # The committee that the members approved must keep two thirds of its seats.
    whole: bool = quorum.reached(quorum.count(muster.seats), muster.listed)
    if quorum.count(muster.eligible) < least or not whole:
        # Before the join deadline more can still come: nothing is ended then.
        if early:
            refusal.because("Rounds: too few are eligible")
        clock.save(task, phases.end(task, now, "too few are eligible"))
        return
    # A pause holds up what is new, never the end of a task.
    if staticcall council.paused(self):
        refusal.because("Rounds: paused")
    self._start(task, now.number + 1, muster)


@external
@nonreentrant
def commit(task: bytes32, commitment: bytes32):
    """
    @notice An eligible participant's hiding commitment to its update.
    @param task The task's id.
    @param commitment keccak256 of the ABI encoding of "quorate/update/v1" as bytes32, chain id,
           this contract, task, round, sender, digest of the update and salt; opened off chain.
    """
    now: clock.Clock = clock.during(task, clock.COMMIT)
    position: uint256 = phases.position_of[task][msg.sender]
    if position == 0:
        refusal.because("Rounds: not a participant here")
    bit: uint256 = 1 << (position - 1)
    closed: uint256 = phases.closed[task]
    if closed & bit != 0:
        if phases.eligible[task] & bit == 0:
            refusal.because("Rounds: not eligible")
        refusal.because("Rounds: already committed")
    if commitment == empty(bytes32):
        refusal.because("Rounds: no commitment")
    closed |= bit
    phases.closed[task] = closed
    log IRounds.Committed(
        task=task, round=now.number, participant=msg.sender, commitment=commitment
    )
    hashchain.extend(keccak256(abi_encode(COMMITTED, task, now.number, msg.sender, commitment)))
    if closed == max_value(uint256):
        phases.step(task, now)


@external
@nonreentrant
def advance(task: bytes32):
    """
    @notice Leaves a phase that is over, by anyone; the last one is left by `settle`.
    @param task The task's id.
    """
    now: clock.Clock = clock.load(task)
    between: bool = now.phase >= clock.COMMIT and now.phase < clock.VOTE_REVEAL
    if not between or now.state != clock.RUNNING:
        refusal.because("Rounds: not the phase for it")
    late: bool = block.timestamp > now.deadline
    if not late and not phases.done(task, now):
        refusal.because("Rounds: the phase is not over")
    if now.phase == clock.INCLUDE_REVEAL:
        clock.save(task, phases.tally(task, now))
    else:
        clock.save(task, phases.leave(task, now))


@internal
def _start(task: bytes32, number: uint256, muster: ITasks.Muster):
    """@notice The first phase of a round, with who may act in it."""
    now: clock.Clock = empty(clock.Clock)
    now.state = clock.RUNNING
    now.number = number
    now.seats = muster.seats
    phases.eligible[task] = muster.eligible
    phases.closed[task] = ~muster.eligible
    phases.bench[task] = (muster.seats << 128) | muster.stake
    log IRounds.RoundOpened(
        task=task,
        round=number,
        eligible=muster.eligible,
        seats=muster.seats,
        stake=muster.stake,
    )
    hashchain.extend(
        keccak256(
            abi_encode(OPENED, task, number, muster.eligible, muster.seats, muster.stake)
        )
    )
    seconds: uint256 = phases.schedule[task].commit_seconds
    clock.save(task, phases.enter(task, now, clock.COMMIT, seconds))
