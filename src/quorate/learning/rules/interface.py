"""What an aggregation rule is: a pure function from int32 rows and weights to an int64 vector.

Rows stand in the order of participant ids (the caller sorts), so that the result does not depend
on arrival order even where values tie.
"""

from dataclasses import asdict, dataclass
from typing import Any, Protocol

from quorate.core.errors import RuleError
from quorate.learning.arrays import WIDEST_BOUND, Int32s, Int64s


@dataclass(frozen=True, slots=True)
class RuleParameters:
    """What a task states beside the rule's name; a rule reads what it needs.

    ``f``: faulty rows to withstand. ``keep``: rows that Multi-Krum averages, 0 for n - f.
    ``radius``: clipping radius of centered clipping in update units (2**-24). ``iterations``: its
    passes.
    """

    f: int = 0
    keep: int = 0
    radius: int = 0
    iterations: int = 3

    def __post_init__(self) -> None:
        limits = {"f": 10**4, "keep": 10**4, "radius": WIDEST_BOUND, "iterations": 100}
        for name, limit in limits.items():
            value = getattr(self, name)
            if type(value) is not int or not 0 <= value <= limit:
                raise RuleError(f"could not set {name} of a rule: {value!r} is not in 0..{limit}")

    @classmethod
    def parse(cls, record: Any) -> "RuleParameters":
        """The inverse of `record`; missing names take their defaults, unknown ones are refused."""
        if not isinstance(record, dict) or not set(record) <= set(cls.__slots__):
            raise RuleError(
                "could not read rule parameters: unknown names",
                remedy=f"known are {', '.join(cls.__slots__)}",
            )
        return cls(**record)

    def record(self) -> dict[str, int]:
        """All parameters by name, as a task's specification carries them."""
        return asdict(self)


class Rule(Protocol):
    """An aggregation rule."""

    @property
    def name(self) -> str:
        """The name that a task gives."""
        ...

    def check(self, n: int, parameters: RuleParameters) -> None:
        """Raises `RuleError`, naming the rule, unless it holds for ``n`` rows."""
        ...

    def aggregate(self, updates: Int32s, weights: Int64s, parameters: RuleParameters) -> Int64s:
        """The aggregate (d,) in units of 2**-32 of rows (n, d) in units of 2**-24.

        ``weights`` (n,) are positive with a sum below 2**32. Callers go through
        `registry.aggregate`, which checks both.
        """
        ...


def demand(holds: bool, name: str, condition: str, n: int, parameters: RuleParameters) -> None:
    """Raises `RuleError` unless ``holds``, saying which ``condition`` of which rule failed."""
    if not holds:
        raise RuleError(
            f"could not aggregate with {name}: it needs {condition}; here n = {n}, "
            f"f = {parameters.f}",
            remedy="take more participants, a smaller f, or another rule",
            rule=name,
        )
