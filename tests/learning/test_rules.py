"""Aggregation rules: equal to their naive twins, free of order, refused by name, robust."""

import hashlib
import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quorate.core.errors import InternalError, RuleError
from quorate.learning.arrays import WIDEST_BOUND
from quorate.learning.rules import registry
from quorate.learning.rules.distances import gram_matrix, squared_distances
from quorate.learning.rules.exact import MAX_TOTAL_WEIGHT, divide_half_even
from quorate.learning.rules.interface import RuleParameters
from quorate.learning.rules.multi_krum import MultiKrum, chosen_rows
from tests.learning.twins import rules as twins

EXTREME = st.sampled_from([-WIDEST_BOUND, WIDEST_BOUND, -1, 0, 1])
COORDINATE = st.one_of(st.integers(-3, 3), st.integers(-WIDEST_BOUND, WIDEST_BOUND), EXTREME)
ALL = ("centered_clipping", "median", "multi_krum", "trimmed_mean", "weighted_mean")


@st.composite
def rounds(draw, least=1, most=9):
    """Rows, weights, f: many ties, extremes, weights up to the limit."""
    n = draw(st.integers(least, most))
    width = draw(st.integers(1, 4))
    rows = draw(
        st.lists(st.lists(COORDINATE, min_size=width, max_size=width), min_size=n, max_size=n)
    )
    top = draw(st.sampled_from([1, 3, 1000, MAX_TOTAL_WEIGHT // n]))
    weights = draw(st.lists(st.integers(1, top), min_size=n, max_size=n))
    return rows, weights


def run(name, rows, weights, **parameters):
    return registry.aggregate(
        name,
        np.array(rows, dtype=np.int32),
        np.array(weights, dtype=np.int64),
        RuleParameters(**parameters),
    ).tolist()


@given(rounds())
def test_weighted_mean__any_round__equals_its_twin(given_round):
    assert run("weighted_mean", *given_round) == twins.weighted_mean(*given_round)


@given(rounds(), st.data())
def test_trimmed_mean__any_round__equals_its_twin(given_round, data):
    f = data.draw(st.integers(0, (len(given_round[0]) - 1) // 2))
    assert run("trimmed_mean", *given_round, f=f) == twins.trimmed_mean(*given_round, f)


@given(rounds())
def test_median__any_round__equals_its_twin(given_round):
    assert run("median", *given_round) == twins.median(given_round[0])


@given(rounds(least=3), st.data())
def test_multi_krum__any_round__equals_its_twin(given_round, data):
    n = len(given_round[0])
    f = data.draw(st.integers(0, (n - 3) // 2))
    keep = data.draw(st.integers(0, n - f))
    assert run("multi_krum", *given_round, f=f, keep=keep) == twins.multi_krum(
        *given_round, f, keep
    )


@given(
    rounds(),
    st.one_of(st.integers(1, 10), st.integers(1, WIDEST_BOUND)),
    st.integers(1, 4),
)
def test_centered_clipping__any_round__equals_its_twin(given_round, radius, iterations):
    assert run(
        "centered_clipping", *given_round, radius=radius, iterations=iterations
    ) == twins.centered_clipping(*given_round, radius, iterations)


def many_blocks(n=6, width=40_000):
    """Rows wider than a block, with ties, from a fixed stream."""
    stream = hashlib.shake_128(b"rows").digest(4 * n * width)
    rows = np.frombuffer(stream, dtype="<i4").reshape(n, width) >> np.arange(n)[:, None]
    rows = np.maximum(rows, -WIDEST_BOUND).astype(np.int32)
    rows[:, ::5] = rows[:1, ::5]
    return rows, np.arange(1, n + 1, dtype=np.int64) * 1000


@pytest.mark.parametrize("name", ALL)
def test_rule__several_blocks__equal_to_the_twin_column_by_column(name):
    rows, weights = many_blocks()
    f = 0 if name == "weighted_mean" else 1
    found = registry.aggregate(name, rows, weights, RuleParameters(f=f, radius=2**20))
    lists = rows.tolist(), weights.tolist()
    due = {
        "weighted_mean": lambda: twins.weighted_mean(*lists),
        "trimmed_mean": lambda: twins.trimmed_mean(*lists, 1),
        "median": lambda: twins.median(lists[0]),
        "multi_krum": lambda: twins.multi_krum(*lists, 1, 0),
        "centered_clipping": lambda: twins.centered_clipping(*lists, 2**20, 3),
    }[name]()
    assert found.dtype == np.int64
    assert found.tolist() == due


@pytest.mark.parametrize("name", ALL)
def test_rule__every_arrival_order__the_same_bytes_once_sorted_by_id(name):
    updates = {
        "ward": [5, -7, 0], "dale": [5, -7, 1], "hill": [-9, 2, 0], "moor": [5, 2, 3],
        "fell": [0, 0, 0],
    }  # fmt: skip
    weights = {"ward": 3, "dale": 1, "hill": 4, "moor": 1, "fell": 5}
    f = 0 if name == "weighted_mean" else 1
    found = set()
    for order in itertools.permutations(updates):
        ids = sorted(order)
        rows, shares = [updates[i] for i in ids], [weights[i] for i in ids]
        found.add(tuple(run(name, rows, shares, f=f, radius=4)))
    assert len(found) == 1


@given(rounds(least=3), st.randoms(use_true_random=False))
def test_rules_by_value__rows_permuted__same_result(given_round, random):
    rows, weights = given_round
    order = list(range(len(rows)))
    random.shuffle(order)
    mixed = [rows[i] for i in order], [weights[i] for i in order]
    assert run("weighted_mean", *mixed) == run("weighted_mean", *given_round)
    assert run("median", *mixed) == run("median", *given_round)
    clipping = {"radius": 3, "iterations": 2}
    assert run("centered_clipping", *mixed, **clipping) == run(
        "centered_clipping", *given_round, **clipping
    )


@settings(max_examples=50)
@given(rounds(least=3), st.data())
def test_trimmed_mean_and_median__f_rows_lie__stay_within_the_honest_range(given_round, data):
    rows, weights = given_round
    f = (len(rows) - 1) // 2
    liars = data.draw(st.permutations(range(len(rows))))[:f]
    for name in ("trimmed_mean", "median"):
        result = run(name, rows, weights, f=f)
        for column, value in zip(zip(*rows, strict=True), result, strict=True):
            honest = [u for i, u in enumerate(column) if i not in liars]
            assert 256 * min(honest) <= value <= 256 * max(honest)


def test_centered_clipping__one_row_far_away__moves_the_result_by_its_share_of_the_radius():
    honest = [[0, 0], [4, 0], [0, 4]]
    radius, iterations = 1000, 3
    away = run("centered_clipping", [*honest, [WIDEST_BOUND, 0]], [1] * 4, f=1, radius=radius,
               iterations=iterations)  # fmt: skip
    near = twins.median([*honest, [WIDEST_BOUND, 0]])
    moved = sum((a - b) ** 2 for a, b in zip(away, near, strict=True)) ** 0.5
    assert moved <= iterations * 256 * (radius / 4 + 4)


def test_multi_krum__one_row_far_away__not_chosen():
    rows = np.array([[0, 0], [1, 0], [0, 1], [1, 1], [9_000, 9_000]], dtype=np.int32)
    for order in itertools.permutations(range(5)):
        chosen = chosen_rows(rows[list(order)], RuleParameters(f=1))
        assert order.index(4) not in chosen
        assert len(chosen) == 4


@pytest.mark.parametrize("size", [3, WIDEST_BOUND])
def test_distances__small_and_extreme_rows__exact_in_either_way(size):
    stream = hashlib.shake_128(b"distances").digest(4 * 5 * 200_000)
    rows = (np.frombuffer(stream, dtype="<i4").astype(np.int64) * size >> 31).astype(np.int32)
    rows = np.clip(rows.reshape(5, -1), -WIDEST_BOUND, WIDEST_BOUND)
    found = squared_distances(rows)
    for i, j in itertools.product(range(5), repeat=2):
        difference = (rows[i].astype(object) - rows[j].astype(object)).tolist()
        assert found[i][j] == sum(d * d for d in difference)


def test_gram_matrix__all_extremes__no_partial_sum_is_rounded():
    rows = np.full((3, 300_001), WIDEST_BOUND, dtype=np.int32)
    rows[1] *= -1
    rows[2, ::2] = 1
    gram = gram_matrix(rows)
    assert gram[0][0] == 300_001 * WIDEST_BOUND**2 == -gram[0][1]
    assert gram[0][2] == 150_001 * WIDEST_BOUND + 150_000 * WIDEST_BOUND**2


@given(st.integers(-(2**61), 2**61), st.integers(1, 2**61))
def test_divide_half_even__any_integers__as_fractions_round(numerator, denominator):
    found = divide_half_even(np.array([numerator], dtype=np.int64), denominator)
    assert found.tolist() == [twins.nearest(numerator, denominator)]


@pytest.mark.parametrize(
    ("name", "n", "parameters", "condition"),
    [
        ("weighted_mean", 4, {"f": 1}, "f = 0"),
        ("trimmed_mean", 4, {"f": 2}, "2f \\+ 1"),
        ("median", 2, {"f": 1}, "2f \\+ 1"),
        ("multi_krum", 4, {"f": 1}, "2f \\+ 3"),
        ("multi_krum", 2, {}, "2f \\+ 3"),
        ("multi_krum", 5, {"f": 1, "keep": 5}, "keep <= n - f"),
        ("centered_clipping", 2, {"f": 1, "radius": 5}, "2f \\+ 1"),
        ("centered_clipping", 4, {"f": 1}, "radius >= 1"),
        ("centered_clipping", 4, {"f": 1, "radius": 5, "iterations": 0}, "iterations >= 1"),
    ],
)
def test_aggregate__condition_fails__rule_error_by_name(name, n, parameters, condition):
    with pytest.raises(RuleError, match=f"{name}.*{condition}") as caught:
        run(name, [[1, 2]] * n, [1] * n, **parameters)
    assert caught.value.fields["rule"] == name


@pytest.mark.parametrize(
    ("updates", "weights"),
    [
        (np.zeros((0, 3), np.int32), np.zeros(0, np.int64)),
        (np.zeros((2, 0), np.int32), np.ones(2, np.int64)),
        (np.zeros(3, np.int32), np.ones(3, np.int64)),
        (np.zeros((2, 3), np.int64), np.ones(2, np.int64)),
        (np.zeros((2, 3), np.int32), np.ones(3, np.int64)),
        (np.zeros((2, 3), np.int32), np.ones(2)),
        (np.zeros((2, 3), np.int32), np.array([0, 1], np.int64)),
        (np.zeros((2, 3), np.int32), np.array([-1, 5], np.int64)),
        (np.zeros((2, 3), np.int32), np.array([2**32 - 1, 1], np.int64)),
        (np.zeros((2, 3), np.int32), np.array([2**63 - 1, 2**63 - 1], np.int64)),
    ],
)
def test_aggregate__unfit_rows_or_weights__refused(updates, weights):
    with pytest.raises(RuleError, match="could not aggregate with median"):
        registry.aggregate("median", updates, weights)


def test_registry__names__known_and_taken_once():
    assert registry.rule_names() == ALL
    with pytest.raises(InternalError, match="taken"):
        registry.register(MultiKrum())
    with pytest.raises(RuleError, match="trimmed_mean"):
        registry.rule_named("average")


@pytest.mark.parametrize(
    "record",
    [{"F": 1}, [], None, {"f": -1}, {"f": True}, {"f": 1.0}, {"radius": 2**31},
     {"iterations": 101}],
)  # fmt: skip
def test_parameters__unknown_or_out_of_range__refused(record):
    with pytest.raises(RuleError):
        RuleParameters.parse(record)


def test_parameters__record__reads_back():
    parameters = RuleParameters(f=1, radius=7)
    assert RuleParameters.parse(parameters.record()) == parameters
    assert RuleParameters.parse({}) == RuleParameters()
