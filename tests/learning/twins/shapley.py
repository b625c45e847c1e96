"""Shapley values by their textbook definition: the mean over all orders of arrival."""

from fractions import Fraction
from itertools import permutations


def shapley(utilities):
    n = len(utilities).bit_length() - 1
    totals = [0] * n
    orders = list(permutations(range(n)))
    for order in orders:
        present = 0
        for i in order:
            totals[i] += utilities[present | 1 << i] - utilities[present]
            present |= 1 << i
    return tuple(round(Fraction(total, len(orders))) for total in totals)
