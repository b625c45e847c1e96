"""Token equals its twin under any sequence of moves."""

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule, run_state_machine_as_test

from tests.contracts.consortium import founder, names
from tests.contracts.pair import MEMBER, Pair
from tests.stateful.pairs import LONG, QUICK, PairMachine
from tests.twins.world import NOBODY

PEOPLE = names("holder", 4)
people = st.sampled_from(PEOPLE)
receivers = st.sampled_from([*PEOPLE, NOBODY])
LIMIT = 2**256 - 1
amounts = st.one_of(st.integers(0, 120), st.sampled_from([2**128 - 1, 2**128, LIMIT - 1, LIMIT]))


class TokenMachine(PairMachine):
    @initialize(held=st.lists(st.integers(0, 100), min_size=4, max_size=4))
    def mint(self, held):
        founders = [founder(PEOPLE[0], MEMBER)]
        self.pair = Pair(founders, list(zip(PEOPLE, held, strict=True)))
        self.minted = sum(held)
        self.burnt = 0

    @rule(who=people, to=receivers, amount=amounts)
    def transfer(self, who, to, amount):
        self.attempt(who, "Token", "transfer", to, amount)

    @rule(who=people, spender=receivers, amount=amounts)
    def approve(self, who, spender, amount):
        self.attempt(who, "Token", "approve", spender, amount)

    @rule(who=people, owner=people, to=receivers, amount=amounts)
    def transfer_from(self, who, owner, to, amount):
        self.attempt(who, "Token", "transferFrom", owner, to, amount)

    @rule(who=people, amount=amounts)
    def burn(self, who, amount):
        if self.attempt(who, "Token", "burn", amount):
            self.burnt += amount

    @invariant()
    def nothing_appears_or_vanishes(self):
        if not hasattr(self, "pair"):
            return
        balances = [self.pair.view("Token", "balanceOf", who) for who in (*PEOPLE, NOBODY)]
        assert sum(balances) == self.pair.view("Token", "totalSupply") == self.minted - self.burnt
        for owner in PEOPLE:
            for spender in PEOPLE:
                self.pair.view("Token", "allowance", owner, spender)


def test_token__any_sequence__equals_the_twin():
    run_state_machine_as_test(TokenMachine, settings=QUICK)


@pytest.mark.slow
def test_token__many_sequences__equal_the_twin():
    run_state_machine_as_test(TokenMachine, settings=LONG)
