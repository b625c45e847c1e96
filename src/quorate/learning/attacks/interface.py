"""What an attack is: how a dishonest participant bends its labels and its delta.

An attack works on the attacker's own data and delta in floating point, before quantisation: what
it sends is as well-formed as it wants it to be.
"""

from typing import Protocol

from quorate.learning.arrays import Arrays, Int64s, Update


class Attack(Protocol):
    """A dishonest way through a round."""

    @property
    def name(self) -> str:
        """The name that a task or the demo gives."""
        ...

    @property
    def strength(self) -> float:
        """The strength that the attack takes when none is given; its meaning is its own."""
        ...

    def poison(self, labels: Int64s) -> Int64s:
        """The labels (n,) of 0 or 1 that the attacker trains on."""
        ...

    def update(self, delta: Arrays, strength: float, bound: int, seed: int) -> Update:
        """What the attacker sends for ``delta``, trained on the poisoned rows.

        ``bound`` is the task's L2 bound in update units, which an attack may ignore.
        """
        ...
