# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title   Appeals
@license Apache-2.0
@notice  A suspended validator's bond waits for the members' vote; without it the bond is slashed.
         Two signed ballots that contradict each other need no vote.
@dev     Nobody owns the contract. Every suspension can be ended by anyone after its deadline.
"""

from .interfaces import IAppeals
from .interfaces import IMembers
from .interfaces import IRounds
from .interfaces import ITasks
from .modules import hashchain
from .modules import signatures

implements: IAppeals

initializes: hashchain

exports: hashchain.event_head

INCLUDE_COMMIT: constant(uint256) = 2
VOTE_COMMIT: constant(uint256) = 4

# The ASCII text, then zero bytes: "quorate/appeal/v1".
APPEAL_TAG: constant(bytes32) = 0x71756f726174652f61707065616c2f7631000000000000000000000000000000

BALLOT_TYPE: constant(bytes32) = keccak256(
    "Ballot(bytes32 task,uint256 round,uint256 phase,uint256 included,bytes32 commitment)"
)
SUSPENDED: constant(bytes32) = keccak256("Suspended(bytes32,uint256,address,bytes32,uint256)")
APPEALED: constant(bytes32) = keccak256(
    "Appealed(bytes32,uint256,address,address,bytes32,uint256)"
)
RESOLVED: constant(bytes32) = keccak256("Resolved(bytes32,uint256,address,bool)")
EQUIVOCATED: constant(bytes32) = keccak256("Equivocated(bytes32,uint256,address,uint256)")

members: public(immutable(IMembers))
rounds: public(immutable(IRounds))
tasks: public(immutable(ITasks))
# @notice A validator's suspension by task and account.
suspension_of: public(HashMap[bytes32, HashMap[address, IAppeals.Suspension]])


@deploy
def __init__(_members: IMembers, _rounds: IRounds, _tasks: ITasks):
    """
    @notice The other contracts are fixed for good.
    @param _members The Members contract, which votes on appeals.
    @param _rounds The Rounds contract, which suspends.
    @param _tasks The Tasks contract, which knows the terms.
    """
    members = _members
    rounds = _rounds
    tasks = _tasks


@external
def suspend(
    task: bytes32, round: uint256, validator: address, aggregate: bytes32, seconds: uint256
):
    """
    @notice Rounds: a validator revealed another aggregate than the agreed one.
    @param task The task's id.
    @param round Number of the round.
    @param validator Whom it is about.
    @param aggregate What it revealed.
    @param seconds How long an appeal can be made.
    """
    assert msg.sender == rounds.address, "Appeals: only Rounds"
    deadline: uint256 = block.timestamp + seconds
    self.suspension_of[task][validator] = IAppeals.Suspension(
        round=round, deadline=deadline, appealed=False
    )
    log IAppeals.Suspended(
        task=task, round=round, validator=validator, aggregate=aggregate, deadline=deadline
    )
    hashchain.extend(
        keccak256(abi_encode(SUSPENDED, task, round, validator, aggregate, deadline))
    )


@external
def appeal(task: bytes32, round: uint256, validator: address, evidence: bytes32):
    """
    @notice Publishes the digest of evidence for a suspended validator, by anyone, inside the
            window. The first appeal extends the window once; later ones add evidence only, so that
            a worthless appeal cannot keep a good one out.
    @param task The task's id.
    @param round Number of the round.
    @param validator Whom it is about.
    @param evidence Digest of what is presented.
    """
    suspension: IAppeals.Suspension = self._suspension(task, round, validator)
    assert block.timestamp <= suspension.deadline, "Appeals: the window is over"
    if not suspension.appealed:
        suspension.deadline += staticcall tasks.appeal_seconds(task)
        suspension.appealed = True
        self.suspension_of[task][validator] = suspension
    deadline: uint256 = suspension.deadline
    log IAppeals.Appealed(
        task=task,
        round=round,
        validator=validator,
        appellant=msg.sender,
        evidence=evidence,
        deadline=deadline,
    )
    hashchain.extend(
        keccak256(abi_encode(APPEALED, task, round, validator, msg.sender, evidence, deadline))
    )


@external
def resolve(task: bytes32, round: uint256, validator: address):
    """
    @notice Ends a suspension, by anyone: the members' approval of `appeal_subject` reinstates at
            once; without it, after the deadline, the bond is slashed and the validator expelled.
    @param task The task's id.
    @param round Number of the round.
    @param validator Whom it is about.
    """
    suspension: IAppeals.Suspension = self._suspension(task, round, validator)
    reinstated: bool = staticcall members.approved(self._subject(task, round, validator))
    if not reinstated:
        assert block.timestamp > suspension.deadline, "Appeals: the window is open"
    self.suspension_of[task][validator] = empty(IAppeals.Suspension)
    log IAppeals.Resolved(task=task, round=round, validator=validator, reinstated=reinstated)
    hashchain.extend(keccak256(abi_encode(RESOLVED, task, round, validator, reinstated)))
    if reinstated:
        extcall rounds.reinstate(task, validator)
    else:
        extcall rounds.expel(task, validator, "lie")


@external
def prove_equivocation(
    task: bytes32,
    round: uint256,
    validator: address,
    phase: uint256,
    included_a: uint256,
    hash_a: bytes32,
    signature_a: bytes32[2],
    included_b: uint256,
    hash_b: bytes32,
    signature_b: bytes32[2],
):
    """
    @notice Two signed ballots of one validator that differ for one set in one phase of one round:
            its bond is slashed and it is expelled from the task, once; by anyone, at any time.
    @param task The task's id.
    @param round Number of the round.
    @param validator Whom it is about.
    @param phase 2 INCLUDE_COMMIT or 4 VOTE_COMMIT.
    @param included_a The set in one ballot, 0 in phase 2.
    @param hash_a The commitment in it.
    @param signature_a Compact (EIP-2098), over Ballot(task, round, phase, included, commitment) in
           the EIP-712 domain of Rounds.
    @param included_b The set in another ballot.
    @param hash_b The commitment in it.
    @param signature_b The same over that.
    """
    place: uint256 = staticcall rounds.place_of(task, validator)
    assert place != 0, "Appeals: not a validator there"
    newest: IRounds.Round = staticcall rounds.round_of(task)
    assert round != 0 and round <= newest.number, "Appeals: no such round"
    assert phase == INCLUDE_COMMIT or phase == VOTE_COMMIT, "Appeals: no such phase"
    assert hash_a != hash_b, "Appeals: the ballots are the same"
    # For two sets there can be two honest ballots: a `concur` that failed, then the slow way.
    assert included_a == included_b, "Appeals: for different sets"
    expelled: bool = staticcall tasks.expelled(task, place - 1)
    assert not expelled, "Appeals: already expelled"
    separator: bytes32 = staticcall rounds.separator()
    first: bytes32 = self._digest(separator, task, round, phase, included_a, hash_a)
    second: bytes32 = self._digest(separator, task, round, phase, included_b, hash_b)
    signed: bool = signatures.signer_of(first, signature_a) == validator
    signed = signed and signatures.signer_of(second, signature_b) == validator
    assert signed, "Appeals: not the validator's hand"
    self.suspension_of[task][validator] = empty(IAppeals.Suspension)
    log IAppeals.Equivocated(task=task, round=round, validator=validator, phase=phase)
    hashchain.extend(keccak256(abi_encode(EQUIVOCATED, task, round, validator, phase)))
    extcall rounds.expel(task, validator, "equivocation")


@external
@view
def appeal_subject(task: bytes32, round: uint256, validator: address) -> bytes32:
    """
    @notice What the members vote on to reinstate: SHA-256 of the ABI encoding of tag, chain id,
            this contract, task, round and validator.
    @param task The task's id.
    @param round Number of the round.
    @param validator Whom it is about.
    @return The subject.
    """
    return self._subject(task, round, validator)


@internal
@view
def _suspension(task: bytes32, round: uint256, validator: address) -> IAppeals.Suspension:
    suspension: IAppeals.Suspension = self.suspension_of[task][validator]
    assert round != 0 and suspension.round == round, "Appeals: not suspended there"
    return suspension


@internal
@view
def _subject(task: bytes32, round: uint256, validator: address) -> bytes32:
    return sha256(abi_encode(APPEAL_TAG, chain.id, self, task, round, validator))


@internal
@pure
def _digest(
    separator: bytes32,
    task: bytes32,
    round: uint256,
    phase: uint256,
    included: uint256,
    commitment: bytes32,
) -> bytes32:
    """@notice What a validator signs, see Rounds.concur."""
    message: bytes32 = keccak256(
        abi_encode(BALLOT_TYPE, task, round, phase, included, commitment)
    )
    return keccak256(concat(b"\x19\x01", separator, message))
