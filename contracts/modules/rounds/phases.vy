# pragma version 0.4.3
"""
@title   Phases: the steps of a round
@license Apache-2.0
@notice  A phase ends with the last act that is due in it, or by anyone once its deadline passed.
@dev     A function that takes a clock and returns one leaves saving it to its caller.
"""

from ...interfaces import IRounds
from ...interfaces import ITasks
from .. import hashchain
from .. import quorum
from . import clock

uses: clock
uses: hashchain

MAX_PARTICIPANTS: constant(uint256) = 256
MAX_VALIDATORS: constant(uint256) = 64
MAX_STAKE: constant(uint256) = 2**95 - 1

STARTED: constant(bytes32) = keccak256("PhaseStarted(bytes32,uint256,uint256,uint256)")
FIXED: constant(bytes32) = keccak256("SetFixed(bytes32,uint256,uint256,uint256)")
FAULTED: constant(bytes32) = keccak256("Faulted(bytes32,uint256,address,uint256,string)")
ABORTED: constant(bytes32) = keccak256("Aborted(bytes32,uint256,string)")
ENDED: constant(bytes32) = keccak256("TaskEnded(bytes32,uint256,string)")

# @notice What of a task's terms its rounds need.
struct Schedule:
    sponsor: address
    rounds: uint256
    min_participants: uint256
    commit_seconds: uint256
    include_seconds: uint256
    vote_seconds: uint256
    reveal_seconds: uint256
    appeal_seconds: uint256

tasks: public(immutable(ITasks))

# @notice A listed validator's place, counted from 1; 0 for a stranger.
place_of: public(HashMap[bytes32, HashMap[address, uint256]])
# @notice A participant's position in join order, counted from 1; 0 for a stranger.
position_of: public(HashMap[bytes32, HashMap[address, uint256]])
# @notice By validator's place its commitment; once revealed the bitmap, or the digest of the vote.
ballot_of: public(HashMap[bytes32, HashMap[uint256, bytes32]])

schedule: HashMap[bytes32, Schedule]
eligible: HashMap[bytes32, uint256]
# @dev Participants that may not commit (any more). The complement of those whose commitment is due:
# it is never zero but for a full task, and a slot that returns from zero costs 17,100 gas more.
closed: HashMap[bytes32, uint256]
chosen: HashMap[bytes32, uint256]  # who committed; once the set is fixed, who is in it
# @dev When the round opened: its seats (64 bits), then all their stake (128).
bench: HashMap[bytes32, uint256]


@deploy
def __init__(_tasks: ITasks):
    """
    @notice Whoever keeps people and money, fixed for good.
    @param _tasks The Tasks contract.
    """
    tasks = _tasks


@internal
@view
def place(task: bytes32) -> uint256:
    """@notice The sender's place in the list of validators, its bit in bitmaps."""
    position: uint256 = self.place_of[task][msg.sender]
    assert position != 0, "Rounds: not a validator here"
    return position - 1


@internal
@view
def validators(task: bytes32) -> DynArray[uint256, MAX_VALIDATORS]:
    """@notice Account and stake of all listed validators, see Tasks.seats_of."""
    return staticcall tasks.seats_of(task)


@internal
@pure
def account(word: uint256) -> address:
    """@notice The account in a word of `validators`."""
    return convert(word & (2**160 - 1), address)


@internal
@pure
def stake(word: uint256) -> uint256:
    """@notice The stake in a word of `validators`."""
    return (word >> 160) & MAX_STAKE


@internal
@view
def whole(task: bytes32) -> uint256:
    """@notice All stake seated when the round opened."""
    return self.bench[task] & (2**128 - 1)


@internal
@view
def enough(task: bytes32, bits: uint256) -> bool:
    """@notice True when the validators in `bits` hold two thirds of the round's stake."""
    bench: uint256 = self.bench[task]
    if bits == bench >> 128:
        return True
    return quorum.reached(staticcall tasks.stake_in(task, bits), bench & (2**128 - 1))


@internal
@view
def committed(task: bytes32, phase: uint256) -> uint256:
    """@notice Bits of the participants that committed; once the set is fixed those in it."""
    if phase == clock.COMMIT:
        return self.eligible[task] & self.closed[task]
    return self.chosen[task]


@internal
def enter(task: bytes32, now: clock.Clock, phase: uint256, seconds: uint256) -> clock.Clock:
    """@notice Starts a phase that ends `seconds` from now."""
    next: clock.Clock = now
    next.phase = phase
    next.deadline = block.timestamp + seconds
    log IRounds.PhaseStarted(task=task, round=now.number, phase=phase, deadline=next.deadline)
    hashchain.extend(keccak256(abi_encode(STARTED, task, now.number, phase, next.deadline)))
    return next


@internal
def step(task: bytes32, now: clock.Clock):
    """
    @notice Leaves a phase of commitments if all who may act in it have acted; saves the clock.
    @dev    Apart from `tally`, whose lists would cost every commitment the memory for them.
    """
    if self.done(task, now):
        clock.save(task, self.leave(task, now))
    else:
        clock.save(task, now)


@internal
@view
def done(task: bytes32, now: clock.Clock) -> bool:
    """@notice True when nobody is left who may act in the phase."""
    if now.phase == clock.COMMIT:
        return self.closed[task] == max_value(uint256)
    if now.phase == clock.INCLUDE_COMMIT or now.phase == clock.VOTE_COMMIT:
        return now.cast == now.seats
    return now.cast == 0


