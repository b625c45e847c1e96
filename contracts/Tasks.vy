# pragma version 0.4.3
"""
@title   Tasks
@license Apache-2.0
@notice  The people and the money of federated tasks. A task exists once the members approved its id
         and its sponsor paid the whole escrow; what settled rounds add is owed to the place that
         earned it, and paid to whoever proves it.
@dev     Nobody owns the contract. Money leaves in two ways, both anyone's to trigger: claims against
         the ledger that Rounds settles, and the rest back to the sponsor once the task has ended.
"""

from .interfaces import ICouncil
from .interfaces import IMembers
from .interfaces import IRounds
from .interfaces import IStakes
from .interfaces import ITasks
from .interfaces import IToken
from .modules import hashchain
from .modules import refusal
from .modules.tasks import claims
from .modules.tasks import cohort
from .modules.tasks import ledger
from .modules.tasks import people
from .modules.tasks import verdicts

implements: ITasks

initializes: hashchain
initializes: cohort[hashchain := hashchain]
initializes: ledger[cohort := cohort, hashchain := hashchain]
initializes: claims[cohort := cohort, hashchain := hashchain, ledger := ledger]
initializes: people[cohort := cohort, ledger := ledger]
initializes: verdicts[cohort := cohort, ledger := ledger]

exports: (
    claims.claim,
    claims.claim_many,
    claims.claimed_of,
    claims.credit,
    claims.deal_of,
    claims.refund,
    claims.token,
    cohort.conflicts_of,
    cohort.members,
    cohort.rounds,
    cohort.stakes,
    cohort.terms_of,
    hashchain.event_head,
    ledger.settle,
    people.account_at,
    people.appeal_seconds,
    people.expelled,
    people.joined_of,
    people.ledger_of,
    people.participants_of,
    people.role_at,
    people.roster_of,
    people.seats_of,
    people.stake_in,
    people.stake_of,
    people.validators_of,
    verdicts.expel,
    verdicts.mark_absent,
    verdicts.muster,
    verdicts.punish,
    verdicts.reinstate,
    verdicts.suspend,
)

PARTICIPANT: constant(uint256) = 2
MAX_PARTICIPANTS: constant(uint256) = 256
MAX_VALIDATORS: constant(uint256) = 64
MAX_ROUNDS: constant(uint256) = 10_000
# @dev Keeps deadlines from overflowing and bounds the time that a bond can be held.
MAX_SECONDS: constant(uint256) = 366 * 24 * 3600
# @dev The sums of a whole task fit the 96 bits that an entry of the ledger has for them.
MAX_ESCROW: constant(uint256) = 2**96 - 1

# The ASCII text "quorate/task/v1", then zero bytes.
TASK_TAG: constant(bytes32) = 0x71756f726174652f7461736b2f76310000000000000000000000000000000000

# keccak256 of TaskCreated(bytes32,address,Terms,address[],uint256,uint256), Terms written out.
CREATED: constant(bytes32) = 0x20236e1a6efae44ae8434ecfca55ffb28c01ca23aeeda9a72a5f5fe3680fcdff
JOINED: constant(bytes32) = keccak256(
    "Joined(bytes32,address,uint256,bytes32,uint256,uint256,uint256)"
)

council: public(immutable(ICouncil))

_people: HashMap[bytes32, HashMap[address, ITasks.Participant]]


@deploy
def __init__(
    _members: IMembers, _token: IToken, _stakes: IStakes, _rounds: IRounds, _council: ICouncil
):
    """
    @notice The other contracts are fixed for good.
    @param _members The Members contract.
    @param _token The Token contract.
    @param _stakes The Stakes contract.
    @param _rounds The Rounds contract.
    @param _council The Council contract, which can pause new tasks and joining.
    """
    cohort.__init__(_members, _stakes, _rounds)
    claims.__init__(_token)
    council = _council


@external
@nonreentrant
def create(
    terms: IRounds.Terms, validators: DynArray[address, MAX_VALIDATORS]
) -> bytes32:
    """
    @notice Starts an approved task: by its sponsor, who pays for all rounds at once.
    @dev    Rounds 1 to 10,000, participants 1 to 256, times 1 second to 366 days, a weight cap and
            a validator bond of at least 1, an escrow below 2**96.
    @param terms As approved.
    @param validators 1 to 64 different accounts; their order is that of every validator bitmap.
    @return The task's id.
    """
    self._not_paused()
    task: bytes32 = self._id(terms, validators)
    if msg.sender != terms.sponsor:
        refusal.because("Tasks: only the sponsor creates")
    if cohort.terms_of[task].rounds != 0:
        refusal.because("Tasks: task exists")
    if not staticcall cohort.members.approved(task):
        refusal.because("Tasks: not approved by members")
    if not self._sound(terms) or len(validators) == 0:
        refusal.because("Tasks: terms out of range")
    escrow: uint256 = terms.rounds * (terms.participant_reward + terms.validator_reward)
    join_deadline: uint256 = block.timestamp + terms.join_seconds
    cohort.terms_of[task] = terms
    cohort.list_validators(task, validators)
    claims.open_(task, escrow)
    log ITasks.TaskCreated(
        task=task,
        sponsor=terms.sponsor,
        terms=terms,
        validators=validators,
        escrow=escrow,
        join_deadline=join_deadline,
    )
    hashchain.extend(
        keccak256(
            abi_encode(CREATED, task, terms.sponsor, terms, validators, escrow, join_deadline)
        )
    )
    extcall cohort.rounds.begin(task, terms, validators)
    if not extcall claims.token.transferFrom(msg.sender, self, escrow):
        refusal.because("Tasks: transfer failed")
    return task


