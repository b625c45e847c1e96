"""Requests and answers between logs and witnesses have one spelling; strangers' bytes only ours."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorate.core.errors import EncodingError, QuorateError, VerificationError
from quorate.log.checkpoint import Checkpoint, WitnessIdentity, sign_checkpoint, sign_cosignature
from quorate.log.note import Note
from quorate.log.witness_protocol import (
    MAX_LINES,
    MAX_REQUEST,
    AddCheckpoint,
    UnsignedError,
    believed,
    encode_lines,
    encode_size,
    parse_lines,
    parse_size,
)
from tests.log.parties import ALICE, MALLORY, ORIGIN, WITNESS_IDENTITIES, WITNESSES

CHECKPOINT = Checkpoint(ORIGIN, 5, bytes(range(32)))
NOTE = str(sign_checkpoint(CHECKPOINT, *ALICE.log_signers, 1_800_000_000))
REQUEST = AddCheckpoint(3, (bytes(32), bytes([1]) * 32), Note.parse(NOTE))
NAME = WITNESS_IDENTITIES[0].name
KEYS = [WitnessIdentity(NAME, each.public_key) for each in WITNESSES[0].witness_signers]
LINES = [
    str(sign_cosignature(CHECKPOINT, NAME, signer, 1_800_000_001))
    for signer in WITNESSES[0].witness_signers
]


def test_request__example__both_ways():
    data = bytes(REQUEST)
    assert data.startswith(b"old 3\nAAAA") and data.endswith(NOTE.encode())
    assert AddCheckpoint.parse(data) == REQUEST
    assert (REQUEST.origin, REQUEST.checkpoint()) == (ORIGIN, CHECKPOINT)


def test_request__no_proof__both_ways():
    request = AddCheckpoint(0, (), Note.parse(NOTE))
    assert bytes(request) == b"old 0\n\n" + NOTE.encode()
    assert AddCheckpoint.parse(bytes(request)) == request


def test_request__of_a_cosigned_note__only_the_signatures_of_the_log():
    assert AddCheckpoint.of(3, REQUEST.proof, NOTE + LINES[0]) == REQUEST


def test_request__63_hashes__read_and_64_refused():
    request = AddCheckpoint(3, (bytes(32),) * 63, Note.parse(NOTE))
    assert AddCheckpoint.parse(bytes(request)) == request
    more = bytes(request).replace(b"old 3\n", b"old 3\n" + b"A" * 43 + b"=\n")
    with pytest.raises(EncodingError):
        AddCheckpoint.parse(more)
    with pytest.raises(EncodingError):
        AddCheckpoint(3, (bytes(32),) * 64, Note.parse(NOTE))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"old 3\n", b""),
        (b"old 3\n", b"old  3\n"),
        (b"old 3\n", b"old 03\n"),
        (b"old 3\n", b"old +3\n"),
        (b"old 3\n", b"old 9223372036854775808\n"),
        (b"old 3\n", b"old 3 \n"),
        (b"old 3\n", b"old 3\r\n"),
        (b"old 3\n", b"old \n"),
        (b"old 3\n", b"new 3\n"),
        (b"old 3\n", "old ٣\n".encode()),
        (b"AAA=\n", b"AAA\n"),
        (b"AAA=\n", b"AAA=\n\n"),
        (b"AAA=\n", b"AAA= \n"),
        (b"AAA=\n", b"AAB=\n"),
        (b"old 3\nAAAA", b"old 3\nAAAAAAAA"),
        (b"\n\xe2\x80\x94 ", b"\xe2\x80\x94 "),
        (b"\xe2\x80\x94", b"\xe2\x80\x93"),
        (b"\n5\n", b"\n\xff\n"),
    ],
)
def test_request__other_spelling__refused(old, new):
    data = bytes(REQUEST)
    assert old in data
    with pytest.raises(EncodingError):
        AddCheckpoint.parse(data.replace(old, new, 1)).checkpoint()


def test_request__cut_anywhere__refused():
    data = bytes(REQUEST)
    signed = data.index("— ".encode())
    for end in range(signed):
        with pytest.raises(EncodingError):
            AddCheckpoint.parse(data[:end])


STRAY = "— nobody.example AAAAAAB=\n"  # bits to spare: another spelling


def test_request__line_in_another_spelling__ignored_as_one_of_an_unknown_key():
    for data in (
        bytes(REQUEST) + STRAY.encode(),
        bytes(REQUEST).replace("— ".encode(), f"{STRAY}— ".encode(), 1),
    ):
        assert AddCheckpoint.parse(data) == REQUEST


def test_request__no_line_in_the_one_spelling__unsigned():
    head = bytes(REQUEST).partition("— ".encode())[0]
    for lines in (STRAY, STRAY * 3, "— nobody.example AAAA\n"):
        with pytest.raises(UnsignedError):
            AddCheckpoint.parse(head + lines.encode())
    for lines in ("", "\n", "x\n", STRAY[:-1] + "x y\n", "— nobody.example\n"):
        with pytest.raises(EncodingError):
            AddCheckpoint.parse(head + lines.encode())


def test_request__too_long__refused():
    with pytest.raises(EncodingError, match="too long"):
        AddCheckpoint.parse(bytes(REQUEST) + b"x" * MAX_REQUEST)


def test_request__old_size_above_the_checkpoint__no_checkpoint():
    with pytest.raises(EncodingError, match="old size 6 is above 5"):
        AddCheckpoint(6, (), Note.parse(NOTE)).checkpoint()


def test_answer__lines__both_ways():
    data = encode_lines(LINES)
    assert [str(line) for line in parse_lines(data)] == LINES
    assert believed(data, REQUEST, KEYS, NAME) == tuple(LINES)
    assert believed(data, REQUEST, KEYS[1:], NAME) == (LINES[1],)


@pytest.mark.parametrize(
    "data",
    [b"", b"\n", LINES[0].encode()[:-1], encode_lines(LINES[:1] * (MAX_LINES + 1)), b"\xff\n"],
)
def test_answer__other_form__not_believed(data):
    with pytest.raises(EncodingError):
        parse_lines(data)
    with pytest.raises(VerificationError):
        believed(data, REQUEST, KEYS, NAME)


def test_answer__of_another_tree__not_believed():
    other = Checkpoint(ORIGIN, 5, bytes(32))
    line = str(sign_cosignature(other, NAME, WITNESSES[0].witness_signer, 1))
    with pytest.raises(VerificationError):
        believed(line.encode(), REQUEST, KEYS, NAME)


def test_answer__of_unknown_keys_only__not_believed():
    line = str(sign_cosignature(CHECKPOINT, NAME, MALLORY.witness_signer, 1))
    with pytest.raises(VerificationError, match="none of its known keys"):
        believed(line.encode(), REQUEST, KEYS, NAME)
    assert believed((line + LINES[0]).encode(), REQUEST, KEYS, NAME) == (LINES[0],)


@pytest.mark.parametrize("size", [0, 1, 2**63 - 1])
def test_size__both_ways(size):
    assert parse_size(encode_size(size)) == size


@pytest.mark.parametrize("data", [b"", b"5", b"5\n\n", b"05\n", b"-1\n", b"\xff\n", b"1" * 40])
def test_size__other_form__refused(data):
    with pytest.raises(EncodingError):
        parse_size(data)


_PIECES = st.sampled_from(
    [b"old ", b"3", b"\n", b"\n\n", bytes(REQUEST), NOTE.encode(), LINES[0].encode(), b"=", b"\xff"]
)


@given(st.lists(_PIECES | st.binary(max_size=12), max_size=8).map(b"".join))
def test_parsers__any_bytes__only_our_errors(data):
    for parse in (AddCheckpoint.parse, parse_lines, parse_size):
        try:
            parsed = parse(data)
        except QuorateError:
            continue
        if isinstance(parsed, AddCheckpoint):
            assert AddCheckpoint.parse(bytes(parsed)) == parsed
