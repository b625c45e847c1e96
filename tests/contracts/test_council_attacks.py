"""Council under attack: signatures that are foreign, late, twice, twisted; pauses without end."""

import pytest

from quorate.core.hashing import keccak256
from tests.contracts.pair import DAY, account, reverts
from tests.contracts.stubs.e_suite import (
    BURNS,
    GOOD,
    LONG,
    REFUSES,
    SEATS,
    STRANGER,
    WRONG,
    Suite,
    calldata,
    malleable,
    sign,
)
from tests.twins.signing import digest_in, separator_of

RECORD = calldata("record(uint256)", 7)
ACT = "Act(address target,bytes data,uint256 nonce,uint256 deadline)"
THING = account("some contract")


@pytest.fixture
def suite():
    return Suite()


def in_order(consents):
    return sorted(consents, key=lambda consent: int(consent[0], 16))


def execute(suite, consents, data=RECORD, deadline=None, who=STRANGER):
    deadline = suite.pair.now if deadline is None else deadline
    return suite.send(who, "Council", "execute", suite.target, data, deadline, consents)


def good(suite, data=RECORD, count=3):
    return suite.consents(suite.target, data, suite.pair.now, SEATS[:count])


def act_of(suite, chain_id=31337, contract="", name="Quorate Council", **changed):
    """The digest of the next act, in another domain or with other contents."""
    facts = {"target": suite.target, "data": RECORD, "nonce": 0, "deadline": suite.pair.now}
    facts |= changed
    separator = separator_of(name, chain_id, contract or suite.council)
    values = [facts["target"], keccak256(facts["data"]), facts["nonce"], facts["deadline"]]
    return digest_in(separator, ACT, ["address", "bytes32", "uint256", "uint256"], values)


def by_all(digest, count=3):
    return in_order([(SEATS[n], sign(f"seat {n}", digest)) for n in range(count)])


# --- too few, strangers, order -------------------------------------------------------------------


@pytest.mark.parametrize("count", [0, 1, 2])
def test_consents__fewer_than_due__revert(suite, count):
    with reverts("Council: too few consents"):
        execute(suite, good(suite, count=count))


def test_consents__one_twice_or_out_of_order__revert(suite):
    first, second, third = good(suite)
    for bad in ([first, first, second], [first, second, second], [third, second, first]):
        with reverts("Council: signers not ascending"):
            execute(suite, bad)


def test_consents__nobody__reverts(suite):
    nobody = "0x" + "00" * 20
    with reverts("Council: signers not ascending"):
        execute(suite, [(nobody, b"\1" * 65), *good(suite)])


def test_consents__a_stranger_among_more_than_enough__reverts(suite):
    act = act_of(suite)
    consents = in_order([*good(suite), (STRANGER, sign("stranger", act))])
    with reverts("Council: signer without a seat"):
        execute(suite, consents)


def test_consents__one_bad_among_more_than_enough__reverts(suite):
    consents = good(suite, count=5)
    consents[4] = (consents[4][0], consents[0][1])
    with reverts("Council: wrong signature"):
        execute(suite, consents)


# --- foreign, late, twisted ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "changed",
    [
        {"chain_id": 1},
        {"contract": account("another council")},
        {"name": "Quorate Governor"},
        {"data": calldata("record(uint256)", 8)},
        {"target": account("another target")},
        {"nonce": 1},
        {"deadline": 2**256 - 1},
    ],
)
def test_signature__over_anything_else__reverts(suite, changed):
    with reverts("Council: wrong signature"):
        execute(suite, by_all(act_of(suite, **changed)))
    execute(suite, by_all(act_of(suite)))  # the same without the change


def test_signature__replayed__reverts(suite):
    consents = good(suite)
    execute(suite, consents)
    with reverts("Council: wrong signature"):
        execute(suite, consents)
    assert suite.seen("calls") == 1


@pytest.mark.parametrize(
    "twist",
    [
        malleable,
        lambda s: s[:64],
        lambda s: s + b"\0",
        lambda s: s[:64] + bytes([s[64] - 27]),
        lambda s: s[:64] + bytes([s[64] + 4]),
        lambda s: bytes(65),
        lambda s: bytes(64) + b"\x1b",
        lambda s: b"\xff" * 64 + b"\x1b",
        lambda s: s[:32] + bytes(32) + s[64:],
    ],
)
def test_signature__twisted__reverts(suite, twist):
    consents = good(suite)
    consents[1] = (consents[1][0], twist(consents[1][1]))
    with reverts("Council: wrong signature"):
        execute(suite, consents)


def test_signature__of_a_former_seat__reverts(suite):
    """Signed while it had a seat, brought when it has none."""
    calls = suite.calls(
        calldata("set_seats(address[],uint256)", SEATS[2:], 2), target=suite.council
    )
    suite.decide(calls)
    act = act_of(suite, nonce=1)
    with reverts("Council: signer without a seat"):
        execute(suite, by_all(act, 2))


def test_approval__of_another_act_or_number__does_not_count(suite):
    for changed in ({"nonce": 1}, {"data": b""}, {"deadline": 0}):
        for seat in SEATS[:3]:
            suite.send(seat, "Council", "approve_act", act_of(suite, **changed))
    with reverts("Council: not approved"):
        execute(suite, in_order([(seat, b"") for seat in SEATS[:3]]))


def test_approval__on_chain__does_not_outlive_its_number(suite):
    deadline = suite.pair.now
    for seat in SEATS[:3]:
        suite.send(seat, "Council", "approve_act", act_of(suite, deadline=deadline))
    empty = in_order([(seat, b"") for seat in SEATS[:3]])
    execute(suite, empty)
    with reverts("Council: not approved"):
        execute(suite, empty)