@internal
def leave(task: bytes32, now: clock.Clock) -> clock.Clock:
    """@notice Goes from a phase of commitments to the next one, or aborts the round."""
    if now.phase == clock.COMMIT:
        bits: uint256 = self.committed(task, clock.COMMIT)
        if quorum.count(bits) < self.schedule[task].min_participants:
            return self.abort(task, now, "too few commitments")
        self.chosen[task] = bits
        seconds: uint256 = self.schedule[task].include_seconds
        return self.enter(task, now, clock.INCLUDE_COMMIT, seconds)
    if not self.enough(task, now.cast):
        return self.abort(task, now, "too few validators")
    next: clock.Clock = now
    next.held = 0
    return self.enter(task, next, now.phase + 1, self.schedule[task].reveal_seconds)


@internal
def abort(task: bytes32, now: clock.Clock, reason: String[32]) -> clock.Clock:
    """@notice Closes the round without a result, and without a set."""
    self.chosen[task] = 0
    log IRounds.Aborted(task=task, round=now.number, reason=reason)
    hashchain.extend(keccak256(abi_encode(ABORTED, task, now.number, reason)))
    return self.close(task, now, clock.ABORTED)


@internal
def close(task: bytes32, now: clock.Clock, phase: uint256) -> clock.Clock:
    """@notice Closes the round; the last one ends the task."""
    next: clock.Clock = now
    next.phase = phase
    next.cast = 0
    next.held = 0
    if now.number == self.schedule[task].rounds:
        return self.end(task, next, "all rounds done")
    return next


@internal
def end(task: bytes32, now: clock.Clock, reason: String[32]) -> clock.Clock:
    """@notice Ends the task: bonds can be released, the rest of the escrow refunded."""
    next: clock.Clock = now
    next.state = clock.ENDED
    log IRounds.TaskEnded(task=task, round=now.number, reason=reason)
    hashchain.extend(keccak256(abi_encode(ENDED, task, now.number, reason)))
    return next


@internal
def fault(task: bytes32, now: clock.Clock, account: address, place: uint256, reason: String[32]):
    """@notice A validator broke its own commitment."""
    log IRounds.Faulted(
        task=task, round=now.number, validator=account, phase=now.phase, reason=reason
    )
    hashchain.extend(
        keccak256(abi_encode(FAULTED, task, now.number, account, now.phase, reason))
    )
    extcall tasks.punish(task, 1 << place, reason)


@internal
def fault_silent(
    task: bytes32, now: clock.Clock, words: DynArray[uint256, MAX_VALIDATORS]
):
    """@notice Every validator that committed and did not reveal broke its commitment."""
    if now.cast == 0:
        return
    place: uint256 = 0
    for word: uint256 in words:
        if quorum.has(now.cast, place):
            self.fault(task, now, self.account(word), place, "no reveal")
        place += 1


@internal
def fix(task: bytes32, now: clock.Clock, included: uint256, absent: uint256):
    """@notice Fixes the round's set, and says who committed to what it did not deliver."""
    self.chosen[task] = included
    log IRounds.SetFixed(task=task, round=now.number, included=included, absent=absent)
    hashchain.extend(keccak256(abi_encode(FIXED, task, now.number, included, absent)))
    if absent != 0:
        extcall tasks.mark_absent(task, absent)


@internal
def tally(task: bytes32, now: clock.Clock) -> clock.Clock:
    """@notice Counts the revealed bitmaps: in is what two thirds of the stake hold."""
    words: DynArray[uint256, MAX_VALIDATORS] = self.validators(task)
    self.fault_silent(task, now, words)
    if not self.enough(task, now.held):
        return self.abort(task, now, "too few validators")
    included: uint256 = 0
    absent: uint256 = 0
    included, absent = self._sort(task, now.held, words)
    self.fix(task, now, included, absent)
    if quorum.count(included) < self.schedule[task].min_participants:
        return self.abort(task, now, "too few included")
    next: clock.Clock = now
    next.cast = 0
    next.held = 0
    return self.enter(task, next, clock.VOTE_COMMIT, self.schedule[task].vote_seconds)


@internal
@view
def _sort(
    task: bytes32, held: uint256, words: DynArray[uint256, MAX_VALIDATORS]
) -> (uint256, uint256):
    """
    @notice Who is in: whose update two thirds of the stake hold. Who was absent: whose update two
            thirds say that they do not hold. Others are left out and owe nothing: a third of the
            stake can keep an honest update out, but not have it punished.
    """
    bitmaps: DynArray[uint256, MAX_VALIDATORS] = []
    all_: uint256 = max_value(uint256)
    some: uint256 = 0
    heard: uint256 = 0
    for place: uint256 in range(len(words), bound=MAX_VALIDATORS):
        bitmap: uint256 = 0
        if quorum.has(held, place):
            bitmap = convert(self.ballot_of[task][place], uint256)
            all_ &= bitmap
            some |= bitmap
            heard += self.stake(words[place])
        bitmaps.append(bitmap)
    # Those who revealed hold two thirds: about what they agree on nothing has to be counted.
    included: uint256 = all_
    absent: uint256 = self.chosen[task] & ~some
    split: uint256 = some & ~all_
    whole: uint256 = self.whole(task)
    for index: uint256 in range(MAX_PARTICIPANTS):
        if split >> index == 0:
            break
        if quorum.has(split, index):
            support: uint256 = 0
            for place: uint256 in range(len(words), bound=MAX_VALIDATORS):
                if quorum.has(bitmaps[place], index):
                    support += self.stake(words[place])
            if quorum.reached(support, whole):
                included |= 1 << index
            elif quorum.reached(heard - support, whole):
                absent |= 1 << index
    return included, absent
