"""Anchor: logs that grow by proof, pinned checkpoints, records proven in them."""

from itertools import pairwise

import pytest

from quorate.core.errors import RefusedError
from quorate.log import merkle
from tests.contracts.pair import Pair, account, reverts, word
from tests.contracts.stubs.d_stubs import MembersStub
from tests.twins.anchor import Anchor, root_from, roots_from

A, B, HELPER, STRANGER = (account(name) for name in ("a", "b", "helper", "stranger"))
LOG, OTHER = word("origin"), word("another origin")
RECORDS = [b"record %d" % i for i in range(40)]
LEAVES = merkle.hash_leaves(RECORDS)


def root(size: int) -> bytes:
    return merkle.root_of(LEAVES[:size])


def growth(old: int, new: int) -> list[bytes]:
    return merkle.consistency_proof(LEAVES[:new], old)


@pytest.fixture
def pair():
    pair = Pair()
    pair.members = MembersStub(pair)
    for who in (A, B):
        pair.members.put(who)
    pair.add("Anchor", Anchor, pair.members.address)
    return pair


def anchor(pair, size, proof=(), *, sender=A, owner=A, log=LOG, value=None):
    value = root(size) if value is None else value
    return pair.send(sender, "Anchor", "anchor", owner, log, size, value, list(proof))


def test_anchor__first__becomes_the_head(pair):
    assert pair.view("Anchor", "members") == pair.members.address
    assert pair.view("Anchor", "head", A, LOG) == (0, bytes(32))
    done = anchor(pair, 5)
    said = {"owner": A, "log_id": LOG, "size": 5, "root": root(5)}
    assert done.events == [("Anchor", "Anchored", said)]
    assert pair.view("Anchor", "head", A, LOG) == (5, root(5))


def test_anchor__growing_by_proof__head_follows(pair):
    sizes = [1, 2, 3, 8, 13, 40]
    anchor(pair, 1)
    for old, new in pairwise(sizes):
        anchor(pair, new, growth(old, new))
        assert pair.view("Anchor", "head", A, LOG) == (new, root(new))
        assert pair.view("Anchor", "root_at", A, LOG, old) == bytes(32)
        assert pair.view("Anchor", "root_at", A, LOG, new) == root(new)


def test_anchor__repeated__changes_nothing(pair):
    anchor(pair, 5)
    anchor(pair, 9, growth(5, 9))
    pair.send(STRANGER, "Anchor", "pin", A, LOG, 5, root(5), growth(5, 9))
    for size in (5, 9):
        assert anchor(pair, size).events == []
        assert anchor(pair, size, [word("any")], sender=STRANGER).events == []
    assert pair.view("Anchor", "head", A, LOG) == (9, root(9))


def test_anchor__another_root_for_a_known_size__reverts(pair):
    anchor(pair, 5)
    anchor(pair, 9, growth(5, 9))
    pair.send(A, "Anchor", "pin", A, LOG, 5, root(5), growth(5, 9))
    for size in (5, 9):
        with reverts("Anchor: another root is anchored"):
            anchor(pair, size, value=word("fork"))


def test_anchor__smaller_size__reverts(pair):
    anchor(pair, 5)
    anchor(pair, 9, growth(5, 9))
    for size in (0, 1, 4, 5, 8):
        with reverts("Anchor: size must grow"):
            anchor(pair, size, value=word("fork"))


def test_anchor__nothing__reverts(pair):
    with reverts("Anchor: size must grow"):
        anchor(pair, 0)
    for size in (0, 1, 2**63):
        with reverts("Anchor: no root"):
            anchor(pair, size, value=bytes(32))


def test_anchor__size_at_the_limit__allowed(pair):
    with reverts("Anchor: size too large"):
        anchor(pair, 2**63, value=word("r"))
    anchor(pair, 2**63 - 1, value=word("r"))
    with reverts("Anchor: size too large"):
        anchor(pair, 2**256 - 1, value=word("r"))


def test_anchor__first_with_a_proof__reverts(pair):
    with reverts("Anchor: first takes no proof"):
        anchor(pair, 5, [word("x")])


@pytest.mark.parametrize(
    "proof", [[], growth(5, 8), growth(4, 9), growth(5, 9)[:-1], growth(5, 9)[::-1], growth(5, 10)]
)
def test_anchor__wrong_proof__reverts(pair, proof):
    anchor(pair, 5)
    with reverts("Anchor: not consistent"):
        anchor(pair, 9, proof)
    assert pair.view("Anchor", "head", A, LOG) == (5, root(5))


