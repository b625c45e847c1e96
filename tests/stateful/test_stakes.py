"""Stakes equals its twin under any sequence of deposits, delays, locks and slashes."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule, run_state_machine_as_test

from tests.contracts.belonging import (
    COUNCIL,
    ROUNDS,
    TASKS,
    TIMELOCK,
    founder,
    names,
    staking,
)
from tests.contracts.pair import MEMBER, account
from tests.stateful.pairs import LONG, QUICK, PairMachine

PEOPLE = names("staker", 3)
M = account("m")
FUNDS = 300
people = st.sampled_from(PEOPLE)
callers = st.sampled_from([TASKS, ROUNDS, TASKS, ROUNDS, TIMELOCK, COUNCIL, PEOPLE[0]])
roles = st.sampled_from([2, 2, 2, 4, 4, 0, 1, 6])
amounts = st.one_of(st.integers(0, 120), st.sampled_from([2**96 - 1, 2**96, 2**256 - 1]))
scores = st.one_of(
    st.integers(-(10**9), 10**9), st.sampled_from([2**127 - 1, 1 - 2**127, -(2**127), 2**255 - 1])
)
counts = st.one_of(st.integers(0, 5), st.sampled_from([2**64 - 1, 2**64, 2**256 - 1]))


class StakesMachine(PairMachine):
    @initialize(delay=st.sampled_from([0, 1, 100]))
    def deploy(self, delay):
        founders = [founder(M, MEMBER)]
        founders += [founder(who, r) for who, r in zip(PEOPLE, (2, 4, 6), strict=True)]
        self.pair = staking(founders, FUNDS, delay, approved=250)
        self.burnt = 0
        self.seconds = [self.pair.now]

    def act(self, sender, function, *arguments):
        return self.attempt(sender, "Stakes", function, *arguments)

    @rule(who=people, role=roles, amount=amounts)
    def deposit(self, who, role, amount):
        self.act(who, "deposit", role, amount)

    @rule(who=people, role=roles, amount=amounts)
    def request_unbond(self, who, role, amount):
        self.act(who, "request_unbond", role, amount)

    @rule(who=people, role=roles)
    def withdraw(self, who, role):
        self.act(who, "withdraw", role)

    @rule(caller=callers, who=people, role=roles, on=st.booleans())
    def lock(self, caller, who, role, on):
        self.act(caller, "lock" if on else "unlock", who, role)

    @rule(caller=callers, who=people, role=roles, amount=amounts)
    def slash(self, caller, who, role, amount):
        done = self.act(caller, "slash", who, role, amount, "reason")
        if done:
            self.burnt += done.value

    @rule(caller=callers, who=people, role=roles, facts=st.tuples(counts, scores, counts))
    def record(self, caller, who, role, facts):
        self.act(caller, "record", who, role, *facts)

    @rule(who=people, back=st.booleans())
    def suspend(self, who, back):
        arguments = founder(who, 6) if back else (who,)
        self.attempt(TIMELOCK, "Members", "admit" if back else "suspend", *arguments)

    @rule(seconds=st.sampled_from([1, 99, 100]))
    def wait(self, seconds):
        self.seconds.append(self.pair.now)
        self.pair.wait(seconds)

    def see(self, function, *arguments):
        return self.pair.view("Stakes", function, *arguments)

    @invariant()
    def what_is_held_is_what_is_owed(self):
        if not hasattr(self, "pair"):
            return
        total = 0
        for who in PEOPLE:
            for role in (0, 1, 2, 4, 6):
                bond = self.see("bond_of", who, role)
                total += bond[0] + bond[1]
                self.see("reputation_of", who, role)
                assert self.see("bond", who, role) == bond[0]
        held = self.pair.view("Token", "balanceOf", self.pair.address("Stakes"))
        assert held == total
        assert self.pair.view("Token", "totalSupply") == 4 * FUNDS - self.burnt

    @invariant()
    def votes_are_bonds_now_and_add_up_in_the_past(self):
        if not hasattr(self, "pair"):
            return
        for who in PEOPLE:
            bonded = sum(self.see("bond", who, role) for role in (2, 4))
            assert self.see("getVotes", who) == bonded
        for second in {*self.seconds[:2], *self.seconds[-3:], self.pair.now - 1}:
            if second < self.pair.now:
                votes = [self.see("getPastVotes", who, second) for who in PEOPLE]
                assert sum(votes) == self.see("getPastTotalSupply", second)


class ExitMachine(StakesMachine):
    """At the end of any sequence everybody gets everything back that was not burnt."""

    def teardown(self):
        if not hasattr(self, "pair"):
            return
        send = self.pair.send
        for who in PEOPLE:
            for role in (2, 4):
                amount, _, _, locks = self.see("bond_of", who, role)
                for _ in range(locks):
                    send(ROUNDS, "Stakes", "unlock", who, role)
                if amount:
                    send(who, "Stakes", "request_unbond", role, amount)
        self.pair.wait(100)
        for who in PEOPLE:
            for role in (2, 4):
                if self.see("bond_of", who, role)[1]:
                    send(who, "Stakes", "withdraw", role)
        assert self.pair.view("Token", "balanceOf", self.pair.address("Stakes")) == 0
        held = sum(self.pair.view("Token", "balanceOf", who) for who in (M, *PEOPLE))
        assert held == 4 * FUNDS - self.burnt


def test_stakes__any_sequence__equals_the_twin_and_ends_with_an_exit():
    run_state_machine_as_test(ExitMachine, settings=settings(QUICK, max_examples=8))


@pytest.mark.slow
def test_stakes__many_sequences__equal_the_twin_and_end_with_an_exit():
    run_state_machine_as_test(ExitMachine, settings=LONG)
