"""Exact Shapley values: the definition, its axioms, and models of coalitions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quorate.core.errors import InputError
from quorate.learning.arrays import Layout, Model
from quorate.learning.valuation import coalition_models, coalitions, contributions, shapley
from tests.learning.twins import shapley as twin

SCORE = st.integers(-(10**9), 10**9)


@st.composite
def games(draw, most=5):
    n = draw(st.integers(1, most))
    return draw(st.lists(SCORE, min_size=2**n, max_size=2**n))


@settings(max_examples=60)
@given(games())
def test_shapley__any_game__equals_the_mean_over_all_orders(utilities):
    assert shapley(utilities) == twin.shapley(utilities)


@given(games(most=8))
def test_shapley__any_game__efficient_up_to_rounding(utilities):
    values = shapley(utilities)
    assert abs(2 * (sum(values) - (utilities[-1] - utilities[0]))) <= len(values)


@given(games(most=6), st.data())
def test_shapley__a_null_player__gets_nothing(utilities, data):
    n = len(utilities).bit_length() - 1
    i = data.draw(st.integers(0, n - 1))
    without = [utilities[mask & ~(1 << i)] for mask in range(2**n)]
    assert shapley(without)[i] == 0


@given(games(most=6), st.data())
def test_shapley__two_alike__get_the_same(utilities, data):
    n = len(utilities).bit_length() - 1
    i, j = data.draw(st.integers(0, n - 1)), data.draw(st.integers(0, n - 1))

    def swapped(mask):
        a, b = mask >> i & 1, mask >> j & 1
        return mask & ~(1 << i) & ~(1 << j) | b << i | a << j

    alike = [utilities[min(mask, swapped(mask))] for mask in range(2**n)]
    values = shapley(alike)
    assert values[i] == values[j]


def test_shapley__two_players_by_hand__halves_to_even():
    assert shapley([0, 10, 20, 40]) == (15, 25)
    assert shapley([0, 0, 0, 1]) == (0, 0)  # one half each
    assert shapley([0, 0, 0, 3]) == (2, 2)  # one and a half each


@pytest.mark.parametrize("size", [0, 1, 3, 6, 512])
def test_shapley__not_a_whole_table__refused(size):
    with pytest.raises(InputError):
        shapley([0] * size)


def test_coalitions__count__refused_beyond_eight():
    assert list(coalitions(2)) == [0, 1, 2, 3]
    assert len(coalitions(8)) == 256
    for n in (0, 9):
        with pytest.raises(InputError):
            coalitions(n)


def test_coalition_models__weights__mean_of_the_members_added():
    layout = Layout.of({"a": (1,)})
    current = Model(layout, np.array([1000]))
    updates = np.array([[3], [-1]], dtype=np.int32)
    weights = np.array([1, 3])
    models = [model.values.tolist() for model in coalition_models(current, updates, weights)]
    assert models == [[1000], [1768], [744], [1000]]


def test_contributions__utility_counts_the_value__each_row_is_worth_what_it_moves():
    layout = Layout.of({"a": (1,)})
    current = Model(layout, np.array([0]))
    updates = np.array([[4], [0], [-4]], dtype=np.int32)
    values = contributions(current, updates, np.ones(3, np.int64), lambda m: int(m.values[0]))
    assert values[1] == 0
    assert values[0] == -values[2] > 0
