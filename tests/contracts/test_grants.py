"""Grants: who may use what, passed on, used up, revoked; every step compared with the twin."""

import pytest

from tests.contracts.pair import DAY, account, reverts, word
from tests.contracts.stubs.c_suite import (
    DEPRECATED,
    FOREVER,
    PURPOSE,
    WITHDRAWN,
    Suite,
)
from tests.twins.world import NOBODY, ZERO

OWNER, BUYER = account("owner"), account("buyer")
A, B, C, D = (account(name) for name in "abcd")
STRANGER = account("stranger")
DATA = 1


@pytest.fixture
def suite():
    suite = Suite((OWNER,))
    suite.register(OWNER, "data")
    return suite


def test_deploy__addresses__fixed(suite):
    assert suite.view("Grants", "assets") == suite.assets
    assert suite.view("Grants", "council") == suite.council
    assert suite.view("Grants", "grant_count") == 0


def test_grant__by_the_owner__allows_that_account_that_purpose_that_asset(suite):
    other = suite.register(OWNER, "other")
    terms = (DATA, A, PURPOSE, suite.pair.now + DAY, 5, 2)
    done = suite.send(OWNER, "Grants", "grant", *terms)
    assert done.value == 1
    assert [event for _, event, _ in done.events] == ["Granted"]
    expected = (DATA, 0, 0, OWNER, A, PURPOSE, suite.pair.now + DAY, 5, 0, 2, False)
    assert suite.view("Grants", "grant_of", 1) == expected
    assert suite.view("Grants", "grants_of", DATA, A, PURPOSE) == (1,)
    assert suite.view("Grants", "refusal", 1) == ""
    assert suite.allowed(DATA, A)
    assert suite.view("Grants", "is_allowed_by", 1, A, PURPOSE)
    for asset, who, purpose in ((other, A, PURPOSE), (DATA, B, PURPOSE), (DATA, A, word("sell"))):
        assert not suite.allowed(asset, who, purpose)
    assert not suite.view("Grants", "is_allowed_by", 1, B, PURPOSE)
    assert not suite.view("Grants", "is_allowed_by", 1, A, word("sell"))


def test_grant__owner_without_one__is_not_allowed_but_can_give_itself_one(suite):
    assert not suite.allowed(DATA, OWNER)
    suite.grant(OWNER, DATA, OWNER)
    assert suite.allowed(DATA, OWNER)


def test_grant__by_approved_and_operator__as_the_giver(suite):
    suite.send(OWNER, "Assets", "approve", A, DATA)
    suite.send(OWNER, "Assets", "setApprovalForAll", B, True)
    for number, giver in enumerate((A, B), 1):
        suite.grant(giver, DATA, C)
        assert suite.view("Grants", "grant_of", number)[3] == giver


@pytest.mark.parametrize(
    ("who", "changed", "message"),
    [
        (STRANGER, {}, "Grants: only the asset's owner"),
        (OWNER, {"asset": 0}, "Grants: only the asset's owner"),
        (OWNER, {"asset": 2}, "Grants: only the asset's owner"),
        (OWNER, {"grantee": NOBODY}, "Grants: no account"),
        (OWNER, {"purpose": ZERO}, "Grants: no purpose"),
        (OWNER, {"expires": 0}, "Grants: expired"),
        (OWNER, {"expires": 1_799_999_999}, "Grants: expired"),
        (OWNER, {"depth": 9}, "Grants: passed on too often"),
        (OWNER, {"depth": 2**256 - 1}, "Grants: passed on too often"),
    ],
)
def test_grant__bad_terms__reverts_and_changes_nothing(suite, who, changed, message):
    terms = {
        "asset": DATA,
        "grantee": A,
        "purpose": PURPOSE,
        "expires": FOREVER,
        "uses": 0,
        "depth": 8,
    } | changed
    with reverts(message):
        suite.send(who, "Grants", "grant", *terms.values())
    assert suite.view("Grants", "grant_count") == 0
    assert not suite.allowed(DATA, A)


