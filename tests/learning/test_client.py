"""A participant's side: what leaves it is bounded, whole and repeatable."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorate.core.errors import InputError, VerificationError
from quorate.learning.arrays import WIDEST_BOUND, Model
from quorate.learning.attacks.registry import attack_named, attack_names
from quorate.learning.client import Cheat, delta_of, local_update, millionths, utility
from quorate.learning.draws import normal
from quorate.learning.rules.registry import aggregate
from quorate.learning.tables import Dataset
from quorate.learning.trainers.registry import make_trainer
from quorate.learning.validation import check_update
from quorate.learning.valuation import contributions

BOUND = 2**22
FEATURES = normal(120 * 4, "client").reshape(120, 4)
DATA = Dataset(FEATURES, (FEATURES[:, 0] - FEATURES[:, 1] > 0).astype(np.int64))
PARTS = [DATA.take(np.arange(start, 120, 4)) for start in range(4)]
TRAINER = make_trainer("logistic", 4, {"local_steps": 10, "learning_rate": "0.1", "batch_size": 8})
START = Model.from_floats(TRAINER.initial(0))


def test_local_update__honest__passes_validation_and_repeats():
    update = local_update(TRAINER, START, DATA, seed=1, bound=BOUND)
    assert check_update(update.to_bytes(), TRAINER.layout, BOUND, set()) == update
    assert local_update(TRAINER, START, DATA, seed=1, bound=BOUND) == update
    assert local_update(TRAINER, START, DATA, seed=2, bound=BOUND) != update


def test_local_update__wide_bound__is_the_trained_change():
    update = local_update(TRAINER, START, DATA, seed=1, bound=WIDEST_BOUND)
    due = TRAINER.layout.flatten(delta_of(TRAINER, START, DATA, 1))
    assert np.abs(update.values / 2**24 - due).max() <= 2.0**-25


def test_local_update__label_flip__trains_on_exchanged_classes():
    cheat = Cheat(attack_named("label_flip"), 1.0)
    flipped = Dataset(DATA.features, 1 - DATA.labels)
    assert local_update(TRAINER, START, DATA, seed=1, bound=BOUND, cheat=cheat) == local_update(
        TRAINER, START, flipped, seed=1, bound=BOUND
    )


def test_local_update__scaling__refused_by_validation():
    cheat = Cheat(attack_named("scaling"), 100.0)
    update = local_update(TRAINER, START, DATA, seed=1, bound=BOUND, cheat=cheat)
    with pytest.raises(VerificationError) as caught:
        check_update(update.to_bytes(), TRAINER.layout, BOUND, set())
    assert caught.value.step == "4 bound"


@pytest.mark.parametrize("name", sorted(set(attack_names()) - {"scaling"}))
def test_local_update__attack_within_the_bound__passes_but_earns_nothing(name):
    attack = attack_named(name)
    model = START
    scores = ()
    for number in range(3):
        updates = [
            local_update(TRAINER, model, part, seed=number, bound=BOUND,
                         cheat=Cheat(attack, attack.strength) if party == 3 else None)
            for party, part in enumerate(PARTS)
        ]  # fmt: skip
        for update in updates:
            check_update(update.to_bytes(), TRAINER.layout, BOUND, set())
        rows = np.stack([update.values for update in updates])
        weights = np.full(4, 30)
        scores = contributions(model, rows, weights, lambda m: utility(TRAINER, m, DATA))
        assert scores[3] < 0 < min(scores[:3])
        model = model.plus(aggregate("median", rows, weights))


def test_utility__better_model__higher():
    trained = START.plus(
        aggregate("median", local_update(TRAINER, START, DATA, seed=1, bound=2**25).values[None],
                  np.ones(1, np.int64))
    )  # fmt: skip
    assert utility(TRAINER, START, DATA) == -693147  # ln 2 for a model of zeros
    assert utility(TRAINER, trained, DATA) > -600000


@given(st.floats(-1e6, 1e6))
def test_millionths__any_value__nearest_of_the_exact_float(value):
    assert millionths(value) == round(Fraction(value) * 10**6)
    assert abs(Fraction(value) * 10**6 - millionths(value)) <= Fraction(1, 2)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_millionths__not_finite__refused(value):
    with pytest.raises(InputError):
        millionths(value)
