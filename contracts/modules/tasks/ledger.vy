# pragma version 0.4.3
"""
@title   Ledger: what settled rounds add to what a task owes
@license Apache-2.0
@notice  Integer arithmetic over what a round agreed on. Whoever settles brings medians and the
         ledger so far, which can be worked out from the events; every bit of both is checked here.
         The same function in Python is quorate.learning.settlement.
@dev     One pass over all places, and no array is handed on: memory costs gas by its square.
"""

from ...interfaces import ITasks
from .. import hashchain
from .. import quorum
from .. import refusal
from . import cohort
from . import payouts
from . import scores

uses: cohort
uses: hashchain

MAX_PARTICIPANTS: constant(uint256) = 256
MAX_VALIDATORS: constant(uint256) = 64
MAX_PLACES: constant(uint256) = 264
MAX_LANES: constant(uint256) = 1024
MAX_BYTES: constant(uint256) = 8220
MAX_HINTS: constant(uint256) = 1052
MAX_DEPTH: constant(uint256) = 9
# @dev Behind the last lane, so that every lane can be read as part of a whole word.
TAIL: constant(Bytes[28]) = (
    b"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
    b"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
)

LOW: constant(bytes32) = keccak256("LowScore(bytes32,uint256,address,int256,uint256)")

# @notice Who judges a round's participants, in the order of the votes.
struct Judges:
    stakes: DynArray[uint256, MAX_VALIDATORS]     # 0: its scores do not count
    conflicts: DynArray[uint256, MAX_VALIDATORS]  # bits of participants that it does not judge
    some: uint256                                 # all of these
    whole: uint256                                # all stakes

# @notice What a round pays.
struct Prices:
    share: uint256     # of every winner
    pool: uint256      # shared by all positive medians
    positive: uint256  # their sum
    floor_: uint256    # the lane below which a median costs a penalty

digest_of: HashMap[bytes32, bytes32]
root_of: HashMap[bytes32, bytes32]


@external
def settle(
    task: bytes32,
    outcome: ITasks.Outcome,
    lanes: Bytes[MAX_BYTES],
    medians: Bytes[MAX_LANES],
    before: DynArray[uint256, MAX_PLACES],
) -> (uint256, bytes32):
    """
    @notice Rounds: checks the medians and adds a settled round to the ledger.
    @param task The task's id.
    @param outcome What the round agreed on.
    @param lanes The votes' scores one after the other, then 28 zero bytes.
    @param medians A lane per included participant.
    @param before The ledger's entries so far, all of them.
    @return What the round costs the escrow, and the new root.
    """
    cohort.only_rounds()
    judges: Judges = self._judges(task, outcome)
    listed: uint256 = cohort.listed(task)
    hints: Bytes[MAX_HINTS] = concat(medians, TAIL)
    prices: Prices = self._prices(task, outcome, hints)
    spent: uint256 = 0
    low: uint256 = 0
    at: uint256 = 0
    old: bytes32 = empty(bytes32)
    new: bytes32 = empty(bytes32)
    stride: uint256 = len(medians)
    place: uint256 = 0
    peaks: bytes32[MAX_DEPTH] = empty(bytes32[MAX_DEPTH])
    for entry: uint256 in before:
        old = keccak256(abi_encode(old, entry))
        earned: uint256 = entry
        if place < listed:
            if (outcome.winners >> place) & 1 != 0:
                earned = payouts.earn(entry, prices.share)
                spent += prices.share
        elif (outcome.included >> (place - listed)) & 1 != 0:
            lane: uint256 = convert(extract32(hints, at), uint256) >> 224
            if (judges.some >> (place - listed)) & 1 != 0:
                self._judge_contested(judges, place - listed, lane, lanes, at, stride)
            else:
                reaching: uint256 = 0
                beyond: uint256 = 0
                from_: uint256 = at
                for stake: uint256 in judges.stakes:
                    score: uint256 = convert(extract32(lanes, from_), uint256) >> 224
                    if score >= lane:
                        reaching = unsafe_add(reaching, stake)
                        if score != lane:
                            beyond = unsafe_add(beyond, stake)
                    from_ = unsafe_add(from_, stride)
                if 2 * reaching < judges.whole or 2 * beyond >= judges.whole or reaching == beyond:
                    refusal.because("Tasks: not the median")
            amount: uint256 = 0
            if lane > scores.ZERO:
                amount = prices.pool * unsafe_sub(lane, scores.ZERO) // prices.positive
                spent += amount
            if lane < prices.floor_:
                low |= 1 << (place - listed)
            earned = payouts.score(payouts.earn(entry, amount), lane)
            at = unsafe_add(at, 4)
        new = keccak256(abi_encode(new, earned))
        node: bytes32 = keccak256(abi_encode(task, place, earned))
        for level: uint256 in range(MAX_DEPTH):
            if (place >> level) & 1 == 0:
                peaks[level] = node
                break
            node = keccak256(abi_encode(peaks[level], node))
        place = unsafe_add(place, 1)
    if old != self.digest_of[task] or at != stride:
        refusal.because("Tasks: not the ledger")
    self._keep(task, new, payouts.root_of(peaks, place), spent)
    if low != 0:
        self._penalise(task, outcome, low, hints)
    return spent, self.root_of[task]


