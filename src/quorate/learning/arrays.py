"""Models and updates as exact integers, and their one spelling as safetensors bytes.

A model is int64 in units of 2**-32, an update int32 in units of 2**-24, an aggregate int64 in units
of 2**-32 (one update unit is 256 of them). Whatever validators vote on is computed from these
integers, so that arrival order, thread count and library build cannot change a byte (floating-point
addition is not associative).

The bytes (docs/formats/model.md, docs/formats/update.md) are safetensors with everything that
format leaves open fixed: one metadata object, names sorted, data in that order without gaps, header
in canonical JSON padded with spaces to a multiple of 8. A reader re-encodes the header and demands
the same bytes.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from quorate.core.encoding import canonical_bytes, parse_canonical
from quorate.core.errors import EncodingError, InputError
from quorate.core.hashing import Digest

Floats = npt.NDArray[np.float64]
Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]
Arrays = Mapping[str, Floats]
"""A model or a change of one, by name, as training sees it."""

MODEL_BITS = 32  # a model unit is 2**-32
UPDATE_BITS = 24  # an update unit is 2**-24
WIDEST_BOUND = 2**31 - 1
"""The widest L2 bound in update units (just under 128.0): no coordinate can leave int32."""
MODEL_LIMIT = 2**62
"""Model and aggregate values stay below this in magnitude, so that their sum cannot wrap."""
MAX_VALUES = 2**28
MAX_HEADER = 2**20  # bytes
MAX_RANK = 8

_NAME = re.compile(r"[A-Za-z0-9_./-]{1,128}\Z")
_METADATA = "__metadata__"
_BLOCK = 2**20  # elements; partial sums of products below 2**42 stay under 2**62


@dataclass(frozen=True, slots=True)
class Layout:
    """Names and shapes of a model's arrays, sorted by name: how a flat vector is cut."""

    shapes: tuple[tuple[str, tuple[int, ...]], ...]

    def __post_init__(self) -> None:
        names = [name for name, _ in self.shapes]
        if not names or names != sorted(set(names)):
            raise EncodingError("could not hold a layout: names are absent, repeated or unsorted")
        for name, shape in self.shapes:
            _check_entry(name, shape)
        if self.size > MAX_VALUES:
            raise EncodingError(f"could not hold a layout: {self.size} values, at most 2**28")

    @classmethod
    def of(cls, shapes: Mapping[str, Sequence[int]]) -> "Layout":
        """The layout of arrays with these ``shapes`` by name."""
        return cls(tuple((name, tuple(shapes[name])) for name in sorted(shapes)))

    @classmethod
    def parse(cls, record: Any) -> "Layout":
        """The inverse of `record`; raises `EncodingError` for anything else."""
        if not isinstance(record, dict) or not all(isinstance(s, list) for s in record.values()):
            raise EncodingError("could not read a layout: not an object of shapes")
        return cls.of(record)

    def record(self) -> dict[str, list[int]]:
        """Shapes by name, as a task's specification carries them."""
        return {name: list(shape) for name, shape in self.shapes}

    @property
    def size(self) -> int:
        """Values in all arrays together."""
        return sum(math.prod(shape) for _, shape in self.shapes)

    def flatten(self, arrays: Arrays) -> Floats:
        """``arrays`` as one vector of float64, shape (size,); other names or shapes are refused."""
        found = {name: np.shape(array) for name, array in arrays.items()}
        if found != dict(self.shapes):
            raise InputError("could not flatten arrays: names or shapes are not the layout's")
        parts = [np.asarray(arrays[name], dtype=np.float64).ravel() for name, _ in self.shapes]
        return np.concatenate(parts)

    def split(self, values: npt.NDArray[Any]) -> dict[str, npt.NDArray[Any]]:
        """A flat vector of shape (size,) cut into named arrays (views)."""
        if values.shape != (self.size,):
            raise InputError(f"could not cut {values.shape} values: the layout has {self.size}")
        arrays: dict[str, npt.NDArray[Any]] = {}
        start = 0
        for name, shape in self.shapes:
            end = start + math.prod(shape)
            arrays[name] = values[start:end].reshape(shape)
            start = end
        return arrays


def _check_entry(name: object, shape: tuple[object, ...]) -> None:
    if not isinstance(name, str) or not _NAME.match(name) or name == _METADATA:
        raise EncodingError(f"could not hold a layout: {str(name)[:40]!r} is no array name")
    if len(shape) > MAX_RANK or any(
        type(side) is not int or not 1 <= side <= MAX_VALUES for side in shape
    ):
        raise EncodingError(f"could not hold a layout: shape of {name} is out of range")


