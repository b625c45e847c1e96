"""Attacks on Anchor: strangers, former helpers, forks, replays, griefing, sizes at the edges."""

import pytest

from quorate.core.errors import RefusedError
from quorate.log import merkle
from tests.contracts.pair import Pair, account, reverts, word
from tests.contracts.stubs.d_stubs import MembersStub
from tests.twins.anchor import Anchor

OWNER, OTHER, HELPER, STRANGER = (account(n) for n in ("owner", "other", "helper", "stranger"))
LOG = word("origin")
LEAVES = merkle.hash_leaves([b"record %d" % i for i in range(32)])
ROOTS = merkle.roots_at(LEAVES, range(33))


@pytest.fixture
def pair():
    pair = Pair()
    pair.members = MembersStub(pair)
    for who in (OWNER, OTHER):
        pair.members.put(who)
    pair.add("Anchor", Anchor, pair.members.address)
    pair.send(OWNER, "Anchor", "anchor", OWNER, LOG, 8, ROOTS[8], [])
    return pair


def grow(pair, sender, size=16, owner=OWNER, log=LOG, **other):
    value = other.get("value", ROOTS[size])
    proof = other["proof"] if "proof" in other else merkle.consistency_proof(LEAVES[:size], 8)
    return pair.send(sender, "Anchor", "anchor", owner, log, size, value, proof)


def test_anchor__by_a_stranger_or_another_member__refused(pair):
    for who in (STRANGER, OTHER):
        with reverts("Anchor: not allowed for this log"):
            grow(pair, who)


def test_anchor__log_of_a_stranger__cannot_be_squatted(pair):
    """Nobody can take a name before its owner joins: a log is named by its owner too."""
    for who in (STRANGER, OTHER, OWNER):
        with reverts("Anchor: not allowed for this log"):
            grow(pair, who, owner=STRANGER, proof=[])
    grow(pair, OTHER, owner=OTHER, proof=[])
    assert pair.view("Anchor", "head", OWNER, LOG) == (8, ROOTS[8])


def test_anchor__owner_suspended__helper_neither(pair):
    pair.members.allow(OWNER, LOG, HELPER)
    pair.members.put(OWNER, active=False)
    for who in (OWNER, HELPER):
        with reverts("Anchor: not allowed for this log"):
            grow(pair, who)
    pair.members.put(OWNER)
    grow(pair, HELPER)


def test_anchor__stolen_helper_key__can_only_extend(pair):
    """What a thief can do is append: no fork, no shorter log, no other root."""
    pair.members.allow(OWNER, LOG, HELPER)
    forged = [merkle.leaf_hash(b"forged"), *LEAVES[1:16]]
    with reverts("Anchor: not consistent"):
        grow(pair, HELPER, value=merkle.root_of(forged))
    with reverts("Anchor: not consistent"):
        grow(pair, HELPER, value=merkle.root_of(forged), proof=merkle.consistency_proof(forged, 8))
    with reverts("Anchor: size must grow"):
        grow(pair, HELPER, size=4, proof=[])
    with reverts("Anchor: another root is anchored"):
        grow(pair, HELPER, size=8, value=word("x"), proof=[])


def test_anchor__two_forks_one_after_another__second_refused(pair):
    """Split view: both extend what stands, only one can be anchored."""
    fork = [*LEAVES[:8], merkle.leaf_hash(b"fork"), *LEAVES[9:16]]
    grow(pair, OWNER)
    with reverts("Anchor: another root is anchored"):
        grow(pair, OWNER, value=merkle.root_of(fork), proof=merkle.consistency_proof(fork, 8))
    longer = [*fork, *LEAVES[16:20]]
    for old in (8, 16):
        with reverts("Anchor: not consistent"):
            proof = merkle.consistency_proof(longer, old)
            grow(pair, OWNER, size=20, value=merkle.root_of(longer), proof=proof)


def test_anchor__replayed_by_anyone__changes_nothing(pair):
    grow(pair, OWNER)
    assert grow(pair, STRANGER).events == []
    grow(pair, OWNER, size=32, proof=merkle.consistency_proof(LEAVES, 16))
    with reverts("Anchor: size must grow"):
        grow(pair, STRANGER)


