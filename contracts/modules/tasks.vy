# pragma version 0.4.3
"""
@title   Tasks: terms, people, money
@license Apache-2.0
@notice  A task exists once the members approved its id and its sponsor paid the whole escrow.
         Payments are pulled: nobody's refusal to receive can hold up anybody else.
"""

from ..interfaces import IMembers
from ..interfaces import IRounds
from ..interfaces import IStakes
from ..interfaces import IToken
from . import quorum

PARTICIPANT: constant(uint256) = 2
VALIDATOR: constant(uint256) = 4
MAX_PARTICIPANTS: constant(uint256) = 32
MAX_VALIDATORS: constant(uint256) = 16
MAX_ROUNDS: constant(uint256) = 10_000
# @dev Keeps deadlines from overflowing and bounds the time that a bond can be held.
MAX_SECONDS: constant(uint256) = 366 * 24 * 3600

JOINING: constant(uint256) = 1
RUNNING: constant(uint256) = 2
ENDED: constant(uint256) = 3

# The ASCII text "quorate/task/v1", then zero bytes.
TASK_TAG: constant(bytes32) = 0x71756f726174652f7461736b2f76310000000000000000000000000000000000

members: public(immutable(IMembers))
token: public(immutable(IToken))
stakes: public(immutable(IStakes))

# @notice Terms, state and people of a task by its id.
terms_of: public(HashMap[bytes32, IRounds.Terms])
task_of: public(HashMap[bytes32, IRounds.Task])
# @notice What `claim` would pay an account.
owed: public(HashMap[address, uint256])
# @notice A listed validator's place in the list, counted from 1; 0 for a stranger.
place_of: HashMap[bytes32, HashMap[address, uint256]]
people: HashMap[bytes32, HashMap[address, IRounds.Participant]]
validators: HashMap[bytes32, DynArray[address, MAX_VALIDATORS]]
participants: HashMap[bytes32, DynArray[address, MAX_PARTICIPANTS]]


@deploy
def __init__(_members: IMembers, _token: IToken, _stakes: IStakes):
    """
    @notice The three contracts are fixed for good.
    @param _members The Members contract.
    @param _token The Token contract.
    @param _stakes The Stakes contract.
    """
    members = _members
    token = _token
    stakes = _stakes


@external
@nonreentrant
def create(terms: IRounds.Terms, validators: DynArray[address, MAX_VALIDATORS]) -> bytes32:
    """
    @notice Starts an approved task: by its sponsor, who pays for all rounds at once.
    @param validators 1 to 16 different accounts; their order is that of every validator bitmap.
    @return The task's id.
    @dev    Rounds 1 to 10,000, participants 1 to 32, times 1 second to 366 days, a weight cap and
            a validator bond of at least 1.
    @param terms As approved.
    """
    task: bytes32 = self._id(terms, validators)
    assert msg.sender == terms.sponsor, "Rounds: only the sponsor creates"
    assert self.task_of[task].state == 0, "Rounds: task exists"
    assert staticcall members.approved(task), "Rounds: not approved by members"
    assert self._sound(terms) and len(validators) != 0, "Rounds: terms out of range"
    position: uint256 = 0
    for validator: address in validators:
        fresh: bool = self.place_of[task][validator] == 0
        assert fresh and validator != empty(address), "Rounds: no list of validators"
        position += 1
        self.place_of[task][validator] = position
    escrow: uint256 = terms.rounds * (terms.participant_reward + terms.validator_reward)
    join_deadline: uint256 = block.timestamp + terms.join_seconds
    self.terms_of[task] = terms
    self.validators[task] = validators
    self.task_of[task].state = JOINING
    self.task_of[task].escrow = escrow
    self.task_of[task].join_deadline = join_deadline
    log IRounds.TaskCreated(
        task=task,
        sponsor=terms.sponsor,
        terms=terms,
        validators=validators,
        escrow=escrow,
        join_deadline=join_deadline,
    )
    assert extcall token.transferFrom(msg.sender, self, escrow), "Rounds: transfer failed"
    return task


