"""Members: admission, suspension, replacement, subjects; every step compared with the twin."""

import pytest

from tests.contracts.belonging import COUNCIL, EVERYBODY, TIMELOCK, founder, membership, names
from tests.contracts.belonging import view_refused as refused
from tests.contracts.pair import (
    DAY,
    MEMBER,
    PARTICIPANT,
    VALIDATOR,
    Pair,
    Reverted,
    account,
    reverts,
    word,
)
from tests.twins.members import Members
from tests.twins.world import NOBODY

A, B, C, D, E = (account(name) for name in "abcde")
SUBJECT = word("subject")


@pytest.fixture
def pair():
    return membership([founder(who, MEMBER) for who in (A, B, C)])


def refuses(message, founders, timelock=TIMELOCK):
    with reverts(message):
        Pair().add("Members", Members, founders, timelock, COUNCIL)


def by_timelock(pair, function, *arguments):
    return pair.send(TIMELOCK, "Members", function, *arguments)


# --- deployment ---------------------------------------------------------------------------------


def test_deploy__no_founder_is_a_member__reverts():
    refuses("Members: no founder is a member", [founder(A, PARTICIPANT)])
    refuses("Members: no founder is a member", [])


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ((NOBODY, word("k"), word("c"), 1), "Members: no account"),
        ((A, bytes(32), word("c"), 1), "Members: no keys"),
        ((A, word("k"), bytes(32), 1), "Members: no controller"),
        ((A, word("k"), word("c"), 0), "Members: no such roles"),
        ((A, word("k"), word("c"), 8), "Members: no such roles"),
        ((A, word("k"), word("c"), 2**256 - 1), "Members: no such roles"),
    ],
)
def test_deploy__incomplete_founder__reverts(changed, message):
    refuses(message, [changed])


def test_deploy__founder_twice__reverts():
    refuses("Members: already active", [founder(A, MEMBER), founder(A, MEMBER)])


def test_deploy__without_timelock__reverts():
    refuses("Members: no Timelock", [founder(A, MEMBER)], NOBODY)


def test_deploy__256_founders__fit_a_block_of_30_million_gas():
    people = names("f", 256)
    pair = membership([founder(who, EVERYBODY) for who in people])
    assert [pair.view("Members", "account_at", i + 1) for i in range(256)] == people
    assert pair.view("Members", "size") == pair.view("Members", "voters") == 256
    assert pair.view("Members", "electorate") == 2**256 - 1
    assert pair.view("Members", "account_at", 257) == NOBODY
    assert pair.view("Members", "getVotes", people[255]) == 1
    with reverts("Members: full"):
        by_timelock(pair, "admit", *founder(D, MEMBER))
    by_timelock(pair, "suspend", people[255])  # a position is never free again
    with reverts("Members: full"):
        by_timelock(pair, "admit", *founder(D, MEMBER))
    pair.wait(1)
    assert pair.view("Members", "getPastTotalSupply", pair.now - 1) == 255


def test_deploy__more_than_256_founders__cannot():
    with pytest.raises(Reverted):
        Pair().chain.deploy(
            "Members", A, [founder(who, MEMBER) for who in names("f", 257)], TIMELOCK, COUNCIL
        )


def test_deploy__names_who_may_change_it(pair):
    assert pair.view("Members", "timelock") == TIMELOCK
    assert pair.view("Members", "council") == COUNCIL


# --- subjects -----------------------------------------------------------------------------------


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
    assert pair.view("Members", "yes_votes", SUBJECT) == 0


@pytest.mark.parametrize(("size", "needed"), [(1, 1), (2, 2), (3, 2), (4, 3), (6, 4), (7, 5)])
def test_vote__threshold__two_thirds_rounded_up(size, needed):
    people = names("n", size)
    pair = membership([founder(who, MEMBER) for who in people])
    for count, who in enumerate(people[:needed], start=1):
        pair.send(who, "Members", "vote", SUBJECT, True)
        assert pair.view("Members", "approved", SUBJECT) == (count == needed)


def test_vote__of_a_suspended_member__counts_no_more():
    people = names("n", 7)
    pair = membership([founder(who, MEMBER) for who in people])
    for rogue in people[5:]:
        pair.send(rogue, "Members", "vote", SUBJECT, True)
        by_timelock(pair, "suspend", rogue)
    for who in people[:3]:
        pair.send(who, "Members", "vote", SUBJECT, True)
    assert not pair.view("Members", "approved", SUBJECT)  # 3 of 5, the rogues' 2 do not help
    pair.send(people[3], "Members", "vote", SUBJECT, True)
    assert pair.view("Members", "approved", SUBJECT)


