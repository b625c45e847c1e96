"""Grants under attack: strangers, rights that grow, lists that fill up, edges of time and depth."""

from itertools import pairwise

import pytest

from tests.contracts.pair import account, reverts, word
from tests.contracts.stubs.c_suite import ACCEPT, FOREVER, PURPOSE, WITHDRAWN, Suite
from tests.twins.world import NOBODY

OWNER, VICTIM, BUYER = account("owner"), account("victim"), account("buyer")
A, B, C = (account(name) for name in "abc")
STRANGER = account("stranger")
DATA = 1

# Everything that changes state, on asset 1 and grant 1, as somebody without any right tries it.
ACTS = {
    "grant": ((DATA, STRANGER, PURPOSE, FOREVER, 0, 8), "only the asset's owner"),
    "delegate": ((1, STRANGER, FOREVER, 0, 0), "not the grantee"),
    "revoke": ((1,), "only the asset's owner"),
    "consume": ((1,), "not the grantee"),
    "set_meter": ((DATA, STRANGER, True), "only the asset's owner"),
}


@pytest.fixture
def suite():
    """A holds grant 1 of OWNER's asset 1, to be passed on 8 times."""
    suite = Suite((OWNER,))
    suite.register(OWNER, "data")
    suite.grant(OWNER, DATA, A, depth=8)
    return suite


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("who", ["stranger", "timelock", "deployer"])
def test_strangers_and_powers__any_act__reverts_and_changes_nothing(suite, act, who):
    sender = getattr(suite, who, None) or getattr(suite.pair, who, STRANGER)
    arguments, message = ACTS[act]
    before = [suite.view("Grants", "grant_of", 1), suite.view("Grants", "grant_count")]
    with reverts(f"Grants: {message}"):
        suite.send(sender, "Grants", act, *arguments)
    assert [suite.view("Grants", "grant_of", 1), suite.view("Grants", "grant_count")] == before
    assert not suite.allowed(DATA, sender)


@pytest.mark.parametrize("act", ACTS)
def test_council__any_act__reverts(suite, act):
    arguments, message = ACTS[act]
    payload = suite.pair.chain.contracts["Grants"].encode(act, *arguments).data
    data = suite.encode("c_switch", "act", suite.grants, payload)
    outcome = suite.pair.chain.execute(STRANGER, suite.council, data)
    assert outcome.reason == f"Grants: {message}"


def test_grantee__of_one_asset__gains_nothing_on_another(suite):
    other = suite.register(OWNER, "other")
    assert not suite.allowed(other, A)
    with reverts("Grants: only the asset's owner"):
        suite.grant(A, DATA, A, uses=0)
    with reverts("Grants: only the asset's owner"):
        suite.send(A, "Grants", "set_meter", DATA, A, True)


def test_child__made_before_its_parent_is_used_up__cannot_outlast_it(suite):
    parent = suite.grant(OWNER, DATA, B, uses=1, depth=1)
    child = suite.delegate(B, parent, C, uses=1)
    suite.consume(C, child)
    for who, grant in ((B, parent), (C, child)):
        with reverts("Grants: no uses left"):
            suite.consume(who, grant)


def test_child__many_of_full_size__do_not_multiply_uses(suite):
    parent = suite.grant(OWNER, DATA, B, uses=2, depth=2)
    children = [suite.delegate(B, parent, B, uses=2, depth=1) for _ in range(4)]
    grandchildren = [suite.delegate(B, child, B, uses=2) for child in children]
    done = 0
    for grant in (*grandchildren, *children, parent):
        if suite.view("Grants", "refusal", grant) == "":
            suite.consume(B, grant)
            done += 1
    assert done == 2


def test_grantee__passes_on_to_itself_before_revocation__loses_all(suite):
    child = suite.delegate(A, 1, A, depth=7)
    suite.delegate(A, child, A, depth=6)
    suite.send(OWNER, "Grants", "revoke", 1)
    assert not suite.allowed(DATA, A)
    for grant in (1, 2, 3):
        with reverts("Grants: revoked"):
            suite.delegate(A, grant, A)