def test_views__no_such_grant__nothing_allowed(suite):
    for unknown in (0, 1, 2**256 - 1):
        assert suite.view("Grants", "refusal", unknown) == "Grants: no such grant"
        assert suite.view("Grants", "grant_of", unknown)[4] == NOBODY
        for who in (A, NOBODY):
            assert not suite.view("Grants", "is_allowed_by", unknown, who, ZERO)
    assert not suite.allowed(DATA, NOBODY, ZERO)


# --- expiry ---------------------------------------------------------------------------------


def test_expiry__last_second_counts__the_next_does_not(suite):
    grant = suite.grant(OWNER, DATA, A, expires=suite.pair.now + 100)
    suite.pair.wait(100)
    assert suite.allowed(DATA, A)
    suite.consume(A, grant)
    suite.pair.wait(1)
    assert not suite.allowed(DATA, A)
    assert not suite.view("Grants", "is_allowed_by", grant, A, PURPOSE)
    with reverts("Grants: expired"):
        suite.consume(A, grant)


def test_expiry__this_very_second__can_be_given(suite):
    suite.grant(OWNER, DATA, A, expires=suite.pair.now)
    assert suite.allowed(DATA, A)


def test_expiry__several_grants__allowed_while_any_counts(suite):
    for days in (1, 3, 2):
        suite.grant(OWNER, DATA, A, expires=suite.pair.now + days * DAY)
    for expected in (True, True, True, True, False):  # the last second of the third day counts
        assert suite.allowed(DATA, A) is expected
        suite.pair.wait(DAY)


# --- uses -----------------------------------------------------------------------------------


def test_consume__limited__until_none_is_left(suite):
    grant = suite.grant(OWNER, DATA, A, uses=2)
    for used in (1, 2):
        assert suite.allowed(DATA, A)
        done = suite.consume(A, grant)
        expected = {"grant": grant, "asset": DATA, "grantee": A, "actor": A}
        assert done.events == [("Grants", "Consumed", expected)]
        assert suite.view("Grants", "grant_of", grant)[8] == used
    assert not suite.allowed(DATA, A)
    with reverts("Grants: no uses left"):
        suite.consume(A, grant)


def test_consume__without_a_limit__counted_all_the_same(suite):
    grant = suite.grant(OWNER, DATA, A)
    for used in range(1, 4):
        suite.consume(A, grant)
        assert suite.view("Grants", "grant_of", grant)[8] == used
    assert suite.allowed(DATA, A)


def test_consume__child__takes_from_every_ancestor_with_a_limit(suite):
    first = suite.grant(OWNER, DATA, A, depth=3)  # no limit
    second = suite.delegate(A, first, B, uses=3, depth=2)
    third = suite.delegate(B, second, C, uses=3, depth=1)
    fourth = suite.delegate(C, third, D, uses=2)
    suite.consume(D, fourth)
    used = [suite.view("Grants", "grant_of", grant)[8] for grant in (first, second, third, fourth)]
    assert used == [0, 1, 1, 1]
    suite.consume(B, second)
    suite.consume(B, second)
    for grant, who in ((second, B), (third, C), (fourth, D)):
        assert suite.view("Grants", "refusal", grant) == "Grants: no uses left"
        assert not suite.allowed(DATA, who)
    assert suite.allowed(DATA, A)


def test_consume__siblings__never_more_than_their_parent_together(suite):
    parent = suite.grant(OWNER, DATA, A, uses=3, depth=1)
    children = [suite.delegate(A, parent, who, uses=3) for who in (B, C)]
    for child, who in ((children[0], B), (children[1], C), (children[0], B)):
        suite.consume(who, child)
    for child, who in zip(children, (B, C), strict=True):
        with reverts("Grants: no uses left"):
            suite.consume(who, child)


