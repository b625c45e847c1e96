"""Whatever bytes a stranger sends: our error or a value that is written as the same bytes."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.log.parsers import PARSERS, Parser

EXAMPLES = settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.too_slow])
TOKENS = [
    *(bytes([each]) for each in b'\n \t\r\x00\x0b\x7f\x85\xa0\xff+-/=#0"[]{},:'),
    *(each.encode() for each in ("— ", "\u2028", "\u00a0", "e\u0301", "\n\n", "\r\n", "٣")),
    *(b"9" * 20, b"9" * 5_000, b"x999/" * 1_500, b"AAAA", b"==", b"[" * 200, b"null", b"-0"),
    *(
        b"index 0\n",
        b"extra \n",
        b"quorum none\n",
        b"log ",
        b"any ",
        b"tile/",
        b".p/0",
        b"\xed\xa0\x80",
    ),
]


def mutated(data: bytes, edits: list[tuple[str, int, int, bytes]]) -> bytes:
    """``data`` after some edits; places are taken modulo what is there."""
    for kind, one, other, new in edits:
        start, end = sorted((one % (len(data) + 1), other % (len(data) + 1)))
        end = min(end, start + 80) if kind != "cut" else end
        match kind:
            case "flip" if start < len(data):
                data = data[:start] + bytes([data[start] ^ (1 << other % 8)]) + data[start + 1 :]
            case "insert":
                data = data[:start] + new + data[start:]
            case "replace":
                data = data[:start] + new + data[end:]
            case "delete" | "cut":
                data = data[:start] + data[end:]
            case "repeat":
                data = data[:end] + data[start:end] + data[end:]
            case "swap":
                lines = data.split(b"\n")
                i, j = one % len(lines), other % len(lines)
                lines[i], lines[j] = lines[j], lines[i]
                data = b"\n".join(lines)
    return data


FOUND = {
    "index-of-6000-digits": ("tile-path", b"tile/0/" + b"x123/" * 2_000 + b"123"),
}
"""What fuzzing found, kept: the reader raised what was not ours."""

KINDS = st.sampled_from(["flip", "insert", "replace", "delete", "cut", "repeat", "swap"])
PLACES = st.integers(0, 10_000)
EDITS = st.lists(
    st.tuples(KINDS, PLACES, PLACES, st.sampled_from(TOKENS) | st.binary(max_size=6)),
    min_size=1,
    max_size=4,
)

every_parser = pytest.mark.parametrize("parser", PARSERS, ids=lambda parser: parser.name)


@every_parser
def test_specimen__of_every_parser__accepted(parser: Parser) -> None:
    assert parser.specimens
    for specimen in parser.specimens:
        assert parser.check(specimen)


@every_parser
@EXAMPLES
@given(data=st.binary(max_size=400) | st.text(max_size=200).map(lambda t: t.encode("utf-8")))
def test_parser__arbitrary_bytes__our_error_or_the_same_bytes(parser: Parser, data: bytes) -> None:
    parser.check(data)


@every_parser
@EXAMPLES
@given(draw=st.data())
def test_parser__altered_specimen__our_error_or_the_same_bytes(parser: Parser, draw: Any) -> None:
    specimen = draw.draw(st.sampled_from(parser.specimens))
    parser.check(mutated(specimen, draw.draw(EDITS)))


@every_parser
def test_parser__specimen_cut_anywhere__our_error_or_the_same_bytes(parser: Parser) -> None:
    for specimen in parser.specimens:
        for end in range(0, len(specimen), max(1, len(specimen) // 200)):
            parser.check(specimen[:end])


@pytest.mark.parametrize("name", FOUND)
def test_parser__what_was_found_before__our_error_or_the_same_bytes(name: str) -> None:
    parser, data = FOUND[name]
    next(each for each in PARSERS if each.name == parser).check(data)


def test_check__reader_that_is_wrong__noticed() -> None:
    """The checks above can fail: a foreign exception, another spelling, another value."""
    crash = Parser("crash", lambda data: data[5], None, (b"",))
    with pytest.raises(IndexError):
        crash.check(b"")
    loose = Parser("loose", int, lambda value: str(value).encode(), (b"7",))
    assert loose.check(b"7")
    with pytest.raises(AssertionError, match="reads"):
        loose.check(b"07")
    lossy = Parser("lossy", lambda data: data, lambda data: data[:3], (b"",), exact=False)
    with pytest.raises(AssertionError, match="otherwise"):
        lossy.check(b"long")