def test_grantee__passed_on_by_a_child_it_revoked__ends_too(suite):
    child = suite.delegate(A, 1, B, depth=7)
    suite.delegate(B, child, C, depth=6)
    suite.send(A, "Grants", "revoke", child)
    with reverts("Grants: revoked"):
        suite.delegate(C, 3, C)


def test_seller__grants_right_before_the_sale__buyer_is_not_bound(suite):
    suite.grant(OWNER, DATA, B, depth=8)
    suite.send(OWNER, "Grants", "set_meter", DATA, B, True)
    suite.move(OWNER, BUYER, DATA)
    assert not suite.allowed(DATA, B)
    suite.move(BUYER, C, DATA)  # nor anybody after it
    suite.move(C, OWNER, DATA)  # nor when it comes back
    assert not suite.allowed(DATA, B)
    assert not suite.view("Grants", "is_meter", DATA, B)


def test_former_giver__after_the_sale__cannot_touch_the_new_owner_s_grants(suite):
    suite.move(OWNER, BUYER, DATA)
    fresh = suite.grant(BUYER, DATA, B)
    with reverts("Grants: only the asset's owner"):
        suite.send(OWNER, "Grants", "revoke", fresh)
    suite.send(OWNER, "Grants", "revoke", 1)  # its own, ended anyhow
    assert suite.allowed(DATA, B)


def test_approved__for_one_transfer__its_grants_end_with_it(suite):
    suite.send(OWNER, "Assets", "approve", BUYER, DATA)
    suite.grant(BUYER, DATA, BUYER)
    suite.send(BUYER, "Assets", "transferFrom", OWNER, BUYER, DATA)
    assert not suite.allowed(DATA, BUYER)


# --- lists ------------------------------------------------------------------------------------


def test_list__filled_by_who_passes_on__keeps_four_places_for_the_owner(suite):
    for _ in range(12):
        suite.delegate(A, 1, VICTIM)
    with reverts("Grants: too many for one account"):
        suite.delegate(A, 1, VICTIM)
    last = [suite.grant(OWNER, DATA, VICTIM) for _ in range(4)]
    assert len(suite.view("Grants", "grants_of", DATA, VICTIM, PURPOSE)) == 16
    with reverts("Grants: too many for one account"):
        suite.grant(OWNER, DATA, VICTIM)
    suite.send(OWNER, "Grants", "revoke", 1)  # one act ends all twelve
    assert suite.allowed(DATA, VICTIM)
    suite.grant(OWNER, DATA, VICTIM)
    listed = suite.view("Grants", "grants_of", DATA, VICTIM, PURPOSE)
    assert listed == (*last, suite.view("Grants", "grant_count"))


def test_list__full_of_what_has_ended__is_cleaned_by_the_next(suite):
    ended = [suite.grant(OWNER, DATA, B, expires=suite.pair.now + number) for number in range(5)]
    used = [suite.grant(OWNER, DATA, B, uses=1) for _ in range(5)]
    kept = [suite.grant(OWNER, DATA, B) for _ in range(6)]
    with reverts("Grants: too many for one account"):
        suite.grant(OWNER, DATA, B)
    suite.pair.wait(4)
    for grant in used:
        suite.consume(B, grant)
    assert suite.view("Grants", "refusal", ended[-1]) == ""  # its very last second
    fresh = suite.grant(OWNER, DATA, B)
    listed = suite.view("Grants", "grants_of", DATA, B, PURPOSE)
    assert listed == (ended[-1], *kept, fresh)


def test_list__of_another_purpose_asset_or_account__is_its_own(suite):
    other = suite.register(OWNER, "other")
    for _ in range(16):
        suite.grant(OWNER, DATA, B)
    suite.grant(OWNER, DATA, B, purpose=word("else"))
    suite.grant(OWNER, other, B)
    suite.grant(OWNER, DATA, C)


def test_list__full_when_sold__the_new_owner_has_all_places(suite):
    for _ in range(16):
        suite.grant(OWNER, DATA, B)
    suite.move(OWNER, BUYER, DATA)
    fresh = suite.grant(BUYER, DATA, B)
    assert suite.view("Grants", "grants_of", DATA, B, PURPOSE) == (fresh,)