def test_consume__not_the_grantee__reverts(suite):
    parent = suite.grant(OWNER, DATA, A, depth=1)
    child = suite.delegate(A, parent, B)
    for who, grant in ((OWNER, parent), (B, parent), (A, child), (STRANGER, child)):
        with reverts("Grants: not the grantee"):
            suite.consume(who, grant)
    with reverts("Grants: no such grant"):
        suite.consume(A, 3)


def test_meter__appointed__consumes_any_grant_of_that_asset_until_dismissed(suite):
    other = suite.register(OWNER, "other")
    grants = [suite.grant(OWNER, asset, A, uses=2) for asset in (DATA, other)]
    done = suite.send(OWNER, "Grants", "set_meter", DATA, B, True)
    expected = {"asset": DATA, "operator": B, "epoch": 0, "allowed": True}
    assert done.named("MeterSet") == [expected]
    assert suite.view("Grants", "is_meter", DATA, B)
    assert not suite.view("Grants", "is_meter", other, B)
    done = suite.consume(B, grants[0])
    assert done.named("Consumed")[0]["actor"] == B
    assert done.named("Consumed")[0]["grantee"] == A
    with reverts("Grants: not the grantee"):
        suite.consume(B, grants[1])
    suite.send(OWNER, "Grants", "set_meter", DATA, B, False)
    with reverts("Grants: not the grantee"):
        suite.consume(B, grants[0])


def test_meter__after_a_transfer__is_the_new_owner_s_choice(suite):
    suite.send(OWNER, "Grants", "set_meter", DATA, B, True)
    suite.move(OWNER, BUYER, DATA)
    assert not suite.view("Grants", "is_meter", DATA, B)
    grant = suite.grant(BUYER, DATA, A)
    with reverts("Grants: not the grantee"):
        suite.consume(B, grant)
    suite.send(BUYER, "Grants", "set_meter", DATA, C, True)
    assert suite.view("Grants", "is_meter", DATA, C)
    suite.consume(C, grant)
    with reverts("Grants: only the asset's owner"):
        suite.send(OWNER, "Grants", "set_meter", DATA, B, True)


# --- passing on -----------------------------------------------------------------------------


def test_delegate__within_its_parent__allowed_and_told(suite):
    expires = suite.pair.now + DAY
    parent = suite.grant(OWNER, DATA, A, expires=expires, uses=5, depth=2)
    done = suite.send(A, "Grants", "delegate", parent, B, expires, 5, 1)
    expected = (DATA, 0, parent, A, B, PURPOSE, expires, 5, 0, 1, False)
    assert suite.view("Grants", "grant_of", done.value) == expected
    assert suite.allowed(DATA, B)
    assert suite.allowed(DATA, A)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"depth": 2}, "Grants: passed on too often"),
        ({"depth": 2**256 - 1}, "Grants: passed on too often"),
        ({"expires": 1_800_000_101}, "Grants: longer than its parent"),
        ({"expires": FOREVER}, "Grants: longer than its parent"),
        ({"uses": 0}, "Grants: more than its parent"),
        ({"uses": 5}, "Grants: more than its parent"),
        ({"uses": 2**256 - 1}, "Grants: more than its parent"),
        ({"expires": 1_799_999_999}, "Grants: expired"),
        ({"grantee": NOBODY}, "Grants: no account"),
    ],
)
def test_delegate__beyond_its_parent__reverts(suite, changed, message):
    """The parent: until second 100, 4 of 5 uses left, to be passed on twice."""
    parent = suite.grant(OWNER, DATA, A, expires=suite.pair.now + 100, uses=5, depth=2)
    suite.consume(A, parent)
    terms = {"grantee": B, "expires": suite.pair.now + 100, "uses": 4, "depth": 1} | changed
    with reverts(message):
        suite.send(A, "Grants", "delegate", parent, *terms.values())
    assert suite.view("Grants", "grant_count") == 1


def test_delegate__depth_zero__reverts(suite):
    parent = suite.grant(OWNER, DATA, A)
    with reverts("Grants: passed on too often"):
        suite.delegate(A, parent, B)


