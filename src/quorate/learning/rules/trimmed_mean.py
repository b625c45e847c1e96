"""Coordinate-wise trimmed mean (Yin et al., ICML 2018, arXiv 1803.01498), weighted inside.

In each coordinate the rows are sorted by (value, row); the f lowest and f highest go, and the rest
is averaged by weight: 256 x sum(w u) / sum(w) over the kept, rounded half to even. Every average of
kept values lies between two honest ones, whatever the weights, so weighting costs no robustness.
"""

import numpy as np

from quorate.learning.arrays import Int32s, Int64s
from quorate.learning.rules.exact import blocks, mean_in_model_units, sorted_columns
from quorate.learning.rules.interface import RuleParameters, demand


class TrimmedMean:
    """The mean without the f extremes on either side; needs n > 2f."""

    name = "trimmed_mean"

    def check(self, n: int, parameters: RuleParameters) -> None:
        """Needs n >= 2f + 1, so that a row is left."""
        demand(n > 2 * parameters.f, self.name, "n >= 2f + 1", n, parameters)

    def aggregate(self, updates: Int32s, weights: Int64s, parameters: RuleParameters) -> Int64s:
        """See `quorate.learning.rules.interface.Rule.aggregate`."""
        kept = slice(parameters.f, updates.shape[0] - parameters.f)
        result = np.empty(updates.shape[1], dtype=np.int64)
        for columns in blocks(updates.shape[1]):
            values, rows = sorted_columns(updates, columns)
            shares = weights[rows[:, kept]]
            sums = (values[:, kept] * shares).sum(axis=1)
            result[columns] = mean_in_model_units(sums, shares.sum(axis=1))
        return result
