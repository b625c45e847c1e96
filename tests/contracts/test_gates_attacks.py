"""Attacks on Gates: strangers, sock puppets, crowded lists, worn-out emergencies, endless lists."""

import pytest

from quorate.ledger.transactions import BLOCK_GAS_LIMIT
from tests.contracts.pair import DAY, PARTICIPANT, VALIDATOR, account, reverts, word
from tests.contracts.stubs.d_gates_suite import (
    BIAS,
    MODEL,
    OWNER,
    SAFETY,
    STRANGER,
    TIMELOCK,
    VALIDATORS,
    WEEK,
    GatesPair,
    digest,
)

V1, V2, V3, V4 = VALIDATORS


@pytest.fixture
def pair():
    pair = GatesPair()
    pair.rule()
    return pair


# --- who may do what --------------------------------------------------------------------------


def test_every_power__stranger_or_member__refused(pair):
    pair.deploy(1, 2)
    uid = pair.attest(V1)
    calls = [
        ("set_rule", (2, SAFETY, VALIDATOR, 1, WEEK), "only Timelock"),
        ("remove_rule", (2, SAFETY, VALIDATOR), "only Timelock"),
        ("deploy", (MODEL, 1), "not the asset's owner"),
        ("roll_back", (MODEL,), "not the asset's owner"),
        ("suspend", (MODEL, pair.now + 1), "only Timelock or Council"),
        ("resume", (MODEL,), "only Timelock or Council"),
        ("revoke", (uid,), "not its attester"),
    ]
    for who in (STRANGER, V2):
        for function, arguments, words in calls:
            with reverts(f"Gates: {words}"):
                pair.act(who, function, *arguments)
    with reverts("Gates: not an active account"):
        pair.attest(STRANGER)
    assert pair.ask("deployed", MODEL) == (2, digest(2), True)


def test_rules__owner_council_and_attesters__cannot_touch_them(pair):
    for who in (OWNER, pair.council.address, V1):
        with reverts("Gates: only Timelock"):
            pair.act(who, "set_rule", 2, SAFETY, VALIDATOR, 1, WEEK)
        with reverts("Gates: only Timelock"):
            pair.act(who, "remove_rule", 2, SAFETY, VALIDATOR)


def test_deploy__council_and_timelock__cannot(pair):
    """Emergencies stop and go back; they put nothing into use."""
    pair.approve(1)
    for who in (pair.council.address, TIMELOCK):
        with reverts("Gates: not the asset's owner"):
            pair.act(who, "deploy", MODEL, 1)


def test_attest__suspended_account__refused_but_can_take_back(pair):
    uid = pair.attest(V1)
    pair.members.put(V1, VALIDATOR, active=False)
    with reverts("Gates: not an active account"):
        pair.attest(V1)
    pair.act(V1, "revoke", uid)


def test_revoke__by_the_owner_of_the_asset__refused(pair):
    uid = pair.attest(V1)
    for who in (OWNER, TIMELOCK, pair.council.address):
        with reverts("Gates: not its attester"):
            pair.act(who, "revoke", uid)


# --- counting ---------------------------------------------------------------------------------


def test_check__sock_puppets_of_one_controller__count_once(pair):
    socks = [account(f"sock{i}") for i in range(3)]
    for who in socks:
        pair.members.put(who, VALIDATOR, house="one house")
        pair.attest(who)
    assert len(pair.ask("attestations_of", digest(1), SAFETY)) == 1
    assert pair.check() == "attestations missing"
    pair.attest(V1)
    assert pair.check() == ""


def test_check__owner_and_its_puppets__do_not_count(pair):
    puppet = account("puppet")
    pair.members.put(puppet, VALIDATOR, house=OWNER)
    pair.attest(OWNER)
    pair.attest(V1)
    assert pair.check() == "attestations missing"
    pair.attest(puppet)
    assert pair.check() == "attestations missing"
    pair.attest(V2)
    assert pair.check() == ""


def test_check__asset_changes_hands__new_owners_attestation_counts_no_more(pair):
    pair.approve(1)
    assert pair.check() == ""
    pair.assets.put(MODEL, V1)
    assert pair.check() == "attestations missing"
    pair.attest(V3)
    assert pair.check() == ""


def test_check__asset_parked_with_a_stranger__cannot_be_deployed(pair):
    """So an owner cannot make its own attestation count by giving the asset away for a moment."""
    pair.attest(OWNER)
    pair.attest(V1)
    pair.assets.put(MODEL, STRANGER)
    with reverts("Gates: owner is not active"):
        pair.act(STRANGER, "deploy", MODEL, 1)


def test_check__two_accounts_moved_under_one_controller_later__count_once(pair):
    pair.approve(1)
    assert pair.check() == ""
    for who in VALIDATORS[:2]:
        pair.members.put(who, VALIDATOR, house="merged")
    assert len(pair.ask("attestations_of", digest(1), SAFETY)) == 2
    assert pair.check() == "attestations missing"


def test_check__attestation_for_another_kind_or_version__does_not_count(pair):
    pair.attest(V1)
    pair.attest(V2, kind=BIAS)
    pair.attest(V3, version=2)
    assert pair.check() == "attestations missing"


def test_check__junior_account_without_the_role__does_not_count(pair):
    pair.members.put(V2, PARTICIPANT)
    pair.approve(1)
    assert pair.check() == "attestations missing"