def test_anchor__history_rewritten__reverts(pair):
    """The same records but one: no proof leads from the old head to the new root."""
    anchor(pair, 5)
    forged = [*LEAVES[:2], merkle.leaf_hash(b"forged"), *LEAVES[3:9]]
    with reverts("Anchor: not consistent"):
        anchor(pair, 9, merkle.consistency_proof(forged, 5), value=merkle.root_of(forged))


def test_anchor__two_owners_and_two_logs__do_not_touch(pair):
    anchor(pair, 5)
    anchor(pair, 7, sender=B, owner=B)
    anchor(pair, 3, log=OTHER)
    assert pair.view("Anchor", "head", A, LOG) == (5, root(5))
    assert pair.view("Anchor", "head", B, LOG) == (7, root(7))
    assert pair.view("Anchor", "head", A, OTHER) == (3, root(3))


def test_anchor__by_whom_the_owner_allowed__that_log_only(pair):
    pair.members.allow(A, LOG, HELPER)
    anchor(pair, 5, sender=HELPER)
    with reverts("Anchor: not allowed for this log"):
        anchor(pair, 5, sender=HELPER, log=OTHER)
    pair.members.allow(A, LOG, HELPER, allowed=False)
    with reverts("Anchor: not allowed for this log"):
        anchor(pair, 9, growth(5, 9), sender=HELPER)


# --- pinned checkpoints -----------------------------------------------------------------------


def test_pin__the_head__outlives_it(pair):
    anchor(pair, 5)
    done = pair.send(STRANGER, "Anchor", "pin", A, LOG, 5, root(5), [])
    said = {"owner": A, "log_id": LOG, "size": 5, "root": root(5)}
    assert done.events == [("Anchor", "Pinned", said)]
    anchor(pair, 9, growth(5, 9))
    assert pair.view("Anchor", "root_at", A, LOG, 5) == root(5)
    assert pair.view("Anchor", "verifyInclusion", A, LOG, 5, *leaf(3, 5))


def test_pin__a_checkpoint_long_gone__by_proof(pair):
    anchor(pair, 40)
    for size in range(1, 40):  # any prefix, anchored at its time or not
        pair.send(STRANGER, "Anchor", "pin", A, LOG, size, root(size), growth(size, 40))
        assert pair.view("Anchor", "root_at", A, LOG, size) == root(size)
    assert pair.send(B, "Anchor", "pin", A, LOG, 7, root(7), []).events == []


@pytest.mark.parametrize(("size", "value"), [(0, bytes(32)), (5, b"f" * 32), (41, b"f" * 32)])
def test_pin__what_the_head_does_not_contain__reverts(pair, size, value):
    with reverts("Anchor: not consistent"):
        pair.send(STRANGER, "Anchor", "pin", A, LOG, size, value, [])
    anchor(pair, 40)
    for proof in ([], growth(5, 40), [bytes(32)] * 64):
        with reverts("Anchor: not consistent"):
            pair.send(STRANGER, "Anchor", "pin", A, LOG, size, value, proof)


def test_contains__earlier_checkpoints__without_a_transaction(pair):
    assert not pair.view("Anchor", "contains", A, LOG, 0, bytes(32), [])
    anchor(pair, 40)
    for size in range(1, 41):
        assert pair.view("Anchor", "contains", A, LOG, size, root(size), growth(size, 40))
    assert not pair.view("Anchor", "contains", A, LOG, 7, root(8), growth(7, 40))
    assert not pair.view("Anchor", "contains", A, LOG, 7, bytes(32), [])
    assert not pair.view("Anchor", "contains", B, LOG, 7, root(7), growth(7, 40))


# --- records ----------------------------------------------------------------------------------


def leaf(index: int, size: int) -> tuple:
    return index, LEAVES[index], merkle.inclusion_proof(LEAVES[:size], index)


def test_inclusion__every_record_of_the_head__proven(pair):
    anchor(pair, 40)
    for index in range(40):
        place, digest, proof = leaf(index, 40)
        assert pair.view("Anchor", "verifyInclusion", A, LOG, 40, place, digest, proof)
        record = RECORDS[index]
        assert pair.view("Anchor", "verify_record", A, LOG, 40, place, record, proof)


