"""Demonstrations run for their facts alone: no auditor, a clock that does not wait."""

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from quorate.core.sources import SteppedClock, SystemRandomness
from quorate.node.flows.demo import HOSPITALS, LIAR, Accuracies, DemoPlan, run_demo
from quorate.node.flows.progress import RoundResult
from quorate.node.flows.train import Machinery, Money
from quorate.node.tasks import TOKEN

MEMORY = Path("/dev/shm")  # durability is not what is looked at here
ATTACKS = ("sign_flip", "label_flip", "scaling", "free_rider")


class Witness:
    """Keeps every closed round."""

    def __init__(self) -> None:
        self.rounds: list[RoundResult] = []

    def stage(self, text: str) -> None:
        """Stages say nothing about who was caught."""

    def round_closed(self, result: RoundResult) -> None:
        """One more."""
        self.rounds.append(result)


@dataclass(frozen=True)
class Shown:
    """What one demonstration showed; losses in tokens, by party, as the chain burnt them."""

    plan: DemoPlan
    accuracy: Accuracies
    model_digest: str
    caught_round: int | None
    liar_caught_round: int | None
    losses: dict[str, float]
    money: dict[str, Money]

    @property
    def wronged(self) -> dict[str, float]:
        """Losses of those who did nothing wrong."""
        return {n: loss for n, loss in self.losses.items() if n not in (self.plan.cheat, LIAR)}

    def gain(self, name: str) -> float:
        """What a party ended with beyond what it staked, in tokens."""
        return (self.money[name].final - self.money[name].initial) / TOKEN

    @property
    def honest(self) -> tuple[str, ...]:
        """The hospitals that did not cheat."""
        return tuple(name for name in HOSPITALS if name != self.plan.cheat)


def show(plan: DemoPlan) -> Shown:
    """Runs ``plan`` through the whole ledger path in a folder of its own."""
    witness = Witness()
    place = MEMORY if os.access(MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=place) as folder:
        machinery = Machinery(SteppedClock(), SystemRandomness(), witness)
        result = run_demo(Path(folder) / "home", plan, machinery)
    money = result.outcome.money
    return Shown(
        plan=plan,
        accuracy=result.accuracy,
        model_digest=str(result.outcome.model.digest),
        caught_round=next((r.number for r in witness.rounds if plan.cheat in r.slashed), None),
        liar_caught_round=next((r.number for r in witness.rounds if LIAR in r.suspended), None),
        losses={name: item.slashed / TOKEN for name, item in money.items() if item.slashed},
        money=money,
    )
