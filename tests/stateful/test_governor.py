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
KINDS = ["record", "record", f"mine #proposer={PEOPLE[0]}", "bad", "rule", "seats"]

people = st.sampled_from([*PEOPLE, STRANGER])
kinds = st.sampled_from(KINDS)
supports = st.sampled_from([0, 1, 1, 1, 2, 3])
recent = st.integers(0, 3)  # which proposal, counted from the last


class GovernorMachine(PairMachine):
    """Remembers all proposals, who voted with how much, and which state was seen last."""

    def __init__(self) -> None:
        super().__init__()
        self.suite = Suite()
        self.pair = self.suite.pair
        self.texts: list[str] = []
        self.ids: dict[str, int] = {}
        self.cast: dict[int, dict[str, int]] = {}
        self.seen: dict[int, int] = {}
        self.executed = 0

    def calls(self, text: str) -> tuple:
        suite = self.suite
        if "bad" in text:
            return suite.calls(calldata("refuse()"))
        if "rule" in text:
            data = calldata("updateQuorumNumerator(uint256)", 30)
            return suite.calls(data, target=suite.governor)
        if "seats" in text:
            data = calldata("set_seats(address[],uint256)", suite.seats[1:], 3)
            return suite.calls(data, target=suite.council)
        return suite.calls()

    def pick(self, number: int) -> str:
        """The text of a proposal; of one that never was when there are none."""
        return self.texts[-1 - number % len(self.texts)] if self.texts else "never"

    def counted(self, who: str, proposal: int, done) -> None:
        if done:
            assert who not in self.cast[proposal], "a vote counted twice"
            self.cast[proposal][who] = done.value

    @rule(
        who=people,
        kind=kinds,
        again=st.sampled_from([False, False, False, True]),
        regret=st.integers(0, 7),
    )
    def propose(self, who, kind, again, regret):
        text = self.pick(0) if again else f"{len(self.texts)} {kind}"
        done = self.attempt(who, "Governor", "propose", *self.calls(text), text)
        if done:
            assert text not in self.ids, "a proposal was proposed twice"
            self.texts.append(text)
            self.ids[text] = done.value
            self.cast[done.value] = {}
            if regret == 0:
                assert self.attempt(who, "Governor", "cancel_by_id", done.value)

    @rule(who=people, number=recent, support=supports)
    def vote(self, who, number, support):
        proposal = self.ids.get(self.pick(number), 5)
        done = self.attempt(who, "Governor", "castVote", proposal, support)
        self.counted(who, proposal, done)

    @rule(who=people, number=recent, support=supports, ahead=st.sampled_from([0, 0, 0, 1]))
    def vote_by_signature(self, who, number, support, ahead):
        proposal = self.ids.get(self.pick(number), 5)
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
        assert not (done and ahead)
        self.counted(who, proposal, done)

    @rule(number=recent)
    def wait_until_it_opens(self, number):
        if self.ids:
            proposal = self.ids[self.pick(number)]
            snapshot = self.suite.view("Governor", "proposalSnapshot", proposal)
            self.pair.wait(max(0, snapshot + 1 - self.pair.now))

    @rule(number=recent, support=st.sampled_from([1, 1, 1, 0]), early=st.integers(0, 1))
    def everybody_votes_and_it_closes(self, number, support, early):
        if not self.ids:
            return
        self.wait_until_it_opens(number)
        proposal = self.ids[self.pick(number)]
        for who in PEOPLE:
            done = self.attempt(who, "Governor", "castVote", proposal, support)
            self.counted(who, proposal, done)
        deadline = self.suite.view("Governor", "proposalDeadline", proposal)
        self.pair.wait(max(0, deadline + 1 - early - self.pair.now))

    @rule(giver=st.sampled_from(PEOPLE), receiver=people, votes=st.sampled_from([1, 15, 60]))
    def give_votes(self, giver, receiver, votes):
        held = self.pair.world.at[self.suite.votes].getVotes(giver)
        votes = min(votes, held)
        self.suite.give(giver, held - votes)
        more = self.pair.world.at[self.suite.votes].getVotes(receiver)
        self.suite.give(receiver, more + votes)

    @rule(who=people, number=recent)
    def queue(self, who, number):
        text = self.pick(number)
        self.attempt(who, "Governor", "queue", *self.calls(text), words(text))

    @rule(who=people, number=recent)
    def execute(self, who, number):
        text = self.pick(number)
        done = self.attempt(who, "Governor", "execute", *self.calls(text), words(text))
        if done:
            eta = self.suite.view("Governor", "proposalEta", self.ids[text])
            assert eta <= self.pair.now < eta + GRACE
            self.executed += self.calls(text)[0] == [self.suite.target]

    @rule(number=recent)
    def wait_until_it_is_ready_and_execute(self, number):
        proposal = self.ids.get(self.pick(number), 5)
        eta = self.suite.view("Governor", "proposalEta", proposal)
        if eta:
            self.pair.wait(max(0, eta - self.pair.now))
            self.execute(STRANGER, number)

    @rule(who=people, number=recent)
    def cancel(self, who, number):
        text = self.pick(number)
        self.attempt(who, "Governor", "cancel", *self.calls(text), words(text))

    @rule(number=recent, late=st.booleans())
    def veto(self, number, late):
        """By the council, at the Governor or at the Timelock."""
        suite, text = self.suite, self.pick(number)
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
        assert "seats" not in text, "the council vetoed its replacement"

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
