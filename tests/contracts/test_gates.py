"""Gates: attestations, rules, deploying, rolling back, suspending."""

import pytest

from tests.contracts.pair import DAY, MEMBER, PARTICIPANT, VALIDATOR, reverts, word
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
    return GatesPair()


# --- attestations -----------------------------------------------------------------------------


def test_deploy__contracts__as_given(pair):
    assert pair.ask("members") == pair.members.address
    assert pair.ask("assets") == pair.assets.address
    assert pair.ask("timelock") == TIMELOCK
    assert pair.ask("council") == pair.council.address


def test_attest__active_account__recorded_in_the_shape_of_eas(pair):
    done = pair.act(V1, "attest", SAFETY, MODEL, digest(1), 0, word("report"))
    uid = done.value
    said = done.named("Attested")[0]
    assert (said["uid"], said["attester"], said["asset"]) == (uid, V1, MODEL)
    record = (uid, SAFETY, pair.now, 0, 0, bytes(32), MODEL, digest(1), V1, True, word("report"))
    assert pair.ask("getAttestation", uid) == record
    assert pair.ask("isAttestationValid", uid)
    assert pair.ask("attestations_of", digest(1), SAFETY) == (uid,)
    assert pair.ask("attestation_count") == 1


def test_attest__same_words_twice__two_ids(pair):
    first, second = pair.attest(V1), pair.attest(V1)
    assert first != second
    assert pair.ask("attestations_of", digest(1), SAFETY) == (second,)
    assert pair.ask("isAttestationValid", first)


def test_attestation__unknown__nothing(pair):
    assert not pair.ask("isAttestationValid", word("x"))
    assert pair.ask("getAttestation", word("x"))[0] == bytes(32)
    assert pair.ask("attestations_of", word("x"), SAFETY) == ()


def test_attest__impossible__reverts(pair):
    for expires, words in ((pair.now, "already expired"), (2**40, "expires too late")):
        with reverts(f"Gates: {words}"):
            pair.attest(V1, expires=expires)
    with reverts("Gates: no kind"):
        pair.attest(V1, kind=bytes(32))
    for asset, version in ((MODEL, word("unregistered")), (MODEL + 1, digest(1)), (0, bytes(32))):
        with reverts("Gates: no version of the asset"):
            pair.act(V1, "attest", SAFETY, asset, version, 0, word("x"))


def test_revoke__by_its_attester__counts_no_more(pair):
    pair.rule()
    uids = [pair.attest(who) for who in (V1, V2, V3)]
    done = pair.act(V1, "revoke", uids[0])
    assert done.named("Revoked")[0]["uid"] == uids[0]
    assert set(pair.ask("attestations_of", digest(1), SAFETY)) == set(uids[1:])
    assert pair.ask("getAttestation", uids[0])[4] == pair.now
    assert pair.check() == ""
    pair.act(V3, "revoke", uids[2])
    assert pair.check() == "attestations missing"
    with reverts("Gates: already revoked"):
        pair.act(V3, "revoke", uids[2])
    with reverts("Gates: no such attestation"):
        pair.act(V3, "revoke", word("x"))


def test_revoke__one_that_a_newer_replaced__newer_stays(pair):
    first, second = pair.attest(V1), pair.attest(V1)
    pair.act(V1, "revoke", first)
    assert pair.ask("attestations_of", digest(1), SAFETY) == (second,)


def test_attest__two_dead_places__first_one_is_taken(pair):
    uids = [pair.attest(who) for who in (V1, V2, V3)]
    for who in (V1, V2):
        pair.members.put(who, VALIDATOR, active=False)
    newest = pair.attest(V4)
    assert pair.ask("attestations_of", digest(1), SAFETY) == (newest, *uids[1:])


# --- rules ------------------------------------------------------------------------------------


