"""Trainers learn, repeat themselves, and refuse what they cannot use."""

import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorate.core.errors import InputError, InternalError, TaskError
from quorate.learning.draws import normal, permutation, seed_of, uniform
from quorate.learning.trainers import registry
from quorate.learning.trainers.interface import MAX_LOSS, StepOptions
from quorate.learning.trainers.perceptron import PerceptronOptions, PerceptronTrainer
from quorate.learning.trainers.steps import batches, evaluate_scores, sigmoid

ROWS = 200
FEATURES = normal(ROWS * 3, "features").reshape(ROWS, 3)
LINE = (FEATURES @ np.array([2.0, -1.0, 0.0]) + 0.5 > 0).astype(np.int64)
RING = ((FEATURES**2).sum(axis=1) > 2.4).astype(np.int64)


def trainer_of(name, **options):
    return registry.make_trainer(name, 3, options)


def test_logistic__a_line__learnt():
    trainer = trainer_of("logistic", local_steps=200, learning_rate=0.5)
    model = trainer.fit(trainer.initial(1), FEATURES, LINE, 1)
    found = trainer.evaluate(model, FEATURES, LINE)
    assert found.accuracy > 0.97
    assert found.loss < 0.2
    assert found.rows == ROWS


def test_perceptron__a_ring__learnt_where_logistic_regression_cannot():
    options = {"local_steps": 1500, "learning_rate": 0.3}
    accuracy = {}
    for name, more in (("logistic", {}), ("perceptron", {"hidden": 12})):
        trainer = trainer_of(name, **options, **more)
        model = trainer.fit(trainer.initial(1), FEATURES, RING, 1)
        accuracy[name] = trainer.evaluate(model, FEATURES, RING).accuracy
    assert accuracy["perceptron"] > 0.93
    assert accuracy["logistic"] < 0.75


@pytest.mark.parametrize("name", ["logistic", "perceptron"])
def test_gradients__full_batch_without_decay__equal_finite_differences(name):
    trainer = trainer_of(name, local_steps=1, learning_rate=1.0, batch_size=0)
    start = {
        key: array + 0.3 * normal(array.size, key).reshape(array.shape)
        for key, array in trainer.initial(5).items()
    }
    step = trainer.fit(start, FEATURES, RING, 1)
    for key, array in start.items():
        for place in np.ndindex(array.shape):
            losses = []
            for shift in (1e-5, -1e-5):
                moved = {k: a.copy() for k, a in start.items()}
                moved[key][place] += shift
                losses.append(trainer.evaluate(moved, FEATURES, RING).loss)
            slope = (losses[0] - losses[1]) / 2e-5
            assert array[place] - step[key][place] == pytest.approx(slope, abs=1e-6)


@pytest.mark.parametrize("name", ["logistic", "perceptron"])
def test_fit__same_seed__same_bytes_and_the_start_is_kept(name):
    trainer = trainer_of(name, batch_size=8)
    start = trainer.initial(3)
    kept = {key: array.copy() for key, array in start.items()}
    one, two, other = (trainer.fit(start, FEATURES, LINE, seed) for seed in (1, 1, 2))
    for key in start:
        assert one[key].tobytes() == two[key].tobytes()
        assert start[key].tobytes() == kept[key].tobytes()
    assert any(one[key].tobytes() != other[key].tobytes() for key in start)
    assert {key: array.shape for key, array in one.items()} == dict(trainer.layout.shapes)


@pytest.mark.parametrize("name", ["logistic", "perceptron"])
def test_probabilities__agree_with_the_evaluation(name):
    trainer = trainer_of(name)
    model = trainer.fit(trainer.initial(1), FEATURES, LINE, 1)
    found = trainer.probabilities(model, FEATURES)
    loss = -np.log(np.where(LINE == 1, found, 1 - found)).mean()
    assert trainer.evaluate(model, FEATURES, LINE).loss == pytest.approx(loss)
    assert ((found >= 0.5) == (LINE == 1)).mean() == trainer.evaluate(
        model, FEATURES, LINE
    ).accuracy


def test_l2__weights_only__shrink():
    small = trainer_of("logistic", local_steps=300, l2=1.0)
    large = trainer_of("logistic", local_steps=300)
    weights = [t.fit(t.initial(1), FEATURES, LINE, 1)["weights"] for t in (small, large)]
    assert np.linalg.norm(weights[0]) < 0.5 * np.linalg.norm(weights[1])


