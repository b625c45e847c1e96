"""Statements: both signatures demanded, one spelling, one author."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorate.core.encoding import canonical_bytes
from quorate.core.errors import EncodingError, VerificationError
from quorate.core.hashing import Digest
from quorate.core.keyring import Keyring
from quorate.core.sources import SeededRandomness
from quorate.provenance.kinds import KINDS, DataSet, Vote
from quorate.provenance.statement import (
    Statement,
    Subject,
    parse_envelope,
    pre_authentication_encoding,
    sign_statement,
    verify_statement,
)

ALICE = Keyring.generate("alice", SeededRandomness("alice"))
MALLORY = Keyring.generate("mallory", SeededRandomness("mallory"))
CLAIM = DataSet(
    author="alice",
    time="1800000000000000000",
    name="rows",
    purpose="training",
    rows=10,
    columns=3,
    commitment=str(Digest.of(b"rows")),
    licence="CC-BY-4.0",
)
ENVELOPE = sign_statement(CLAIM.to_statement(), ALICE.statement_signers)


def edited(change) -> bytes:
    value = json.loads(ENVELOPE)
    change(value)
    return canonical_bytes(value)


def test_pae__published_example__equal():
    # The example of the DSSE specification (protocol.md).
    assert (
        pre_authentication_encoding(b"hello world", "http://example.com/HelloWorld")
        == b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )


def test_verify__own_statement__claim_comes_back():
    statement = verify_statement(ENVELOPE, ALICE.identity, "here")
    assert DataSet.from_statement(statement) == CLAIM


def test_verify__one_signature_of_two__refused():
    for keep in (0, 1):
        data = edited(lambda v, keep=keep: v.update(signatures=[v["signatures"][keep]]))
        with pytest.raises(VerificationError, match="exactly its author's keys"):
            verify_statement(data, ALICE.identity, "here")


def test_verify__signatures_swapped_or_doubled__refused():
    for change in (
        lambda v: v["signatures"].reverse(),
        lambda v: v["signatures"].append(v["signatures"][0]),
    ):
        with pytest.raises(VerificationError):
            verify_statement(edited(change), ALICE.identity, "here")


def test_verify__signed_by_another__refused():
    forged = sign_statement(CLAIM.to_statement(), MALLORY.statement_signers)
    with pytest.raises(VerificationError):
        verify_statement(forged, ALICE.identity, "here")


def test_verify__author_is_another__refused():
    with pytest.raises(VerificationError, match="author is not mallory"):
        verify_statement(ENVELOPE, MALLORY.identity, "here")


def test_verify__unknown_field__refused():
    with pytest.raises(VerificationError):
        verify_statement(edited(lambda v: v.update(extra=1)), ALICE.identity, "here")


@given(st.integers(0, len(ENVELOPE) - 1), st.integers(1, 255))
def test_verify__any_byte_changed__refused(position, flip):
    data = bytearray(ENVELOPE)
    data[position] ^= flip
    with pytest.raises(VerificationError):
        verify_statement(bytes(data), ALICE.identity, "here")


@given(st.binary(max_size=300))
def test_parse__strangers_bytes__only_encoding_errors(data):
    with pytest.raises(EncodingError):
        parse_envelope(data)


def test_kinds__wrong_subject__refused():
    statement = CLAIM.to_statement()
    other = Statement(statement.kind, (Subject("rows", Digest.of(b"other")),), statement.predicate)
    with pytest.raises(EncodingError, match="subject and claim differ"):
        DataSet.from_statement(other)


def test_kinds__wrong_type_or_field__refused():
    for change in ({"rows": "10"}, {"rows": True}, {"extra": 1}, {"commitment": "sha256:00"}):
        statement = CLAIM.to_statement()
        bad = Statement(statement.kind, statement.subjects, statement.predicate | change)
        with pytest.raises(EncodingError):
            DataSet.from_statement(bad)


def test_kinds__table__names_itself():
    assert set(KINDS) == {"dataset", "task", "update", "vote", "model", "manifest"}
    assert all(kind.kind == name for name, kind in KINDS.items())
    with pytest.raises(EncodingError):
        Vote.from_statement(CLAIM.to_statement())
