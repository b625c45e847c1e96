"""Council: seats, consents in the order that Safe demands, acts, pauses that end."""

import pytest

from tests.contracts.pair import DAY, Pair, Reverted, account, reverts, word
from tests.contracts.stubs.e_suite import SEATS, STRANGER, Stage, Suite, calldata, sign
from tests.twins.council import Council
from tests.twins.world import NOBODY

TIMELOCK = account("timelock")
THING = account("some contract")
LONGEST = 14 * DAY
RECORD = calldata("record(uint256)", 7)


@pytest.fixture
def suite():
    """A council of 3 of 5, with Timelock and Governor."""
    return Suite()


class Alone(Stage):
    """A council whose timelock is an account."""

    def __init__(self, seats: list[str], threshold: int) -> None:
        super().__init__()
        self.council = self.pair.add("Council", Council, seats, threshold, TIMELOCK)
        self.seats, self.threshold = seats, threshold

    consents, act, pause = Suite.consents, Suite.act, Suite.pause


def brought(suite, seats, data=RECORD, after=0, **changed):
    """An act on the target brought with these seats' signatures."""
    deadline = suite.pair.now + after
    consents = suite.consents(suite.target, data, deadline, seats)
    sent = {"data": data, "deadline": deadline, "consents": consents} | changed
    return suite.send(STRANGER, "Council", "execute", suite.target, *sent.values())


# --- seats ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("size", "threshold"), [(1, 1), (2, 2), (3, 2), (4, 3), (16, 9), (16, 16)])
def test_deploy__more_than_half__possible(size, threshold):
    seats = [account(f"seat {n}") for n in range(size)]
    council = Alone(seats, threshold)
    assert council.view("Council", "seats") == tuple(seats)
    assert council.view("Council", "threshold") == threshold
    assert council.view("Council", "timelock") == TIMELOCK
    assert all(council.view("Council", "is_seat", seat) for seat in seats)
    assert not council.view("Council", "is_seat", STRANGER)


BAD_SEATS = [
    ([], 0, "Council: threshold not over half"),
    ([], 1, "Council: threshold over seats"),
    (SEATS[:2], 1, "Council: threshold not over half"),
    (SEATS[:4], 2, "Council: threshold not over half"),
    (SEATS[:3], 0, "Council: threshold not over half"),
    (SEATS[:3], 4, "Council: threshold over seats"),
    (SEATS[:3], 2**256 - 1, "Council: threshold over seats"),
    ([SEATS[0], NOBODY], 2, "Council: no address for a seat"),
    ([SEATS[0], SEATS[1], SEATS[0]], 2, "Council: a seat twice"),
]


@pytest.mark.parametrize(("seats", "threshold", "message"), BAD_SEATS)
def test_seats__impossible__reverts(seats, threshold, message):
    with reverts(message):
        Pair().add("Council", Council, seats, threshold, TIMELOCK)
    council = Alone(SEATS, 3)
    with reverts(message):
        council.send(TIMELOCK, "Council", "set_seats", seats, threshold)
    assert council.view("Council", "seats") == tuple(SEATS)


def test_deploy__no_timelock_or_itself_as_a_seat__reverts():
    with reverts("Council: no timelock"):
        Pair().add("Council", Council, SEATS, 3, NOBODY)
    pair = Pair()
    with reverts("Council: no address for a seat"):
        pair.add("Council", Council, [pair.predict(0)], 1, TIMELOCK)


def test_set_seats__by_the_timelock__old_seats_and_old_consents_are_void():
    council = Alone(SEATS[:3], 2)
    deadline = council.pair.now + DAY
    old = council.consents(council.target, RECORD, deadline, SEATS[:2])
    act = council.view("Council", "act_hash", council.target, RECORD, 0, deadline)
    council.send(SEATS[0], "Council", "approve_act", act)
    new = [SEATS[0], SEATS[1], SEATS[3], SEATS[4]]
    council.send(TIMELOCK, "Council", "set_seats", new, 3)
    assert council.view("Council", "seats") == tuple(new)
    assert not council.view("Council", "is_seat", SEATS[2])
    assert council.view("Council", "nonce") == 1
    with reverts("Council: too few consents"):
        council.send(STRANGER, "Council", "execute", council.target, RECORD, deadline, old)
    council.send(TIMELOCK, "Council", "set_seats", SEATS[:3], 2)
    with reverts("Council: wrong signature"):
        council.send(STRANGER, "Council", "execute", council.target, RECORD, deadline, old)
    empty = [(seat, b"") for seat, _ in old]
    with reverts("Council: not approved"):
        council.send(STRANGER, "Council", "execute", council.target, RECORD, deadline, empty)