def test_confirm__electorate_shrank__approves_what_now_has_two_thirds():
    people = names("n", 4)
    pair = membership([founder(who, MEMBER) for who in people])
    for who in people[:2]:
        pair.send(who, "Members", "vote", SUBJECT, True)
    with reverts("Members: not two thirds"):
        pair.send(D, "Members", "confirm", SUBJECT)
    by_timelock(pair, "suspend", people[3])
    pair.send(D, "Members", "confirm", SUBJECT)
    with reverts("Members: already approved"):
        pair.send(D, "Members", "confirm", SUBJECT)


# --- admission and suspension by Timelock -------------------------------------------------------


def test_admit__by_timelock__new_member_counts(pair):
    done = by_timelock(pair, "admit", *founder(D, EVERYBODY))
    assert [event for _, event, _ in done.events] == ["Admitted", "Locked"]
    assert pair.view("Members", "member", D)[0] == 4
    assert pair.view("Members", "electorate") == 0b1111
    assert pair.view("Members", "has_role", D, VALIDATOR)
    with reverts("Members: already active"):
        by_timelock(pair, "admit", *founder(D, EVERYBODY))


def test_admit__without_the_role_member__no_vote(pair):
    by_timelock(pair, "admit", *founder(D, PARTICIPANT | VALIDATOR))
    assert pair.view("Members", "electorate") == 0b111
    assert pair.view("Members", "getVotes", D) == 0
    assert pair.view("Members", "is_active", D)
    assert not pair.view("Members", "has_role", D, MEMBER)
    assert pair.view("Members", "has_role", D, MEMBER | PARTICIPANT)  # any role of the mask
    assert not pair.view("Members", "has_role", D, 0)
    assert not pair.view("Members", "has_role", D, 2**256 - 8)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ((NOBODY, word("k"), word("c"), 1), "Members: no account"),
        ((D, bytes(32), word("c"), 1), "Members: no keys"),
        ((D, word("k"), bytes(32), 1), "Members: no controller"),
        ((D, word("k"), word("c"), 0), "Members: no such roles"),
        ((D, word("k"), word("c"), 8), "Members: no such roles"),
    ],
)
def test_admit__incomplete__reverts(pair, changed, message):
    with reverts(message):
        by_timelock(pair, "admit", *changed)
    assert pair.view("Members", "size") == 3


def test_suspend__by_timelock__loses_roles_and_vote(pair):
    by_timelock(pair, "suspend", C)
    assert not pair.view("Members", "has_role", C, MEMBER)
    assert not pair.view("Members", "is_active", C)
    assert pair.view("Members", "controller_of", C) != bytes(32)
    assert pair.view("Members", "member", C)[3:] == (MEMBER, True, 2)
    assert pair.view("Members", "getVotes", C) == 0
    with reverts("Members: not a member"):
        pair.send(C, "Members", "vote", SUBJECT, True)
    with reverts("Members: not active"):
        by_timelock(pair, "suspend", C)


def test_suspend__last_voter__reverts():
    pair = membership([founder(A, MEMBER), founder(B, PARTICIPANT)])
    with reverts("Members: nobody is left to vote"):
        by_timelock(pair, "suspend", A)
    by_timelock(pair, "suspend", B)
    assert pair.view("Members", "voters") == 1


def test_readmission__same_position_new_keys_and_roles(pair):
    by_timelock(pair, "suspend", C)
    done = by_timelock(pair, "admit", C, word("new"), word("other house"), EVERYBODY)
    assert not done.named("Locked")  # it is the same token
    changed = (3, word("new"), word("other house"), EVERYBODY, False, 3)
    assert pair.view("Members", "member", C) == changed
    assert pair.view("Members", "size") == 3
    assert pair.view("Members", "key_count", C) == 2


# --- suspension by Council ----------------------------------------------------------------------


def by_council(pair, until, who=C):
    return pair.send(COUNCIL, "Members", "suspend_until", who, until)


