"""What a leaf states of its source, and gaps in what the sources state."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorate.log.sequence import Gap, Sequences, sequence_of


def stating(source: object, seq: object) -> bytes:
    return json.dumps({"seq": seq, "source": source}).encode()


def test_sequence__a_record_with_both__read():
    assert sequence_of(b'{"a":{"seq":9},"seq":7,"source":"gate"}') == ("gate", 7)


@pytest.mark.parametrize(
    "leaf",
    [
        b"",
        b"seq 7",
        b"[7]",
        b'{"seq":7}',
        b'{"source":"gate"}',
        b'{"a":{"seq":7,"source":"gate"}}',
        b'{"seq":7,"source":"gate"',
        b'\xff{"seq":7,"source":"gate"}',
        b'{"seq":7,"source":"\xff"}',
        b"{" * 100_000,
        stating("gate", True),
        stating("gate", 7.0),
        stating("gate", "7"),
        stating("gate", 0),
        stating("gate", -1),
        stating("gate", 2**53),
        stating("", 7),
        stating("g" * 256, 7),
        stating(["gate"], 7),
    ],
)
def test_sequence__anything_else__states_nothing(leaf):
    assert sequence_of(leaf) is None


@given(st.binary(max_size=200))
def test_sequence__a_strangers_bytes__never_raise(leaf):
    assert sequence_of(leaf) is None or sequence_of(b"{" + leaf) is None or leaf.startswith(b"{")


def test_sequences__gapless__no_gaps_and_the_last_numbers():
    found = Sequences()
    found.add([b"genesis", stating("a", 1), stating("b", 1), stating("a", 2)], 0)
    found.add([stating("a", 3), b"other", stating("b", 2)], 4)
    assert (found.gaps, found.last) == ([], {"a": 3, "b": 2})


def test_sequences__missing_repeated_and_late__each_named_once():
    found = Sequences()
    found.add([stating("a", n) for n in (1, 4, 5, 5, 2, 6)], 10)
    assert found.gaps == [Gap(11, "a", 2, 4), Gap(13, "a", 6, 5), Gap(14, "a", 6, 2)]
    assert str(found.gaps[0]) == "leaf 11: a has 4 where 2 was due, 2 missing"
    assert str(found.gaps[1]) == "leaf 13: a has 5 where 6 was due, numbered again"


def test_sequences__first_record_not_the_first__a_gap():
    found = Sequences()
    found.add([stating("a", 2)], 1)
    assert found.gaps == [Gap(1, "a", 1, 2)]