def test_delegate__not_the_grantee__reverts(suite):
    parent = suite.grant(OWNER, DATA, A, depth=3)
    child = suite.delegate(A, parent, B, depth=2)
    for who, grant in ((OWNER, parent), (B, parent), (A, child), (STRANGER, child)):
        with reverts("Grants: not the grantee"):
            suite.delegate(who, grant, C)
    with reverts("Grants: no such grant"):
        suite.delegate(A, 3, C)


def test_delegate__eight_times__the_ninth_reverts(suite):
    people = [account(f"link {number}") for number in range(10)]
    grant = suite.grant(OWNER, DATA, people[0], depth=8, uses=9)
    for number in range(8):
        grant = suite.delegate(people[number], grant, people[number + 1], depth=7 - number, uses=9)
    with reverts("Grants: passed on too often"):
        suite.delegate(people[8], grant, people[9], uses=1)
    suite.consume(people[8], grant)
    used = [suite.view("Grants", "grant_of", number)[8] for number in range(1, 10)]
    assert used == [1] * 9
    suite.send(OWNER, "Grants", "revoke", 1)
    assert not suite.allowed(DATA, people[8])
    with reverts("Grants: revoked"):
        suite.consume(people[8], grant)


@pytest.mark.parametrize("end", ["expired", "revoked", "no uses left"])
def test_delegate__parent_has_ended__reverts(suite, end):
    parent = suite.grant(OWNER, DATA, A, expires=suite.pair.now + 10, uses=1, depth=1)
    if end == "expired":
        suite.pair.wait(11)
    elif end == "revoked":
        suite.send(OWNER, "Grants", "revoke", parent)
    else:
        suite.consume(A, parent)
    with reverts(f"Grants: {end}"):
        suite.delegate(A, parent, B, expires=suite.pair.now, uses=1)


# --- revocation -----------------------------------------------------------------------------


def family(suite):
    """Owner -> A -> B -> C, and A -> D."""
    a = suite.grant(OWNER, DATA, A, depth=3)
    b = suite.delegate(A, a, B, depth=2)
    c = suite.delegate(B, b, C)
    return a, b, c, suite.delegate(A, a, D)


def test_revoke__in_the_middle__ends_that_subtree_only(suite):
    _, b, c, _ = family(suite)
    done = suite.send(A, "Grants", "revoke", b)
    assert done.events == [("Grants", "Revoked", {"grant": b, "actor": A})]
    assert [suite.allowed(DATA, who) for who in (A, B, C, D)] == [True, False, False, True]
    assert suite.view("Grants", "refusal", c) == "Grants: revoked"
    assert not suite.view("Grants", "grant_of", c)[10]  # not itself
    with reverts("Grants: revoked"):
        suite.consume(C, c)


def test_revoke__by_the_owner__any_grant_of_its_asset(suite):
    _, _, c, _ = family(suite)
    suite.send(OWNER, "Grants", "revoke", c)
    assert [suite.allowed(DATA, who) for who in (A, B, C, D)] == [True, True, False, True]


def test_revoke__by_who_manages_the_asset__accepted(suite):
    a, b, *_ = family(suite)
    suite.send(OWNER, "Assets", "approve", BUYER, DATA)
    suite.send(BUYER, "Grants", "revoke", b)
    suite.send(OWNER, "Assets", "setApprovalForAll", STRANGER, True)
    suite.send(STRANGER, "Grants", "revoke", a)
    assert not any(suite.allowed(DATA, who) for who in (A, B, C, D))


def test_revoke__by_the_giver_of_another_or_the_grantee__reverts(suite):
    a, b, c, _ = family(suite)
    for who, grant in ((A, c), (B, b), (A, a), (D, a), (STRANGER, c)):
        with reverts("Grants: only the asset's owner"):
            suite.send(who, "Grants", "revoke", grant)