# --- contracts with a seat -----------------------------------------------------------------------


def with_wallet(mode):
    """A council of two accounts and a wallet that signs as the account `owner`."""
    suite = Suite()
    wallet = suite.wallet("person 7", mode)
    suite.decide(
        suite.calls(
            calldata("set_seats(address[],uint256)", [SEATS[0], SEATS[1], wallet], 2),
            target=suite.council,
        )
    )
    return suite, wallet


@pytest.mark.parametrize("mode", [GOOD, LONG])
def test_wallet__signs_by_erc_1271__counts(mode):
    suite, wallet = with_wallet(mode)
    act = act_of(suite, nonce=1)
    consents = in_order([(wallet, sign("person 7", act)), (SEATS[0], sign("seat 0", act))])
    execute(suite, consents)
    assert suite.seen("number") == 7


@pytest.mark.parametrize("mode", [WRONG, REFUSES, BURNS])
def test_wallet__that_misbehaves__only_its_own_consent_is_lost(mode):
    suite, wallet = with_wallet(mode)
    act = act_of(suite, nonce=1)
    consents = in_order([(wallet, sign("person 7", act)), (SEATS[0], sign("seat 0", act))])
    with reverts("Council: wrong signature"):
        execute(suite, consents)
    execute(suite, by_all(act, 2))


def test_wallet__with_the_signature_of_another__reverts():
    suite, wallet = with_wallet(GOOD)
    act = act_of(suite, nonce=1)
    consents = in_order([(wallet, sign("seat 1", act)), (SEATS[0], sign("seat 0", act))])
    with reverts("Council: wrong signature"):
        execute(suite, consents)


# --- re-entrancy, griefing -----------------------------------------------------------------------


def test_target__calls_back_with_the_next_act__is_locked_out(suite):
    deadline = suite.pair.now
    consents = by_all(act_of(suite, nonce=1))
    again = suite.pair.chain.contracts["Council"].encode(
        "execute", suite.target, RECORD, deadline, consents
    )
    suite.arm(suite.council, again.data)
    suite.act(suite.target, calldata("poke()"))
    assert (suite.seen("calls"), suite.seen("successes")) == (1, 0)
    execute(suite, consents, deadline=deadline)  # afterwards they count
    assert suite.seen("number") == 7


def test_target__tries_to_pause_in_an_act__may_not(suite):
    for call in ("pause(address,uint256)", "unpause(address)"):
        arguments = (THING, 5) if "," in call else (THING,)
        suite.arm(suite.council, calldata(call, *arguments))
        suite.act(suite.target, calldata("poke()"))
    assert suite.seen("successes") == 0
    assert not suite.view("Council", "paused", THING)


def test_target__asks_in_an_act_whether_it_is_paused__is_answered(suite):
    """Gates and others ask the council in the middle of what the council had them do."""
    suite.arm(suite.council, calldata("paused(address)", suite.target))
    suite.act(suite.target, calldata("poke()"))
    assert suite.seen("successes") == 1


def test_target__answers_with_20000_bytes__costs_little(suite):
    suite.arm(suite.target, b"\x08\xc3\x79\xa0" + bytes(19_996))
    with reverts("Council: the call failed"):
        suite.act(suite.target, calldata("refuse_hugely()"))


def test_act__on_the_council_within_itself__cannot_act_again(suite):
    inner = suite.pair.chain.contracts["Council"].encode(
        "execute", suite.target, RECORD, suite.pair.now, by_all(act_of(suite, nonce=1))
    )
    with reverts("Council: the call failed"):
        suite.act(suite.council, inner.data)


# --- pauses without end --------------------------------------------------------------------------


def test_pauses__as_many_as_possible__half_the_time_at_most(suite):
    """A council that does its worst for a year leaves every contract half of the time."""
    paused = 0
    start = suite.pair.now
    for _ in range(13):
        suite.pause(THING, 14 * DAY)
        paused += 14 * DAY
        suite.pair.wait(28 * DAY)
    assert 2 * paused <= suite.pair.now - start


def test_pauses__lifted_at_once_and_again__half_the_time_at_most(suite):
    """Lifting early must not be a way around the rest."""
    start = suite.pair.now
    paused = 0
    lift = calldata("unpause(address)", THING)
    for seconds in (1, 5, 60, 7):
        suite.pause(THING, 14 * DAY)
        suite.pair.wait(seconds)
        suite.act(suite.council, lift)
        paused += seconds
        suite.pair.wait(seconds - 1)
        with reverts("Council: too soon to pause again"):
            suite.pause(THING, 1)
        suite.pair.wait(1)
    assert 2 * paused <= suite.pair.now - start


def test_pause__of_the_governance__stops_no_vote(suite):
    for name in (suite.governor, suite.timelock, suite.council):
        suite.pause(name, 14 * DAY)
    suite.decide(suite.calls())
    assert suite.seen("number") == 7


def test_powers__the_council_has_none_of_its_own(suite):
    """Money and rules: what it may not do, it is refused."""
    cases = [
        (suite.timelock, calldata("updateDelay(uint256)", 1), "Timelock: only Timelock"),
        (suite.governor, calldata("setGrace(uint256)", 3_600), "Governor: only Timelock"),
        (suite.governor, calldata("setVotingPeriod(uint32)", 60), "Governor: only Timelock"),
        (
            suite.council,
            calldata("set_seats(address[],uint256)", SEATS[:1], 1),
            "Council: only Timelock",
        ),
    ]
    for target, data, message in cases:
        with reverts(message):
            suite.act(target, data)
