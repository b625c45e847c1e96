"""Attacks do what their papers say, and stay inside or leave the bound as they state."""

import numpy as np
import pytest

from quorate.core.errors import InternalError, TaskError
from quorate.learning.arrays import quantise
from quorate.learning.attacks import registry
from quorate.learning.attacks.scaling import Scaling

DELTA = {"b": np.array([0.25]), "w": np.array([1.0, -0.5])}
UNIT = 2**24
LABELS = np.array([0, 1, 1])


def send(name, strength, bound=2**30, seed=1):
    return registry.attack_named(name).update(DELTA, strength, bound, seed).values


def test_sign_flip__sends_the_step_backwards():
    assert send("sign_flip", 2.0).tolist() == [-UNIT // 2, -2 * UNIT, UNIT]


def test_sign_flip__beyond_the_bound__clipped_so_that_it_passes():
    update = registry.attack_named("sign_flip").update(DELTA, 50.0, UNIT, 1)
    assert 0.99 * UNIT**2 < update.squared_norm <= UNIT**2


def test_scaling__ignores_the_bound():
    update = registry.attack_named("scaling").update(DELTA, 4.0, 10, 1)
    assert update.values.tolist() == [UNIT, 4 * UNIT, -2 * UNIT]
    assert update.squared_norm > 10**2


def test_label_flip__exchanges_the_classes_and_sends_what_was_learnt():
    attack = registry.attack_named("label_flip")
    assert attack.poison(LABELS).tolist() == [1, 0, 0]
    assert LABELS.tolist() == [0, 1, 1]
    assert send("label_flip", 1.0).tolist() == quantise(DELTA, 2**30).values.tolist()


def test_free_rider__noise_of_the_stated_size__other_every_round_and_repeatable():
    first, again, later = (send("free_rider", 0.1, seed=seed) for seed in (1, 1, 2))
    norm = float(np.linalg.norm(first)) / UNIT
    assert norm == pytest.approx(0.1 * np.sqrt(0.0625 + 1.25), rel=1e-4)
    assert first.tolist() == again.tolist() != later.tolist()
    assert not np.allclose(first / UNIT, send("label_flip", 0.1) / UNIT, atol=1e-3)


def test_free_rider__nothing_learnt__sends_nothing():
    still = {"w": np.zeros(3)}
    update = registry.attack_named("free_rider").update(still, 0.1, 100, 1)
    assert update.values.tolist() == [0, 0, 0]


@pytest.mark.parametrize("name", ["sign_flip", "scaling", "free_rider"])
def test_attacks_on_the_delta__labels__left_alone(name):
    assert registry.attack_named(name).poison(LABELS).tolist() == LABELS.tolist()


def test_registry__names__known_and_taken_once():
    assert registry.attack_names() == ("free_rider", "label_flip", "scaling", "sign_flip")
    with pytest.raises(TaskError, match="sign_flip"):
        registry.attack_named("bribe")
    with pytest.raises(InternalError, match="taken"):
        registry.register(Scaling())
