"""What a trainer is: floating-point learning on one party's arrays, repeatable on one machine.

Training is testimony: nobody re-executes it. Everything that is voted on starts where the delta is
quantised (`quorate.learning.arrays.quantise`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Protocol, Self

import numpy as np

from quorate.core.errors import InputError, TaskError
from quorate.learning.arrays import Arrays, Floats, Int64s, Layout

MAX_LOSS = 100.0
"""Losses are capped here (in nats), so that a score of a ruined model stays a bounded integer."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """How a model does on rows: mean log-loss in nats (at most MAX_LOSS), accuracy in 0..1."""

    loss: float
    accuracy: float
    rows: int


class Trainer(Protocol):
    """Learns two classes, 0 and 1, from float64 features (n, k) and int64 labels (n,)."""

    @property
    def name(self) -> str:
        """The name that a task gives."""
        ...

    @property
    def layout(self) -> Layout:
        """The layout of its model."""
        ...

    def initial(self, seed: int) -> dict[str, Floats]:
        """The parameters before the first round."""
        ...

    def fit(self, model: Arrays, features: Floats, labels: Int64s, seed: int) -> dict[str, Floats]:
        """The parameters after this trainer's local steps from ``model``; ``model`` is kept."""
        ...

    def probabilities(self, model: Arrays, features: Floats) -> Floats:
        """The probability of class 1 for each row, shape (n,)."""
        ...

    def evaluate(self, model: Arrays, features: Floats, labels: Int64s) -> Evaluation:
        """Loss and accuracy (class 1 from probability 0.5) on rows."""
        ...


@dataclass(frozen=True, slots=True)
class StepOptions:
    """Mini-batch gradient descent: what a task may set for every trainer.

    ``learning_rate`` per step; ``local_steps`` steps in a round; ``batch_size`` rows in a step, 0
    for all; ``l2`` weight decay added to the gradient of weights, not of intercepts.
    """

    learning_rate: float = 0.1
    local_steps: int = 20
    batch_size: int = 16
    l2: float = 0.0

    def __post_init__(self) -> None:
        rate, decay = self.learning_rate, self.l2
        if not (isinstance(rate, int | float) and 0 < rate <= 100):
            raise TaskError(f"could not set learning_rate to {rate!r}: it is not in (0, 100]")
        if not (isinstance(decay, int | float) and 0 <= decay <= 100):
            raise TaskError(f"could not set l2 to {decay!r}: it is not in 0..100")
        if type(self.local_steps) is not int or not 1 <= self.local_steps <= 10**6:
            raise TaskError(f"could not set local_steps to {self.local_steps!r}: 1..10**6")
        if type(self.batch_size) is not int or not 0 <= self.batch_size <= 10**6:
            raise TaskError(f"could not set batch_size to {self.batch_size!r}: 0..10**6")

    @classmethod
    def parse(cls, options: Mapping[str, Any]) -> Self:
        """Options by name, as numbers or as decimal text; an unknown name raises `TaskError`.

        Text because a signed task is canonical JSON, which has no floats.
        """
        whole = {field.name: field.type in (int, "int") for field in fields(cls)}
        unknown = sorted(set(options) - set(whole))
        if unknown:
            raise TaskError(
                f"could not read trainer options: {unknown[0]!r} is unknown",
                remedy=f"known are {', '.join(sorted(whole))}",
            )
        return cls(**{name: _number(name, value, whole[name]) for name, value in options.items()})

    def record(self) -> dict[str, str]:
        """All options by name as decimal text, as a task's specification carries them."""
        return {field.name: repr(getattr(self, field.name)) for field in fields(self)}


def _number(name: str, value: Any, whole: bool) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return int(value) if whole else float(value)
    except ValueError:
        raise TaskError(f"could not set {name} to {value[:40]!r}: it is not a number") from None


def check_rows(features: Floats, labels: Int64s, width: int) -> None:
    """Raises `InputError` unless rows are finite, of ``width`` columns, with labels 0 or 1."""
    if features.ndim != 2 or features.shape[1] != width or labels.shape != features.shape[:1]:
        raise InputError(f"could not use rows of shape {features.shape}: {width} columns are due")
    if not features.shape[0]:
        raise InputError("could not use rows: there is none")
    if not np.isfinite(features).all() or not np.isin(labels, (0, 1)).all():
        raise InputError("could not use rows: features must be finite and labels 0 or 1")
