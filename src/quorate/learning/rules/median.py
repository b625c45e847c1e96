"""Coordinate-wise median (Yin et al., ICML 2018, arXiv 1803.01498).

Every row counts once: weights are not used. With an even number of rows the result is the middle of
the two central values, exact in units of 2**-32: no rounding takes place.
"""

import numpy as np

from quorate.learning.arrays import Int32s, Int64s
from quorate.learning.rules.exact import UNITS, blocks
from quorate.learning.rules.interface import RuleParameters, demand


class Median:
    """The median of each coordinate; needs n > 2f."""

    name = "median"

    def check(self, n: int, parameters: RuleParameters) -> None:
        """Needs n >= 2f + 1: a majority of honest rows."""
        demand(n > 2 * parameters.f, self.name, "n >= 2f + 1", n, parameters)

    def aggregate(self, updates: Int32s, weights: Int64s, parameters: RuleParameters) -> Int64s:
        """See `quorate.learning.rules.interface.Rule.aggregate`."""
        return median_of(updates)


def median_of(updates: Int32s) -> Int64s:
    """The coordinate-wise median of rows (n, d) in units of 2**-32, shape (d,)."""
    rows, width = updates.shape
    result = np.empty(width, dtype=np.int64)
    for columns in blocks(width):
        ordered = np.sort(np.ascontiguousarray(updates[:, columns].T), axis=1)
        middle = ordered[:, (rows - 1) // 2].astype(np.int64) + ordered[:, rows // 2]
        result[columns] = middle * (UNITS // 2)
    return result