def test_rule__set_changed_removed__as_told(pair):
    pair.rule(SAFETY)
    pair.rule(BIAS, least=1)
    pair.rule(SAFETY, MEMBER, 1)  # another role: another rule
    pair.rule(SAFETY, least=3)
    rules = pair.ask("rules_of", 2)
    assert rules[0] == (SAFETY, VALIDATOR, 3, WEEK)
    assert len(rules) == 3
    done = pair.act(TIMELOCK, "remove_rule", 2, SAFETY, VALIDATOR)
    removed = {"asset_class": 2, "kind": SAFETY, "role": VALIDATOR}
    assert done.named("RuleRemoved") == [removed]
    assert {rule[:2] for rule in pair.ask("rules_of", 2)} == {(BIAS, 4), (SAFETY, 1)}
    with reverts("Gates: no such rule"):
        pair.act(TIMELOCK, "remove_rule", 2, SAFETY, VALIDATOR)
    assert pair.ask("rules_of", 1) == ()


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ((0, SAFETY, 4, 1, 1), "no such class"),
        ((4, SAFETY, 4, 1, 1), "no such class"),
        ((1, bytes(32), 4, 1, 1), "no kind"),
        ((1, SAFETY, 0, 1, 1), "no such role"),
        ((1, SAFETY, 8, 1, 1), "no such role"),
        ((1, SAFETY, 4, 0, 1), "not 1 to 16 attesters"),
        ((1, SAFETY, 4, 17, 1), "not 1 to 16 attesters"),
        ((1, SAFETY, 4, 1, 0), "no age"),
    ],
)
def test_rule__out_of_range__reverts(pair, rule, words):
    with reverts(f"Gates: {words}"):
        pair.act(TIMELOCK, "set_rule", *rule)


def test_rule__edges_of_the_ranges__allowed(pair):
    for asset_class, role, least, age in ((1, 1, 1, 1), (3, 7, 16, 2**256 - 1)):
        pair.act(TIMELOCK, "set_rule", asset_class, SAFETY, role, least, age)


def test_rule__seventeenth__reverts(pair):
    for i in range(16):
        pair.rule(word(f"kind {i}"))
    with reverts("Gates: too many rules"):
        pair.rule(word("kind 16"))
    pair.rule(word("kind 15"), least=1)
    pair.act(TIMELOCK, "remove_rule", 2, word("kind 3"), VALIDATOR)
    pair.rule(word("kind 16"))


# --- checking ---------------------------------------------------------------------------------


def test_check__step_by_step__says_what_is_in_the_way(pair):
    assert pair.ask("check", 99, 1) == (False, "no such asset")
    assert pair.check() == "no rules for its class"
    pair.rule()
    assert pair.check() == "attestations missing"
    assert pair.ask("lacking", MODEL, 1) == ((SAFETY, VALIDATOR, 2, WEEK),)
    pair.approve(1)
    assert pair.check() == ""
    assert pair.ask("lacking", MODEL, 1) == ()
    for version in (0, 3):
        assert pair.check(version) == "no such version"
        assert pair.ask("lacking", MODEL, version) == ()
    for status, words in ((2, "asset is deprecated"), (3, "asset is withdrawn"), (1, "")):
        pair.assets.put(MODEL, OWNER, status=status)
        assert pair.check() == words
    pair.council.pause(pair.address("Gates"))
    assert pair.check() == "paused by Council"
    pair.act(TIMELOCK, "suspend", MODEL, pair.now + 100)
    assert pair.check() == "asset is suspended"


def test_check__every_rule_of_the_class__must_hold(pair):
    pair.rule()
    pair.rule(BIAS, least=1)
    pair.approve(1)
    assert pair.ask("lacking", MODEL, 1) == ((BIAS, VALIDATOR, 1, WEEK),)
    pair.attest(V3, kind=BIAS)
    assert pair.check() == ""


def test_check__rules_of_another_class__do_not_matter(pair):
    pair.rule()
    pair.act(TIMELOCK, "set_rule", 1, BIAS, VALIDATOR, 3, WEEK)
    pair.approve(1)
    assert pair.check() == ""
    pair.assets.put(MODEL, OWNER, kind=1)
    assert pair.check() == "attestations missing"


def test_check__another_version__needs_its_own_attestations(pair):
    pair.rule()
    pair.approve(1)
    assert pair.check(2) == "attestations missing"


def test_check__role_lost_or_suspended__counts_no_more(pair):
    pair.rule()
    pair.approve(1)
    for change in ({"roles": PARTICIPANT}, {"active": False}):
        pair.members.put(V1, **{"roles": VALIDATOR} | change)
        assert pair.check() == "attestations missing"
        pair.members.put(V1, VALIDATOR)
        assert pair.check() == ""


def test_check__any_of_the_roles_in_the_mask__counts(pair):
    pair.rule(role=MEMBER | VALIDATOR)
    pair.members.put(V1, MEMBER)
    pair.approve(1)
    assert pair.check() == ""


def test_check__age_at_the_edge__counts_to_the_last_second(pair):
    pair.rule()
    pair.approve(1)
    pair.wait(WEEK)
    assert pair.check() == ""
    pair.wait(1)
    assert pair.check() == "attestations missing"
    pair.approve(1)
    assert pair.check() == ""


