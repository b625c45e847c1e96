"""A participant's side of a round: train next to the data, bound and round the change, score.

Raw rows enter here and only integers leave: an `Update`, or a score in millionths.
"""

import math
from dataclasses import dataclass
from fractions import Fraction

from quorate.core.errors import InputError
from quorate.learning.arrays import Floats, Model, Update, quantise
from quorate.learning.attacks.interface import Attack
from quorate.learning.tables import Dataset
from quorate.learning.trainers.interface import Trainer

MILLIONTHS = 10**6


@dataclass(frozen=True, slots=True)
class Cheat:
    """What a dishonest participant does: an attack and its strength (see the attack's file)."""

    attack: Attack
    strength: float


def local_update(
    trainer: Trainer,
    model: Model,
    data: Dataset,
    *,
    seed: int,
    bound: int,
    cheat: Cheat | None = None,
) -> Update:
    """The change that training on ``data`` makes to ``model``, within L2 ``bound`` update units.

    A cheat may poison the rows and bend the delta; one whose attack ignores the bound is clipped
    only by what int32 can hold, and its update is then refused by `validation.check_update`.
    """
    if cheat is None:
        return quantise(delta_of(trainer, model, data, seed), bound)
    rows = Dataset(data.features, cheat.attack.poison(data.labels))
    honest = delta_of(trainer, model, rows, seed)
    return cheat.attack.update(honest, cheat.strength, bound, seed)


def delta_of(trainer: Trainer, model: Model, data: Dataset, seed: int) -> dict[str, Floats]:
    """Trained minus given parameters, by name."""
    start = model.to_floats()
    trained = trainer.fit(start, data.features, data.labels, seed)
    return {name: trained[name] - start[name] for name in start}


def utility(trainer: Trainer, model: Model, data: Dataset) -> int:
    """Minus the mean log-loss of ``model`` on ``data``, in millionths (testimony)."""
    return millionths(-trainer.evaluate(model.to_floats(), data.features, data.labels).loss)


def millionths(value: float) -> int:
    """``value`` x 10**6 as an integer: the float's exact value, rounded half to even."""
    if not math.isfinite(value):
        raise InputError("could not score: the value is not finite")
    return round(Fraction(value) * MILLIONTHS)