def test_suspend_until__stops_work__and_ends_by_itself(pair):
    until = pair.now + 100
    by_council(pair, until)
    assert pair.view("Members", "suspended_until", C) == until
    for seconds, active in ((0, False), (99, False), (1, True), (1, True)):
        pair.wait(seconds)
        assert pair.view("Members", "is_active", C) == active
        assert pair.view("Members", "has_role", C, MEMBER) == active
        assert pair.view("Members", "member", C)[4] == (not active)


def test_suspend_until__takes_no_vote(pair):
    by_council(pair, pair.now + 14 * DAY, C)
    assert pair.view("Members", "electorate") == 0b111
    assert pair.view("Members", "getVotes", C) == 1
    pair.send(C, "Members", "vote", SUBJECT, True)
    pair.send(A, "Members", "vote", SUBJECT, True)
    assert pair.view("Members", "approved", SUBJECT)


@pytest.mark.parametrize(
    ("after", "message"),
    [
        (0, "Members: not in the future"),
        (-1, "Members: not in the future"),
        (14 * DAY + 1, "Members: over 14 days"),
        (2**256 - 2_000_000_000, "Members: over 14 days"),
    ],
)
def test_suspend_until__outside_its_bounds__reverts(pair, after, message):
    with reverts(message):
        by_council(pair, pair.now + after)


def test_suspend_until__again__only_after_as_long(pair):
    by_council(pair, pair.now + 100)
    for seconds in (0, 100, 99):
        pair.wait(seconds)
        with reverts("Members: too soon again"):
            by_council(pair, pair.now + 1)
    by_council(pair, pair.now + 100, B)  # another account is another matter
    pair.wait(1)
    by_council(pair, pair.now + 14 * DAY)


def test_suspend_until__stranger_or_suspended__reverts(pair):
    by_timelock(pair, "suspend", C)
    for who in (C, D, NOBODY):
        with reverts("Members: not active"):
            by_council(pair, pair.now + 1, who)


@pytest.mark.parametrize("who", [COUNCIL, TIMELOCK])
def test_resume__early__shortens_the_rest(pair, who):
    by_council(pair, pair.now + 1_000)
    pair.wait(10)
    pair.send(who, "Members", "resume", C)
    assert pair.view("Members", "is_active", C)
    with reverts("Members: not suspended"):
        pair.send(who, "Members", "resume", C)
    pair.wait(9)
    with reverts("Members: too soon again"):
        by_council(pair, pair.now + 1)
    pair.wait(1)
    by_council(pair, pair.now + 1)


def test_resume__of_a_suspension_by_timelock__does_nothing(pair):
    by_council(pair, pair.now + 100)
    by_timelock(pair, "suspend", C)
    by_timelock(pair, "resume", C)
    assert not pair.view("Members", "is_active", C)
    with reverts("Members: not suspended"):
        by_timelock(pair, "resume", D)


# --- replacement --------------------------------------------------------------------------------


def test_replace__position_roles_and_controller_go_over(pair):
    pair.send(C, "Members", "vote", SUBJECT, True)
    done = by_timelock(pair, "replace", C, E, word("new keys"))
    assert done.named("Replaced")[0]["position"] == 3
    house = word(f"house of {C}")
    assert pair.view("Members", "member", E) == (3, word("new keys"), house, MEMBER, False, 1)
    assert pair.view("Members", "member", C) == (0, bytes(32), house, 0, True, 2)
    assert pair.view("Members", "successor_of", C) == E
    assert pair.view("Members", "successor_of", E) == NOBODY
    assert pair.view("Members", "account_at", 3) == pair.view("Members", "ownerOf", 3) == E
    assert pair.view("Members", "balanceOf", C) == 0
    assert pair.view("Members", "electorate") == 0b111
    with reverts("Members: already voted"):  # the position has
        pair.send(E, "Members", "vote", SUBJECT, True)
    with reverts("Members: not a member"):
        pair.send(C, "Members", "vote", word("other"), True)


def test_replace__the_old_account__never_comes_back(pair):
    by_timelock(pair, "replace", C, E, word("new keys"))
    with reverts("Members: was replaced"):
        by_timelock(pair, "admit", *founder(C, MEMBER))
    with reverts("Members: not active"):
        by_timelock(pair, "replace", C, D, word("k"))
    with reverts("Members: already known"):
        by_timelock(pair, "replace", A, C, word("k"))
    with reverts("Members: not active"):
        by_timelock(pair, "suspend", C)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((D, E, word("k")), "Members: not active"),
        ((C, NOBODY, word("k")), "Members: no account"),
        ((C, A, word("k")), "Members: already known"),
        ((C, C, word("k")), "Members: already known"),
        ((C, E, bytes(32)), "Members: no keys"),
    ],
)
def test_replace__impossible__reverts(pair, arguments, message):
    with reverts(message):
        by_timelock(pair, "replace", *arguments)