def test_check__expiry_at_the_edge__void_from_that_second(pair):
    pair.rule(least=1)
    pair.attest(V1, expires=pair.now + 100)
    pair.wait(99)
    assert pair.check() == ""
    pair.wait(1)
    assert pair.check() == "attestations missing"


def test_check__owner_not_active__nothing_is_deployed(pair):
    pair.rule()
    pair.approve(1)
    pair.members.put(OWNER, active=False)
    assert pair.check() == "owner is not active"
    pair.assets.put(MODEL, STRANGER)
    assert pair.check() == "owner is not active"


# --- deploying --------------------------------------------------------------------------------


def test_deploy__rules_hold__becomes_the_deployed_version(pair):
    pair.rule()
    assert pair.ask("deployed", MODEL) == (0, bytes(32), False)
    pair.deploy(1)
    assert pair.ask("deployed", MODEL) == (1, digest(1), True)
    pair.approve(2)
    done = pair.act(OWNER, "deploy", MODEL, 2)
    said = {"asset": MODEL, "version": 2, "digest": digest(2)}
    assert done.events == [("Gates", "Deployed", said)]
    assert pair.ask("deployed", MODEL) == (2, digest(2), True)
    with reverts("Gates: deployed already"):
        pair.act(OWNER, "deploy", MODEL, 2)


def test_deploy__whom_the_owner_approved__may(pair):
    pair.rule()
    pair.approve(1)
    pair.assets.allow(MODEL, STRANGER)
    pair.act(STRANGER, "deploy", MODEL, 1)
    pair.act(STRANGER, "roll_back", MODEL)


def test_deploy__check_fails__reverts_with_the_reason(pair):
    with reverts("Gates: no rules for its class"):
        pair.act(OWNER, "deploy", MODEL, 1)
    pair.rule()
    with reverts("Gates: attestations missing"):
        pair.act(OWNER, "deploy", MODEL, 1)
    with reverts("Gates: no such version"):
        pair.act(OWNER, "deploy", MODEL, 3)
    with reverts("Gates: not the asset's owner"):
        pair.act(OWNER, "deploy", 99, 1)


def test_deployed__attestations_gone_later__stays_but_check_tells(pair):
    pair.rule()
    pair.deploy(1)
    pair.wait(WEEK + 1)
    assert pair.ask("deployed", MODEL) == (1, digest(1), True)
    assert pair.check(1) == "attestations missing"


def test_deployed__withdrawn__not_usable(pair):
    pair.rule()
    pair.deploy(1)
    pair.assets.put(MODEL, OWNER, status=2)
    assert pair.ask("deployed", MODEL)[2]
    pair.assets.put(MODEL, OWNER, status=3)
    assert pair.ask("deployed", MODEL) == (1, digest(1), False)


# --- rolling back -----------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["owner", "council", "timelock"])
def test_roll_back__to_the_one_before__by_each_that_may(pair, who):
    pair.rule()
    pair.deploy(1, 2)
    actor = {"owner": OWNER, "council": pair.council.address, "timelock": TIMELOCK}[who]
    done = pair.act(actor, "roll_back", MODEL)
    said = {"asset": MODEL, "from_version": 2, "version": 1, "actor": actor}
    assert (done.value, done.events) == (1, [("Gates", "RolledBack", said)])
    assert pair.ask("deployed", MODEL) == (1, digest(1), True)


def test_roll_back__attestations_lost__skips_to_an_older_one(pair):
    pair.rule()
    for version in (3, 4):
        pair.assets.add_version(MODEL, digest(version))
    pair.deploy(1, 2, 3, 4)
    for version in (2, 3):
        for uid in pair.ask("attestations_of", digest(version), SAFETY):
            pair.act(pair.ask("getAttestation", uid)[8], "revoke", uid)
    assert pair.act(OWNER, "roll_back", MODEL).value == 1


def test_roll_back__none_holds__nothing_is_deployed(pair):
    pair.rule()
    pair.deploy(1, 2)
    pair.wait(WEEK + 1)
    assert pair.act(pair.council.address, "roll_back", MODEL).value == 0
    assert pair.ask("deployed", MODEL) == (0, bytes(32), False)
    with reverts("Gates: nothing to roll back"):
        pair.act(OWNER, "roll_back", MODEL)
    pair.deploy(1)
    assert pair.ask("deployed", MODEL) == (1, digest(1), True)


def test_roll_back__never_to_what_was_rolled_back_from(pair):
    pair.rule()
    pair.assets.add_version(MODEL, digest(3))
    pair.deploy(1, 2)
    assert pair.act(OWNER, "roll_back", MODEL).value == 1
    pair.act(OWNER, "deploy", MODEL, 2)  # its owner may try again
    pair.deploy(3)
    assert pair.act(OWNER, "roll_back", MODEL).value == 1
    assert pair.act(OWNER, "roll_back", MODEL).value == 0


