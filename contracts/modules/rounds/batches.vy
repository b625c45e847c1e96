# pragma version 0.4.3
"""
@title   Batches: many hands in one transaction
@license Apache-2.0
@notice  Commitments that their authors signed (EIP-712), posted by anyone. A signature binds chain,
         contract, task, round and content, so that it can be used for nothing else.
"""

from ...interfaces import IRounds
from .. import eip712
from .. import hashchain
from .. import quorum
from .. import signatures
from . import clock
from . import phases

uses: clock
uses: eip712
uses: hashchain
uses: phases

MAX_PARTICIPANTS: constant(uint256) = 256
MAX_VALIDATORS: constant(uint256) = 64
MAX_PLACES: constant(uint256) = 320

COMMIT_TYPE: constant(bytes32) = keccak256(
    "Commit(bytes32 task,uint256 round,bytes32 commitment)"
)
BALLOT_TYPE: constant(bytes32) = keccak256(
    "Ballot(bytes32 task,uint256 round,uint256 phase,uint256 included,bytes32 commitment)"
)
MANY: constant(bytes32) = keccak256("CommittedMany(bytes32,uint256,uint256,bytes32[])")
CONCURRED: constant(bytes32) = keccak256("Concurred(bytes32,uint256,uint256,bytes32[])")


@external
@nonreentrant
def commit_many(
    task: bytes32,
    accounts: DynArray[address, MAX_PLACES],
    bits: uint256,
    commitments: DynArray[bytes32, MAX_PARTICIPANTS],
    signed: DynArray[bytes32[2], MAX_PARTICIPANTS],
):
    """
    @notice Commits for the participants in `bits`, by anyone who has their signatures.
    @param task The task's id.
    @param accounts The accounts at all places, checked by their digest: validators, participants.
    @param bits Participants, each eligible and not yet committed.
    @param commitments One per bit, ascending; see `commit`.
    @param signed One per bit, compact (EIP-2098), over Commit(task, round, commitment).
    """
    now: clock.Clock = clock.during(task, clock.COMMIT)
    digest: bytes32 = empty(bytes32)
    place: uint256 = 0
    digest, place = staticcall phases.tasks.roster_of(task)
    assert keccak256(abi_encode(accounts)) == digest, "Rounds: not the roster"
    pending: uint256 = phases.pending[task]
    assert bits != 0 and bits & ~pending == 0, "Rounds: not due"
    due: uint256 = quorum.count(bits)
    assert len(commitments) == due and len(signed) == due, "Rounds: not one per bit"
    phases.pending[task] = pending & ~bits
    separator: bytes32 = eip712.separator()
    left: uint256 = bits
    count: uint256 = 0
    for _: uint256 in range(MAX_PARTICIPANTS):
        if left == 0:
            break
        if left & 1 != 0:
            commitment: bytes32 = commitments[count]
            assert commitment != empty(bytes32), "Rounds: no commitment"
            message: bytes32 = keccak256(abi_encode(COMMIT_TYPE, task, now.number, commitment))
            digest = keccak256(concat(b"\x19\x01", separator, message))
            signer: address = signatures.signer_of(digest, signed[count])
            assert signer == accounts[place], "Rounds: not the signer"
            count += 1
        left >>= 1
        place += 1
    log IRounds.CommittedMany(
        task=task, round=now.number, bits=bits, commitments=commitments
    )
    hashchain.extend(keccak256(abi_encode(MANY, task, now.number, bits, commitments)))
    if pending == bits:
        phases.step(task, now)


@external
@nonreentrant
def concur(
    task: bytes32,
    included: uint256,
    commitments: DynArray[bytes32, MAX_VALIDATORS],
    signed: DynArray[bytes32[2], MAX_VALIDATORS],
):
    """
    @notice The short way, when all seated validators hold the same updates: each signed the set
            together with its commitment to a vote; both are taken at once, by anyone's hand.
    @param task The task's id.
    @param included The set, a part of those that committed.
    @param commitments One per seat, ascending; see `vote_commit`.
    @param signed One per seat, compact (EIP-2098), over Ballot(task, round, 4, included,
           commitment).
    """
    now: clock.Clock = clock.during(task, clock.INCLUDE_COMMIT)
    assert now.cast == 0, "Rounds: already committed"
    assert included & ~phases.chosen[task] == 0, "Rounds: bit without commitment"
    least: uint256 = phases.schedule[task].min_participants
    assert quorum.count(included) >= least, "Rounds: too few included"
    seats: uint256 = quorum.count(now.seats)
    whole: bool = phases.enough(task, now.seats)
    whole = whole and len(commitments) == seats and len(signed) == seats
    assert whole, "Rounds: not all validators"
    count: uint256 = 0
    words: DynArray[uint256, MAX_VALIDATORS] = phases.validators(task)
    for place: uint256 in range(len(words), bound=MAX_VALIDATORS):
        if quorum.has(now.seats, place):
            commitment: bytes32 = commitments[count]
            assert commitment != empty(bytes32), "Rounds: no commitment"
            digest: bytes32 = eip712.digest(
                keccak256(
                    abi_encode(
                        BALLOT_TYPE, task, now.number, clock.VOTE_COMMIT, included, commitment
                    )
                )
            )
            signer: address = signatures.signer_of(digest, signed[count])
            assert signer == phases.account(words[place]), "Rounds: not the signer"
            phases.ballot_of[task][place] = commitment
            count += 1
    phases.fix(task, now, included)
    log IRounds.Concurred(
        task=task, round=now.number, seats=now.seats, commitments=commitments
    )
    hashchain.extend(
        keccak256(abi_encode(CONCURRED, task, now.number, now.seats, commitments))
    )
    now.cast = now.seats
    now.held = 0
    seconds: uint256 = phases.schedule[task].reveal_seconds
    clock.save(task, phases.enter(task, now, clock.VOTE_REVEAL, seconds))
