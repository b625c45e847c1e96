"""Attacks on Members: every function by those who may not call it, and abuse by those who may."""

import pytest

from quorate.ledger.contracts import load_artifact
from tests.contracts.belonging import COUNCIL, EVERYBODY, TIMELOCK, founder, membership, names
from tests.contracts.pair import (
    DAY,
    MEMBER,
    PARTICIPANT,
    VALIDATOR,
    account,
    reverts,
    word,
)
from tests.twins.world import NOBODY

A, B, C, D = (account(name) for name in "abcd")
SUBJECT, LOG = word("subject"), word("log")
FIRST = word(f"keys of {A}")

REFUSED_TO_STRANGERS = {
    "admit": ((D, word("k"), word("c"), EVERYBODY), "Members: only Timelock"),
    "suspend": ((A,), "Members: only Timelock"),
    "replace": ((A, D, word("k")), "Members: only Timelock"),
    "revoke": ((A, 0, 1), "Members: only Timelock"),
    "suspend_until": ((A, 2_000_000_000), "Members: only Council"),
    "resume": ((A,), "Members: not Council or Timelock"),
    "vote": ((SUBJECT, True), "Members: not a member"),
    "confirm": ((SUBJECT,), "Members: not two thirds"),
    "rotate": ((word("k"),), "Members: not active"),
    "retire": ((0,), "Members: no such key"),
    "revoke_at": ((A, LOG, 0), "Members: not the account"),
    "set_anchorer": ((LOG, D, True), "Members: not active"),
}


@pytest.fixture
def pair():
    return membership([founder(who, MEMBER) for who in (A, B, C)])


@pytest.mark.parametrize("function", sorted(REFUSED_TO_STRANGERS))
def test_stranger__any_function__refused(pair, function):
    arguments, message = REFUSED_TO_STRANGERS[function]
    with reverts(message):
        pair.send(D, "Members", function, *arguments)


def test_strangers__table_is_whole():
    abi = load_artifact("Members").functions
    views = {e for e in abi if e in dir(ViewsOnly)}
    assert set(abi) - views == set(REFUSED_TO_STRANGERS)


class ViewsOnly:
    """Functions of Members that change nothing."""

    CLOCK_MODE = account_at = approved = balanceOf = clock = controller_of = council = None
    delegates = electorate = event_head = getPastTotalSupply = getPastVotes = getVotes = None
    has_role = is_active = key_count = key_of = keys_at = keys_at_index = locked = None
    may_anchor = member = no_votes = ownerOf = size = successor_of = supportsInterface = None
    suspended_until = timelock = voters = yes_votes = None


@pytest.mark.parametrize("function", ["admit", "suspend", "replace", "revoke"])
@pytest.mark.parametrize("who", [A, COUNCIL])
def test_timelock_only__a_member_or_the_council__refused(pair, function, who):
    with reverts("Members: only Timelock"):
        pair.send(who, "Members", function, *REFUSED_TO_STRANGERS[function][0])


@pytest.mark.parametrize("who", [A, TIMELOCK])
def test_council_only__a_member_or_timelock__refused(pair, who):
    with reverts("Members: only Council"):
        pair.send(who, "Members", "suspend_until", B, pair.now + 1)


def test_resume__by_the_suspended_itself__refused(pair):
    pair.send(COUNCIL, "Members", "suspend_until", A, pair.now + 9)
    with reverts("Members: not Council or Timelock"):
        pair.send(A, "Members", "resume", A)


def test_council__cannot_tip_a_vote_by_suspending_the_opponents():
    people = names("n", 6)
    pair = membership([founder(who, MEMBER) for who in people])
    for rogue in people[:3]:
        pair.send(rogue, "Members", "vote", SUBJECT, True)
    for honest in people[3:]:
        pair.send(COUNCIL, "Members", "suspend_until", honest, pair.now + 14 * DAY)
    with reverts("Members: not two thirds"):
        pair.send(people[0], "Members", "confirm", SUBJECT)
    pair.wait(1)
    assert pair.view("Members", "getPastTotalSupply", pair.now - 1) == 6


def test_council__cannot_keep_an_account_out_for_ever(pair):
    """At the best it stops an account half of the time."""
    stopped, start = 0, pair.now
    for _ in range(5):
        pair.send(COUNCIL, "Members", "suspend_until", A, pair.now + 14 * DAY)
        pair.wait(14 * DAY)
        stopped += 14 * DAY
        assert pair.view("Members", "is_active", A)
        with reverts("Members: too soon again"):
            pair.send(COUNCIL, "Members", "suspend_until", A, pair.now + 1)
        pair.wait(14 * DAY)
    assert 2 * stopped == pair.now - start


def test_council__resume_and_suspend_again__gains_nothing(pair):
    pair.send(COUNCIL, "Members", "suspend_until", A, pair.now + 14 * DAY)
    pair.wait(14 * DAY - 1)
    pair.send(COUNCIL, "Members", "resume", A)
    for _ in range(2):
        with reverts("Members: too soon again"):
            pair.send(COUNCIL, "Members", "suspend_until", A, pair.now + 1)
        pair.wait(14 * DAY - 2)
    pair.wait(2 - 14 * DAY + 1 + 14 * DAY)
    pair.send(COUNCIL, "Members", "suspend_until", A, pair.now + 1)