def test_revoke__twice_or_unknown__reverts(suite):
    grant = suite.grant(OWNER, DATA, A)
    suite.send(OWNER, "Grants", "revoke", grant)
    with reverts("Grants: revoked"):
        suite.send(OWNER, "Grants", "revoke", grant)
    for unknown in (0, 2):
        with reverts("Grants: no such grant"):
            suite.send(OWNER, "Grants", "revoke", unknown)


def test_revoke__giver_no_longer_approved__may_take_back_what_it_gave(suite):
    suite.send(OWNER, "Assets", "approve", B, DATA)
    grant = suite.grant(B, DATA, A)
    suite.send(OWNER, "Assets", "approve", NOBODY, DATA)
    suite.send(B, "Grants", "revoke", grant)
    assert not suite.allowed(DATA, A)


# --- the asset's fate ------------------------------------------------------------------------


def test_transfer__all_grants_end__for_good(suite):
    a, b, c, d = family(suite)
    suite.move(OWNER, BUYER, DATA)
    for grant, who in ((a, A), (b, B), (c, C), (d, D)):
        assert suite.view("Grants", "refusal", grant) == "Grants: the asset changed hands"
        assert not suite.allowed(DATA, who)
        with reverts("Grants: the asset changed hands"):
            suite.consume(who, grant)
    suite.move(BUYER, OWNER, DATA)
    assert not suite.allowed(DATA, A)
    assert suite.grant(OWNER, DATA, A) == 5
    assert suite.view("Grants", "grant_of", 5)[1] == 2
    assert suite.allowed(DATA, A)


def test_transfer__new_owner__gives_and_the_old_one_cannot(suite):
    suite.move(OWNER, BUYER, DATA)
    with reverts("Grants: only the asset's owner"):
        suite.grant(OWNER, DATA, A)
    suite.grant(BUYER, DATA, A)
    assert suite.allowed(DATA, A)


def test_transfer__to_itself__ends_nothing(suite):
    family(suite)
    suite.move(OWNER, OWNER, DATA)
    assert all(suite.allowed(DATA, who) for who in (A, B, C, D))


def test_withdrawn__allows_nothing__revocation_still_works(suite):
    a, b, *_ = family(suite)
    suite.send(suite.timelock, "Assets", "set_status", DATA, WITHDRAWN)
    assert not any(suite.allowed(DATA, who) for who in (A, B, C, D))
    for act in (
        lambda: suite.consume(A, a),
        lambda: suite.grant(OWNER, DATA, A),
        lambda: suite.delegate(A, a, C),
    ):
        with reverts("Grants: the asset is withdrawn"):
            act()
    suite.send(OWNER, "Grants", "revoke", b)


def test_deprecated__changes_nothing(suite):
    a, *_ = family(suite)
    suite.send(OWNER, "Assets", "set_status", DATA, DEPRECATED)
    suite.consume(A, a)
    suite.grant(OWNER, DATA, STRANGER)
    assert suite.allowed(DATA, STRANGER)


def test_paused__nothing_given_used_or_allowed__taking_away_works(suite):
    a, b, *_ = family(suite)
    suite.pause("Grants")
    assert not suite.allowed(DATA, A)
    assert not suite.view("Grants", "is_allowed_by", a, A, PURPOSE)
    for act in (
        lambda: suite.consume(A, a),
        lambda: suite.grant(OWNER, DATA, A),
        lambda: suite.delegate(A, a, C),
    ):
        with reverts("Grants: paused by Council"):
            act()
    suite.send(OWNER, "Grants", "set_meter", DATA, B, True)
    suite.send(A, "Grants", "revoke", b)
    suite.pause("Grants", yes=False)
    assert suite.allowed(DATA, A)
    assert not suite.allowed(DATA, B)


def test_paused__assets_only__grants_go_on(suite):
    suite.pause("Assets")
    suite.grant(OWNER, DATA, A)
    assert suite.allowed(DATA, A)