def test_list__paused_while_full__nothing_is_lost(suite):
    grants = tuple(suite.grant(OWNER, DATA, B) for _ in range(16))
    suite.pause("Grants")
    with reverts("Grants: paused by Council"):
        suite.grant(OWNER, DATA, B)
    suite.pause("Grants", yes=False)
    assert suite.view("Grants", "grants_of", DATA, B, PURPOSE) == grants
    assert suite.allowed(DATA, B)


def test_cost__cleaning_the_worst_list__bounded(suite):
    """Sixteen grants that ended at their far end: twelve of them nine deep, each its own line."""
    root = suite.grant(OWNER, DATA, A, uses=1, depth=8)
    for line in range(12):
        people = [A, *(account(f"link {line} {number}") for number in range(7)), VICTIM]
        grant = root
        for place, (giver, taker) in enumerate(pairwise(people)):
            grant = suite.delegate(giver, grant, taker, depth=7 - place, uses=1)
    last = [suite.grant(OWNER, DATA, VICTIM, uses=1) for _ in range(4)]
    suite.consume(A, root)
    for grant in last:
        suite.consume(VICTIM, grant)
    done = suite.send(OWNER, "Grants", "grant", DATA, VICTIM, PURPOSE, FOREVER, 0, 0)
    assert len(suite.view("Grants", "grants_of", DATA, VICTIM, PURPOSE)) == 1
    assert done.gas < 1_200_000


# --- edges ------------------------------------------------------------------------------------


def test_time__delegated_in_the_parent_s_last_second__both_end_with_it(suite):
    end = suite.pair.now + 10
    parent = suite.grant(OWNER, DATA, B, expires=end, depth=1)
    suite.pair.wait(10)
    child = suite.delegate(B, parent, C, expires=end)
    suite.consume(C, child)
    suite.pair.wait(1)
    assert not suite.allowed(DATA, C)
    with reverts("Grants: expired"):
        suite.consume(C, child)
    with reverts("Grants: expired"):
        suite.delegate(B, parent, C, expires=end)


def test_numbers__largest_there_are__do_not_overflow(suite):
    parent = suite.grant(OWNER, DATA, B, uses=FOREVER, depth=1)
    child = suite.delegate(B, parent, C, uses=FOREVER)
    suite.consume(C, child)
    with reverts("Grants: more than its parent"):
        suite.delegate(B, parent, C, uses=FOREVER)
    suite.delegate(B, parent, C, uses=FOREVER - 1)


def test_receiver_of_a_sale__consumes_an_old_grant_in_the_middle__too_late(suite):
    """A contract that holds a grant buys the asset: its grant ends before it is asked."""
    payload = suite.pair.chain.contracts["Grants"].encode("consume", 2).data
    buyer = suite.receiver(ACCEPT, suite.grants, payload)
    assert suite.grant(OWNER, DATA, buyer) == 2
    suite.pair.chain.send(OWNER, "Assets", "safeTransferFrom", OWNER, buyer, DATA, b"")
    assert suite.ask("c_receiver", buyer, "tries") == 1
    assert suite.ask("c_receiver", buyer, "successes") == 0


def test_withdrawn__between_grant_and_use__stops_the_use(suite):
    suite.send(OWNER, "Assets", "set_status", DATA, WITHDRAWN)
    with reverts("Grants: the asset is withdrawn"):
        suite.consume(A, 1)
    suite.move(OWNER, BUYER, DATA)  # selling it does not bring it back
    with reverts("Grants: the asset is withdrawn"):
        suite.grant(BUYER, DATA, A)


def test_meter__zero_address_or_grantee__gives_nothing_more(suite):
    suite.send(OWNER, "Grants", "set_meter", DATA, NOBODY, True)
    suite.send(OWNER, "Grants", "set_meter", DATA, B, True)
    assert not suite.allowed(DATA, B)
    with reverts("Grants: not the grantee"):
        suite.delegate(B, 1, B)
    with reverts("Grants: only the asset's owner"):
        suite.send(B, "Grants", "revoke", 1)


def test_fallback__no_or_an_unknown_function__reverts_and_nothing_is_payable(suite):
    for data in (b"", b"\xde\xad\xbe\xef"):
        assert not suite.pair.chain.execute(A, suite.grants, data).status
    functions = suite.pair.chain.contracts["Grants"].artifact.abi
    assert not [e for e in functions if e.get("stateMutability") == "payable"]
