"""Centered clipping (Karimireddy, He, Jaggi, ICML 2021, arXiv 2012.10333), in exact integers.

v starts at the coordinate-wise median of the rows (the paper allows any start; the median is itself
robust and needs no history). Then ``iterations`` times, all in units of 2**-32::

    d_i = 256 u_i - v
    s_i = ceil(sqrt(sum of d_i squared))                         the exact integer root
    c_i = d_i                                                    if s_i <= r, r = 256 radius
    c_i = half_even(d_i x floor(r x 2**22 / s_i) / 2**22)        otherwise
    v   = v + half_even(sum(w_i c_i) / sum(w_i))

Each pass moves v by at most (weight share) x radius per row, up to rounding: that is the influence
of one participant. |d_i| stays within 2**40 and the factor below 2**22, so int64 suffices.
"""

import math

import numpy as np

from quorate.learning.arrays import Int32s, Int64s, sum_of_squares
from quorate.learning.rules.exact import UNITS, divide_half_even
from quorate.learning.rules.interface import RuleParameters, demand
from quorate.learning.rules.median import median_of

_FACTOR_BITS = 22
_SPLIT = 16


class CenteredClipping:
    """A mean of differences clipped around a robust centre; needs n > 2f, radius and passes."""

    name = "centered_clipping"

    def check(self, n: int, parameters: RuleParameters) -> None:
        """Needs n >= 2f + 1, radius >= 1 and iterations >= 1."""
        demand(n > 2 * parameters.f, self.name, "n >= 2f + 1", n, parameters)
        stated = parameters.radius >= 1 and parameters.iterations >= 1
        demand(stated, self.name, "radius >= 1 and iterations >= 1", n, parameters)

    def aggregate(self, updates: Int32s, weights: Int64s, parameters: RuleParameters) -> Int64s:
        """See `quorate.learning.rules.interface.Rule.aggregate`."""
        centre = median_of(updates)
        total = int(weights.sum())
        for _ in range(parameters.iterations):
            centre = centre + _step(updates, weights, total, centre, parameters.radius * UNITS)
        return centre


def _step(updates: Int32s, weights: Int64s, total: int, centre: Int64s, radius: int) -> Int64s:
    """half_even(sum(w c) / total); sums are kept in two parts, or weight x difference overflows."""
    high, low = np.zeros_like(centre), np.zeros_like(centre)
    for row, weight in zip(updates, weights, strict=True):
        clipped = clip_to(row.astype(np.int64) * UNITS - centre, radius)
        high += (clipped >> _SPLIT) * weight
        low += (clipped & (2**_SPLIT - 1)) * weight
    whole = high // total
    rest = ((high - whole * total) << _SPLIT) + low
    return (whole << _SPLIT) + divide_half_even(rest, total)


def clip_to(difference: Int64s, radius: int) -> Int64s:
    """``difference`` scaled into the ball of ``radius``, both in units of 2**-32."""
    square = sum_of_squares(difference)
    length = math.isqrt(square)
    length += length * length < square
    if length <= radius:
        return difference
    factor = (radius << _FACTOR_BITS) // length
    return divide_half_even(difference * factor, 1 << _FACTOR_BITS)
