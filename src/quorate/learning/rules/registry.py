"""The table of rules, and the one checked door to them."""

import numpy as np

from quorate.core.errors import InternalError, RuleError
from quorate.learning.arrays import Int32s, Int64s
from quorate.learning.rules.centered_clipping import CenteredClipping
from quorate.learning.rules.exact import MAX_TOTAL_WEIGHT
from quorate.learning.rules.interface import Rule, RuleParameters
from quorate.learning.rules.median import Median
from quorate.learning.rules.multi_krum import MultiKrum
from quorate.learning.rules.trimmed_mean import TrimmedMean
from quorate.learning.rules.weighted_mean import WeightedMean

_rules: dict[str, Rule] = {}


def register(rule: Rule) -> None:
    """Adds ``rule`` under its name; a name that is taken raises `InternalError`."""
    if rule.name in _rules:
        raise InternalError(f"could not register rule {rule.name}: the name is taken")
    _rules[rule.name] = rule


def rule_names() -> tuple[str, ...]:
    """The names of all rules, sorted."""
    return tuple(sorted(_rules))


def rule_named(name: str) -> Rule:
    """The rule of that name; raises `RuleError` listing the known ones."""
    if name not in _rules:
        raise RuleError(
            f"could not find aggregation rule {str(name)[:40]!r}",
            remedy=f"known are {', '.join(rule_names())}",
        )
    return _rules[name]


def aggregate(
    name: str, updates: Int32s, weights: Int64s, parameters: RuleParameters | None = None
) -> Int64s:
    """The aggregate (d,), int64 in units of 2**-32, of rows (n, d), int32 in units of 2**-24.

    Rows stand in the order of participant ids. Raises `RuleError` when the rule is unknown, its
    condition on n and f fails, or ``weights`` (n,) are not positive with a sum below 2**32.
    """
    rule = rule_named(name)
    chosen = parameters or RuleParameters()
    _check_rows(name, updates, weights)
    rule.check(updates.shape[0], chosen)
    return rule.aggregate(updates, weights, chosen)


def _check_rows(name: str, updates: Int32s, weights: Int64s) -> None:
    if updates.ndim != 2 or updates.dtype != np.int32 or updates.size == 0:
        raise RuleError(f"could not aggregate with {name}: updates are not int32 rows (n, d)")
    if weights.shape != updates.shape[:1] or weights.dtype != np.int64:
        raise RuleError(f"could not aggregate with {name}: not one int64 weight for each row")
    total = sum(int(weight) for weight in weights)
    if int(weights.min()) < 1 or total > MAX_TOTAL_WEIGHT:
        raise RuleError(f"could not aggregate with {name}: weights must be positive, sum < 2**32")


for _rule in (WeightedMean(), TrimmedMean(), Median(), MultiKrum(), CenteredClipping()):
    register(_rule)
