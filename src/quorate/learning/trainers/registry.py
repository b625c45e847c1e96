"""The table of trainers: a task names one and gives its options."""

from collections.abc import Callable, Mapping
from typing import Any

from quorate.core.errors import InternalError, TaskError
from quorate.learning.trainers.interface import StepOptions, Trainer
from quorate.learning.trainers.logistic import LogisticTrainer
from quorate.learning.trainers.perceptron import PerceptronOptions, PerceptronTrainer

Maker = Callable[[int, Mapping[str, Any]], Trainer]
"""Makes a trainer for a number of feature columns and a task's options."""

_makers: dict[str, Maker] = {}


def register(name: str, maker: Maker) -> None:
    """Adds a trainer's ``maker``; a name that is taken raises `InternalError`."""
    if name in _makers:
        raise InternalError(f"could not register trainer {name}: the name is taken")
    _makers[name] = maker


def trainer_names() -> tuple[str, ...]:
    """The names of all trainers, sorted."""
    return tuple(sorted(_makers))


def make_trainer(name: str, features: int, options: Mapping[str, Any]) -> Trainer:
    """The trainer of that name; unknown names and options raise `TaskError`."""
    if name not in _makers:
        raise TaskError(
            f"could not find trainer {str(name)[:40]!r}",
            remedy=f"known are {', '.join(trainer_names())}",
        )
    return _makers[name](features, options)


register(
    LogisticTrainer.name,
    lambda features, options: LogisticTrainer(features, StepOptions.parse(options)),
)
register(
    PerceptronTrainer.name,
    lambda features, options: PerceptronTrainer(features, PerceptronOptions.parse(options)),
)
