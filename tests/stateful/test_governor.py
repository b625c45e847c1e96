"""Governor, Timelock and Council with their twins under any sequence of proposals and votes."""

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule, run_state_machine_as_test

from tests.contracts.pair import Reverted
from tests.contracts.stubs.e_suite import (
    CANCELED,
    DEFEATED,
    DELAY,
    EXECUTED,
    EXPIRED,
    PEOPLE,
    SETTINGS,
    STRANGER,
    Suite,
    calldata,
    name_of,
    sign,
    words,
)
from tests.stateful.pairs import LONG, QUICK, PairMachine
from tests.twins.governor import BALLOT
from tests.twins.signing import digest_in, separator_of

VOTING_DELAY, PERIOD, _, _, GRACE = SETTINGS
FINAL = (CANCELED, DEFEATED, EXPIRED, EXECUTED)
TEXTS = ["one", "two", f"mine #proposer={PEOPLE[0]}", "bad", "rule", "seats"]

people = st.sampled_from([*PEOPLE, STRANGER])
texts = st.sampled_from(TEXTS)
supports = st.sampled_from([0, 1, 1, 1, 2, 3])


class GovernorMachine(PairMachine):
    """Remembers all proposals, who voted with how much, and which state was seen last."""

    def __init__(self) -> None:
        super().__init__()
        self.suite = Suite()
        self.pair = self.suite.pair
        self.ids: dict[str, int] = {}
        self.cast: dict[int, dict[str, int]] = {}
        self.seen: dict[int, int] = {}
        self.executed = 0

    def calls(self, text: str) -> tuple:
        suite = self.suite
        if text == "bad":
            return suite.calls(calldata("refuse()"))
        if text == "rule":
            data = calldata("updateQuorumNumerator(uint256)", 30)
            return suite.calls(data, target=suite.governor)
        if text == "seats":
            data = calldata("set_seats(address[],uint256)", suite.seats[1:], 3)
            return suite.calls(data, target=suite.council)
        return suite.calls()

    @rule(who=people, text=texts)
    def propose(self, who, text):
        done = self.attempt(who, "Governor", "propose", *self.calls(text), text)
        if done:
            self.ids[text] = done.value
            self.cast[done.value] = {}

    @rule(who=people, text=texts, support=supports)
    def vote(self, who, text, support):
        proposal = self.ids.get(text, 5)
        done = self.attempt(who, "Governor", "castVote", proposal, support)
        if done:
            assert who not in self.cast[proposal], "a vote counted twice"
            self.cast[proposal][who] = done.value

    @rule(who=people, text=texts, support=supports, ahead=st.sampled_from([0, 0, 0, 1]))
    def vote_by_signature(self, who, text, support, ahead):
        proposal = self.ids.get(text, 5)
        nonce = self.suite.view("Governor", "nonces", who) + ahead
        digest = digest_in(
            separator_of("Quorate Governor", 31337, self.suite.governor),
            BALLOT,
            ["uint256", "uint8", "address", "uint256"],
            [proposal, support, who, nonce],
        )
        signature = sign(name_of(who), digest)
        done = self.attempt(
            STRANGER, "Governor", "castVoteBySig", proposal, support, who, signature
        )
        if done:
            assert who not in self.cast[proposal], "a vote counted twice"
            assert not ahead
            self.cast[proposal][who] = done.value

    @rule(text=st.sampled_from(TEXTS), support=st.sampled_from([1, 1, 1, 0]))
    def everybody_votes(self, text, support):
        if text not in self.ids:
            return
        proposal = self.ids[text]
        left = self.suite.view("Governor", "proposalSnapshot", proposal) + 1 - self.pair.now
        if left > 0:
            self.pair.wait(left)
        for who in PEOPLE:
            done = self.attempt(who, "Governor", "castVote", proposal, support)
            if done:
                self.cast[proposal][who] = done.value

    @rule(giver=st.sampled_from(PEOPLE), receiver=people, votes=st.sampled_from([1, 15, 60]))
    def give_votes(self, giver, receiver, votes):
        held = self.pair.world.at[self.suite.votes].getVotes(giver)
        votes = min(votes, held)
        self.suite.give(giver, held - votes)
        more = self.pair.world.at[self.suite.votes].getVotes(receiver)
        self.suite.give(receiver, more + votes)

    @rule(who=people, text=texts)
    def queue(self, who, text):
        self.attempt(who, "Governor", "queue", *self.calls(text), words(text))

    @rule(who=people, text=texts)
    def execute(self, who, text):
        done = self.attempt(who, "Governor", "execute", *self.calls(text), words(text))
        if done:
            proposal = self.ids[text]
            eta = self.suite.view("Governor", "proposalEta", proposal)
            assert eta <= self.pair.now < eta + GRACE
            self.executed += self.calls(text)[0] == [self.suite.target]

    @rule(text=st.sampled_from(TEXTS))
    def queue_and_wait_and_execute(self, text):
        if not self.attempt(STRANGER, "Governor", "queue", *self.calls(text), words(text)):
            return
        self.pair.wait(DELAY)
        done = self.attempt(STRANGER, "Governor", "execute", *self.calls(text), words(text))
        if done:
            self.executed += self.calls(text)[0] == [self.suite.target]

    @rule(who=people, text=texts)
    def cancel(self, who, text):
        self.attempt(who, "Governor", "cancel", *self.calls(text), words(text))

    @rule(text=texts, late=st.booleans())
    def veto(self, text, late):
        """By the council, at the Governor or at the Timelock."""
        suite = self.suite
        seats = list(suite.view("Council", "seats"))
        data = calldata("cancel_by_id(uint256)", self.ids.get(text, 5))
        target = suite.governor
        if late:
            target = suite.timelock
            data = calldata("cancel(bytes32)", suite.operation(self.calls(text), text))
        try:
            suite.act(target, data, seats)
        except Reverted:
            return
        assert text != "seats", "the council vetoed its replacement"

    @rule(seconds=st.sampled_from([1, VOTING_DELAY, VOTING_DELAY + 1, PERIOD, GRACE, DELAY]))
    def wait(self, seconds):
        self.pair.wait(seconds)

    @invariant()
    def votes_are_conserved(self):
        for proposal, cast in self.cast.items():
            assert sum(self.suite.view("Governor", "proposalVotes", proposal)) == sum(cast.values())
            snapshot = self.suite.view("Governor", "proposalSnapshot", proposal)
            if snapshot < self.pair.now:
                everyone = self.pair.world.at[self.suite.votes].getPastTotalSupply(snapshot)
                assert sum(cast.values()) <= everyone
            for who in PEOPLE:
                assert self.suite.view("Governor", "hasVoted", proposal, who) == (who in cast)

    @invariant()
    def what_is_over_stays_over(self):
        for proposal in self.cast:
            state = self.suite.state(proposal)
            before = self.seen.get(proposal, 0)
            assert before not in FINAL or state == before, f"{before} became {state}"
            self.seen[proposal] = state
            self.suite.view("Governor", "proposal", proposal)

    @invariant()
    def what_ran_was_executed(self):
        assert self.suite.seen("calls") == self.executed


def test_governor__any_sequence__equals_the_twin():
    run_state_machine_as_test(GovernorMachine, settings=QUICK)


@pytest.mark.slow
def test_governor__many_sequences__equal_the_twin():
    run_state_machine_as_test(GovernorMachine, settings=LONG)
