"""Exact arrays: one spelling, stated rounding, bounds that hold exactly."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

from quorate.core.errors import EncodingError, InputError
from quorate.learning.arrays import (
    MODEL_LIMIT,
    WIDEST_BOUND,
    Layout,
    Model,
    Update,
    quantise,
    sum_of_squares,
)
from tests.learning.twins.arrays import spell

LAYOUT = Layout.of({"b": (2,), "a.w": (2, 3)})
INT32 = st.integers(-(2**31), 2**31 - 1)
names = st.from_regex(r"[A-Za-z0-9_./-]{1,12}", fullmatch=True)
shapes = st.lists(st.integers(1, 3), max_size=3).map(tuple)
layouts = st.dictionaries(names, shapes, min_size=1, max_size=4).map(Layout.of)


def update_of(values) -> Update:
    return Update(LAYOUT, np.array(values, dtype=np.int32))


@given(layouts, st.data())
def test_update_bytes__any_layout__equal_the_hand_written_spelling_and_read_back(layout, data):
    values = data.draw(st.lists(INT32, min_size=layout.size, max_size=layout.size))
    update = Update(layout, np.array(values, dtype=np.int32))
    cut = {
        name: (array.shape, array.ravel().tolist())
        for name, array in layout.split(update.values).items()
    }
    assert update.to_bytes() == spell(cut, "update")
    assert Update.from_bytes(update.to_bytes()) == update
    assert len(update.to_bytes()) == Update.encoded_size(layout)


@given(st.lists(st.integers(1 - MODEL_LIMIT, MODEL_LIMIT - 1), min_size=8, max_size=8))
def test_model_bytes__any_values__equal_the_hand_written_spelling_and_read_back(values):
    model = Model(LAYOUT, np.array(values, dtype=np.int64))
    assert model.to_bytes() == spell(
        {"a.w": ((2, 3), values[:6]), "b": ((2,), values[6:])}, "model"
    )
    assert Model.from_bytes(model.to_bytes()) == model
    assert Model.from_bytes(model.to_bytes()).digest == model.digest


@given(st.integers(0, 10**6), st.integers(1, 255))
def test_update_bytes__one_byte_changed__refused_or_another_update(position, change):
    update = update_of(range(8))
    data = bytearray(update.to_bytes())
    data[position % len(data)] ^= change
    try:
        other = Update.from_bytes(bytes(data))
    except EncodingError:
        return
    assert other != update
    assert other.to_bytes() == bytes(data)


@given(st.binary(max_size=300))
def test_read__strangers_bytes__encoding_error_only(data):
    for prefix in (b"", len(data).to_bytes(8, "little")):
        for reader in (Model.from_bytes, Update.from_bytes):
            with pytest.raises(EncodingError):
                reader(prefix + data)


def respelled(change) -> bytes:
    """An update whose header was edited by ``change`` and written in canonical JSON again."""
    data = update_of(range(8)).to_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    change(header)
    text = json.dumps(header, sort_keys=True, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + data[8 + length :]


@pytest.mark.parametrize(
    "change",
    [
        lambda h: h["b"].update(dtype="F32"),
        lambda h: h["b"].update(shape=[2, True]),
        lambda h: h["b"].update(shape="2"),
        lambda h: h["b"].update(data_offsets=[0, 8]),
        lambda h: h["b"].update(extra=1),
        lambda h: h.update(b=3),
        lambda h: h.pop("__metadata__"),
        lambda h: h["__metadata__"].update(note="hidden"),
        lambda h: h["__metadata__"].update(scale="2^-25"),
        lambda h: h.update({"c c": h.pop("b")}),
        lambda h: h.update(c={"data_offsets": [32, 32], "dtype": "I32", "shape": [0]}),
        lambda h: h["b"].update(shape=[2**29]),
        lambda h: [h.pop(name) for name in ("a.w", "b")],
    ],
)
def test_read__edited_header__refused(change):
    with pytest.raises(EncodingError):
        Update.from_bytes(respelled(change))


def test_read__other_spellings_of_the_same_header__refused():
    good = update_of(range(8)).to_bytes()
    assert Update.from_bytes(respelled(lambda header: None)) == update_of(range(8))
    length = int.from_bytes(good[:8], "little")
    text, body = good[8 : 8 + length], good[8 + length :]
    spaced = text.rstrip().replace(b":", b": ", 1)
    spaced += b" " * (-len(spaced) % 8)
    padded = text + b" " * 8
    for other in (spaced, padded):
        with pytest.raises(EncodingError):
            Update.from_bytes(len(other).to_bytes(8, "little") + other + body)
    for bad in (good[:-1], good + b"\0", good[:5], b"", good[:8], b"\xff" * 16):
        with pytest.raises(EncodingError):
            Update.from_bytes(bad)
    with pytest.raises(EncodingError):
        Model.from_bytes(good)


@pytest.mark.parametrize(
    "entries",
    [
        {},
        {"": (1,)},
        {"__metadata__": (1,)},
        {"ä": (1,)},
        {"a" * 129: (1,)},
        {"a": (0,)},
        {"a": (-1,)},
        {"a": (True,)},
        {"a": (1,) * 9},
        {"a": (2**28, 2)},
        {"a": (2**28,), "b": (1,)},
    ],
)
def test_layout__out_of_range__refused(entries):
    with pytest.raises(EncodingError):
        Layout.of(entries)


def test_layout__unsorted_or_repeated_names__refused():
    for entries in ((("b", (1,)), ("a", (1,))), (("a", (1,)), ("a", (1,)))):
        with pytest.raises(EncodingError):
            Layout(entries)


def test_layout__record__reads_back_and_other_records_are_refused():
    assert Layout.parse(LAYOUT.record()) == LAYOUT
    assert LAYOUT.size == 8
    for record in (None, [], {"a": 3}, {"a": ["3"]}, {"a": [None]}):
        with pytest.raises(EncodingError):
            Layout.parse(record)


def test_layout__other_names_or_shapes__not_flattened():
    with pytest.raises(InputError):
        LAYOUT.flatten({"b": np.zeros(2)})
    with pytest.raises(InputError):
        LAYOUT.flatten({"b": np.zeros(2), "a.w": np.zeros((3, 2))})
    with pytest.raises(InputError):
        LAYOUT.split(np.zeros(7))


@given(
    arrays_of.arrays(np.float64, 8, elements=st.floats(-1e300, 1e300)),
    st.one_of(st.integers(1, 50), st.integers(1, WIDEST_BOUND)),
)
def test_quantise__any_delta_and_bound__the_integer_norm_is_within_the_bound(flat, bound):
    update = quantise(LAYOUT.split(flat), bound)
    assert sum(int(v) ** 2 for v in update.values) <= bound**2
    assert update.squared_norm == sum(int(v) ** 2 for v in update.values)


@given(arrays_of.arrays(np.float64, 8, elements=st.floats(-1, 1)))
def test_quantise__delta_within_the_bound__rounded_half_to_even_only(flat):
    update = quantise(LAYOUT.split(flat), WIDEST_BOUND)
    assert update.values.tolist() == [round(value * 2**24) for value in flat.tolist()]


def test_quantise__halves__go_to_even():
    units = np.array([0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 0.49, 0.0]) / 2**24
    assert quantise(LAYOUT.split(units), 100).values.tolist() == [0, 2, 2, 0, -2, -2, 0, 0]


def test_quantise__rounding_would_leave_the_ball__clip_is_tightened():
    delta = {"a": np.full(100, 1.6 / 2**24)}  # norm 16; rounded to 2s it would be 20
    update = quantise(delta, 16)
    assert update.squared_norm <= 256
    assert update.squared_norm > 0


def test_quantise__direction__kept():
    update = quantise({"a": np.array([3.0, -4.0])}, 2**24)
    # 0.6 and 0.8 of the bound; one unit is the price of rounding into the ball
    assert np.abs(update.values - np.array([0.6, -0.8]) * 2**24).max() < 1.5


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_quantise__not_finite__refused(bad):
    with pytest.raises(InputError, match="not finite"):
        quantise({"a": np.array([1.0, bad])}, 100)
    with pytest.raises(InputError, match="not finite"):
        Model.from_floats({"a": np.array([1.0, bad])})


@pytest.mark.parametrize("bound", [0, -1, 2**31])
def test_quantise__bound_out_of_range__refused(bound):
    with pytest.raises(InputError, match="bound"):
        quantise({"a": np.ones(2)}, bound)


@given(st.lists(st.integers(-(2**42) + 1, 2**42 - 1), max_size=40))
def test_sum_of_squares__any_integers__exact(values):
    assert sum_of_squares(np.array(values, dtype=np.int64)) == sum(v * v for v in values)


def test_sum_of_squares__more_than_a_block_of_extremes__exact():
    values = np.full(2**20 + 3, -(2**42) + 1, dtype=np.int64)
    assert sum_of_squares(values) == (2**20 + 3) * (2**42 - 1) ** 2


def test_model__floats__round_trip_and_rounding():
    model = Model.from_floats({"a": np.array([1.0, -0.25, 0.5 / 2**32, 1.5 / 2**32])})
    assert model.values.tolist() == [2**32, -(2**30), 0, 2]
    assert model.to_floats()["a"].tolist() == [1.0, -0.25, 0.0, 2 / 2**32]


def test_model__plus__moves_by_the_aggregate_and_keeps_the_first():
    model = Model(LAYOUT, np.arange(8, dtype=np.int64))
    moved = model.plus(np.full(8, -3, dtype=np.int64))
    assert moved.values.tolist() == list(range(-3, 5))
    assert model.values.tolist() == list(range(8))


def test_model__beyond_its_range__refused_instead_of_wrapping():
    top = Model(LAYOUT, np.full(8, MODEL_LIMIT - 1, dtype=np.int64))
    for step in (1, MODEL_LIMIT - 1, MODEL_LIMIT):
        with pytest.raises(InputError, match=r"beyond 2\*\*62"):
            top.plus(np.full(8, step, dtype=np.int64))
    with pytest.raises(InputError):
        Model(LAYOUT, np.full(8, -(2**63), dtype=np.int64))
    with pytest.raises(InputError):
        Model.from_floats({"a": np.array([2.0**30])})
    with pytest.raises(InputError):
        top.plus(np.zeros(8, dtype=np.int32))


def test_model__values__cannot_be_changed_from_outside():
    values = np.zeros(8, dtype=np.int64)
    model = Model(LAYOUT, values)
    values[0] = 7
    assert model.values[0] == 0
    with pytest.raises(ValueError, match="read-only"):
        model.values[0] = 7
    with pytest.raises(InputError):
        Model(LAYOUT, values.astype(np.float64))
    with pytest.raises(InputError):
        Update(LAYOUT, values[:3].astype(np.int32))


def test_equality__same_values_in_another_layout__different():
    one = Update(Layout.of({"a": (4,)}), np.zeros(4, dtype=np.int32))
    other = Update(Layout.of({"a": (2, 2)}), np.zeros(4, dtype=np.int32))
    assert one != other
    assert one.digest != other.digest
    assert len({one, other, Update.from_bytes(one.to_bytes())}) == 2


@pytest.mark.parametrize(("page", "reader"), [("model", Model), ("update", Update)])
def test_format_page__its_example__is_what_is_written(page, reader):
    layout = Layout.of({"intercept": (1,), "weights": (2,)})
    dtype = np.int64 if reader is Model else np.int32
    data = reader(layout, np.zeros(3, dtype=dtype)).to_bytes()
    header = data[8 : 8 + int.from_bytes(data[:8], "little")].decode().rstrip(" ")
    text = (Path(__file__).parents[2] / "docs" / "formats" / f"{page}.md").read_text()
    assert f"\n{header}\n" in text
