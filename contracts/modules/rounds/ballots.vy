# pragma version 0.4.3
"""
@title   Ballots: what validators commit to and reveal
@license Apache-2.0
@notice  First which updates they hold, then the aggregate, the scores and a verdict. A reveal needs
         no authority, the commitment is enough: anyone may post one, but only its author's own hand
         can turn a wrong one into a fault.
"""

from ...interfaces import IRounds
from .. import hashchain
from .. import quorum
from .. import refusal
from . import clock
from . import phases

uses: clock
uses: hashchain
uses: phases

MAX_VALIDATORS: constant(uint256) = 64
MAX_LANES: constant(uint256) = 1024

# The ASCII text, then zero bytes: "quorate/include/v1" and "quorate/vote/v1".
INCLUDE_TAG: constant(bytes32) = 0x71756f726174652f696e636c7564652f76310000000000000000000000000000
VOTE_TAG: constant(bytes32) = 0x71756f726174652f766f74652f76310000000000000000000000000000000000

PLEDGED: constant(bytes32) = keccak256("IncludeCommitted(bytes32,uint256,address,bytes32)")
VOTED: constant(bytes32) = keccak256("VoteCommitted(bytes32,uint256,address,bytes32)")
INCLUDED: constant(bytes32) = keccak256("Included(bytes32,uint256,address,uint256)")
REVEALED: constant(bytes32) = keccak256(
    "VoteRevealed(bytes32,uint256,address,bytes32,bool,bytes)"
)


@external
@nonreentrant
def include_commit(task: bytes32, commitment: bytes32):
    """
    @notice A seated validator's commitment to the updates that it holds, opened and found valid.
    @param task The task's id.
    @param commitment keccak256 of the ABI encoding of "quorate/include/v1" as bytes32, chain id,
           this contract, task, round, sender, bitmap and salt.
    """
    now: clock.Clock = self._take(task, clock.INCLUDE_COMMIT, commitment)
    log IRounds.IncludeCommitted(
        task=task, round=now.number, validator=msg.sender, commitment=commitment
    )
    hashchain.extend(keccak256(abi_encode(PLEDGED, task, now.number, msg.sender, commitment)))
    phases.step(task, now)


@external
@nonreentrant
def vote_commit(task: bytes32, commitment: bytes32):
    """
    @notice A seated validator's commitment to aggregate, scores and verdict.
    @param task The task's id.
    @param commitment keccak256 of the ABI encoding of "quorate/vote/v1" as bytes32, chain id, this
           contract, task, round, sender, included, aggregate, accept, salt, keccak256 of the lanes.
    """
    now: clock.Clock = self._take(task, clock.VOTE_COMMIT, commitment)
    log IRounds.VoteCommitted(
        task=task, round=now.number, validator=msg.sender, commitment=commitment
    )
    hashchain.extend(keccak256(abi_encode(VOTED, task, now.number, msg.sender, commitment)))
    phases.step(task, now)


@external
@nonreentrant
def include_reveal(task: bytes32, reveals: DynArray[IRounds.Reveal, MAX_VALIDATORS]):
    """
    @notice Opens include commitments, the sender's own or anybody's. One's own that does not match
            is a fault, slashed at once.
    @param task The task's id.
    @param reveals Place, bitmap and salt; bits of participants that did not commit revert.
    """
    now: clock.Clock = clock.during(task, clock.INCLUDE_REVEAL)
    committed: uint256 = phases.chosen[task]
    own: uint256 = phases.place_of[task][msg.sender]
    words: DynArray[uint256, MAX_VALIDATORS] = []
    for reveal: IRounds.Reveal in reveals:
        due: bool = reveal.place < MAX_VALIDATORS and quorum.has(now.cast, reveal.place)
        if not due:
            refusal.because("Rounds: nothing to reveal")
        if reveal.bitmap & ~committed != 0:
            refusal.because("Rounds: bit without commitment")
        account: address = msg.sender
        if reveal.place + 1 != own:
            if len(words) == 0:
                words = phases.validators(task)
            account = phases.account(words[reveal.place])
        found: bytes32 = keccak256(
            abi_encode(
                INCLUDE_TAG,
                chain.id,
                self,
                task,
                now.number,
                account,
                reveal.bitmap,
                reveal.salt,
            )
        )
        now.cast &= ~(1 << reveal.place)
        if found == phases.ballot_of[task][reveal.place]:
            now.held |= 1 << reveal.place
            phases.ballot_of[task][reveal.place] = convert(reveal.bitmap, bytes32)
            log IRounds.Included(
                task=task, round=now.number, validator=account, bitmap=reveal.bitmap
            )
            hashchain.extend(
                keccak256(abi_encode(INCLUDED, task, now.number, account, reveal.bitmap))
            )
        else:
            if account != msg.sender:
                refusal.because("Rounds: reveal does not match")
            phases.fault(task, now, account, reveal.place, "reveal does not match")
    if now.cast == 0:
        now = phases.tally(task, now)
    clock.save(task, now)


