"""Scaling, or model replacement (Bagdasaryan et al., AISTATS 2020, arXiv 1807.00459).

Sends strength x delta without regard to the task's bound, so as to outweigh everybody else. Where
the result is beyond the bound validation refuses it; only int32 limits it here.
"""

from quorate.learning.arrays import WIDEST_BOUND, Arrays, Int64s, Update, quantise


class Scaling:
    """``strength``: the factor."""

    name = "scaling"
    strength = 100.0

    def poison(self, labels: Int64s) -> Int64s:
        """The labels as they are."""
        return labels

    def update(self, delta: Arrays, strength: float, bound: int, seed: int) -> Update:
        """``strength`` x ``delta``, whatever the bound."""
        return quantise({name: strength * array for name, array in delta.items()}, WIDEST_BOUND)
