"""Logistic regression by mini-batch gradient descent, in plain numpy."""

import numpy as np

from quorate.learning.arrays import Arrays, Floats, Int64s, Layout
from quorate.learning.trainers.interface import Evaluation, StepOptions, check_rows
from quorate.learning.trainers.steps import batches, evaluate_scores, sigmoid


class LogisticTrainer:
    """P(1 | x) = sigmoid(weights . x + intercept); ``weights`` (k,), ``intercept`` (1,)."""

    name = "logistic"

    def __init__(self, features: int, options: StepOptions | None = None) -> None:
        self._options = options or StepOptions()
        self._width = features
        self.layout = Layout.of({"intercept": (1,), "weights": (features,)})

    def initial(self, seed: int) -> dict[str, Floats]:
        """Zeros: the loss is convex, so a drawn start would only add noise."""
        return {"intercept": np.zeros(1), "weights": np.zeros(self._width)}

    def fit(self, model: Arrays, features: Floats, labels: Int64s, seed: int) -> dict[str, Floats]:
        """See `quorate.learning.trainers.interface.Trainer.fit`."""
        check_rows(features, labels, self._width)
        options = self._options
        weights, intercept = model["weights"].copy(), float(model["intercept"][0])
        for rows in batches(labels.size, options.local_steps, options.batch_size, seed):
            inputs = features[rows]
            error = sigmoid(inputs @ weights + intercept) - labels[rows]
            gradient = inputs.T @ error / rows.size + options.l2 * weights
            weights -= options.learning_rate * gradient
            intercept -= options.learning_rate * float(error.mean())
        return {"intercept": np.array([intercept]), "weights": weights}

    def probabilities(self, model: Arrays, features: Floats) -> Floats:
        """See `quorate.learning.trainers.interface.Trainer.probabilities`."""
        return sigmoid(features @ model["weights"] + model["intercept"][0])

    def evaluate(self, model: Arrays, features: Floats, labels: Int64s) -> Evaluation:
        """See `quorate.learning.trainers.interface.Trainer.evaluate`."""
        check_rows(features, labels, self._width)
        return evaluate_scores(features @ model["weights"] + model["intercept"][0], labels)
