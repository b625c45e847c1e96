"""Weighted mean: FedAvg (McMahan et al., AISTATS 2017, arXiv 1602.05629). Withstands no fault.

aggregate_j = 256 x sum_i(w_i u_ij) / sum_i(w_i), rounded half to even.
"""

from quorate.learning.arrays import Int32s, Int64s
from quorate.learning.rules.exact import weighted_mean_of
from quorate.learning.rules.interface import RuleParameters, demand


class WeightedMean:
    """The mean of all rows by weight; needs f = 0."""

    name = "weighted_mean"

    def check(self, n: int, parameters: RuleParameters) -> None:
        """Needs n >= 1 and f = 0: one row moves the mean anywhere."""
        demand(n >= 1 and parameters.f == 0, self.name, "n >= 1 and f = 0", n, parameters)

    def aggregate(self, updates: Int32s, weights: Int64s, parameters: RuleParameters) -> Int64s:
        """See `quorate.learning.rules.interface.Rule.aggregate`."""
        return weighted_mean_of(updates, weights)