def test_set_seats__by_another__reverts(suite):
    for who in (*SEATS, STRANGER, suite.pair.deployer):
        with reverts("Council: only Timelock"):
            suite.send(who, "Council", "set_seats", [STRANGER], 1)
    with reverts("Council: only Timelock"):
        suite.act(suite.council, calldata("set_seats(address[],uint256)", [STRANGER], 1))


# --- acts ----------------------------------------------------------------------------------------


def test_execute__as_many_as_due__acts(suite):
    done = brought(suite, SEATS[:3])
    assert done.named("Acted")[0]["nonce"] == 0
    assert (suite.seen("number"), suite.seen("caller")) == (7, suite.council)
    assert suite.view("Council", "nonce") == 1
    brought(suite, SEATS)  # more than due are fine
    assert suite.seen("calls") == 2


def test_execute__any_majority__acts(suite):
    for first in range(5):
        brought(suite, [SEATS[(first + n) % 5] for n in range(3)])
    assert suite.seen("calls") == 5


def test_execute__deadline__last_second_counts(suite):
    deadline = suite.pair.now + 10
    consents = suite.consents(suite.target, RECORD, deadline, SEATS[:3])
    suite.pair.wait(11)
    with reverts("Council: expired"):
        suite.send(STRANGER, "Council", "execute", suite.target, RECORD, deadline, consents)
    deadline = suite.pair.now + 10
    consents = suite.consents(suite.target, RECORD, deadline, SEATS[:3])
    suite.pair.wait(10)
    suite.send(STRANGER, "Council", "execute", suite.target, RECORD, deadline, consents)


def test_execute__approved_on_chain_or_by_the_caller__counts(suite):
    deadline = suite.pair.now
    act = suite.view("Council", "act_hash", suite.target, RECORD, 0, deadline)
    first, second, third = sorted(SEATS[:3], key=lambda seat: int(seat, 16))
    done = suite.send(first, "Council", "approve_act", act)
    assert done.named("ActApproved") == [{"act": act, "seat": first}]
    assert suite.view("Council", "has_approved", act, first)
    name = f"seat {SEATS.index(third)}"
    consents = [(first, b""), (second, b""), (third, sign(name, act))]
    with reverts("Council: not approved"):
        suite.send(STRANGER, "Council", "execute", suite.target, RECORD, deadline, consents)
    suite.send(second, "Council", "execute", suite.target, RECORD, deadline, consents)
    assert suite.seen("number") == 7


def test_approve__by_a_stranger_or_twice__reverts(suite):
    with reverts("Council: no seat"):
        suite.send(STRANGER, "Council", "approve_act", word("act"))
    suite.send(SEATS[0], "Council", "approve_act", word("act"))
    with reverts("Council: already approved"):
        suite.send(SEATS[0], "Council", "approve_act", word("act"))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (calldata("refuse()"), "Target: not today"),
        (calldata("refuse_silently()"), "Council: the call failed"),
        (calldata("refuse_at_length(uint256)", 100), "Council: the call failed"),
        (calldata("burn_gas()"), "Council: the call failed"),
    ],
)
def test_execute__call_fails__nothing_changed(suite, data, message):
    with reverts(message):
        brought(suite, SEATS[:3], data)
    assert suite.view("Council", "nonce") == 0


def test_execute__no_contract__reverts(suite):
    with reverts("Council: the call failed"):
        suite.act(STRANGER, b"")


def test_domain__is_this_contract_on_this_chain(suite):
    domain = suite.view("Council", "eip712Domain")
    assert domain[1:5] == ("Quorate Council", "1", 31337, suite.council)


# --- pauses --------------------------------------------------------------------------------------