def test_perceptron__initial__drawn_from_the_seed_within_its_limit():
    trainer = PerceptronTrainer(3, PerceptronOptions(hidden=5))
    one, same, other = (trainer.initial(seed)["hidden.weights"] for seed in (1, 1, 2))
    assert one.tobytes() == same.tobytes() != other.tobytes()
    assert 0 < np.abs(one).max() <= np.sqrt(6 / 8)


@pytest.mark.parametrize(
    ("features", "labels"),
    [
        (np.zeros((2, 4)), np.zeros(2, np.int64)),
        (np.zeros((2, 3)), np.zeros(3, np.int64)),
        (np.zeros((0, 3)), np.zeros(0, np.int64)),
        (np.full((2, 3), np.nan), np.zeros(2, np.int64)),
        (np.zeros((2, 3)), np.array([0, 2])),
    ],
)
@pytest.mark.parametrize("name", ["logistic", "perceptron"])
def test_fit_and_evaluate__unfit_rows__refused(name, features, labels):
    trainer = trainer_of(name)
    with pytest.raises(InputError):
        trainer.fit(trainer.initial(1), features, labels, 1)
    with pytest.raises(InputError):
        trainer.evaluate(trainer.initial(1), features, labels)


def test_evaluate_scores__ruined_model__capped():
    scores = np.array([1e300, -1e300, np.nan, np.inf, 0.0])
    found = evaluate_scores(scores, np.array([0, 0, 1, 1, 1]))
    assert found.loss == pytest.approx((MAX_LOSS + 0 + MAX_LOSS + 0 + np.log(2)) / 5)
    assert found.accuracy == 3 / 5


def test_sigmoid__extremes__no_overflow():
    assert sigmoid(np.array([-1e308, 0.0, 1e308])).tolist() == [0.0, 0.5, 1.0]


@given(st.integers(1, 40), st.integers(1, 12), st.integers(0, 30))
def test_batches__any_size__each_epoch_takes_every_row_once(rows, size, steps):
    found = [part.tolist() for part in batches(rows, steps, size, 7)]
    assert len(found) == steps
    per_epoch = -(-rows // size)
    for start in range(0, steps - per_epoch + 1, per_epoch):
        epoch = [row for part in found[start : start + per_epoch] for row in part]
        assert sorted(epoch) == list(range(rows))


def test_draws__known_seed__known_words():
    stream = hashlib.shake_128(seed_of("a", 1).to_bytes(8, "big")).digest(24)
    words = [int.from_bytes(stream[i : i + 8], "little") for i in (0, 8, 16)]
    assert permutation(3, "a", 1).tolist() == sorted(range(3), key=lambda i: words[i])
    assert uniform(3, "a", 1).tolist() == [(word >> 11) / 2**53 for word in words]
    assert seed_of("a", 1) != seed_of("a", "1") != seed_of("a1")


def test_normal__many_draws__standard():
    draws = normal(100_000, "many")
    assert abs(draws.mean()) < 0.02
    assert abs(draws.std() - 1) < 0.02
    assert abs((draws**4).mean() - 3) < 0.15


@pytest.mark.parametrize(
    "options",
    [
        {"learning_rate": 0}, {"learning_rate": "fast"}, {"learning_rate": "nan"},
        {"learning_rate": None}, {"l2": -1}, {"local_steps": 0}, {"local_steps": 1.5},
        {"batch_size": -1}, {"batch_size": True}, {"momentum": 0.9},
    ],
)  # fmt: skip
def test_options__unknown_or_out_of_range__task_error(options):
    for name in ("logistic", "perceptron"):
        with pytest.raises(TaskError):
            trainer_of(name, **options)


def test_options__record__reads_back_from_text():
    options = PerceptronOptions(learning_rate=0.003, hidden=3, l2=1e-5)
    assert PerceptronOptions.parse(options.record()) == options
    assert StepOptions().record() == {
        "learning_rate": "0.1", "local_steps": "20", "batch_size": "16", "l2": "0.0"
    }  # fmt: skip
    with pytest.raises(TaskError):
        StepOptions.parse({"local_steps": "1.5"})
    for hidden in (0, 5000, "many", 3.0):
        with pytest.raises(TaskError):
            trainer_of("perceptron", hidden=hidden)


def test_registry__names__known_and_taken_once():
    assert registry.trainer_names() == ("logistic", "perceptron")
    with pytest.raises(TaskError, match="logistic"):
        trainer_of("transformer")
    with pytest.raises(InternalError, match="taken"):
        registry.register("logistic", lambda features, options: trainer_of("logistic"))