@dataclass(frozen=True, slots=True)
class _Form:
    """What tells a model's bytes from an update's."""

    name: str
    code: str
    dtype: str
    scale: str


_MODEL = _Form("quorate/model/v1", "I64", "<i8", "2^-32")
_UPDATE = _Form("quorate/update/v1", "I32", "<i4", "2^-24")


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """Parameters as int64 in units of 2**-32, shape (layout.size,), read-only."""

    layout: Layout
    values: Int64s

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", _frozen(self.values, np.int64, self.layout))
        _check_range(self.values, "a model")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Model) and _same(self, other)

    def __hash__(self) -> int:
        return hash(self.digest)

    @classmethod
    def from_floats(cls, arrays: Arrays) -> "Model":
        """``arrays`` rounded half to even to units of 2**-32; non-finite values are refused."""
        layout = _layout_of(arrays)
        scaled = layout.flatten(arrays) * float(2**MODEL_BITS)
        _check_finite(scaled, "a model")
        if np.abs(scaled).max() >= MODEL_LIMIT:
            raise InputError("could not hold a model: a value is beyond 2**30")
        return cls(layout, np.rint(scaled).astype(np.int64))

    @classmethod
    def from_bytes(cls, data: bytes) -> "Model":
        """The model of canonical safetensors bytes; other bytes raise `EncodingError`."""
        layout, values = _decode(data, _MODEL)
        return cls(layout, values.astype(np.int64, copy=False))

    def to_bytes(self) -> bytes:
        """Canonical safetensors bytes."""
        return _encode(self.layout, self.values, _MODEL)

    def to_floats(self) -> dict[str, Floats]:
        """Arrays by name as float64 (values beyond 2**53 units are rounded to nearest)."""
        return self.layout.split(self.values.astype(np.float64) * 2.0**-MODEL_BITS)

    def plus(self, aggregate: Int64s) -> "Model":
        """This model moved by ``aggregate``, int64 in units of 2**-32, shape (size,)."""
        if aggregate.dtype != np.int64 or aggregate.shape != self.values.shape:
            raise InputError("could not add an aggregate: not int64 of the model's size")
        _check_range(aggregate, "an aggregate")
        return Model(self.layout, self.values + aggregate)

    @property
    def digest(self) -> Digest:
        """SHA-256 of the canonical bytes: the model's name."""
        return Digest.of(self.to_bytes())


@dataclass(frozen=True, slots=True, eq=False)
class Update:
    """A change of a model as int32 in units of 2**-24, shape (layout.size,), read-only."""

    layout: Layout
    values: Int32s

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", _frozen(self.values, np.int32, self.layout))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Update) and _same(self, other)

    def __hash__(self) -> int:
        return hash(self.digest)

    @staticmethod
    def encoded_size(layout: Layout) -> int:
        """Bytes that any update of ``layout`` takes."""
        return len(_encode_header(layout, _UPDATE)) + 4 * layout.size

    @classmethod
    def from_bytes(cls, data: bytes) -> "Update":
        """The update of canonical safetensors bytes; other bytes raise `EncodingError`."""
        layout, values = _decode(data, _UPDATE)
        return cls(layout, values.astype(np.int32, copy=False))

    def to_bytes(self) -> bytes:
        """Canonical safetensors bytes."""
        return _encode(self.layout, self.values, _UPDATE)

    @property
    def squared_norm(self) -> int:
        """The exact sum of squares, in squared update units."""
        return sum_of_squares(self.values)

    @property
    def digest(self) -> Digest:
        """SHA-256 of the canonical bytes: what a participant commits to."""
        return Digest.of(self.to_bytes())


