"""The frames of a journal: as the format page shows them, and whatever bytes there are."""

import dataclasses
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorate.core.encoding import canonical_bytes
from quorate.core.errors import EncodingError
from quorate.log.journal import (
    CLOSED,
    OVERHEAD,
    RECORD,
    RESERVED,
    Frame,
    Opening,
    Progress,
    Tail,
    encode_frame,
    journal_folder,
    parse_frames,
    source_of,
)
from tests.log.recording import SOURCE, make

PAGE = Path(__file__).parents[2] / "docs" / "formats" / "journal.md"
OPENING = Opening(
    source=SOURCE,
    first=1,
    after=0,
    head=f"a1fc{0:056}b0fa",
    position=0,
    reserved=1024,
    boot="8d2f0c1e-7f53-4c1a-9d55-0a3c6e1b2f44",
    lost=False,
)
frames = st.lists(
    st.tuples(
        st.sampled_from([RECORD, RESERVED, CLOSED]),
        st.integers(0, 2**64 - 1),
        st.binary(max_size=9),
    )
)


def test_format_page__example__these_very_bytes():
    written = [
        OPENING.encode(),
        encode_frame(RECORD, 1, make(1)),
        encode_frame(RECORD, 2, make(2)),
        encode_frame(RESERVED, 1026),
        encode_frame(CLOSED, 3),
    ]
    shown = re.findall(
        r"^([0-9a-f]{8} [0-9a-f]{4} 0[1-4] [0-9a-f]{16})", PAGE.read_text("utf-8"), re.M
    )
    assert [each.replace(" ", "") for each in shown] == [f[:OVERHEAD].hex() for f in written]
    payload = next(line for line in PAGE.read_text("utf-8").split("\n") if line.startswith("{"))
    assert payload == OPENING.encode()[OVERHEAD:].decode().replace("0" * 56, "00\u202600")


@given(frames, st.binary(max_size=20), st.integers(0, 99))
def test_parse_frames__any_frames_and_any_tail__whole_frames_and_no_more(
    given_frames, tail, offset
):
    data = b"".join(encode_frame(*each) for each in given_frames)
    found, after = parse_frames(data + tail, offset)
    assert [(f.kind, f.number, f.payload) for f in found] == given_frames
    assert (after is Tail.WHOLE) == (tail == b"")
    assert not found or found[-1].end == offset + len(data)


@given(frames.filter(bool), st.data())
def test_parse_frames__one_bit_changed__nothing_from_there_on(given_frames, data):
    whole = b"".join(encode_frame(*each) for each in given_frames)
    bit = data.draw(st.integers(0, len(whole) * 8 - 1))
    changed = bytearray(whole)
    changed[bit // 8] ^= 1 << bit % 8
    found, after = parse_frames(bytes(changed))
    kept = [f for f in parse_frames(whole)[0] if f.end <= bit // 8]
    assert found == kept
    assert after is not Tail.WHOLE


@given(st.binary(max_size=80))
def test_progress__any_bytes__none(data):
    assert Progress.parse(data) is None


def test_progress__round_trip__same_and_every_changed_byte_none():
    progress = Progress(7, 2**40, bytes(range(32)))
    data = progress.encode()
    assert Progress.parse(data) == progress
    for at in range(len(data)):
        assert Progress.parse(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]) is None


@pytest.mark.parametrize(
    "change",
    [
        {"v": 2},
        {"first": 0},
        {"after": 1},
        {"after": -1},
        {"position": -1},
        {"position": True},
        {"head": "00"},
        {"head": "Z" * 64},
        {"source": 7},
        {"lost": 0},
        {"extra": 1},
    ],
)
def test_opening__other_field__refused(change):
    value = dataclasses.asdict(OPENING) | {"v": 1}
    assert Opening.parse(Frame(2, 1, canonical_bytes(value), 0)) == OPENING
    with pytest.raises(EncodingError):
        Opening.parse(Frame(2, 1, canonical_bytes(value | change), 0))


@given(st.binary() | st.sampled_from([b"null", b"[]", b"{}", b"7", b'{"v":1}']))
def test_opening__any_bytes__our_error(payload):
    with pytest.raises(EncodingError):
        Opening.parse(Frame(2, 1, payload, 0))


@pytest.mark.parametrize("source", ["north", "north/serving-1", "a_b/C.d/-"])
def test_journal_folder__source__and_back(source):
    assert source_of(journal_folder(Path("j"), source).name) == source


@pytest.mark.parametrize("name", [".lock", ".collected", "a b", "+a", "a+", "a++b", "\u00e9"])
def test_source_of__other_names__none(name):
    assert source_of(name) is None
