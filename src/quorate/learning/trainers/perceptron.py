"""A multilayer perceptron with one hidden layer of tanh units, in plain numpy."""

import math
from dataclasses import dataclass

import numpy as np

from quorate.core.errors import TaskError
from quorate.learning.arrays import Arrays, Floats, Int64s, Layout
from quorate.learning.draws import uniform
from quorate.learning.trainers.interface import Evaluation, StepOptions, check_rows
from quorate.learning.trainers.steps import batches, evaluate_scores, sigmoid


@dataclass(frozen=True, slots=True)
class PerceptronOptions(StepOptions):
    """Steps, and ``hidden``: how many tanh units."""

    hidden: int = 8

    def __post_init__(self) -> None:
        StepOptions.__post_init__(self)
        if type(self.hidden) is not int or not 1 <= self.hidden <= 4096:
            raise TaskError(f"could not set hidden to {self.hidden!r}: it is not in 1..4096")


class PerceptronTrainer:
    """P(1 | x) = sigmoid(output . tanh(x hidden + hidden intercept) + output intercept)."""

    name = "perceptron"

    def __init__(self, features: int, options: PerceptronOptions | None = None) -> None:
        self._options = options or PerceptronOptions()
        self._width = features
        hidden = self._options.hidden
        self.layout = Layout.of(
            {
                "hidden.intercept": (hidden,),
                "hidden.weights": (features, hidden),
                "output.intercept": (1,),
                "output.weights": (hidden,),
            }
        )

    def initial(self, seed: int) -> dict[str, Floats]:
        """Uniform weights (Glorot and Bengio, AISTATS 2010) drawn from ``seed``; intercepts 0."""
        hidden = self._options.hidden
        return {
            "hidden.intercept": np.zeros(hidden),
            "hidden.weights": _glorot((self._width, hidden), self._width, hidden, seed),
            "output.intercept": np.zeros(1),
            "output.weights": _glorot((hidden,), hidden, 1, seed),
        }

    def fit(self, model: Arrays, features: Floats, labels: Int64s, seed: int) -> dict[str, Floats]:
        """See `quorate.learning.trainers.interface.Trainer.fit`."""
        check_rows(features, labels, self._width)
        options = self._options
        fitted = {name: array.copy() for name, array in model.items()}
        for rows in batches(labels.size, options.local_steps, options.batch_size, seed):
            for name, gradient in self._gradients(fitted, features[rows], labels[rows]).items():
                fitted[name] -= options.learning_rate * gradient
        return fitted

    def _gradients(self, model: Arrays, inputs: Floats, labels: Int64s) -> dict[str, Floats]:
        """Gradients of the mean log-loss plus weight decay, by back-propagation."""
        active = np.tanh(inputs @ model["hidden.weights"] + model["hidden.intercept"])
        scores = active @ model["output.weights"] + model["output.intercept"][0]
        error = (sigmoid(scores) - labels) / labels.size
        back = np.outer(error, model["output.weights"]) * (1.0 - active * active)
        decay = self._options.l2
        return {
            "hidden.intercept": back.sum(axis=0),
            "hidden.weights": inputs.T @ back + decay * model["hidden.weights"],
            "output.intercept": np.array([error.sum()]),
            "output.weights": active.T @ error + decay * model["output.weights"],
        }

    def _scores(self, model: Arrays, features: Floats) -> Floats:
        active = np.tanh(features @ model["hidden.weights"] + model["hidden.intercept"])
        return np.asarray(active @ model["output.weights"] + model["output.intercept"][0])

    def probabilities(self, model: Arrays, features: Floats) -> Floats:
        """See `quorate.learning.trainers.interface.Trainer.probabilities`."""
        return sigmoid(self._scores(model, features))

    def evaluate(self, model: Arrays, features: Floats, labels: Int64s) -> Evaluation:
        """See `quorate.learning.trainers.interface.Trainer.evaluate`."""
        check_rows(features, labels, self._width)
        return evaluate_scores(self._scores(model, features), labels)


def _glorot(shape: tuple[int, ...], inputs: int, outputs: int, seed: int) -> Floats:
    limit = math.sqrt(6.0 / (inputs + outputs))
    draws = uniform(math.prod(shape), "perceptron", seed, len(shape))
    return ((2.0 * draws - 1.0) * limit).reshape(shape)