def test_pause__lasts_and_ends_by_itself(suite):
    assert suite.view("Council", "paused_until", THING) == 0
    assert not suite.view("Council", "paused", THING)
    done = suite.pause(THING, 100)
    start = suite.pair.now
    assert done.named("Paused") == [
        {"target": THING, "until": start + 100, "rest_until": start + 200}
    ]
    assert suite.view("Council", "pause_of", THING) == (start, start + 100, start + 200)
    assert suite.view("Council", "paused", THING)
    assert not suite.view("Council", "paused", STRANGER)
    suite.pair.wait(99)
    assert suite.view("Council", "paused", THING)
    suite.pair.wait(1)
    assert not suite.view("Council", "paused", THING)
    assert suite.view("Council", "paused_until", THING) == start + 100


@pytest.mark.parametrize(
    ("seconds", "message"),
    [
        (0, "Council: pause not 1 s-14 days"),
        (LONGEST + 1, "Council: pause not 1 s-14 days"),
        (2**256 - 1, "Council: pause not 1 s-14 days"),
    ],
)
def test_pause__out_of_bounds__reverts(suite, seconds, message):
    with reverts(message):
        suite.pause(THING, seconds)


def test_pause__longest__possible(suite):
    suite.pause(THING, LONGEST)
    suite.pair.wait(LONGEST - 1)
    assert suite.view("Council", "paused", THING)


def test_pause__nobody_or_not_by_the_council__reverts(suite):
    with reverts("Council: nothing to pause"):
        suite.pause(NOBODY, 1)
    for who in (*SEATS, STRANGER):
        with reverts("Council: only Council"):
            suite.send(who, "Council", "pause", THING, 1)


def test_pause__again__only_after_as_long_without_one(suite):
    suite.pause(THING, 100)
    for wait in (0, 99, 1, 99):  # while it lasts, in its last second, after it, at rest
        suite.pair.wait(wait)
        with reverts("Council: too soon to pause again"):
            suite.pause(THING, 1)
    suite.pause(account("another contract"), 100)  # each contract has its own
    suite.pair.wait(1)
    suite.pause(THING, LONGEST)


def test_unpause__by_the_council__rests_as_long_as_it_lasted(suite):
    suite.pause(THING, LONGEST)
    suite.pair.wait(30)
    lift = calldata("unpause(address)", THING)
    done = suite.act(suite.council, lift)
    assert done.named("Unpaused") == [{"target": THING, "rest_until": suite.pair.now + 30}]
    assert not suite.view("Council", "paused", THING)
    with reverts("Council: not paused"):
        suite.act(suite.council, lift)
    suite.pair.wait(29)
    with reverts("Council: too soon to pause again"):
        suite.pause(THING, 1)
    suite.pair.wait(1)
    suite.pause(THING, 1)


def test_unpause__by_the_timelock__the_rest_stays_as_it_was():
    council = Alone(SEATS, 3)
    council.pause(THING, 1_000)
    start = council.pair.now
    council.pair.wait(10)
    council.send(TIMELOCK, "Council", "unpause", THING)
    assert not council.view("Council", "paused", THING)
    assert council.view("Council", "pause_of", THING) == (start, start + 10, start + 2_000)
    council.pair.wait(1_989)
    with reverts("Council: too soon to pause again"):
        council.pause(THING, 1)
    council.pair.wait(1)
    council.pause(THING, 1)


def test_unpause__by_another_or_nothing_paused__reverts(suite):
    suite.pause(THING, 100)
    for who in (*SEATS, STRANGER):
        with reverts("Council: only Council, Timelock"):
            suite.send(who, "Council", "unpause", THING)
    with reverts("Council: not paused"):
        suite.act(suite.council, calldata("unpause(address)", STRANGER))
    suite.pair.wait(100)
    with reverts("Council: not paused"):
        suite.act(suite.council, calldata("unpause(address)", THING))


def test_limits__seventeen_seats_or_2049_bytes__are_refused_by_the_abi(suite):
    seats = [account(f"seat {n}") for n in range(17)]
    with pytest.raises(Reverted, match="no reason given"):
        suite.pair.chain.send(TIMELOCK, "Council", "set_seats", seats, 9)
    with pytest.raises(Reverted, match="no reason given"):
        suite.pair.chain.send(
            STRANGER, "Council", "execute", suite.target, b"x" * 2049, suite.pair.now, []
        )
