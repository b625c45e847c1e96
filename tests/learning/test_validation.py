"""Validation: each numbered step refuses what it names, and good updates pass."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorate.core.errors import VerificationError
from quorate.learning.arrays import Layout, Model, Update, quantise
from quorate.learning.validation import check_update

LAYOUT = Layout.of({"intercept": (1,), "weights": (3,)})
GOOD = Update(LAYOUT, np.array([3, 4, 0, 0], dtype=np.int32))


def refused_at(data, step, bound=5, seen=()):
    with pytest.raises(VerificationError) as caught:
        check_update(data, LAYOUT, bound, seen, "update of hill")
    assert caught.value.step == step
    assert caught.value.place == "update of hill"


def test_check_update__on_the_bound_and_new__returned():
    assert check_update(GOOD.to_bytes(), LAYOUT, 5, set()) == GOOD


@pytest.mark.parametrize("data", [b"", GOOD.to_bytes() + b"\0", GOOD.to_bytes()[:-4]])
def test_check_update__another_size__refused_at_1(data):
    refused_at(data, "1 size")


def test_check_update__not_canonical__refused_at_2():
    data = GOOD.to_bytes()
    refused_at(data.replace(b"I32", b"F32"), "2 bytes")
    refused_at(data.replace(b"2^-24", b"2^-23"), "2 bytes")
    refused_at(b"\0" * len(data), "2 bytes")


def test_check_update__a_model_of_the_same_size__refused_at_2():
    half = Layout.of({"intercept": (1,), "weights": (1,)})
    model = Model(half, np.array([3, 4]))
    assert len(model.to_bytes()) == len(GOOD.to_bytes())
    refused_at(model.to_bytes(), "2 bytes")


def test_check_update__other_names_of_the_same_length__refused_at_3():
    other = Update(Layout.of({"intercepT": (1,), "weights": (3,)}), GOOD.values)
    refused_at(other.to_bytes(), "3 layout")


def test_check_update__one_unit_beyond_the_bound__refused_at_4():
    refused_at(GOOD.to_bytes(), "4 bound", bound=4)
    beyond = Update(LAYOUT, np.array([3, 4, 1, 0], dtype=np.int32))
    refused_at(beyond.to_bytes(), "4 bound")
    lowest = Update(LAYOUT, np.full(4, -(2**31), dtype=np.int32))
    refused_at(lowest.to_bytes(), "4 bound", bound=2**31 - 1)


def test_check_update__seen_before__refused_at_5():
    refused_at(GOOD.to_bytes(), "5 replay", seen={GOOD.digest})


@given(st.integers(0, 10**6), st.integers(1, 255))
def test_check_update__one_byte_changed__refused_or_another_valid_update(position, change):
    data = bytearray(GOOD.to_bytes())
    data[position % len(data)] ^= change
    try:
        update = check_update(bytes(data), LAYOUT, 2**31 - 1, {GOOD.digest})
    except VerificationError:
        return
    assert update.to_bytes() == bytes(data) != GOOD.to_bytes()


@given(st.lists(st.floats(-1e9, 1e9), min_size=4, max_size=4), st.integers(1, 2**31 - 1))
def test_check_update__whatever_an_honest_client_quantises__passes(flat, bound):
    update = quantise(LAYOUT.split(np.array(flat)), bound)
    assert check_update(update.to_bytes(), LAYOUT, bound, set()) == update