def quantise(delta: Arrays, bound: int) -> Update:
    """``delta`` clipped to the L2 ``bound`` (update units) and rounded half to even.

    The sum of squares of the *rounded* integers is at most ``bound**2``, exactly: where rounding
    up would leave the ball, the clip is tightened until it does not. Raises `InputError` for
    non-finite values and for a bound outside 1..WIDEST_BOUND.
    """
    if not 1 <= bound <= WIDEST_BOUND:
        raise InputError(f"could not quantise an update: bound {bound} is not in 1..2**31-1")
    layout = _layout_of(delta)
    flat = layout.flatten(delta)
    _check_finite(flat, "an update")
    norm = _norm(flat) * 2.0**UPDATE_BITS
    slack = 0
    while True:
        room = bound - slack
        factor = 2.0**UPDATE_BITS if norm <= room else 2.0**UPDATE_BITS * (room / norm)
        rounded = np.clip(np.rint(flat * factor), -WIDEST_BOUND, WIDEST_BOUND).astype(np.int32)
        if sum_of_squares(rounded) <= bound * bound:
            return Update(layout, rounded)
        slack = min(2 * slack + 1, bound)


def sum_of_squares(values: npt.NDArray[np.signedinteger[Any]]) -> int:
    """The exact sum of squares of integers below 2**42 in magnitude, as an unbounded integer."""
    total = 0
    for start in range(0, values.size, _BLOCK):
        block = values[start : start + _BLOCK].astype(np.int64)
        high, low = block >> 21, block & (2**21 - 1)
        total += int(high @ high) << 42
        total += int(high @ low) << 22
        total += int(low @ low)
    return total


def _norm(flat: Floats) -> float:
    peak = float(np.abs(flat).max())
    return peak * math.sqrt(float(np.square(flat / peak).sum())) if peak else 0.0


def _layout_of(arrays: Arrays) -> Layout:
    return Layout.of({name: np.shape(array) for name, array in arrays.items()})


def _check_finite(values: Floats, what: str) -> None:
    if not np.isfinite(values).all():
        raise InputError(f"could not hold {what}: a value is not finite")


def _check_range(values: Int64s, what: str) -> None:
    if int(values.max()) >= MODEL_LIMIT or int(values.min()) <= -MODEL_LIMIT:
        raise InputError(f"could not hold {what}: a value is beyond 2**62 units")


def _frozen(values: npt.NDArray[Any], dtype: type, layout: Layout) -> npt.NDArray[Any]:
    if values.dtype != dtype or values.shape != (layout.size,):
        raise InputError(f"could not hold arrays: {values.dtype} of shape {values.shape}")
    if values.flags.writeable or not values.flags.c_contiguous:
        values = values.copy()
        values.flags.writeable = False
    return values


def _same(one: Model | Update, other: Model | Update) -> bool:
    return one.layout == other.layout and bool(np.array_equal(one.values, other.values))


def _encode(layout: Layout, values: npt.NDArray[Any], form: _Form) -> bytes:
    return _encode_header(layout, form) + values.astype(form.dtype, copy=False).tobytes()


def _encode_header(layout: Layout, form: _Form) -> bytes:
    width = np.dtype(form.dtype).itemsize
    header: dict[str, Any] = {_METADATA: {"format": form.name, "scale": form.scale}}
    start = 0
    for name, shape in layout.shapes:
        end = start + math.prod(shape) * width
        header[name] = {"data_offsets": [start, end], "dtype": form.code, "shape": list(shape)}
        start = end
    text = canonical_bytes(header)
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text


def _decode(data: bytes, form: _Form) -> tuple[Layout, npt.NDArray[Any]]:
    """Layout and read-only values; bounded work on strangers' bytes."""
    length = int.from_bytes(data[:8], "little")
    if len(data) < 8 or length > MAX_HEADER or len(data) < 8 + length:
        raise EncodingError(f"could not read {form.name}: too short, or its header too long")
    layout = _layout_in(parse_canonical(data[8 : 8 + length].rstrip(b" ")), form)
    if _encode_header(layout, form) != data[: 8 + length]:
        raise EncodingError(f"could not read {form.name}: the header is not its one spelling")
    dtype = np.dtype(form.dtype)
    if len(data) != 8 + length + layout.size * dtype.itemsize:
        raise EncodingError(f"could not read {form.name}: not as many bytes as the header says")
    return layout, np.frombuffer(data, dtype=dtype, offset=8 + length)


def _layout_in(header: Any, form: _Form) -> Layout:
    if not isinstance(header, dict):
        raise EncodingError(f"could not read {form.name}: the header is no object")
    shapes: dict[str, list[int]] = {}
    for name, entry in header.items():
        if name == _METADATA:
            continue
        if not isinstance(entry, dict) or not isinstance(entry.get("shape"), list):
            raise EncodingError(f"could not read {form.name}: {name[:40]!r} has no shape")
        shapes[name] = entry["shape"]
    return Layout.of(shapes)