def test_vote__by_an_account_that_only_works__refused():
    pair = membership([founder(A, MEMBER), founder(B, PARTICIPANT | VALIDATOR)])
    with reverts("Members: not a member"):
        pair.send(B, "Members", "vote", SUBJECT, True)


def test_vote__after_approval__cannot_be_taken_back(pair):
    for who in (A, B):
        pair.send(who, "Members", "vote", SUBJECT, True)
    for who in (A, B):
        pair.send(TIMELOCK, "Members", "suspend", who)
    assert pair.view("Members", "approved", SUBJECT)
    with reverts("Members: already approved"):
        pair.send(C, "Members", "vote", SUBJECT, False)


def test_replacement__old_and_new__never_two_votes(pair):
    """Neither on a subject, nor at any second in a Governor."""
    pair.send(A, "Members", "vote", SUBJECT, True)
    pair.wait(1)
    pair.send(TIMELOCK, "Members", "replace", A, D, word("k"))
    with reverts("Members: already voted"):
        pair.send(D, "Members", "vote", SUBJECT, True)
    changed = pair.now
    pair.wait(1)
    for second in (changed - 1, changed):
        votes = [pair.view("Members", "getPastVotes", who, second) for who in (A, B, C, D)]
        assert sum(votes) == pair.view("Members", "getPastTotalSupply", second) == 3
    for act in ("rotate", "set_anchorer"):
        arguments = (word("k"),) if act == "rotate" else (LOG, A, True)
        with reverts("Members: not active"):
            pair.send(A, "Members", act, *arguments)


def test_membership_votes__admitted_in_this_second__do_not_count_yet(pair):
    """Who joins in the last block before a snapshot's second ends counts from its end on."""
    before = pair.now - 1
    pair.send(TIMELOCK, "Members", "admit", *founder(D, MEMBER))
    pair.wait(1)
    assert pair.view("Members", "getPastVotes", D, before) == 0
    assert pair.view("Members", "getPastVotes", D, before + 1) == 1


def test_keys__cannot_be_repudiated_by_their_owner(pair):
    """An owner ends its keys now, never in the past; what they signed before keeps counting."""
    made = pair.chain.number
    pair.send(B, "Members", "rotate", word("x"))
    pair.send(A, "Members", "retire", 0)
    assert pair.view("Members", "keys_at", A, made) == FIRST
    assert pair.view("Members", "keys_at", A, made + 1) == FIRST
    with reverts("Members: only Timelock"):
        pair.send(A, "Members", "revoke", A, 0, made)
    with reverts("Members: key has ended"):
        pair.send(A, "Members", "retire", 0)


def test_keys__a_thief_of_rotated_keys__cannot_bring_them_back(pair):
    pair.send(A, "Members", "rotate", word("new"))
    now = pair.chain.number
    for who in (A, TIMELOCK):
        with reverts("Members: key has ended"):
            arguments = ("retire", 0) if who == A else ("revoke", A, 0, now)
            pair.send(who, "Members", *arguments)
    assert pair.view("Members", "keys_at", A, now) == word("new")


def test_revoke_at__for_the_log_of_another_of_the_same_name__changes_nothing(pair):
    pair.send(B, "Members", "revoke_at", B, LOG, 0)
    assert pair.view("Members", "keys_at_index", A, LOG, 0) == FIRST
    assert pair.view("Members", "keys_at_index", B, LOG, 0) == bytes(32)


def test_revoke_at__by_a_thief_whom_the_council_stopped__refused(pair):
    """What is stated about a log stays, so a stolen account must not state any more."""
    pair.send(COUNCIL, "Members", "suspend_until", A, pair.now + DAY)
    with reverts("Members: not active"):
        pair.send(A, "Members", "revoke_at", A, LOG, 0)
    pair.send(TIMELOCK, "Members", "revoke_at", A, LOG, 40)
    assert pair.view("Members", "keys_at_index", A, LOG, 39) == FIRST


def test_revoke_at__again_and_again__bounded_by_the_keys_there_are(pair):
    pair.send(A, "Members", "revoke_at", A, LOG, 5)
    for index in (5, 6, 2**256 - 1):
        with reverts("Members: no key left to revoke"):
            pair.send(A, "Members", "revoke_at", A, LOG, index)


def test_anchorer__cannot_allow_another(pair):
    pair.send(A, "Members", "set_anchorer", LOG, D, True)
    with reverts("Members: not active"):
        pair.send(D, "Members", "set_anchorer", LOG, B, True)
    pair.send(B, "Members", "set_anchorer", LOG, B, True)  # in its own namespace
    assert not pair.view("Members", "may_anchor", A, LOG, B)


def test_membership__nothing_moves_it(pair):
    """No transfer of ERC-721 exists at all."""
    for name in ("transferFrom", "safeTransferFrom", "approve", "setApprovalForAll"):
        assert name not in load_artifact("Members").functions
    assert not pair.view("Members", "supportsInterface", bytes.fromhex("80ac58cd"))


def test_nobody__is_no_account(pair):
    assert not pair.view("Members", "is_active", NOBODY)
    assert pair.view("Members", "getVotes", NOBODY) == 0
    assert pair.view("Members", "controller_of", NOBODY) == bytes(32)
