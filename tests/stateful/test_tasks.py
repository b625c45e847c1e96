"""Tasks equals its twin: money comes in once, goes out once, and all of it goes out."""

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule, run_state_machine_as_test

from tests.contracts.pair import DAY, PARTICIPANT, Reverted, account, word
from tests.stateful.pairs import LONG, QUICK
from tests.stateful.tasks_table import PARTICIPANTS, VALIDATORS, TasksMachine
from tests.twins.table import COMMIT, INCLUDE_COMMIT, JOINING, SETTLED, VOTE_REVEAL, Entry

which = st.sampled_from([0, 1])
place = st.integers(0, PARTICIPANTS + VALIDATORS)
medians = st.lists(st.integers(-3, 5), min_size=PARTICIPANTS, max_size=PARTICIPANTS)


class MoneyMachine(TasksMachine):
    """Whole rounds in a few batches, so that money moves in every run."""

    @initialize(rounds=st.integers(1, 4), least=st.integers(1, 3))
    def found(self, rounds, least):
        self.found_with([5_000] * VALIDATORS, False, {"rounds": rounds, "min_participants": least})

    @rule(t=which, join=st.sets(st.integers(0, PARTICIPANTS - 1)), samples=st.integers(0, 600))
    def begin(self, t, join, samples):
        self.create(t)
        for i in sorted(join):
            self.join(t, i, samples)

    @rule(t=which, values=medians, accept=st.booleans(), lone=st.booleans())
    def round(self, t, values, accept, lone):
        """As far as it goes: commits, ballots, settlement."""
        task, vote = self.tasks[t], ("true", values, accept)
        if self.c.state(task) == JOINING or self.c.phase(task) >= SETTLED:
            self.on(t, self.c.sponsor, "open")
        if self.c.phase(task) == COMMIT:
            self.commit_many(t, self.c.fact(task, "eligible") & ~self.c.fact(task, "committed"))
        if self.c.phase(task) == INCLUDE_COMMIT:
            ballots = dict.fromkeys(range(VALIDATORS), vote)
            if lone:
                ballots[3] = ("false", values, accept)
            self.concur(t, ballots, self.c.fact(task, "committed"))
        if self.c.phase(task) == VOTE_REVEAL:
            self.settle(t, whole=True)

    @rule(t=which, absent=st.booleans())
    def nobody_acts(self, t, absent):
        self.pair.wait(101)
        self.push(t)

    @rule(t=which, place=place)
    def claim_one(self, t, place):
        self.claim(t, place)

    @rule(t=which, place=place, amount=st.integers(1, 10**6))
    def claim_more(self, t, place, amount):
        """With somebody's proof and a better entry."""
        task = self.tasks[t]
        if self.c.state(task) and place < len(self.c.entries(task)):
            _, entry, proof = self.c.proof(task, place)
            rich = (entry + amount) % 2**256
            before = self.c.balance(self.c.stranger)
            rest = (task, place, rich, proof)
            for function in ("claim", "credit"):
                assert self.act("Tasks", self.c.stranger, function, *rest) is None
            assert self.c.balance(self.c.stranger) == before

    @rule(t=which, chosen=st.lists(place, max_size=4))
    def claim_some(self, t, chosen):
        self.claim_many(t, chosen)

    @rule(t=which, who=place)
    def claim_from_another_task(self, t, who):
        """What one task owes, asked of the other."""
        other = self.tasks[1 - t]
        if self.c.state(other) and who < len(self.c.entries(other)):
            self.act("Tasks", self.c.stranger, "claim", self.tasks[t], *self.c.proof(other, who))

    @rule(t=which)
    def refund(self, t):
        self.act("Tasks", self.c.sponsor, "refund", self.tasks[t])

    @rule(i=st.integers(0, PARTICIPANTS - 1), back=st.booleans())
    def suspend_member(self, i, back):
        who = self.c.p[i]
        facts = (word("keys"), word("house"), PARTICIPANT)
        name, arguments = ("admit", (who, *facts)) if back else ("suspend", (who,))
        self.attempt(account("timelock"), "Members", name, *arguments)

    @rule(i=st.integers(0, PARTICIPANTS - 1), amount=st.integers(0, 3_000), more=st.booleans())
    def bond(self, i, amount, more):
        function = "deposit" if more else "request_unbond"
        self.attempt(self.c.p[i], "Stakes", function, PARTICIPANT, amount)

    @rule(seconds=st.sampled_from([1, 100, DAY]))
    def pause(self, seconds):
        try:
            self.c.pause("Tasks", seconds)
        except Reverted:
            return

    @rule(seconds=st.sampled_from([1, 60, 101]))
    def wait(self, seconds):
        self.pair.wait(seconds)


def test_tasks__any_sequence__equals_twin_and_pays_all():
    run_state_machine_as_test(MoneyMachine, settings=QUICK)


@pytest.mark.slow
def test_tasks__many_sequences__equal_twin_and_pay_all():
    run_state_machine_as_test(MoneyMachine, settings=LONG)


def test_entry__word__keeps_three_numbers_apart():
    assert Entry(2**96 - 1, 2**32 - 1, -1).word() == 2**256 - 1