@external
@nonreentrant
def join(task: bytes32, dataset: bytes32, samples: uint256):
    """
    @notice Enters the caller as a participant with a registered data set; locks its bond.
    @param task The task's id.
    @param dataset Digest of the registered data set.
    @param samples Registered size; the weight is fixed here as min(samples, weight_cap).
    """
    self._not_paused()
    if not staticcall cohort.members.has_role(msg.sender, PARTICIPANT):
        refusal.because("Tasks: not a participant")
    if dataset == empty(bytes32) or samples == 0:
        refusal.because("Tasks: no data")
    held: uint256 = staticcall cohort.stakes.bond(msg.sender, PARTICIPANT)
    if held < cohort.terms_of[task].participant_bond:
        refusal.because("Tasks: bond too low")
    index: uint256 = cohort.joined(task)
    extcall cohort.rounds.admit(task, msg.sender, index)
    conflicts: uint256 = cohort.add(task, msg.sender)
    weight: uint256 = min(samples, cohort.terms_of[task].weight_cap)
    self._people[task][msg.sender] = ITasks.Participant(
        position=index + 1, dataset=dataset, weight=weight
    )
    log ITasks.Joined(
        task=task,
        participant=msg.sender,
        index=index,
        dataset=dataset,
        samples=samples,
        weight=weight,
        conflicts=conflicts,
    )
    hashchain.extend(
        keccak256(
            abi_encode(JOINED, task, msg.sender, index, dataset, samples, weight, conflicts)
        )
    )
    extcall cohort.stakes.lock(msg.sender, PARTICIPANT)


@external
@nonreentrant
def review(task: bytes32, place: uint256):
    """
    @notice Computes anew whether an account may act, by anyone: members can be suspended, bonds
            asked back or topped up. While a round is open this waits until the next one opens.
    @param task The task's id.
    @param place Validators first, in list order, then participants in join order.
    """
    cohort.look_at(task, place, staticcall cohort.rounds.idle(task))


@external
@nonreentrant
def release(task: bytes32, place: uint256):
    """
    @notice Gives back the bond of the account at a place once the task has ended, by anyone.
    @param task The task's id.
    @param place Validators first, in list order, then participants in join order.
    """
    if not staticcall cohort.rounds.ended(task):
        refusal.because("Tasks: the task has not ended")
    cohort.untie(task, place)


@external
@view
def task_id(
    terms: IRounds.Terms, validators: DynArray[address, MAX_VALIDATORS]
) -> bytes32:
    """
    @notice What the members vote on: SHA-256 of the ABI encoding of the tag, chain id, this
            contract, terms and validators.
    @param terms As approved.
    @param validators As approved, in order.
    @return The id.
    """
    return self._id(terms, validators)


@external
@view
def participant_of(task: bytes32, account: address) -> ITasks.Participant:
    """
    @notice A participant's position, data set and weight; position 0 for a stranger.
    @param task The task's id.
    @param account The account asked about.
    @return The record.
    """
    return self._people[task][account]


@internal
@view
def _not_paused():
    if staticcall council.paused(self):
        refusal.because("Tasks: paused")


@internal
@pure
def _sound(terms: IRounds.Terms) -> bool:
    for seconds: uint256 in [
        terms.join_seconds,
        terms.commit_seconds,
        terms.include_seconds,
        terms.vote_seconds,
        terms.reveal_seconds,
        terms.appeal_seconds,
    ]:
        if seconds == 0 or seconds > MAX_SECONDS:
            return False
    for amount: uint256 in [terms.participant_reward, terms.validator_reward]:
        if amount > MAX_ESCROW // 2 // MAX_ROUNDS:
            return False
    # Without stake every two-thirds test would hold: 3 * 0 >= 2 * 0.
    return (
        terms.validator_bond != 0
        and terms.weight_cap != 0
        and terms.min_participants != 0
        and terms.min_participants <= MAX_PARTICIPANTS
        and terms.rounds != 0
        and terms.rounds <= MAX_ROUNDS
    )


@internal
@view
def _id(terms: IRounds.Terms, validators: DynArray[address, MAX_VALIDATORS]) -> bytes32:
    return sha256(abi_encode(TASK_TAG, chain.id, self, terms, validators))
