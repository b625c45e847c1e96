"""Free-rider (Fraboni et al., AISTATS 2021, arXiv 2006.11901): be paid without working.

Sends the current model disguised by noise: a drawn vector instead of a trained delta. (The bare
current model, a zero update, would be caught the second time as a replay of the first.)
"""

import math

import numpy as np

from quorate.learning.arrays import Arrays, Int64s, Update, quantise
from quorate.learning.draws import normal


class FreeRider:
    """``strength``: the L2 norm of the noise as a share of the delta that work would have made."""

    name = "free_rider"
    strength = 0.1

    def poison(self, labels: Int64s) -> Int64s:
        """The labels as they are."""
        return labels

    def update(self, delta: Arrays, strength: float, bound: int, seed: int) -> Update:
        """Noise of ``strength`` x the norm of ``delta``, within the bound."""
        norm = math.sqrt(sum(float(np.square(array).sum()) for array in delta.values()))
        noise = {
            name: normal(np.size(array), "free_rider", seed, name).reshape(np.shape(array))
            for name, array in delta.items()
        }
        length = math.sqrt(sum(float(np.square(array).sum()) for array in noise.values()))
        scale = strength * norm / length if length else 0.0
        return quantise({name: scale * array for name, array in noise.items()}, bound)
