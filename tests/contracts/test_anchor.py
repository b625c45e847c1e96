"""Anchor: growing sizes, one root per size, resending is safe."""

import pytest

from tests.contracts.consortium import founder
from tests.contracts.pair import MEMBER, PARTICIPANT, Pair, account, reverts, word

A, B, STRANGER = (account(name) for name in ("a", "b", "stranger"))


@pytest.fixture
def pair():
    return Pair([founder(A, MEMBER), founder(B, PARTICIPANT)], [])


def test_anchor__growing__head_follows(pair):
    done = pair.send(A, "Anchor", "anchor", 1, word("r1"))
    assert done.events == [("Anchor", "Anchored", {"account": A, "size": 1, "root": word("r1")})]
    pair.send(A, "Anchor", "anchor", 2**64, word("r2"))
    assert pair.view("Anchor", "head", A) == (2**64, word("r2"))
    assert pair.view("Anchor", "root_at", A, 1) == word("r1")
    assert pair.view("Anchor", "root_at", A, 2) == bytes(32)


def test_anchor__repeated__changes_nothing(pair):
    pair.send(A, "Anchor", "anchor", 5, word("r5"))
    pair.send(A, "Anchor", "anchor", 9, word("r9"))
    for size, root in ((9, word("r9")), (5, word("r5"))):
        assert pair.send(A, "Anchor", "anchor", size, root).events == []
    assert pair.view("Anchor", "head", A) == (9, word("r9"))


@pytest.mark.parametrize("size", [0, 3, 4, 5])
def test_anchor__other_root_or_smaller_size__reverts(pair, size):
    pair.send(A, "Anchor", "anchor", 5, word("r5"))
    with reverts("Anchor: size must grow"):
        pair.send(A, "Anchor", "anchor", size, word("fork"))
    assert pair.view("Anchor", "root_at", A, size) == (word("r5") if size == 5 else bytes(32))


def test_anchor__size_zero__reverts(pair):
    with reverts("Anchor: size must grow"):
        pair.send(A, "Anchor", "anchor", 0, word("r"))


def test_anchor__no_root__reverts(pair):
    for size in (0, 1):
        with reverts("Anchor: no root"):
            pair.send(A, "Anchor", "anchor", size, bytes(32))


def test_anchor__two_logs__do_not_touch(pair):
    pair.send(A, "Anchor", "anchor", 5, word("a"))
    pair.send(B, "Anchor", "anchor", 5, word("b"))
    assert pair.view("Anchor", "head", A) == (5, word("a"))
    assert pair.view("Anchor", "head", B) == (5, word("b"))


def test_anchor__stranger_or_suspended__reverts(pair):
    with reverts("Anchor: not an active account"):
        pair.send(STRANGER, "Anchor", "anchor", 1, word("r"))
    pair.send(A, "Members", "vote", pair.view("Members", "suspend_subject", B), True)
    pair.send(A, "Members", "suspend", B)
    with reverts("Anchor: not an active account"):
        pair.send(B, "Anchor", "anchor", 1, word("r"))
