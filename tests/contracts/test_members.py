"""Members: admission, votes, suspension; every step compared with the twin."""

import hashlib

import pytest
from eth_abi.abi import encode

from tests.contracts.consortium import founder, names
from tests.contracts.pair import CHAIN_ID, MEMBER, PARTICIPANT, Pair, account, reverts, word
from tests.twins.world import NOBODY, Revert

A, B, C, D = (account(name) for name in "abcd")
SUBJECT = word("subject")


@pytest.fixture
def pair():
    return Pair([founder(who, MEMBER) for who in (A, B, C)], [])


def approve(pair, subject, voters=(A, B, C)):
    for who in voters:
        if not pair.view("Members", "approved", subject):
            pair.send(who, "Members", "vote", subject, True)


def admission(pair, who, roles=MEMBER):
    arguments = founder(who, roles)
    return arguments, pair.view("Members", "admit_subject", *arguments)


def test_deploy__no_founder_is_a_member__reverts():
    with pytest.raises(Revert, match="Members: no founder is a member"):
        Pair([founder(A, PARTICIPANT)], [])


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ((NOBODY, word("k"), word("c"), 1), "Members: no account"),
        ((A, bytes(32), word("c"), 1), "Members: no keys"),
        ((A, word("k"), bytes(32), 1), "Members: no controller"),
        ((A, word("k"), word("c"), 0), "Members: no such roles"),
        ((A, word("k"), word("c"), 8), "Members: no such roles"),
    ],
)
def test_deploy__incomplete_founder__reverts(changed, message):
    with pytest.raises(Revert, match=message):
        Pair([changed], [])


def test_deploy__founder_twice__reverts():
    with pytest.raises(Revert, match="Members: already active"):
        Pair([founder(A, MEMBER), founder(A, MEMBER)], [])


def test_deploy__32_founders__positions_in_order():
    people = names("f", 32)
    pair = Pair([founder(who, MEMBER) for who in people], [])
    assert [pair.view("Members", "account_at", i + 1) for i in range(32)] == people
    assert pair.view("Members", "size") == pair.view("Members", "voters") == 32
    assert pair.view("Members", "account_at", 33) == NOBODY


def test_vote__two_of_three__approved_and_frozen(pair):
    pair.send(A, "Members", "vote", SUBJECT, True)
    assert not pair.view("Members", "approved", SUBJECT)
    done = pair.send(C, "Members", "vote", SUBJECT, True)
    assert pair.view("Members", "approved", SUBJECT)
    assert done.named("Approved") == [{"subject": SUBJECT, "yes": 0b101, "electorate": 0b111}]
    with reverts("Members: already approved"):
        pair.send(B, "Members", "vote", SUBJECT, False)


def test_vote__twice__reverts(pair):
    pair.send(A, "Members", "vote", SUBJECT, False)
    for support in (True, False):
        with reverts("Members: already voted"):
            pair.send(A, "Members", "vote", SUBJECT, support)
    assert pair.view("Members", "no_votes", SUBJECT) == 1


def test_vote__stranger_or_other_role__reverts():
    pair = Pair([founder(A, MEMBER), founder(B, PARTICIPANT)], [])
    for who in (B, D):
        with reverts("Members: not a member"):
            pair.send(who, "Members", "vote", SUBJECT, True)


@pytest.mark.parametrize(("size", "needed"), [(1, 1), (2, 2), (3, 2), (4, 3), (6, 4), (7, 5)])
def test_vote__threshold__two_thirds_rounded_up(size, needed):
    people = names("n", size)
    pair = Pair([founder(who, MEMBER) for who in people], [])
    for count, who in enumerate(people[:needed], start=1):
        pair.send(who, "Members", "vote", SUBJECT, True)
        assert pair.view("Members", "approved", SUBJECT) == (count == needed)


def test_admit__approved__new_member_counts(pair):
    arguments, subject = admission(pair, D)
    with reverts("Members: not approved"):
        pair.send(D, "Members", "admit", *arguments)
    approve(pair, subject)
    pair.send(D, "Members", "admit", *arguments)
    assert pair.view("Members", "member", D)[0] == 4
    assert pair.view("Members", "electorate") == 0b1111
    with reverts("Members: not approved"):  # the subject has moved on with the account
        pair.send(D, "Members", "admit", *arguments)


def test_admit__other_arguments_than_voted__reverts(pair):
    (who, keys, controller, roles), subject = admission(pair, D)
    approve(pair, subject)
    for changed in [(who, keys, controller, 7), (who, word("x"), controller, roles)]:
        with reverts("Members: not approved"):
            pair.send(D, "Members", "admit", *changed)


def test_admit__active_account__reverts(pair):
    arguments, subject = admission(pair, A)
    approve(pair, subject)
    with reverts("Members: already active"):
        pair.send(A, "Members", "admit", *arguments)


