"""Sign flip (Li et al., RSA, AAAI 2019, arXiv 1811.03761): push the model backwards.

Sends -strength x delta, clipped to the task's bound so that it passes validation: only a robust
rule or a score can stop it.
"""

from quorate.learning.arrays import Arrays, Int64s, Update, quantise


class SignFlip:
    """``strength``: how many times the honest step backwards."""

    name = "sign_flip"
    strength = 8.0

    def poison(self, labels: Int64s) -> Int64s:
        """The labels as they are."""
        return labels

    def update(self, delta: Arrays, strength: float, bound: int, seed: int) -> Update:
        """Minus ``strength`` x ``delta``, within the bound."""
        return quantise({name: -strength * array for name, array in delta.items()}, bound)