def test_inclusion__wrong_place_leaf_or_record__false(pair):
    anchor(pair, 40)
    index, digest, proof = leaf(7, 40)
    wrong = [(8, digest, proof), (40, digest, proof), (7, word("x"), proof), (7, digest, proof[1:])]
    for case in wrong:
        assert not pair.view("Anchor", "verifyInclusion", A, LOG, 40, *case)
    assert not pair.view("Anchor", "verify_record", A, LOG, 40, index, b"", proof)
    assert not pair.view("Anchor", "verify_record", A, LOG, 40, index, RECORDS[8], proof)


@pytest.mark.parametrize("length", [0, 1, 31, 32, 4_095, 4_096])
def test_record__of_any_length__hashed_as_our_log_does(pair, length):
    record = b"\xff" * length
    leaves = [*LEAVES[:9], merkle.leaf_hash(record)]
    anchor(pair, 10, value=merkle.root_of(leaves))
    proof = merkle.inclusion_proof(leaves, 9)
    assert pair.view("Anchor", "verify_record", A, LOG, 10, 9, record, proof)


def test_inclusion__size_without_a_root__reverts(pair):
    anchor(pair, 5)
    anchor(pair, 9, growth(5, 9))
    for owner, log, size in ((A, LOG, 5), (A, LOG, 0), (B, LOG, 9), (A, OTHER, 0)):
        with pytest.raises(RefusedError, match="Anchor: no such checkpoint"):
            pair.chain.view("Anchor", "verifyInclusion", owner, log, size, *leaf(3, 5))
        with pytest.raises(RefusedError, match="Anchor: no such checkpoint"):
            pair.chain.view("Anchor", "verify_record", owner, log, size, 3, b"", [])


@pytest.mark.parametrize("size", [2**32, 2**32 + 1, 2**40 + 5, 2**63 - 1])
def test_inclusion__log_of_billions__first_and_last_record_proven(pair, size):
    """Nobody has the leaves: a root is built upwards from one of them."""
    for number, index in enumerate((0, 2**31, size - 1)):
        proof = [word(f"{i}") for i, _ in enumerate(merkle.inclusion_ranges(index, size))]
        log, digest = word(f"log {number}"), word("leaf")
        value = root_from(digest, index, size, proof)
        anchor(pair, size, value=value, log=log)
        assert pair.view("Anchor", "verifyInclusion", A, log, size, index, digest, proof)
        for place, hashes in ((index ^ 1, proof), (index, proof[1:]), (index, [*proof, digest])):
            found = pair.view("Anchor", "verifyInclusion", A, log, size, place, digest, hashes)
            assert not found


# --- gas, whole transactions ------------------------------------------------------------------


def gas_of_growth(pair, old: int, new: int) -> tuple[int, int]:
    """Hashes in the proof and gas of an anchor; the roots follow from any hashes as the proof."""
    log = word(f"log {old} {new}")
    proof = [word(f"hash {i}") for i, _ in enumerate(merkle.consistency_ranges(old, new))]
    known = None if old & (old - 1) else word("whole")
    old_root, new_root = roots_from(old, new, known, proof)
    anchor(pair, old, log=log, value=old_root)
    return len(proof), anchor(pair, new, proof, log=log, value=new_root).gas


MILLION = 10**6


@pytest.mark.parametrize(
    ("old", "new", "hashes", "limit"),
    [
        (MILLION, MILLION + 1_000, 11, 65_000),
        (MILLION - 1_000, MILLION, 17, 70_000),
        (MILLION - 1, MILLION, 13, 65_000),
        (2**20 - 256, 2**20, 13, 65_000),  # the longest one between multiples of 256 leaves
        (2**20 - 1, 2**20, 21, 76_500),  # the longest proof there is at this size
    ],
)
def test_gas__anchor_at_a_million_leaves__bounded(pair, old, new, hashes, limit):
    anchor(pair, 1)  # the running hash of the events is not new
    found, gas = gas_of_growth(pair, old, new)
    assert (found, gas <= limit) == (hashes, True), gas


def test_gas__inclusion_proof_of_depth_20__bounded(pair):
    size, index, digest = 2**20, 777_777, word("leaf")
    proof = [word(f"hash {i}") for i in range(20)]
    anchor(pair, size, value=root_from(digest, index, size, proof))
    arguments = (A, LOG, size, index, digest, proof)
    done = pair.chain.send(A, "Anchor", "verifyInclusion", *arguments)
    assert done.value is True
    assert done.gas <= 60_000
