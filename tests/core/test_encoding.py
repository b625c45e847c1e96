"""Canonical JSON against json.dumps and against RFC 8785 written out here by its own rules."""

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorate.core.encoding import (
    MAX_DEPTH,
    MAX_INTEGER,
    canonical_bytes,
    decode_base64,
    decode_decimal,
    decode_hex,
    encode_base64,
    encode_decimal,
    parse_canonical,
)
from quorate.core.errors import EncodingError

TEXT = st.text(st.characters(exclude_categories=["Cs"])).map(
    lambda text: unicodedata.normalize("NFC", text)
)
KEYS = st.text(st.characters(max_codepoint=127), max_size=6)
SCALARS = st.none() | st.booleans() | st.integers(-MAX_INTEGER, MAX_INTEGER) | TEXT
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4)
)
_SHORT = {8: "\\b", 9: "\\t", 10: "\\n", 12: "\\f", 13: "\\r", 34: '\\"', 92: "\\\\"}


def rfc_8785(value: object) -> str:
    """Section 3.2 of the RFC, for values without floats: sorted by UTF-16 units, least escapes."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return format(value, "d")
    if isinstance(value, str):
        return '"' + "".join(escaped(char) for char in value) + '"'
    if isinstance(value, list):
        return "[" + ",".join(rfc_8785(item) for item in value) + "]"
    assert isinstance(value, dict)
    keys = sorted(value, key=lambda key: key.encode("utf-16-be"))
    return "{" + ",".join(rfc_8785(key) + ":" + rfc_8785(value[key]) for key in keys) + "}"


def escaped(char: str) -> str:
    code = ord(char)
    return _SHORT.get(code) or (f"\\u{code:04x}" if code < 32 else char)


@given(VALUES)
def test_bytes__any_value__equal_json_dumps_and_rfc_8785(value):
    data = canonical_bytes(value)
    plain = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert data == plain.encode() == rfc_8785(value).encode()
    assert parse_canonical(data) == value


@given(VALUES)
def test_parse__other_spelling_of_the_same_value__refused(value):
    for text in (json.dumps(value, indent=1), json.dumps([value], separators=(", ", ":"))):
        data = text.encode()
        if data in (canonical_bytes(value), canonical_bytes([value])):
            continue
        with pytest.raises(EncodingError):
            parse_canonical(data)


@given(st.binary(max_size=60))
def test_parse__any_bytes__same_bytes_again_or_refused(data):
    try:
        value = parse_canonical(data)
    except EncodingError:
        return
    assert canonical_bytes(value) == data


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xef\xbb\xbf1",
        b"\xff",
        b"1 ",
        b"1\n",
        b'{"a": 1}',
        b'{"b":1,"a":2}',
        b'{"a":1,"a":1}',
        b"1.0",
        b"1e3",
        b"-0",
        b"01",
        b"NaN",
        b"-Infinity",
        b"9007199254740992",
        b"-9007199254740992",
        b'"\\u0041"',
        b'"\\/"',
        b'"\\u000A"',
        b'"\\u000a"',
        b'"\\ud800"',
        '"A\u030a"'.encode(),
        '{"é":1}'.encode(),
        b"[" * 100_000,
        b"[" * 66 + b"]" * 66,
        b"1" * 5_000,
        b"[1]]",
        b"tru",
    ],
)
def test_parse__outside_the_profile__refused(data):
    with pytest.raises(EncodingError):
        parse_canonical(data)


@pytest.mark.parametrize(
    "value",
    [
        1.0,
        float("nan"),
        b"bytes",
        {1: "key"},
        {"é": 1},
        {None: 1},
        "\ud800",
        "A\u030a",
        MAX_INTEGER + 1,
        -MAX_INTEGER - 1,
        {1, 2},
        object(),
        type("Text", (str,), {})("sub"),
        type("Whole", (int,), {})(1),
    ],
)
def test_bytes__outside_the_profile__refused_with_its_place(value):
    with pytest.raises(EncodingError):
        canonical_bytes(value)
    with pytest.raises(EncodingError, match=r"\$\.deep\[1\]"):
        canonical_bytes({"deep": [0, value]})


def test_bytes__nesting__up_to_the_limit():
    deep: list = []
    for _ in range(MAX_DEPTH - 1):
        deep = [deep]
    assert parse_canonical(canonical_bytes([deep])) == [deep]
    with pytest.raises(EncodingError, match="nested"):
        canonical_bytes([[deep]])
    cycle: list = []
    cycle.append(cycle)
    with pytest.raises(EncodingError, match="nested"):
        canonical_bytes(cycle)


@given(st.binary())
def test_base64_and_hex__any_bytes__round_trip(data):
    assert decode_base64(encode_base64(data)) == data
    assert decode_hex(data.hex(), len(data)) == data


@pytest.mark.parametrize("text", ["AP9=", "AP8", "AP8=\n", " AP8=", "AP-_", "A", "=", "AP8==", "é"])
def test_base64__other_spelling__refused(text):
    with pytest.raises(EncodingError):
        decode_base64(text)


@pytest.mark.parametrize("text", ["0xff", "FF", "f", "ff\n", "f f", "gg", None, 5, b"ff", "٠٠"])
def test_hex__other_spelling__refused(text):
    with pytest.raises(EncodingError):
        decode_hex(text)


def test_hex__other_size__refused():
    with pytest.raises(EncodingError, match="2 bytes where 3"):
        decode_hex("00ff", 3)


@given(st.integers(-(10**78), 10**78))
def test_decimal__any_integer__round_trips(value):
    assert decode_decimal(encode_decimal(value)) == value


@pytest.mark.parametrize(
    "text", ["", "+1", "01", "-0", "-", "1.0", "1e3", "1\n", "1_0", "٧", "9" * 81, 7, None, True]
)
def test_decimal__other_spelling__refused(text):
    with pytest.raises(EncodingError):
        decode_decimal(text)
