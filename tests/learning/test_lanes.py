"""Scores on the wire: four bytes each, ordered as the scores are."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorate.core.errors import EncodingError
from quorate.learning.lanes import from_lanes, to_lanes

scores = st.lists(st.integers(-(2**31), 2**31 - 1), max_size=64)


@given(scores)
def test_lanes__any_scores__as_struct_writes_them_and_back(values):
    lanes = to_lanes(values)
    assert lanes == struct.pack(f">{len(values)}I", *(value + 2**31 for value in values))
    assert from_lanes(lanes) == tuple(values)


@given(st.integers(-(2**31), 2**31 - 1), st.integers(-(2**31), 2**31 - 1))
def test_lanes__order__is_that_of_the_scores(one, other):
    assert (to_lanes([one]) < to_lanes([other])) == (one < other)


@pytest.mark.parametrize("score", [2**31, -(2**31) - 1])
def test_lanes__score_of_more_bits__refused(score):
    with pytest.raises(EncodingError, match="32 bits"):
        to_lanes([0, score])


@pytest.mark.parametrize("length", [1, 3, 5])
def test_lanes__cut_short__refused(length):
    with pytest.raises(EncodingError, match="whole lanes"):
        from_lanes(bytes(length))
