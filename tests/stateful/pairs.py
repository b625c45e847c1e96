"""What the state machines share: acts that may revert, as long as both sides do alike."""

from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine

from tests.contracts.pair import Done, Pair, Reverted

QUICK = settings(
    max_examples=10,
    stateful_step_count=30,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
LONG = settings(QUICK, max_examples=60, stateful_step_count=50)


class PairMachine(RuleBasedStateMachine):
    """Acts on contract and twin; `Pair` raises if they differ in any way."""

    pair: Pair

    def attempt(self, sender: str, name: str, function: str, *arguments: Any) -> Done | None:
        """What both did, or None when both reverted with the same words."""
        try:
            return self.pair.send(sender, name, function, *arguments)
        except Reverted:
            return None
