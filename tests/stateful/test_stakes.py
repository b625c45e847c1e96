"""Stakes equals its twin under any sequence of deposits, delays, locks and slashes."""

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule, run_state_machine_as_test

from tests.contracts.consortium import founder, names
from tests.contracts.pair import MEMBER, Pair, account
from tests.stateful.pairs import LONG, QUICK, PairMachine

PEOPLE = names("staker", 3)
ROUNDS, M = account("rounds"), account("m")
people = st.sampled_from(PEOPLE)
callers = st.sampled_from([ROUNDS, ROUNDS, ROUNDS, PEOPLE[0]])
roles = st.sampled_from([2, 2, 2, 4, 4, 0, 1, 6])
amounts = st.one_of(st.integers(0, 120), st.just(2**256 - 1))


class StakesMachine(PairMachine):
    @initialize(delay=st.sampled_from([0, 1, 100]))
    def deploy(self, delay):
        founders = [founder(M, MEMBER)]
        founders += [founder(who, r) for who, r in zip(PEOPLE, (2, 4, 6), strict=True)]
        self.pair = Pair(founders, [(who, 300) for who in PEOPLE], delay, bound=ROUNDS)
        self.burnt = 0
        for who in PEOPLE:
            self.pair.send(who, "Token", "approve", self.pair.address("Stakes"), 250)

    @rule(who=people, role=roles, amount=amounts)
    def deposit(self, who, role, amount):
        self.attempt(who, "Stakes", "deposit", role, amount)

    @rule(who=people, role=roles, amount=amounts)
    def request_unbond(self, who, role, amount):
        self.attempt(who, "Stakes", "request_unbond", role, amount)

    @rule(who=people, role=roles)
    def withdraw(self, who, role):
        self.attempt(who, "Stakes", "withdraw", role)

    @rule(caller=callers, who=people, role=roles, on=st.booleans())
    def lock(self, caller, who, role, on):
        self.attempt(caller, "Stakes", "lock" if on else "unlock", who, role)

    @rule(caller=callers, who=people, role=roles, amount=amounts)
    def slash(self, caller, who, role, amount):
        done = self.attempt(caller, "Stakes", "slash", who, role, amount, "reason")
        if done:
            self.burnt += done.value

    @rule(
        caller=callers,
        who=people,
        role=roles,
        score=st.integers(-(10**9), 10**9),
        fault=st.booleans(),
    )
    def record(self, caller, who, role, score, fault):
        self.attempt(caller, "Stakes", "record", who, role, score, fault)

    @rule(who=people, back=st.booleans())
    def suspend(self, who, back):
        function = "admit_subject" if back else "suspend_subject"
        arguments = founder(who, 6) if back else (who,)
        subject = self.pair.view("Members", function, *arguments)
        self.attempt(M, "Members", "vote", subject, True)
        self.attempt(M, "Members", function.removesuffix("_subject"), *arguments)

    @rule(seconds=st.sampled_from([1, 99, 100]))
    def wait(self, seconds):
        self.pair.wait(seconds)

    @invariant()
    def what_is_held_is_what_is_owed(self):
        if not hasattr(self, "pair"):
            return
        total = 0
        for who in PEOPLE:
            for role in (0, 1, 2, 4, 6):
                bond = self.pair.view("Stakes", "bond_of", who, role)
                total += bond[0] + bond[1]
                self.pair.view("Stakes", "reputation_of", who, role)
                assert self.pair.view("Stakes", "bond", who, role) == bond[0]
        held = self.pair.view("Token", "balanceOf", self.pair.address("Stakes"))
        assert held == total
        assert self.pair.view("Token", "totalSupply") == 900 - self.burnt


def test_stakes__any_sequence__equals_the_twin():
    run_state_machine_as_test(StakesMachine, settings=QUICK)


@pytest.mark.slow
def test_stakes__many_sequences__equal_the_twin():
    run_state_machine_as_test(StakesMachine, settings=LONG)
