"""What the same rows would give otherwise: alone, pooled, with and without defence; no ledger.

These runs exist to be compared with; nothing about them is recorded. They use the same trainer,
rounds and local steps as the real run and are measured on the same test rows.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from quorate.learning.arrays import WIDEST_BOUND, Model
from quorate.learning.client import local_update
from quorate.learning.draws import seed_of
from quorate.learning.execution import updates_as_rows
from quorate.learning.rules.registry import aggregate
from quorate.learning.tables import Dataset
from quorate.learning.trainers.interface import Trainer
from quorate.node.participant import CheatPlan


@dataclass(frozen=True, slots=True)
class Setting:
    """What every compared run shares."""

    trainer: Trainer
    initial: Model
    rounds: int
    seed: int
    weight_cap: int


def train_plainly(
    setting: Setting,
    parties: Mapping[str, Dataset],
    cheats: Mapping[str, CheatPlan] | None = None,
    bound: int = WIDEST_BOUND,
) -> Model:
    """Federated averaging with no score and no ledger; one party alone is local training.

    ``bound`` is the L2 bound that clients keep to, in update units. Without one an attack meets no
    defence at all: its update is limited only by what int32 can hold.
    """
    model = setting.initial
    plans = cheats or {}
    for number in range(1, setting.rounds + 1):
        updates, weights = [], []
        for name, data in parties.items():
            plan = plans.get(name)
            updates.append(
                local_update(
                    setting.trainer,
                    model,
                    data,
                    seed=seed_of("local", setting.seed, name, number),
                    bound=bound,
                    cheat=plan.cheat if plan and number >= plan.first_round else None,
                )
            )
            weights.append(min(data.labels.size, setting.weight_cap))
        rows, shares = updates_as_rows(updates, weights)
        model = model.plus(aggregate("weighted_mean", rows, shares))
    return model


def accuracy(trainer: Trainer, model: Model, data: Dataset) -> float:
    """Share of rows that the model classifies rightly."""
    return trainer.evaluate(model.to_floats(), data.features, data.labels).accuracy
