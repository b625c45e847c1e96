"""Multi-Krum (Blanchard et al., NeurIPS 2017, arXiv 1703.02757).

A row's score is the sum of its n - f - 2 smallest squared distances to other rows, exact. The
``keep`` rows of lowest (score, row) are averaged by weight; n - f of them unless the task says
otherwise (1 is Krum).
"""

from quorate.learning.arrays import Int32s, Int64s
from quorate.learning.rules.distances import squared_distances
from quorate.learning.rules.exact import weighted_mean_of
from quorate.learning.rules.interface import RuleParameters, demand


class MultiKrum:
    """The mean of the rows nearest to their neighbours; needs n > 2f + 2."""

    name = "multi_krum"

    def check(self, n: int, parameters: RuleParameters) -> None:
        """Needs n >= 2f + 3, and keep <= n - f: more would surely average a faulty row."""
        f, keep = parameters.f, parameters.keep
        demand(n >= 2 * f + 3, self.name, "n >= 2f + 3", n, parameters)
        demand(keep <= n - f, self.name, f"keep <= n - f (keep is {keep})", n, parameters)

    def aggregate(self, updates: Int32s, weights: Int64s, parameters: RuleParameters) -> Int64s:
        """See `quorate.learning.rules.interface.Rule.aggregate`."""
        chosen = chosen_rows(updates, parameters)
        return weighted_mean_of(updates[chosen], weights[chosen])


def chosen_rows(updates: Int32s, parameters: RuleParameters) -> list[int]:
    """The row numbers that Multi-Krum averages, ascending."""
    rows = updates.shape[0]
    near = rows - parameters.f - 2
    distances = squared_distances(updates)
    scores = [
        sum(sorted(distances[i][j] for j in range(rows) if j != i)[:near]) for i in range(rows)
    ]
    keep = parameters.keep or rows - parameters.f
    return sorted(sorted(range(rows), key=lambda row: (scores[row], row))[:keep])
