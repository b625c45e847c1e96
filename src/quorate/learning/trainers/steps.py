"""Shared by the trainers: drawn mini-batches, the logistic loss, its evaluation."""

from collections.abc import Iterator

import numpy as np

from quorate.learning.arrays import Floats, Int64s
from quorate.learning.draws import permutation
from quorate.learning.trainers.interface import MAX_LOSS, Evaluation


def batches(rows: int, steps: int, batch_size: int, seed: int) -> Iterator[Int64s]:
    """Row numbers of ``steps`` mini-batches: epochs in drawn order, the last of each may be short.

    A size of 0, or one that holds all rows, gives all rows in their own order.
    """
    if batch_size == 0 or batch_size >= rows:
        everything = np.arange(rows, dtype=np.int64)
        yield from (everything for _ in range(steps))
        return
    per_epoch = -(-rows // batch_size)
    order = np.empty(0, dtype=np.int64)
    for step in range(steps):
        epoch, position = divmod(step, per_epoch)
        if position == 0:
            order = permutation(rows, "batches", seed, epoch)
        yield order[position * batch_size : (position + 1) * batch_size]


def sigmoid(scores: Floats) -> Floats:
    """1 / (1 + exp(-scores)) without overflow."""
    decay = np.exp(-np.abs(scores))
    return np.asarray(np.where(scores >= 0, 1.0, decay) / (1.0 + decay))


def evaluate_scores(scores: Floats, labels: Int64s) -> Evaluation:
    """Evaluation of log-odds ``scores`` (n,) against ``labels`` (n,) of 0 or 1.

    Non-finite scores (a ruined model) count as the loss cap.
    """
    margins = np.where(labels == 1, scores, -scores)
    with np.errstate(invalid="ignore"):
        losses = np.logaddexp(0.0, -margins)
    losses = np.where(np.isfinite(losses), np.minimum(losses, MAX_LOSS), MAX_LOSS)
    right = (scores >= 0) == (labels == 1)
    return Evaluation(float(losses.mean()), float(right.mean()), int(labels.size))
