"""Entries, digests, roots and proofs, against a twin that builds them another way."""

import pytest
from eth_utils import keccak
from hypothesis import given
from hypothesis import strategies as st

from quorate.core.errors import EncodingError, InputError, VerificationError
from quorate.learning.payouts import (
    ZERO,
    Entry,
    TaskLedger,
    entries_digest,
    proof_of,
    root_of,
    roster_digest,
    verify_entry,
)
from quorate.learning.settlement import Settlement
from tests.learning.twins import payouts as twin

TASK = keccak(b"task")
PEOPLE, JUDGES = ("p0", "p1", "p2"), ("v0", "v1")
words = st.lists(st.integers(0, 2**256 - 1), min_size=1, max_size=20)
parts = st.tuples(
    st.integers(0, 2**96 - 1), st.integers(0, 2**32 - 1), st.integers(-(2**127), 2**127 - 1)
)
RESULT = Settlement(
    scores={"p0": 7, "p2": -9},
    rewards={"p0": 500, "p2": 0},
    validator_rewards={"v1": 30},
)


@given(parts)
def test_entry__packed_and_back__as_the_twin_packs(values):
    packed = Entry(*values).pack()
    assert packed == twin.pack(*values)
    assert Entry.unpack(packed) == Entry(*values)


@pytest.mark.parametrize(
    "entry",
    [
        Entry(amount=2**96),
        Entry(amount=-1),
        Entry(settled=2**32),
        Entry(settled=-1),
        Entry(score=2**127),
        Entry(score=-(2**127) - 1),
    ],
)
def test_entry__part_out_of_range__refused(entry):
    with pytest.raises(EncodingError, match="out of range"):
        entry.pack()


@given(words)
def test_tree__any_size__root_and_proofs_as_the_twin(entries):
    root = root_of(TASK, entries)
    assert root == twin.root(TASK, entries)
    for place, entry in enumerate(entries):
        proof = proof_of(TASK, entries, place)
        assert proof == twin.proof(TASK, entries, place)
        verify_entry(TASK, place, entry, proof, root)


@given(words, st.data())
def test_proof__anything_else__refused(entries, data):
    root, place = root_of(TASK, entries), data.draw(st.integers(0, len(entries) - 1))
    entry, proof = entries[place], proof_of(TASK, entries, place)
    wrong = [
        (TASK, place, entry ^ 1, proof, root),
        (keccak(b"other"), place, entry, proof, root),
        (TASK, place + 2 ** len(proof), entry, proof, root),
        (TASK, place, entry, [*proof, ZERO], root),
        (TASK, place, entry, proof, ZERO),
    ]
    if proof:
        wrong += [(TASK, place, entry, proof[:-1], root), (TASK, place ^ 1, entry, proof, root)]
    for case in wrong:
        with pytest.raises(VerificationError, match="not in the task's root"):
            verify_entry(*case)


def test_proof__no_such_place__refused():
    for place in (-1, 2):
        with pytest.raises(InputError, match="has 2"):
            proof_of(TASK, [1, 2], place)


@given(words)
def test_digests__of_entries_and_accounts__as_the_twin(entries):
    accounts = ["0x" + keccak(twin.word(entry))[12:].hex() for entry in entries]
    assert entries_digest(entries) == twin.entries_digest(entries)
    assert roster_digest(accounts) == twin.list_digest(list(map(twin.address_word, accounts)))


def test_ledger__settled_round__adds_per_place_validators_first():
    ledger = TaskLedger(TASK, JUDGES, PEOPLE)
    assert (ledger.root, ledger.spent, ledger.packed) == (ZERO, 0, [0] * 5)
    assert ledger.digest == entries_digest([0] * 5)
    assert ledger.take(RESULT) == ledger.take(RESULT) == 530
    expected = [(0, 0, 0), (60, 2, 0), (1000, 2, 14), (0, 0, 0), (0, 2, -18)]
    assert list(ledger.entries) == [Entry(*values) for values in expected]
    assert ledger.spent == 1060
    packed = [twin.pack(*values) for values in expected]
    assert (ledger.root, ledger.digest) == (root_of(TASK, packed), entries_digest(packed))
    assert ledger.proof(4) == twin.proof(TASK, packed, 4)


def test_ledger__aborted_round__adds_nothing():
    ledger = TaskLedger(TASK, JUDGES, PEOPLE)
    assert ledger.take(Settlement(aborted="no agreement")) == 0
    assert (ledger.root, ledger.entries) == (ZERO, (Entry(),) * 5)


def test_ledger__settled_without_pay__has_a_root_all_the_same():
    ledger = TaskLedger(TASK, JUDGES, PEOPLE)
    ledger.take(Settlement())
    assert ledger.root == root_of(TASK, [0] * 5)