@external
@nonreentrant
def join(task: bytes32, dataset: bytes32, samples: uint256):
    """
    @notice Enters the caller as a participant with a registered data set; locks its bond.
    @param samples Registered size; the weight is fixed here as min(samples, weight_cap).
    @param task The task's id.
    @param dataset Digest of the registered data set.
    """
    assert self._joining(task), "Rounds: the join window is over"
    assert staticcall members.has_role(msg.sender, PARTICIPANT), "Rounds: not a participant"
    assert self.people[task][msg.sender].position == 0, "Rounds: already joined"
    assert dataset != empty(bytes32) and samples != 0, "Rounds: no data"
    held: uint256 = staticcall stakes.bond(msg.sender, PARTICIPANT)
    assert held >= self.terms_of[task].participant_bond, "Rounds: bond too low"
    index: uint256 = len(self.participants[task])
    assert index < MAX_PARTICIPANTS, "Rounds: the task is full"
    weight: uint256 = min(samples, self.terms_of[task].weight_cap)
    self.participants[task].append(msg.sender)
    self.people[task][msg.sender] = IRounds.Participant(
        position=index + 1, dataset=dataset, weight=weight
    )
    extcall stakes.lock(msg.sender, PARTICIPANT)
    log IRounds.Joined(
        task=task,
        participant=msg.sender,
        index=index,
        dataset=dataset,
        samples=samples,
        weight=weight,
    )


@external
@nonreentrant
def cancel(task: bytes32):
    """
    @notice Ends a task that too few joined in time; by anyone.
    @param task The task's id.
    """
    assert not self._joining(task), "Rounds: the join window is open"
    enough: bool = len(self.participants[task]) >= self.terms_of[task].min_participants
    assert not enough, "Rounds: enough joined"
    self.finish(task, "too few joined")


@external
@nonreentrant
def claim() -> uint256:
    """
    @notice Pays the caller all that is owed to it: rewards and refunds of any tasks.
    @return The amount.
    """
    amount: uint256 = self.owed[msg.sender]
    assert amount != 0, "Rounds: nothing to claim"
    self.owed[msg.sender] = 0
    log IRounds.Claimed(account=msg.sender, amount=amount)
    assert extcall token.transfer(msg.sender, amount), "Rounds: transfer failed"
    return amount


@external
@view
def task_id(terms: IRounds.Terms, validators: DynArray[address, MAX_VALIDATORS]) -> bytes32:
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
def validators_of(task: bytes32) -> DynArray[address, MAX_VALIDATORS]:
    """
    @notice The listed validators; the place in this list is the bit in bitmaps.
    @param task The task's id.
    @return Their accounts.
    """
    return self.validators[task]


@external
@view
def participants_of(task: bytes32) -> DynArray[address, MAX_PARTICIPANTS]:
    """
    @notice The participants in join order; the place in this list is the bit in bitmaps.
    @param task The task's id.
    @return Their accounts.
    """
    return self.participants[task]


@external
@view
def participant_of(task: bytes32, account: address) -> IRounds.Participant:
    """
    @notice A participant's position, data set and weight; position 0 for a stranger.
    @param task The task's id.
    @param account The account asked about.
    @return The record.
    """
    return self.people[task][account]


@internal
@view
def place(task: bytes32, account: address) -> uint256:
    """@notice A listed validator's place in the list: its bit in bitmaps."""
    position: uint256 = self.place_of[task][account]
    assert position != 0, "Rounds: not a validator here"
    return position - 1


@internal
def finish(task: bytes32, reason: String[32]):
    """
    @notice Ends the task: bonds are unlocked (but for suspended validators: `resolve` does it),
            what was not spent is owed to the sponsor.
    """
    self.task_of[task].state = ENDED
    for account: address in self.participants[task]:
        extcall stakes.unlock(account, PARTICIPANT)
    locked: uint256 = self.task_of[task].locked
    suspended: uint256 = self.task_of[task].suspended
    free: uint256 = locked & ~suspended
    self.task_of[task].locked = locked & suspended
    index: uint256 = 0
    for account: address in self.validators[task]:
        if quorum.has(free, index):
            extcall stakes.unlock(account, VALIDATOR)
        index += 1
    refund: uint256 = self.task_of[task].escrow
    self.task_of[task].escrow = 0
    self.owed[self.terms_of[task].sponsor] += refund
    log IRounds.TaskEnded(task=task, refund=refund, reason=reason)


@internal
def pay(task: bytes32, account: address, amount: uint256):
    """@notice Moves `amount` from the task's escrow to what `account` can claim."""
    self.task_of[task].escrow -= amount
    self.owed[account] += amount


@internal
def punish(account: address, role: uint256, amount: uint256, reason: String[32]):
    """@notice Slashes and records one fault."""
    extcall stakes.slash(account, role, amount, reason)
    extcall stakes.record(account, role, 0, True)


@internal
@view
def _joining(task: bytes32) -> bool:
    """@notice The task must not have opened yet; true while its join window is open."""
    assert self.task_of[task].state == JOINING, "Rounds: not open to join"
    return block.timestamp <= self.task_of[task].join_deadline


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