def test_replace__after_the_council_stopped_the_thief__new_account_works(pair):
    by_council(pair, pair.now + 14 * DAY)
    by_timelock(pair, "replace", C, E, word("k"))
    assert pair.view("Members", "is_active", E)
    assert pair.view("Members", "suspended_until", E) == 0
    by_timelock(pair, "replace", E, D, word("k2"))  # and again
    assert pair.view("Members", "account_at", 3) == D
    assert pair.view("Members", "voters") == 3


# --- the past, ERC-5192, ERC-165 ----------------------------------------------------------------


def past(pair, who, ago):
    return pair.view("Members", "getPastVotes", who, pair.now - ago)


def test_past_votes__follow_admission_suspension_and_replacement(pair):
    start = pair.now
    pair.wait(10)
    by_timelock(pair, "admit", *founder(D, MEMBER))
    pair.wait(10)
    by_timelock(pair, "suspend", B)
    pair.wait(10)
    by_timelock(pair, "replace", C, E, word("k"))
    pair.wait(10)
    by_timelock(pair, "admit", *founder(B, PARTICIPANT))
    pair.wait(10)
    held = {who: [] for who in (A, B, C, D, E)}
    total = []
    for second in (start - 1, start, start + 9, start + 10, start + 20, start + 29, start + 30):
        total.append(pair.view("Members", "getPastTotalSupply", second))
        for who, votes in held.items():
            votes.append(pair.view("Members", "getPastVotes", who, second))
    assert total == [0, 3, 3, 4, 3, 3, 3]
    assert held[A] == [0, 1, 1, 1, 1, 1, 1]
    assert held[B] == [0, 1, 1, 1, 0, 0, 0]
    assert held[C] == [0, 1, 1, 1, 1, 1, 0]
    assert held[D] == [0, 0, 0, 1, 1, 1, 1]
    assert held[E] == [0, 0, 0, 0, 0, 0, 1]


def test_past_votes__one_second_with_many_changes__the_last_counts(pair):
    pair.wait(5)
    by_timelock(pair, "admit", *founder(D, MEMBER))
    by_timelock(pair, "suspend", D)
    by_timelock(pair, "suspend", C)
    by_timelock(pair, "admit", *founder(C, MEMBER))
    pair.wait(1)
    assert (past(pair, D, 1), past(pair, C, 1), past(pair, C, 2)) == (0, 1, 1)
    assert pair.view("Members", "getPastTotalSupply", pair.now - 1) == 3


@pytest.mark.parametrize("ahead", [0, 1, 10**9])
def test_past__not_in_the_past__reverts(pair, ahead):
    for arguments in (("getPastVotes", A), ("getPastTotalSupply",)):
        refused(pair, "Members: not in the past", "Members", *arguments, pair.now + ahead)


def test_clock__seconds_and_everybody_its_own_delegate(pair):
    assert pair.view("Members", "clock") == pair.now
    assert pair.view("Members", "CLOCK_MODE") == "mode=timestamp"
    assert pair.view("Members", "delegates", A) == A


def test_soulbound__one_locked_token_per_account(pair):
    for position, who in enumerate((A, B, C), start=1):
        assert pair.view("Members", "ownerOf", position) == who
        assert pair.view("Members", "locked", position)
        assert pair.view("Members", "balanceOf", who) == 1
    assert pair.view("Members", "balanceOf", D) == 0
    for token in (0, 4, 2**256 - 1):
        for view in ("ownerOf", "locked"):
            refused(pair, "Members: no such position", "Members", view, token)
    refused(pair, "Members: no account", "Members", "balanceOf", NOBODY)


def test_interfaces__erc165_and_5192_only(pair):
    for interface, known in (("01ffc9a7", 1), ("b45a3c0e", 1), ("80ac58cd", 0), ("ffffffff", 0)):
        assert pair.view("Members", "supportsInterface", bytes.fromhex(interface)) == bool(known)