def test_admit__with_full_house__reverts():
    pair = Pair(
        [founder(who, MEMBER if i == 0 else PARTICIPANT) for i, who in enumerate(names("f", 32))],
        [],
    )
    first = account("f0")
    for who in names("g", 224):
        arguments, subject = admission(pair, who, PARTICIPANT)
        approve(pair, subject, [first])
        pair.send(first, "Members", "admit", *arguments)
    arguments, subject = admission(pair, D, PARTICIPANT)
    approve(pair, subject, [first])
    with reverts("Members: full"):
        pair.send(first, "Members", "admit", *arguments)


def suspend(pair, who, voters=(A, B, C)):
    approve(pair, pair.view("Members", "suspend_subject", who), voters)
    return pair.send(A, "Members", "suspend", who)


def test_suspend__approved__loses_roles_and_vote(pair):
    with reverts("Members: not approved"):
        pair.send(A, "Members", "suspend", C)
    suspend(pair, C)
    assert not pair.view("Members", "has_role", C, MEMBER)
    assert not pair.view("Members", "is_active", C)
    assert pair.view("Members", "controller_of", C) != bytes(32)
    with reverts("Members: not a member"):
        pair.send(C, "Members", "vote", SUBJECT, True)
    with reverts("Members: not approved"):
        pair.send(A, "Members", "suspend", C)


def test_suspend__unknown_account__reverts(pair):
    approve(pair, pair.view("Members", "suspend_subject", D))
    with reverts("Members: not active"):
        pair.send(A, "Members", "suspend", D)


def test_suspend__last_voter__reverts():
    pair = Pair([founder(A, MEMBER), founder(B, PARTICIPANT)], [])
    with reverts("Members: nobody would be left to vote"):
        suspend(pair, A, [A])
    suspend(pair, B, [A])


def test_suspend__pending_yes_of_the_suspended__counts_no_more():
    people = names("n", 7)
    pair = Pair([founder(who, MEMBER) for who in people], [])
    for rogue in people[5:]:
        pair.send(rogue, "Members", "vote", SUBJECT, True)
    for rogue in people[5:]:
        suspend_subject = pair.view("Members", "suspend_subject", rogue)
        approve(pair, suspend_subject, people[:5])
        pair.send(people[0], "Members", "suspend", rogue)
    for who in people[:3]:
        pair.send(who, "Members", "vote", SUBJECT, True)
    assert not pair.view("Members", "approved", SUBJECT)  # 3 of 5, the rogues' 2 do not help
    pair.send(people[3], "Members", "vote", SUBJECT, True)
    assert pair.view("Members", "approved", SUBJECT)


def test_confirm__electorate_shrank__approves_what_now_has_two_thirds():
    people = names("n", 4)
    pair = Pair([founder(who, MEMBER) for who in people], [])
    for who in people[:2]:
        pair.send(who, "Members", "vote", SUBJECT, True)
    with reverts("Members: not two thirds of the members"):
        pair.send(D, "Members", "confirm", SUBJECT)
    approve(pair, pair.view("Members", "suspend_subject", people[3]), people[:3])
    pair.send(D, "Members", "suspend", people[3])
    pair.send(D, "Members", "confirm", SUBJECT)
    with reverts("Members: already approved"):
        pair.send(D, "Members", "confirm", SUBJECT)


def test_readmission__same_arguments__needs_a_new_vote(pair):
    suspend(pair, C)
    arguments, subject = admission(pair, C)
    with reverts("Members: not approved"):
        pair.send(C, "Members", "admit", *arguments)
    approve(pair, subject)
    pair.send(C, "Members", "admit", *arguments)
    assert pair.view("Members", "member", C)[0] == 3
    assert pair.view("Members", "size") == 3
    with reverts("Members: not approved"):  # the vote of the first suspension is spent
        pair.send(A, "Members", "suspend", C)


def test_subjects__bind_chain_contract_and_count(pair):
    types = ["bytes32", "uint256", "address", "address", "bytes32", "bytes32", "uint256", "uint256"]
    arguments, subject = admission(pair, D)
    head = [b"quorate/admit/v1".ljust(32, b"\0"), CHAIN_ID, pair.address("Members")]
    assert subject == hashlib.sha256(encode(types, [*head, *arguments, 0])).digest()
    other = Pair([founder(A, MEMBER)], [(A, 1)])
    other.chain.contracts["Members"] = other.chain.contracts["Anchor"]  # only the address differs
    head[2] = other.address("Members")
    assert subject != hashlib.sha256(encode(types, [*head, *arguments, 0])).digest()


def test_founders__more_than_32__cannot_deploy():
    pair = Pair([founder(A, MEMBER)], [])
    with pytest.raises(Exception, match="no reason given"):
        pair.chain.deploy("Members", A, [founder(who, MEMBER) for who in names("f", 33)])
