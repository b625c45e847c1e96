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
from .. import refusal
from .. import signatures
from . import clock
from . import phases

uses: clock
uses: eip712
uses: hashchain
uses: phases

MAX_PARTICIPANTS: constant(uint256) = 256
MAX_VALIDATORS: constant(uint256) = 64
MAX_PLACES: constant(uint256) = 264

COMMIT_TYPE: constant(bytes32) = keccak256(
    "Commit(bytes32 task,uint256 round,bytes32 commitment)"
)
BALLOT_TYPE: constant(bytes32) = keccak256(
    "Ballot(bytes32 task,uint256 round,uint256 phase,uint256 included,bytes32 commitment)"
)
VOUCH_TYPE: constant(bytes32) = keccak256(
    "Vouch(bytes32 task,uint256 round,uint256 bits,bytes32[] commitments)"
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
    if keccak256(abi_encode(accounts)) != digest:
        refusal.because("Rounds: not the roster")
    closed: uint256 = phases.closed[task]
    if bits == 0 or bits & closed != 0:
        refusal.because("Rounds: not due")
    due: uint256 = quorum.count(bits)
    if len(commitments) != due or len(signed) != due:
        refusal.because("Rounds: not one per bit")
    closed |= bits
    phases.closed[task] = closed
    separator: bytes32 = eip712.separator()
    left: uint256 = bits
    count: uint256 = 0
    for _: uint256 in range(MAX_PARTICIPANTS):
        if left == 0:
            break
        if left & 1 != 0:
            commitment: bytes32 = commitments[count]
            if commitment == empty(bytes32):
                refusal.because("Rounds: no commitment")
            message: bytes32 = keccak256(abi_encode(COMMIT_TYPE, task, now.number, commitment))
            digest = keccak256(concat(b"\x19\x01", separator, message))
            signer: address = signatures.signer_of(digest, signed[count])
            if signer != accounts[place]:
                refusal.because("Rounds: not the signer")
            count += 1
        left >>= 1
        place += 1
    self._take(task, now, bits, commitments)
    if closed == max_value(uint256):
        phases.step(task, now)


@external
@nonreentrant
def vouch(
    task: bytes32,
    bits: uint256,
    commitments: DynArray[bytes32, MAX_PARTICIPANTS],
    signed: DynArray[bytes32[2], MAX_VALIDATORS],
):
    """
    @notice Commits for the participants in `bits` on the word of all seated validators, who hold
            the signed commitments: a signature per validator instead of one per participant.
    @dev    One honest validator is enough to keep a forged commitment out. A zero is vouched for
            like any other commitment: nobody can ever open it.
    @param task The task's id.
    @param bits Participants, each eligible and not yet committed.
    @param commitments One per bit, ascending; see `commit`.
    @param signed One per seat, ascending, compact (EIP-2098), over Vouch(task, round, bits,
           commitments).
    """
    now: clock.Clock = clock.during(task, clock.COMMIT)
    closed: uint256 = phases.closed[task]
    if bits == 0 or bits & closed != 0:
        refusal.because("Rounds: not due")
    if len(commitments) != quorum.count(bits):
        refusal.because("Rounds: not one per bit")
    closed |= bits
    phases.closed[task] = closed
    words: Bytes[8256] = slice(abi_encode(commitments), 64, 32 * len(commitments))
    digest: bytes32 = eip712.digest(
        keccak256(abi_encode(VOUCH_TYPE, task, now.number, bits, keccak256(words)))
    )
    digests: DynArray[bytes32, MAX_VALIDATORS] = []
    for _: uint256 in range(len(signed), bound=MAX_VALIDATORS):
        digests.append(digest)
    self._check_seats(task, now.seats, digests, signed)
    self._take(task, now, bits, commitments)
    if closed == max_value(uint256):
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
    if now.cast != 0:
        refusal.because("Rounds: already committed")
    if included & ~phases.chosen[task] != 0:
        refusal.because("Rounds: bit without commitment")
    least: uint256 = phases.schedule[task].min_participants
    if quorum.count(included) < least:
        refusal.because("Rounds: too few included")
    digests: DynArray[bytes32, MAX_VALIDATORS] = []
    for commitment: bytes32 in commitments:
        if commitment == empty(bytes32):
            refusal.because("Rounds: no commitment")
        digests.append(
            eip712.digest(
                keccak256(
                    abi_encode(
                        BALLOT_TYPE, task, now.number, clock.VOTE_COMMIT, included, commitment
                    )
                )
            )
        )
    self._check_seats(task, now.seats, digests, signed)
    place: uint256 = 0
    for commitment: bytes32 in commitments:
        for _: uint256 in range(MAX_VALIDATORS):
            if quorum.has(now.seats, place):
                break
            place += 1
        phases.ballot_of[task][place] = commitment
        place += 1
    phases.fix(task, now, included, phases.chosen[task] & ~included)
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


@internal
@view
def _check_seats(
    task: bytes32,
    seats: uint256,
    digests: DynArray[bytes32, MAX_VALIDATORS],
    signed: DynArray[bytes32[2], MAX_VALIDATORS],
):
    """@notice Every seated validator, and two thirds of the stake, must have signed its digest."""
    count: uint256 = quorum.count(seats)
    whole: bool = phases.enough(task, seats) and len(digests) == count
    if not whole or len(signed) != count:
        refusal.because("Rounds: not all validators")
    words: DynArray[uint256, MAX_VALIDATORS] = phases.validators(task)
    next: uint256 = 0
    for place: uint256 in range(len(words), bound=MAX_VALIDATORS):
        if quorum.has(seats, place):
            signer: address = signatures.signer_of(digests[next], signed[next])
            if signer != phases.account(words[place]):
                refusal.because("Rounds: not the signer")
            next += 1


@internal
def _take(
    task: bytes32,
    now: clock.Clock,
    bits: uint256,
    commitments: DynArray[bytes32, MAX_PARTICIPANTS],
):
    """@notice Says who committed to what."""
    log IRounds.CommittedMany(
        task=task, round=now.number, bits=bits, commitments=commitments
    )
    hashchain.extend(keccak256(abi_encode(MANY, task, now.number, bits, commitments)))
