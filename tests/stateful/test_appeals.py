"""Appeals equals its twin: every lie is judged once, every suspension ends."""

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule, run_state_machine_as_test

from tests.contracts.pair import DAY, VALIDATOR, word
from tests.stateful.pairs import LONG, QUICK
from tests.stateful.tasks_table import PARTICIPANTS, VALIDATORS, TasksMachine
from tests.twins.table import (
    COMMIT,
    INCLUDE_COMMIT,
    JOINING,
    SETTLED,
    VOTE_COMMIT,
    VOTE_REVEAL,
)

which = st.sampled_from([0, 0, 1])
judge = st.integers(0, VALIDATORS - 1)
ONES = [1] * PARTICIPANTS


class AppealsMachine(TasksMachine):
    """Rounds with liars in them; the rest of the time goes to their suspensions."""

    @initialize(rounds=st.integers(2, 6))
    def found(self, rounds):
        self.found_with([5_000] * VALIDATORS, False, {"rounds": rounds})
        self.punished: dict = {}

    @rule(t=which)
    def begin(self, t):
        self.create(t)
        for i in range(PARTICIPANTS):
            self.join(t, i)

    @rule(t=which, liars=st.sets(judge, max_size=2), stop=st.booleans())
    def round(self, t, liars, stop):
        task = self.tasks[t]
        if self.c.state(task) == JOINING or self.c.phase(task) >= SETTLED:
            self.on(t, self.c.sponsor, "open")
        if self.c.phase(task) == COMMIT:
            self.commit_many(t, self.c.fact(task, "eligible") & ~self.c.fact(task, "committed"))
        if self.c.phase(task) == INCLUDE_COMMIT:
            names = {v: "false" if v in liars else "true" for v in range(VALIDATORS)}
            ballots = {v: (name, ONES, True) for v, name in names.items()}
            self.concur(t, ballots, self.c.fact(task, "committed"))
        if self.c.phase(task) == VOTE_REVEAL and not stop:
            self.settle(t, whole=True)

    @rule(t=which, v=judge, number=st.integers(0, 4), late=st.booleans())
    def appeal(self, t, v, number, late):
        self.pair.wait(DAY + 1 if late else 0)
        number = self.suspended_in(t, v) or number
        rest = (self.tasks[t], number, self.c.v[v], word("evidence"))
        self.act("Appeals", self.c.p[0], "appeal", *rest)

    @rule(t=which, v=judge, number=st.integers(0, 4), approved=st.booleans())
    def judged(self, t, v, number, approved):
        number = self.suspended_in(t, v) or number
        if approved:
            who = self.c.v[v]
            self.c.approve(self.pair.view("Appeals", "appeal_subject", self.tasks[t], number, who))
        self.resolve(t, v, number)

    @rule(
        t=which,
        v=judge,
        number=st.integers(0, 4),
        phase=st.sampled_from([INCLUDE_COMMIT, VOTE_COMMIT, VOTE_REVEAL]),
        sets=st.tuples(st.integers(0, 3), st.integers(0, 3)),
        hand=st.sampled_from([0, 0, 0, 1]),
    )
    def prove_equivocation(self, t, v, number, *, phase, sets, hand):
        """Two ballots of any sets by one hand, mostly the validator's own."""
        task, who = self.tasks[t], self.c.v[v]
        pair = []
        for included in sets:
            signer = self.c.v[(v + hand) % VALIDATORS]
            signed = self.c.sign_ballot(task, signer, included, word("h"), phase, number)
            pair += [included, word("h"), signed]
        self.act("Appeals", self.c.stranger, "prove_equivocation", task, number, who, phase, *pair)

    @rule(t=which, v=judge)
    def release(self, t, v):
        self.act("Tasks", self.c.stranger, "release", self.tasks[t], v)

    @rule(t=which, v=judge)
    def review(self, t, v):
        self.act("Tasks", self.c.v[v], "review", self.tasks[t], v)

    @rule(v=judge)
    def unbond(self, v):
        self.attempt(self.c.v[v], "Stakes", "request_unbond", VALIDATOR, 1_000)
        self.attempt(self.c.v[v], "Stakes", "withdraw", VALIDATOR)

    @rule(t=which, seconds=st.sampled_from([1, 61, 101, DAY, 2 * DAY]))
    def nobody_acts(self, t, seconds):
        self.pair.wait(seconds)
        self.push(t)

    def note(self, task, name, values):
        super().note(task, name, values)
        if name in ("Resolved", "Equivocated") and not values.get("reinstated"):
            key = (task, values["validator"])
            self.punished[key] = self.punished.get(key, 0) + 1

    @invariant()
    def nobody_is_punished_twice_for_lying_in_a_task(self):
        if hasattr(self, "punished"):
            assert max(self.punished.values(), default=1) == 1

    @invariant()
    def the_expelled_are_those_who_were_punished(self):
        for task in self.tasks if hasattr(self, "c") else ():
            for place, who in enumerate(self.c.v):
                found = self.pair.view("Tasks", "expelled", task, place)
                assert found == ((task, who) in self.punished)


def test_appeals__any_sequence__equals_twin():
    run_state_machine_as_test(AppealsMachine, settings=QUICK)


@pytest.mark.slow
def test_appeals__many_sequences__equal_twin():
    run_state_machine_as_test(AppealsMachine, settings=LONG)