@external
@nonreentrant
def vote_reveal(
    task: bytes32, aggregate: bytes32, accept: bool, salt: bytes32, lanes: Bytes[MAX_LANES]
):
    """
    @notice Opens the sender's own vote. One that does not match is a fault, slashed at once.
    @param task The task's id.
    @param aggregate SHA-256 of the aggregate's bytes.
    @param accept True when the candidate model is good enough to advance.
    @param salt The 32 bytes that hid what was committed.
    @param lanes Four bytes per included participant in join order: score in millionths + 2**31.
    """
    now: clock.Clock = clock.during(task, clock.VOTE_REVEAL)
    place: uint256 = phases.place(task)
    if not quorum.has(now.cast, place):
        refusal.because("Rounds: nothing to reveal")
    included: uint256 = phases.chosen[task]
    if len(lanes) != 4 * quorum.count(included):
        refusal.because("Rounds: one score per included")
    found: bytes32 = self.vote_hash(
        task, now.number, msg.sender, included, aggregate, accept, salt, keccak256(lanes)
    )
    now.cast &= ~(1 << place)
    if found == phases.ballot_of[task][place]:
        now.held |= 1 << place
        phases.ballot_of[task][place] = self.vote_digest(aggregate, accept, keccak256(lanes))
        self.announce(task, now.number, msg.sender, aggregate, accept, lanes)
    else:
        phases.fault(task, now, msg.sender, place, "reveal does not match")
    clock.save(task, now)


@internal
@view
def vote_hash(
    task: bytes32,
    number: uint256,
    account: address,
    included: uint256,
    aggregate: bytes32,
    accept: bool,
    salt: bytes32,
    lanes_hash: bytes32,
) -> bytes32:
    """@notice What a validator commits to before it reveals this vote."""
    return keccak256(
        abi_encode(
            VOTE_TAG,
            chain.id,
            self,
            task,
            number,
            account,
            included,
            aggregate,
            accept,
            salt,
            lanes_hash,
        )
    )


@internal
@pure
def vote_digest(aggregate: bytes32, accept: bool, lanes_hash: bytes32) -> bytes32:
    """
    @notice What stands in the place of a commitment once its vote was revealed: without the salt,
            so that whoever settles needs nothing but the events.
    """
    return keccak256(abi_encode(aggregate, accept, lanes_hash))


@internal
def announce(
    task: bytes32,
    number: uint256,
    account: address,
    aggregate: bytes32,
    accept: bool,
    lanes: Bytes[MAX_LANES],
):
    """@notice Says what a validator voted."""
    log IRounds.VoteRevealed(
        task=task,
        round=number,
        validator=account,
        aggregate=aggregate,
        accept=accept,
        lanes=lanes,
    )
    hashchain.extend(
        keccak256(abi_encode(REVEALED, task, number, account, aggregate, accept, lanes))
    )


@internal
def _take(task: bytes32, phase: uint256, commitment: bytes32) -> clock.Clock:
    """@notice Takes the sender's commitment to a bitmap or a vote."""
    now: clock.Clock = clock.during(task, phase)
    place: uint256 = phases.place(task)
    if not quorum.has(now.seats, place):
        refusal.because("Rounds: not seated")
    if quorum.has(now.cast, place):
        refusal.because("Rounds: already committed")
    if commitment == empty(bytes32):
        refusal.because("Rounds: no commitment")
    now.cast |= 1 << place
    phases.ballot_of[task][place] = commitment
    return now
