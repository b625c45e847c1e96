"""Splitting one table's rows: training and test, or hands dealt to several parties. Repeatable."""

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from quorate.core.errors import InputError, MissingPartError, TaskError
from quorate.learning.arrays import Int64s
from quorate.learning.draws import permutation

METHODS = ("own", "sklearn")


@dataclass(frozen=True, slots=True)
class Split:
    """Row numbers for training and for testing."""

    train: Int64s
    test: Int64s


@dataclass(frozen=True, slots=True)
class Hand:
    """What one party gets of a common table: so many rows of class 0 and of class 1."""

    zeros: int
    ones: int


def split_rows(labels: Int64s, test_percent: int, seed: int, method: str = "own") -> Split:
    """Training and test rows; ``labels`` (n,) of 0 or 1, ``test_percent`` in 1..99.

    ``own`` draws from each class alike (SHAKE-128, the same everywhere). ``sklearn`` is
    ``train_test_split`` with shuffling, stratified unless a class has two rows or fewer, as the
    FLamby benchmark splits (arXiv 2210.04620). Raises `InputError` when a side would be empty.
    """
    if method not in METHODS or not 1 <= test_percent <= 99:
        raise TaskError(
            f"could not split rows: method {method!r}, test share {test_percent} %",
            remedy=f"take one of {', '.join(METHODS)} and a share in 1..99",
        )
    split = _sklearn(labels, test_percent, seed) if method == "sklearn" else None
    if split is None:
        split = _own(labels, test_percent, seed)
    if not split.train.size or not split.test.size:
        raise InputError(f"could not split {labels.size} rows: one side would be empty")
    return split


def deal_rows(labels: Int64s, hands: Sequence[Hand], seed: int) -> list[Int64s]:
    """Disjoint row numbers for each hand, drawn by class, in drawn order.

    Hands of different sizes and class shares make the parties differ as real ones do. Raises
    `InputError` when the hands ask for more rows of a class than there are.
    """
    decks = [_drawn(labels, value, seed) for value in (0, 1)]
    for value, asked in enumerate((sum(h.zeros for h in hands), sum(h.ones for h in hands))):
        if asked > decks[value].size:
            raise InputError(
                f"could not deal rows: {asked} of class {value} asked for, {decks[value].size} "
                "there"
            )
    dealt: list[Int64s] = []
    used = [0, 0]
    for number, hand in enumerate(hands):
        ends = [used[0] + hand.zeros, used[1] + hand.ones]
        parts = [decks[value][used[value] : ends[value]] for value in (0, 1)]
        rows = np.concatenate(parts)
        dealt.append(rows[permutation(rows.size, "hand", seed, number)])
        used = ends
    return dealt


def _drawn(labels: Int64s, value: int, seed: int) -> Int64s:
    rows = np.flatnonzero(labels == value).astype(np.int64)
    return rows[permutation(rows.size, "class", seed, value)]


def _own(labels: Int64s, test_percent: int, seed: int) -> Split:
    decks = [_drawn(labels, value, seed) for value in (0, 1)]
    cuts = [round(Fraction(deck.size * test_percent, 100)) for deck in decks]
    test = np.concatenate([deck[:cut] for deck, cut in zip(decks, cuts, strict=True)])
    train = np.concatenate([deck[cut:] for deck, cut in zip(decks, cuts, strict=True)])
    return Split(np.sort(train), np.sort(test))


def _sklearn(labels: Int64s, test_percent: int, seed: int) -> Split:
    try:
        selection = importlib.import_module("sklearn.model_selection")
    except ImportError:
        raise MissingPartError(
            "could not split rows as scikit-learn does: it is not installed",
            remedy="install quorate[learn], or split with method 'own'",
        ) from None
    counts = np.bincount(labels, minlength=2)
    try:
        train, test = selection.train_test_split(
            np.arange(labels.size, dtype=np.int64),
            test_size=test_percent / 100,
            train_size=(100 - test_percent) / 100,
            random_state=seed,
            shuffle=True,
            stratify=labels if int(counts[counts > 0].min(initial=labels.size)) > 2 else None,
        )
    except ValueError as error:
        raise InputError(f"could not split {labels.size} rows: {error}") from None
    return Split(train, test)
