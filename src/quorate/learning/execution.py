"""What every validator and the auditor compute alike: one round's aggregate from its updates.

Integers in, integers out: the same bytes on every machine (law 4). Rows stand in the order of the
participants' index in the task, which is the order of their ids on the ledger.
"""

from collections.abc import Sequence

import numpy as np

from quorate.core.encoding import decode_decimal
from quorate.core.errors import RuleError
from quorate.learning.arrays import Int32s, Int64s, Model, Update
from quorate.learning.rules.interface import RuleParameters
from quorate.learning.rules.registry import aggregate, rule_named
from quorate.learning.specification import Specification


def rule_parameters(spec: Specification) -> RuleParameters:
    """The rule's parameters as the specification states them."""
    return RuleParameters.parse({key: int(value) for key, value in spec.rule_parameters.items()})


def clip_bound(spec: Specification) -> int:
    """The L2 bound of an update, in update units."""
    return decode_decimal(spec.clip)


def least_participants(spec: Specification, most: int = 64) -> int:
    """The smallest number of updates for which the rule's condition holds."""
    for n in range(1, most + 1):
        try:
            rule_named(spec.rule).check(n, rule_parameters(spec))
        except RuleError:
            continue
        return n
    raise RuleError(f"could not use {spec.rule}: its condition holds for no number up to {most}")


def aggregate_round(
    spec: Specification, base: Model, updates: Sequence[Update], weights: Sequence[int]
) -> Model:
    """The candidate model: ``base`` plus the aggregate of ``updates`` under the task's rule."""
    rows, shares = updates_as_rows(updates, weights)
    return base.plus(aggregate(spec.rule, rows, shares, rule_parameters(spec)))


def updates_as_rows(updates: Sequence[Update], weights: Sequence[int]) -> tuple[Int32s, Int64s]:
    """Updates as int32 rows (n, d) and their weights (n,), as rules and valuation take them."""
    rows = np.stack([update.values for update in updates])
    return rows, np.array(weights, dtype=np.int64)