def test_roll_back__rules_tightened_since__old_version_must_meet_them(pair):
    pair.deploy(1, 2)
    pair.rule(BIAS, least=1)
    assert pair.act(OWNER, "roll_back", MODEL).value == 0


# --- unbounded growth, griefing ---------------------------------------------------------------


def crowd(pair, count: int) -> list[str]:
    people = [account(f"crowd{i}") for i in range(count)]
    for who in people:
        pair.members.put(who, PARTICIPANT)
        pair.attest(who)
    return people


def test_attest__one_house_with_many_accounts__takes_one_place(pair):
    for i in range(80):
        who = account(f"device{i}")
        pair.members.put(who, PARTICIPANT, house="farm")
        pair.attest(who)
    assert len(pair.ask("attestations_of", digest(1), SAFETY)) == 1
    pair.approve(1)
    assert pair.check() == ""


def test_attest__list_full__dead_places_are_taken_again(pair):
    people = crowd(pair, 64)
    with reverts("Gates: too many attesters"):
        pair.attest(V1)
    pair.attest(people[10])  # who is on the list can renew
    pair.members.put(people[20], PARTICIPANT, active=False)
    pair.attest(V1)
    with reverts("Gates: too many attesters"):
        pair.attest(V2)
    uid = next(
        uid
        for uid in pair.ask("attestations_of", digest(1), SAFETY)
        if pair.ask("getAttestation", uid)[8] == people[30]
    )
    pair.act(people[30], "revoke", uid)
    pair.attest(V2)
    assert pair.check() == ""


def test_attest__list_full_of_expired_ones__makes_room(pair):
    for i in range(64):
        who = account(f"crowd{i}")
        pair.members.put(who, PARTICIPANT)
        pair.attest(who, expires=pair.now + 10)
    pair.wait(10)
    pair.approve(1)
    assert pair.check() == ""


@pytest.mark.slow
def test_deploy__fullest_lists_and_most_rules__four_looks_fit_into_a_block(pair):
    """62 voices that do not count before two that do, under each of 16 rules; `roll_back` looks at
    four versions like this one at most.
    """
    pair.act(TIMELOCK, "remove_rule", 2, SAFETY, VALIDATOR)
    people = [account(f"crowd{i}") for i in range(62)]
    for who in people:
        pair.members.put(who, PARTICIPANT)
    for number in range(16):
        kind = word(f"kind {number}")
        pair.rule(kind)
        for who in [*people, V1, V2]:
            pair.attest(who, kind=kind)
    gas = pair.act(OWNER, "deploy", MODEL, 1).gas
    assert 4 * gas < BLOCK_GAS_LIMIT, gas


# --- emergencies ------------------------------------------------------------------------------


def test_suspend__council_tries_to_hold_an_asset_for_good__fails(pair):
    """However it asks, an asset is free at least half of the time."""
    pair.deploy(1)
    council = pair.council.address
    free = 0
    for _ in range(60):
        try:
            pair.act(council, "suspend", MODEL, pair.now + 14 * DAY)
        except Exception as refused:
            assert str(refused) == "Gates: suspended too recently"
        free += pair.ask("deployed", MODEL)[2]
        pair.wait(DAY)
    assert free >= 28


def test_suspend__resumed_early__gives_no_new_suspension(pair):
    council = pair.council.address
    pair.act(council, "suspend", MODEL, pair.now + 14 * DAY)
    pair.act(council, "resume", MODEL)
    pair.wait(28 * DAY - 1)
    with reverts("Gates: suspended too recently"):
        pair.act(council, "suspend", MODEL, pair.now + 1)
    pair.wait(1)
    pair.act(council, "suspend", MODEL, pair.now + 1)


def test_suspend__by_timelock__council_cannot_lift_or_shorten(pair):
    pair.deploy(1)
    pair.act(TIMELOCK, "suspend", MODEL, pair.now + 100 * DAY)
    pair.act(pair.council.address, "suspend", MODEL, pair.now + 1)
    pair.wait(2)
    assert not pair.ask("deployed", MODEL)[2]
    with reverts("Gates: not suspended"):
        pair.act(pair.council.address, "resume", MODEL)


def test_suspend__time_so_large_that_it_overflows__refused(pair):
    with reverts("Gates: longer than 14 days"):
        pair.act(pair.council.address, "suspend", MODEL, 2**256 - 1)


def test_pause__council__stops_deploying_and_nothing_else(pair):
    pair.deploy(1, 2)
    pair.council.pause(pair.address("Gates"))
    with reverts("Gates: paused by Council"):
        pair.act(OWNER, "deploy", MODEL, 1)
    uid = pair.attest(V3)
    pair.act(V3, "revoke", uid)
    pair.act(OWNER, "roll_back", MODEL)
    pair.act(TIMELOCK, "suspend", MODEL, pair.now + 1)
    assert pair.ask("deployed", MODEL)[0] == 1


def test_ids__other_contract_or_other_order__never_the_same(pair):
    """An attestation's id binds chain, contract and its number."""
    other = GatesPair()
    assert pair.address("Gates") == other.address("Gates")  # the same place on another chain
    uids = {pair.attest(V1), pair.attest(V1), pair.attest(V2)}
    assert len(uids) == 3
    assert not other.ask("isAttestationValid", uids.pop())