@internal
def open_(task: bytes32):
    """@notice Every entry is zero before the first round."""
    digest: bytes32 = empty(bytes32)
    for _: uint256 in range(cohort.listed(task) + cohort.joined(task), bound=MAX_PLACES):
        digest = payouts.chain(digest, 0)
    self.digest_of[task] = digest


@internal
def _keep(task: bytes32, digest: bytes32, root: bytes32, spent: uint256):
    """@notice Writes the new ledger."""
    self.digest_of[task] = digest
    self.root_of[task] = root
    cohort.sizes[task] += spent << 32


@internal
@view
def _prices(task: bytes32, outcome: ITasks.Outcome, hints: Bytes[MAX_HINTS]) -> Prices:
    """@notice What the terms pay in this round, by as many medians as participants."""
    if len(hints) != 4 * quorum.count(outcome.included) + 28:
        refusal.because("Tasks: not the median")
    pool: uint256 = cohort.terms_of[task].participant_reward if outcome.accepted else 0
    return Prices(
        share=cohort.terms_of[task].validator_reward // outcome.seated,
        pool=pool,
        positive=self._positive(hints),
        floor_=scores.lane_of(cohort.terms_of[task].score_floor),
    )


@internal
@view
def _judges(task: bytes32, outcome: ITasks.Outcome) -> Judges:
    """@notice Whose scores count, and for whom not."""
    judges: Judges = empty(Judges)
    for place: uint256 in range(cohort.listed(task), bound=MAX_VALIDATORS):
        if quorum.has(outcome.voted, place):
            stake: uint256 = 0
            conflicts: uint256 = 0
            if quorum.has(outcome.winners, place):
                word: uint256 = cohort.seat[task][place]
                stake = (word >> 160) & cohort.MAX_STAKE
                if word & cohort.CONFLICTED != 0:
                    conflicts = cohort.conflicts_of[task][place]
                    judges.some |= conflicts
            judges.whole += stake
            judges.stakes.append(stake)
            judges.conflicts.append(conflicts)
    return judges


@internal
@pure
def _judge_contested(
    judges: Judges,
    index: uint256,
    lane: uint256,
    lanes: Bytes[MAX_BYTES],
    first: uint256,
    stride: uint256,
):
    """@notice A median of a participant whom not all judges judge: nobody scores its own party."""
    whole: uint256 = 0
    reaching: uint256 = 0
    beyond: uint256 = 0
    at: uint256 = first
    for i: uint256 in range(len(judges.stakes), bound=MAX_VALIDATORS):
        if not quorum.has(judges.conflicts[i], index):
            score: uint256 = convert(extract32(lanes, at), uint256) >> 224
            whole += judges.stakes[i]
            if score >= lane:
                reaching += judges.stakes[i]
            if score > lane:
                beyond += judges.stakes[i]
        at += stride
    if not scores.is_median(lane, whole, reaching, beyond):
        refusal.because("Tasks: not the median")


@internal
@pure
def _positive(hints: Bytes[MAX_HINTS]) -> uint256:
    """@notice The sum of all positive medians, at least 1."""
    total: uint256 = 0
    for i: uint256 in range(len(hints) // 4 - 7, bound=MAX_PARTICIPANTS):
        lane: uint256 = convert(extract32(hints, 4 * i), uint256) >> 224
        if lane > scores.ZERO:
            total = unsafe_add(total, unsafe_sub(lane, scores.ZERO))
    return max(total, 1)


@internal
def _penalise(
    task: bytes32, outcome: ITasks.Outcome, low: uint256, hints: Bytes[MAX_HINTS]
):
    """@notice A median below the floor costs what the terms say."""
    penalty: uint256 = cohort.terms_of[task].low_score_penalty
    at: uint256 = 0
    for index: uint256 in range(MAX_PARTICIPANTS):
        if quorum.has(low, index):
            lane: uint256 = convert(extract32(hints, at), uint256) >> 224
            median: int256 = scores.score_of(lane)
            account: address = cohort.penalise(task, index, penalty, "low score")
            log ITasks.LowScore(
                task=task,
                round=outcome.round,
                participant=account,
                median=median,
                penalty=penalty,
            )
            hashchain.extend(
                keccak256(abi_encode(LOW, task, outcome.round, account, median, penalty))
            )
        if quorum.has(outcome.included, index):
            at += 4