def test_roll_back__long_history__four_steps_a_call(pair):
    pair.rule()
    for version in range(3, 8):
        pair.assets.add_version(MODEL, digest(version))
    pair.deploy(*range(1, 8))
    for version in range(2, 7):
        for uid in pair.ask("attestations_of", digest(version), SAFETY):
            pair.act(pair.ask("getAttestation", uid)[8], "revoke", uid)
    assert pair.act(OWNER, "roll_back", MODEL).value == 0
    assert pair.act(OWNER, "roll_back", MODEL).value == 1
    assert pair.act(OWNER, "roll_back", MODEL).value == 0
    with reverts("Gates: nothing to roll back"):
        pair.act(OWNER, "roll_back", MODEL)


def test_roll_back__suspended_and_paused__works_all_the_same(pair):
    pair.rule()
    pair.deploy(1, 2)
    pair.council.pause(pair.address("Gates"))
    pair.act(TIMELOCK, "suspend", MODEL, 2**256 - 1)
    with reverts("Gates: asset is suspended"):
        pair.act(OWNER, "deploy", MODEL, 1)
    assert pair.act(pair.council.address, "roll_back", MODEL).value == 1
    assert pair.ask("deployed", MODEL) == (1, digest(1), False)


# --- suspending -------------------------------------------------------------------------------


def test_suspend__council__ends_by_itself(pair):
    pair.rule()
    pair.deploy(1)
    until = pair.now + 14 * DAY
    council = pair.council.address
    done = pair.act(council, "suspend", MODEL, until)
    said = {"asset": MODEL, "until": until, "actor": council}
    assert done.events == [("Gates", "Suspended", said)]
    assert pair.ask("suspension_of", MODEL) == (0, until, until + 14 * DAY)
    pair.wait(14 * DAY - 1)
    assert pair.ask("deployed", MODEL) == (1, digest(1), False)
    pair.wait(1)
    assert pair.ask("deployed", MODEL) == (1, digest(1), True)


def test_suspend__council_again__only_after_as_long_a_rest(pair):
    council = pair.council.address
    pair.act(council, "suspend", MODEL, pair.now + DAY)
    for wait in (0, DAY, DAY - 1):
        pair.wait(wait)
        with reverts("Gates: suspended too recently"):
            pair.act(council, "suspend", MODEL, pair.now + DAY)
    pair.act(council, "suspend", MODEL + 1, pair.now + 1)  # another asset is another matter
    pair.wait(1)
    pair.act(council, "suspend", MODEL, pair.now + DAY)


def test_suspend__council_over_14_days__reverts(pair):
    with reverts("Gates: longer than 14 days"):
        pair.act(pair.council.address, "suspend", MODEL, pair.now + 14 * DAY + 1)
    for who in (TIMELOCK, pair.council.address):
        with reverts("Gates: already over"):
            pair.act(who, "suspend", MODEL, pair.now)


def test_suspend__timelock__until_lifted(pair):
    pair.rule()
    pair.deploy(1)
    pair.act(TIMELOCK, "suspend", MODEL, 2**256 - 1)
    pair.wait(1_000 * DAY)
    assert not pair.ask("deployed", MODEL)[2]
    pair.act(TIMELOCK, "resume", MODEL)
    assert pair.ask("deployed", MODEL)[2]


def test_resume__council__lifts_its_own_only(pair):
    pair.rule()
    pair.deploy(1)
    council = pair.council.address
    pair.act(council, "suspend", MODEL, pair.now + DAY)
    pair.act(council, "resume", MODEL)
    assert pair.ask("deployed", MODEL)[2]
    with reverts("Gates: suspended too recently"):
        pair.act(council, "suspend", MODEL, pair.now + DAY)
    pair.act(TIMELOCK, "suspend", MODEL, pair.now + DAY)
    with reverts("Gates: not suspended"):
        pair.act(council, "resume", MODEL)
    assert not pair.ask("deployed", MODEL)[2]


def test_resume__timelock__lifts_both(pair):
    pair.rule()
    pair.deploy(1)
    for who in (TIMELOCK, pair.council.address):
        pair.act(who, "suspend", MODEL, pair.now + DAY)
    pair.act(TIMELOCK, "resume", MODEL)
    assert pair.ask("deployed", MODEL)[2]
    with reverts("Gates: not suspended"):
        pair.act(TIMELOCK, "resume", MODEL)