def test_anchor__size_misstated__harms_only_its_own_log(pair):
    """A root does not say how many leaves it has: 8 to 16 looks like 8 to 15. Then no honest proof
    fits any more; a size that splits elsewhere is refused at once.
    """
    value, proof = ROOTS[16], merkle.consistency_proof(LEAVES[:16], 8)
    for size in (17, 31, 32):
        with reverts("Anchor: not consistent"):
            grow(pair, OWNER, size=size, value=value, proof=proof)
    grow(pair, OWNER, size=15, value=value, proof=proof)
    for size in (16, 32):
        with reverts("Anchor: not consistent"):
            proof = merkle.consistency_proof(LEAVES[:size], 15)
            grow(pair, OWNER, size=size, value=ROOTS[size], proof=proof)


def test_anchor__node_passed_off_as_a_leaf__refused(pair):
    """The hash of two leaves is no leaf: a tree of half the size cannot stand for this one."""
    nodes = [merkle.node_hash(*LEAVES[i : i + 2]) for i in range(0, 16, 2)]
    assert merkle.root_of(nodes) == ROOTS[16]
    grow(pair, OWNER)
    proof = merkle.inclusion_proof(nodes, 3)
    args = (OWNER, LOG, 16, 3, nodes[3], proof)
    assert not pair.view("Anchor", "verifyInclusion", *args)
    record = b"\1" + LEAVES[6] + LEAVES[7]
    assert not pair.view("Anchor", "verify_record", OWNER, LOG, 16, 3, record, proof)
    assert not pair.view("Anchor", "contains", OWNER, LOG, 8, ROOTS[16], [])


def test_pin__wrong_root_by_a_stranger__refused(pair):
    grow(pair, OWNER)
    proof = merkle.consistency_proof(LEAVES[:16], 8)
    with reverts("Anchor: not consistent"):
        pair.send(STRANGER, "Anchor", "pin", OWNER, LOG, 8, word("forged"), proof)
    with reverts("Anchor: not consistent"):
        pair.send(STRANGER, "Anchor", "pin", OWNER, LOG, 1, word("forged"), proof)
    with reverts("Anchor: not consistent"):
        pair.send(STRANGER, "Anchor", "pin", OWNER, LOG, 17, ROOTS[17], [])
    pair.send(STRANGER, "Anchor", "pin", OWNER, LOG, 8, ROOTS[8], proof)
    with reverts("Anchor: not consistent"):
        pair.send(STRANGER, "Anchor", "pin", OWNER, LOG, 8, word("forged"), proof)


def test_pin__before_the_owner_anchors__cannot_block_it(pair):
    """Griefing: whatever strangers pin is a prefix of the head, so the owner's next anchor fits."""
    for size in range(1, 9):
        proof = merkle.consistency_proof(LEAVES[:8], size)
        pair.send(STRANGER, "Anchor", "pin", OWNER, LOG, size, ROOTS[size], proof)
    grow(pair, OWNER)


def test_anchor__more_hashes_than_a_proof_can_hold__refused(pair):
    longest = [word(f"{i}") for i in range(64)]
    for call in ("anchor", "pin"):
        with reverts("Anchor: not consistent"):
            size = 16 if call == "anchor" else 4
            pair.send(OWNER, "Anchor", call, OWNER, LOG, size, word("r"), longest)
    data = pair.chain.contracts["Anchor"].encode(
        "anchor", OWNER, LOG, 16, ROOTS[16], [*longest, word("65")]
    )
    assert not pair.chain.execute(OWNER, pair.address("Anchor"), data.data).status
    assert pair.chain.view("Anchor", "head", OWNER, LOG) == (8, ROOTS[8])


def test_record__over_4096_bytes__refused(pair):
    with pytest.raises(RefusedError):
        pair.chain.view("Anchor", "verify_record", OWNER, LOG, 8, 0, b"x" * 4_097, [])


def test_contracts__another_anchor__shares_nothing(pair):
    """A second contract over the same members starts empty: no replay across contracts."""
    other = Pair()
    members = MembersStub(other)
    members.put(OWNER)
    other.add("Anchor", Anchor, members.address)
    with reverts("Anchor: first takes no proof"):
        grow(other, OWNER)
    assert other.view("Anchor", "head", OWNER, LOG) == (0, bytes(32))
