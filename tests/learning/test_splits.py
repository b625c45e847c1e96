"""Splits: repeatable, disjoint, stratified; and the benchmark's own, to the row."""

import importlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorate.core.errors import InputError, MissingPartError, TaskError
from quorate.learning.splits import Hand, deal_rows, split_rows

LABELS = np.array([0] * 60 + [1] * 40)


@given(st.integers(1, 99), st.integers(0, 2**32 - 1))
def test_split_rows__own__disjoint_complete_and_stratified(percent, seed):
    split = split_rows(LABELS, percent, seed)
    assert sorted([*split.train, *split.test]) == list(range(100))
    for value, rows in ((0, 60), (1, 40)):
        assert abs((LABELS[split.test] == value).sum() - rows * percent / 100) <= 0.5


@pytest.mark.parametrize("method", ["own", "sklearn"])
def test_split_rows__seed__decides(method):
    one, same, other = (split_rows(LABELS, 34, seed, method) for seed in (1, 1, 2))
    assert one.test.tolist() == same.test.tolist() != other.test.tolist()
    assert one.train.tolist() == same.train.tolist()


def test_split_rows__sklearn__sizes_of_the_benchmark():
    """FLamby's Fed-Heart-Disease: 199/104 of 303 rows, stratified; unstratified when rare."""
    labels = np.array([0] * 164 + [1] * 139)
    split = split_rows(labels, 34, 43, "sklearn")
    assert (split.train.size, split.test.size) == (199, 104)
    assert labels[split.test].sum() == 48
    rare = np.array([0] * 2 + [1] * 44)
    assert split_rows(rare, 34, 43, "sklearn").test.size == 16


def test_split_rows__scikit_learn_absent__says_how_to_get_it(monkeypatch):
    real = importlib.import_module

    def absent(name, package=None):
        if name.startswith("sklearn"):
            raise ImportError(name)
        return real(name, package)

    monkeypatch.setattr(importlib, "import_module", absent)
    with pytest.raises(MissingPartError, match="quorate\\[learn\\]"):
        split_rows(LABELS, 34, 43, "sklearn")
    assert split_rows(LABELS, 34, 43).test.size == 34


def test_split_rows__nonsense__refused():
    for percent, method in ((0, "own"), (100, "own"), (34, "random")):
        with pytest.raises(TaskError):
            split_rows(LABELS, percent, 1, method)
    with pytest.raises(InputError, match="one side would be empty"):
        split_rows(np.array([0, 1]), 1, 1)
    with pytest.raises(InputError):
        split_rows(np.array([0]), 34, 1, "sklearn")


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 8)), min_size=1, max_size=5),
       st.integers())  # fmt: skip
def test_deal_rows__any_hands__disjoint_and_exactly_as_asked(asked, seed):
    hands = [Hand(zeros, ones) for zeros, ones in asked]
    dealt = deal_rows(LABELS, hands, seed)
    everything = [row for rows in dealt for row in rows.tolist()]
    assert len(set(everything)) == len(everything)
    for hand, rows in zip(hands, dealt, strict=True):
        assert (LABELS[rows] == 0).sum() == hand.zeros
        assert (LABELS[rows] == 1).sum() == hand.ones


def test_deal_rows__more_than_there_are__refused():
    with pytest.raises(InputError, match="41 of class 1 asked for, 40 there"):
        deal_rows(LABELS, [Hand(1, 40), Hand(0, 1)], 1)


@pytest.mark.parametrize("labels", [[], [0], [0, 1] * 2, [0] * 97 + [1] * 3])
@pytest.mark.parametrize("method", ["own", "sklearn"])
def test_split_rows__few_rows__a_split_or_an_input_error(labels, method):
    rows = np.array(labels, dtype=np.int64)
    try:
        split = split_rows(rows, 34, 1, method)
    except InputError:
        return
    assert sorted([*split.train, *split.test]) == list(range(rows.size))
