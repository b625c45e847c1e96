"""What each participant's update was worth: exact Shapley values of a round (Shapley, 1953).

A coalition is a bit mask over participants (bit i is row i). Its utility is an integer, in
millionths, that a validator measured on its own hold-out (testimony); what follows from the
utilities is exact: differences weighted by |S|! (n - |S| - 1)!, divided by n! once, rounded half to
even. So the values of all participants add up to utility(all) - utility(none) within n/2, equals
get equals, and one who changes nothing gets 0 (all three are tested).

One game is played per round, from the current model, as in Wang et al., "A Principled Approach to
Data Valuation for Federated Learning", 2020, arXiv 2009.06192.
"""

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from math import factorial

from quorate.core.errors import InputError
from quorate.learning.arrays import Int32s, Int64s, Model
from quorate.learning.rules.exact import weighted_mean_of

MAX_PARTICIPANTS = 8


def coalitions(n: int) -> range:
    """All 2**n coalitions of ``n`` participants as bit masks, the empty one first."""
    if not 1 <= n <= MAX_PARTICIPANTS:
        raise InputError(
            f"could not value {n} participants exactly: 1..{MAX_PARTICIPANTS} can be",
            remedy="take fewer participants",
        )
    return range(2**n)


def shapley(utilities: Sequence[int]) -> tuple[int, ...]:
    """Each participant's Shapley value for ``utilities`` by coalition mask (2**n integers)."""
    n = len(utilities).bit_length() - 1
    if len(utilities) != 2 ** max(n, 0) or len(utilities) != len(coalitions(n)):
        raise InputError(f"could not value a table of {len(utilities)} utilities: 2**n are due")
    shares = [factorial(size) * factorial(n - size - 1) for size in range(n)]
    totals = [0] * n
    for mask, before in enumerate(utilities):
        for i in range(n):
            if not mask >> i & 1:
                totals[i] += shares[mask.bit_count()] * (utilities[mask | 1 << i] - before)
    return tuple(round(Fraction(total, factorial(n))) for total in totals)


def coalition_models(current: Model, updates: Int32s, weights: Int64s) -> Iterator[Model]:
    """The model of each coalition in mask order: ``current`` plus its updates' weighted mean.

    ``updates`` (n, d) in update units, ``weights`` (n,). The empty coalition leaves ``current``.
    """
    for mask in coalitions(updates.shape[0]):
        rows = [i for i in range(updates.shape[0]) if mask >> i & 1]
        yield current.plus(weighted_mean_of(updates[rows], weights[rows])) if rows else current


def contributions(
    current: Model, updates: Int32s, weights: Int64s, utility: Callable[[Model], int]
) -> tuple[int, ...]:
    """Each row's Shapley value under one validator's ``utility`` (millionths)."""
    return shapley([utility(model) for model in coalition_models(current, updates, weights)])
