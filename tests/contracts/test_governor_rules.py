"""Governor's settings: changed by a vote alone, within bounds, never for the past."""

import pytest

from tests.contracts.pair import DAY, Pair, account, reverts
from tests.contracts.stubs.e_suite import (
    FOR,
    PEOPLE,
    SETTINGS,
    STRANGER,
    SUCCEEDED,
    Suite,
    calldata,
    words,
)
from tests.twins.governor import Governor

A, B, C, D = PEOPLE
LATEST = 2**256 - 1


@pytest.fixture
def suite():
    return Suite()


SETTERS = {
    "setVotingDelay(uint48)": ("votingDelay", "Governor: delay out of bounds", 1, 30 * DAY),
    "setVotingPeriod(uint32)": ("votingPeriod", "Governor: period out of bounds", 60, 30 * DAY),
    "setGrace(uint256)": ("grace", "Governor: grace out of bounds", 3_600, 90 * DAY),
    "updateQuorumNumerator(uint256)": ("quorumNumerator", "Governor: quorum not 1-75 %", 1, 75),
}


@pytest.mark.parametrize("setter", [*SETTERS, "setProposalThreshold(uint256)"])
def test_setting__not_by_the_timelock__reverts(suite, setter):
    for who in (A, STRANGER, suite.pair.deployer):
        with reverts("Governor: only Timelock"):
            suite.send(who, "Governor", setter.partition("(")[0], 75)


@pytest.mark.parametrize("setter", SETTERS)
def test_setting__by_vote__at_its_bounds_but_not_beyond(suite, setter):
    view, message, least, most = SETTERS[setter]
    for value in (least - 1, most + 1):
        calls = suite.calls(calldata(setter, value), target=suite.governor)
        suite.ready(calls, f"to {value}")
        with reverts(message):
            suite.send(A, "Governor", "execute", *calls, words(f"to {value}"))
    for value in (least, most):
        calls = suite.calls(calldata(setter, value), target=suite.governor)
        suite.decide(calls, f"to {value}")
        arguments = (LATEST,) if view == "quorumNumerator" else ()
        assert suite.view("Governor", view, *arguments) == value
        if view == "quorumNumerator":
            break  # with 75 % the others would not be carried


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        (0, 0, "Governor: delay out of bounds"),
        (0, 30 * DAY + 1, "Governor: delay out of bounds"),
        (1, 59, "Governor: period out of bounds"),
        (1, 30 * DAY + 1, "Governor: period out of bounds"),
        (2, 0, "Governor: threshold off bounds"),
        (2, 2**96, "Governor: threshold off bounds"),
        (3, 0, "Governor: quorum not 1-75 %"),
        (3, 76, "Governor: quorum not 1-75 %"),
        (4, 3_599, "Governor: grace out of bounds"),
        (4, 90 * DAY + 1, "Governor: grace out of bounds"),
        (4, 2**256 - 1, "Governor: grace out of bounds"),
    ],
)
def test_deploy__setting_out_of_bounds__reverts(place, value, message):
    settings = list(SETTINGS)
    settings[place] = value
    where = [account("votes"), account("timelock"), account("council")]
    with reverts(message):
        Pair().add("Governor", Governor, *where, tuple(settings))


def test_threshold__a_256th_of_all_votes_at_most__so_that_somebody_can_propose():
    suite = Suite(weights=dict.fromkeys(PEOPLE, 1_000), settings=(100, 1_000, 1, 50, 3_600))
    most = 1_000 * len(PEOPLE) // 256
    assert most > 1
    setter = "setProposalThreshold(uint256)"
    for value, message in (
        (0, "Governor: threshold off bounds"),
        (most + 1, "Governor: threshold too high"),
        (2**96, "Governor: threshold too high"),
    ):
        calls = suite.calls(calldata(setter, value), target=suite.governor)
        suite.ready(calls, f"to {value}")
        with reverts(message):
            suite.send(A, "Governor", "execute", *calls, words(f"to {value}"))
    for value in (1, most):
        calls = suite.calls(calldata(setter, value), target=suite.governor)
        suite.decide(calls, f"to {value}")
        assert suite.view("Governor", "proposalThreshold") == value


def test_threshold__one__is_always_possible():
    """One member, one vote, with a handful of members: a 256th of all votes is none."""
    suite = Suite(weights=dict.fromkeys(PEOPLE, 1), settings=(100, 1_000, 1, 50, 3_600))
    calls = suite.calls(calldata("setProposalThreshold(uint256)", 1), target=suite.governor)
    suite.decide(calls)
    with reverts("Governor: threshold too high"):
        other = suite.calls(calldata("setProposalThreshold(uint256)", 2), target=suite.governor)
        suite.decide(other, "two")


def test_quorum__changed__never_for_an_earlier_snapshot(suite):
    """A majority cannot save what missed the quorum by lowering it afterwards."""
    lower = suite.calls(calldata("updateQuorumNumerator(uint256)", 10), target=suite.governor)
    suite.ready(lower, "lower")
    missed = suite.propose(suite.calls(), "missed")
    suite.open_vote(missed)
    suite.vote(missed, FOR, C)
    before = suite.pair.now - 1
    suite.send(A, "Governor", "execute", *lower, words("lower"))
    assert suite.view("Governor", "quorumNumerator", LATEST) == 10
    assert suite.view("Governor", "quorumNumerator", before) == 50
    assert suite.view("Governor", "quorumNumerator", 0) == 0
    suite.close_vote(missed)
    assert suite.state(missed) != SUCCEEDED
    fresh = suite.propose(suite.calls(), "fresh")
    suite.open_vote(fresh)
    suite.vote(fresh, FOR, C)
    suite.close_vote(fresh)
    assert suite.state(fresh) == SUCCEEDED
    assert suite.view("Governor", "quorum", before) == 50
    assert suite.view("Governor", "quorum", suite.pair.now - 1) == 10


def test_quorum__of_many_changes__found_by_its_time(suite):
    times = []
    for percent in (20, 30, 40, 49, 33):
        data = calldata("updateQuorumNumerator(uint256)", percent)
        suite.decide(suite.calls(data, target=suite.governor), f"to {percent}")
        times.append((suite.pair.now, percent))
        suite.pair.wait(5)
    for when, percent in times:
        assert suite.view("Governor", "quorumNumerator", when) == percent
        assert suite.view("Governor", "quorumNumerator", when + 4) == percent
        assert suite.view("Governor", "quorumNumerator", when - 1) != percent


def test_times__changed__never_for_a_running_proposal(suite):
    running = suite.calls()
    change = suite.calls(
        calldata("setVotingPeriod(uint32)", 60),
        calldata("setVotingDelay(uint48)", 1),
        calldata("setGrace(uint256)", 90 * DAY),
        target=suite.governor,
    )
    suite.ready(change, "shorter")
    proposal = suite.propose(running, "running")
    facts = suite.view("Governor", "proposal", proposal)
    suite.send(A, "Governor", "execute", *change, words("shorter"))
    assert suite.view("Governor", "proposal", proposal) == facts
    other = suite.propose(running, "other")
    snapshot = suite.view("Governor", "proposalSnapshot", other)
    assert snapshot == suite.pair.now + 1
    assert suite.view("Governor", "proposalDeadline", other) == snapshot + 60


def test_quorum__rounds_down_and_is_never_met_by_nobody():
    suite = Suite(weights={A: 1}, settings=(100, 1_000, 1, 50, 3_600))
    assert suite.view("Governor", "quorum", suite.pair.now - 1) == 0
    proposal = suite.propose(suite.calls())
    suite.close_vote(proposal)
    assert suite.state(proposal) == 3
