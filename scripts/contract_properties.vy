# pragma version 0.4.3
"""
@title   Properties of the contracts' arithmetic, for a symbolic executor
@license Apache-2.0
@notice  Each check_* holds for all its arguments: it panics where it does not. The modules' own
         functions run, compiled as in the suite. scripts/prove_contracts.py proves them.
"""

from contracts.modules import balances
from contracts.modules import hashchain
from contracts.modules import merit
from contracts.modules import quorum
from contracts.modules import votes
from contracts.modules.tasks import payouts
from contracts.modules.tasks import scores

initializes: hashchain
initializes: votes
initializes: balances[hashchain := hashchain, votes := votes]
initializes: merit[hashchain := hashchain]

exports: merit.reputation_of

MOST: constant(int256) = 2**127 - 1


@external
@view
def reached(part: uint256, whole: uint256) -> bool:
    """@notice For check_reached__never_reverts."""
    return quorum.reached(part, whole)


@external
@view
def check_reached__is_two_thirds(part: uint256, whole: uint256):
    """@notice Reached: what is missing is at most a third; amounts below 2**128."""
    if part < 2**128 and whole < 2**128 and part <= whole:
        rest: uint256 = unsafe_sub(whole, part)
        thrice: uint256 = unsafe_add(rest, unsafe_add(rest, rest))
        self._must(quorum.reached(part, whole) == (thrice <= whole))


@external
@view
def check_reached__never_reverts(part: uint256, whole: uint256):
    """@notice No overflow for amounts below 2**128."""
    if part < 2**128 and whole < 2**128:
        done: bool = raw_call(
            self,
            abi_encode(part, whole, method_id=method_id("reached(uint256,uint256)")),
            is_static_call=True,
            revert_on_failure=False,
        )
        self._must(done)


@external
@pure
def check_has__is_that_bit(bits: uint256, index: uint256):
    """@notice Setting a bit is seen; a bit that is cleared is not."""
    if index < 256:
        bit: uint256 = 1 << index
        self._must(quorum.has(bits | bit, index))
        self._must(not quorum.has(bits & ~bit, index))


@external
@pure
def check_score__every_lane_is_32_bits_signed(lane: uint32):
    """@notice No lane reverts, none leaves 32 bits; its zero is 2**31."""
    score: int256 = scores.score_of(convert(lane, uint256))
    self._must(score >= -(2**31) and score < 2**31)
    self._must((score == 0) == (convert(lane, uint256) == scores.ZERO))


@external
@pure
def check_median__only_one(a: uint32[2], stakes: uint96[2], one: uint32, other: uint32):
    """@notice Two hints that pass are the same."""
    if self._passes(a, stakes, one) and self._passes(a, stakes, other):
        self._must(one == other)


@external
@pure
def check_median__was_given_by_somebody(a: uint32[2], stakes: uint96[2], hint: uint32):
    """@notice A hint that passes is a score that somebody with stake gave; zero without stake."""
    if self._passes(a, stakes, hint):
        given: bool = False
        idle: bool = True
        for i: uint256 in range(2):
            if stakes[i] != 0:
                idle = False
                given = given or a[i] == hint
        self._must(given or (idle and convert(hint, uint256) == scores.ZERO))


@external
@pure
def check_median__one_of_the_scores_passes(a: uint32[2], stakes: uint96[2]):
    """@notice Where anybody has stake, some score that was given is the median: no dead end."""
    if stakes[0] != 0 or stakes[1] != 0:
        self._must(self._passes(a, stakes, a[0]) or self._passes(a, stakes, a[1]))


@external
@pure
def check_earn__adds_and_touches_nothing_else(
    amount: uint96, more: uint96, settled: uint32, score: int128, lane: uint32
):
    """@notice Amount, rounds and score of an entry each grow by their own part."""
    total: uint256 = convert(amount, uint256) + convert(more, uint256)
    sum: int256 = convert(score, int256) + convert(lane, int256) - 2**31
    fits: bool = sum <= MOST and sum >= -MOST
    if total < 2**96 and settled < max_value(uint32) and fits:
        word: uint256 = convert(convert(convert(score, int256), bytes32), uint256) << 128
        entry: uint256 = word | (convert(settled, uint256) << 96) | convert(amount, uint256)
        earned: uint256 = payouts.earn(entry, convert(more, uint256))
        after: uint256 = payouts.score(earned, convert(lane, uint256))
        self._must(payouts.amount_of(after) == total)
        self._must(payouts.settled_of(after) == convert(settled, uint256) + 1)
        self._must(payouts.score_of(after) == sum)


@external
def check_merit__packed_is_what_was_added(
    settled: uint64, more: uint64, faults: uint64, score: int256, plus: int256
):
    """@notice Two reports of an account read back as their sums, or the second is refused."""
    merit.add(self, 2, convert(settled, uint256), score, convert(faults, uint256))
    merit.add(self, 2, convert(more, uint256), plus, 0)
    packed: uint256 = merit._words[self][2]
    self._must(packed >> 192 == convert(settled, uint256) + convert(more, uint256))
    self._must((packed >> 128) & (2**64 - 1) == convert(faults, uint256))
    self._must(merit._score(packed) == score + plus)


@external
def check_move__takes_here_gives_there(
    giver: address, taker: address, third: address, held: uint96, had: uint96, amount: uint256
):
    """@notice A transfer moves exactly the amount, and nobody else's; to oneself, nothing."""
    balances.balanceOf[giver] = convert(held, uint256)
    if taker != giver:
        balances.balanceOf[taker] = convert(had, uint256)
    before: uint256 = balances.balanceOf[third]
    balances.move(giver, taker, amount)
    self._must(amount <= convert(held, uint256))
    if taker == giver:
        self._must(balances.balanceOf[giver] == convert(held, uint256))
    else:
        self._must(balances.balanceOf[giver] == convert(held, uint256) - amount)
        self._must(balances.balanceOf[taker] == convert(had, uint256) + amount)
    if third != giver and third != taker:
        self._must(balances.balanceOf[third] == before)


@external
@pure
def check_broken__must_fail(part: uint256, whole: uint256):
    """@notice False on purpose: two thirds are not more than two thirds. The tool must say so."""
    if part < 2**64 and whole < 2**64:
        self._must(quorum.reached(part, whole) == (3 * part > 2 * whole))


@internal
@pure
def _passes(a: uint32[2], stakes: uint96[2], hint: uint32) -> bool:
    """@notice Sums as Tasks does, then the module's judgement."""
    whole: uint256 = 0
    reaching: uint256 = 0
    beyond: uint256 = 0
    for i: uint256 in range(2):
        stake: uint256 = convert(stakes[i], uint256)
        whole += stake
        reaching += stake if a[i] >= hint else 0
        beyond += stake if a[i] > hint else 0
    return scores.is_median(convert(hint, uint256), whole, reaching, beyond)


@internal
@pure
def _must(holds: bool):
    if not holds:
        raw_revert(abi_encode(convert(1, uint256), method_id=method_id("Panic(uint256)")))
