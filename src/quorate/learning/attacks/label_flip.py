"""Label flip (Biggio et al., ACML 2011; Tolpegin et al., ESORICS 2020, arXiv 2007.08432).

Trains honestly on rows whose classes are exchanged, then sends strength x delta within the bound.
"""

from quorate.learning.arrays import Arrays, Int64s, Update, quantise


class LabelFlip:
    """``strength``: how many times the poisoned step is sent; 1 is the attack of the papers."""

    name = "label_flip"
    strength = 1.0

    def poison(self, labels: Int64s) -> Int64s:
        """Class 0 becomes 1 and 1 becomes 0."""
        return 1 - labels

    def update(self, delta: Arrays, strength: float, bound: int, seed: int) -> Update:
        """``strength`` x ``delta``, within the bound."""
        return quantise({name: strength * array for name, array in delta.items()}, bound)
