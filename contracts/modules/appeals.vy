# pragma version 0.4.3
"""
@title   Appeals, and lies that prove themselves
@license Apache-2.0
@notice  A suspended validator's bond waits for the members' vote; without it the bond is slashed.
         Two signatures on different hashes need no vote.
"""

from ..interfaces import IRounds
from . import book
from . import settlement
from . import signatures
from . import tasks

uses: book
uses: settlement
uses: tasks

VALIDATOR: constant(uint256) = 4

# The ASCII text, then zero bytes: "quorate/appeal/v1" and "quorate/sign/v1".
APPEAL_TAG: constant(bytes32) = 0x71756f726174652f61707065616c2f7631000000000000000000000000000000
SIGN_TAG: constant(bytes32) = 0x71756f726174652f7369676e2f76310000000000000000000000000000000000


@external
@nonreentrant
def appeal(task: bytes32, round: uint256, validator: address, evidence: bytes32):
    """
    @notice Publishes the digest of evidence for a suspended validator, by anyone, inside the
            window. The first appeal extends the window once; later ones add evidence only, so
            that a worthless appeal cannot keep a good one out.
    @param task The task's id.
    @param round Number of the round.
    @param validator Whom it is about.
    @param evidence Digest of what is presented.
    """
    suspension: IRounds.Suspension = self._suspension(task, round, validator)
    assert block.timestamp <= suspension.deadline, "Rounds: the window is over"
    deadline: uint256 = suspension.deadline
    if not suspension.appealed:
        deadline += tasks.terms_of[task].appeal_seconds
        settlement.suspension_of[task][validator].deadline = deadline
        settlement.suspension_of[task][validator].appealed = True
    log IRounds.Appealed(
        task=task,
        round=round,
        validator=validator,
        appellant=msg.sender,
        evidence=evidence,
        deadline=deadline,
    )


@external
@nonreentrant
def resolve(task: bytes32, round: uint256, validator: address):
    """
    @notice Ends a suspension, by anyone: the members' approval of `appeal_subject` reinstates at
            once; without it, after the deadline, the bond is slashed and the validator expelled.
    @param task The task's id.
    @param round Number of the round.
    @param validator Whom it is about.
    """
    suspension: IRounds.Suspension = self._suspension(task, round, validator)
    subject: bytes32 = self._subject(task, round, validator)
    reinstated: bool = staticcall tasks.members.approved(subject)
    if not reinstated:
        assert block.timestamp > suspension.deadline, "Rounds: the window is open"
    log IRounds.Resolved(task=task, round=round, validator=validator, reinstated=reinstated)
    bit: uint256 = 1 << tasks.place(task, validator)
    if reinstated:
        self._release(task, validator, bit)
    else:
        self._expel(task, validator, bit, "lie")


@external
@nonreentrant
def prove_equivocation(
    task: bytes32,
    round: uint256,
    validator: address,
    phase: uint256,
    hash_a: bytes32,
    signature_a: bytes32[2],
    hash_b: bytes32,
    signature_b: bytes32[2],
):
    """
    @notice Two signatures of one validator on different hashes for one phase of one round: its
            bond is slashed and it is expelled from the task, once; by anyone, at any time.
    @param phase 2 INCLUDE_COMMIT or 4 VOTE_COMMIT.
    @param signature_a Compact (EIP-2098), over keccak256 of the ABI encoding of "quorate/sign/v1"
           as bytes32, chain id, this contract, task, round, phase and hash_a.
    @param task The task's id.
    @param round Number of the round.
    @param validator Whom it is about.
    @param hash_a One commitment.
    @param hash_b Another commitment.
    @param signature_b The same over hash_b.
    """
    bit: uint256 = 1 << tasks.place(task, validator)
    assert round != 0 and round <= tasks.task_of[task].round, "Rounds: no such round"
    assert phase == book.INCLUDE_COMMIT or phase == book.VOTE_COMMIT, "Rounds: no such phase"
    assert hash_a != hash_b, "Rounds: the hashes are the same"
    assert tasks.task_of[task].expelled & bit == 0, "Rounds: already expelled"
    first: address = signatures.signer_of(
        self._signed(task, round, phase, hash_a), signature_a
    )
    second: address = signatures.signer_of(
        self._signed(task, round, phase, hash_b), signature_b
    )
    assert first == validator and second == validator, "Rounds: not the validator's hand"
    log IRounds.Equivocated(task=task, round=round, validator=validator, phase=phase)
    self._expel(task, validator, bit, "equivocation")


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
def _suspension(task: bytes32, round: uint256, validator: address) -> IRounds.Suspension:
    suspension: IRounds.Suspension = settlement.suspension_of[task][validator]
    assert round != 0 and suspension.round == round, "Rounds: not suspended there"
    return suspension


@internal
def _expel(task: bytes32, validator: address, bit: uint256, reason: String[32]):
    tasks.task_of[task].expelled |= bit
    if book.round_of[task].phase < book.SETTLED:
        book.unseat(task, bit)
    tasks.punish(validator, VALIDATOR, tasks.terms_of[task].lie_penalty, reason)
    self._release(task, validator, bit)


@internal
def _release(task: bytes32, validator: address, bit: uint256):
    """@notice The task holds the bond no longer; a reinstated validator's next seat locks anew."""
    settlement.suspension_of[task][validator] = empty(IRounds.Suspension)
    tasks.task_of[task].suspended &= ~bit
    if tasks.task_of[task].locked & bit != 0:
        tasks.task_of[task].locked &= ~bit
        extcall tasks.stakes.unlock(validator, VALIDATOR)


@internal
@view
def _subject(task: bytes32, round: uint256, validator: address) -> bytes32:
    return sha256(abi_encode(APPEAL_TAG, chain.id, self, task, round, validator))


@internal
@view
def _signed(task: bytes32, round: uint256, phase: uint256, hash_: bytes32) -> bytes32:
    return keccak256(abi_encode(SIGN_TAG, chain.id, self, task, round, phase, hash_))
