"""Token equals its twin under any sequence of moves, signed orders, votes, mints and waits."""

from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule, run_state_machine_as_test

from tests.contracts.pair import word
from tests.contracts.token_orders import (
    PERIOD,
    TIMELOCK,
    UNLIMITED,
    A,
    B,
    C,
    D,
    authorization,
    delegation,
    permit,
    sign,
    token,
)
from tests.stateful.pairs import LONG, QUICK, PairMachine
from tests.twins.world import NOBODY

PEOPLE = [A, B, C, D]
CAP = 500
people = st.sampled_from(PEOPLE)
signers = st.one_of(st.none(), people)  # None: the owner itself
receivers = st.sampled_from([*PEOPLE, NOBODY])
few = st.integers(0, 20)
amounts = st.one_of(few, few, few, st.sampled_from([21, 120, 2**96, UNLIMITED - 1, UNLIMITED]))
allowances = st.sampled_from([0, 1, 20, 50, UNLIMITED - 1, UNLIMITED, UNLIMITED])
lateness = st.sampled_from([-1, 0, 1, 3, 3])
windows = st.tuples(st.sampled_from([-3, -2, -1, -1, 0]), st.sampled_from([0, 1, 2, 3, 3]))
NONCES = 8
nonces = st.integers(0, NONCES - 1).map(lambda i: word(f"nonce {i}"))
moves = st.sampled_from(["transferWithAuthorization", "receiveWithAuthorization"])


class TokenMachine(PairMachine):
    @initialize(held=st.lists(st.sampled_from([0, 1, 50, 100]), min_size=4, max_size=4))
    def deploy(self, held):
        self.pair = token(list(zip(PEOPLE, held, strict=True)), cap=CAP, per_period=60)
        self.deployed_at = self.pair.now
        self.minted = sum(held)
        self.minted_in: dict[int, int] = {}
        self.burnt = 0
        self.sent: list[tuple[str, str, tuple]] = []  # signed orders, to submit again
        self.past: dict[int, tuple[int, ...]] = {}  # votes and supply, as each second left them

    def submit(self, who: str, function: str, *given: Any) -> None:
        self.sent.append((who, function, given))
        self.attempt(who, "Token", function, *given)

    def count(self) -> tuple[int, ...]:
        votes = (self.pair.view("Token", "getVotes", who) for who in PEOPLE)
        return (*votes, self.pair.view("Token", "totalSupply"))

    # --- plain moves ------------------------------------------------------------------------

    @rule(who=people, to=receivers, amount=amounts)
    def transfer(self, who, to, amount):
        self.attempt(who, "Token", "transfer", to, amount)

    @rule(who=people, spender=receivers, amount=allowances)
    def approve(self, who, spender, amount):
        self.attempt(who, "Token", "approve", spender, amount)

    @rule(who=people, owner=receivers, to=receivers, amount=amounts)
    def transfer_from(self, who, owner, to, amount):
        self.attempt(who, "Token", "transferFrom", owner, to, amount)

    @rule(who=people, amount=amounts)
    def burn(self, who, amount):
        if self.attempt(who, "Token", "burn", amount):
            self.burnt += amount

    @rule(who=people, owner=receivers, amount=amounts)
    def burn_from(self, who, owner, amount):
        if self.attempt(who, "Token", "burnFrom", owner, amount):
            self.burnt += amount

    @rule(who=st.sampled_from([TIMELOCK, TIMELOCK, A]), to=receivers, amount=amounts)
    def mint(self, who, to, amount):
        if self.attempt(who, "Token", "mint", to, amount):
            assert who == TIMELOCK
            index = (self.pair.now - self.deployed_at) // PERIOD
            self.minted_in[index] = self.minted_in.get(index, 0) + amount
            self.minted += amount

    @rule(who=people, to=receivers)
    def delegate(self, who, to):
        self.attempt(who, "Token", "delegate", to)

    # --- signed orders ----------------------------------------------------------------------

    @rule(who=people, owner=people, by=signers, spender=receivers, amount=allowances, late=lateness)
    def permit(self, *, who, owner, by, spender, amount, late):
        deadline = self.pair.now + late
        given = permit(self.pair, owner, spender, amount, deadline, by=by or owner)
        self.submit(who, "permit", *given)

    @rule(who=people, owner=people, to=receivers, late=lateness)
    def delegate_by_signature(self, who, owner, to, late):
        given = delegation(self.pair, owner, to, self.pair.now + late)
        self.submit(who, "delegateBySig", *given)

    @rule(
        move=moves,
        owner=people,
        to=people,
        amount=amounts,
        nonce=nonces,
        window=windows,
        foreign=st.booleans(),
    )
    def authorized(self, *, move, owner, to, amount, nonce, window, foreign):
        after, before = (self.pair.now + offset for offset in window)
        other = {"after": after, "before": before, "nonce": nonce}
        given = authorization(self.pair, move, owner, to, amount, **other)
        self.submit(owner if foreign else to, move, *given)

    @rule(who=people, owner=people, by=signers, nonce=nonces)
    def cancel(self, who, owner, by, nonce):
        signature = sign(self.pair, by or owner, "cancelAuthorization", owner, nonce)
        self.submit(who, "cancelAuthorization", owner, nonce, *signature)

    @rule(which=st.integers(0, 100))
    def submit_again(self, which):
        """By the same account, now: at most what waited for its time can succeed."""
        if self.sent:
            who, function, given = self.sent[which % len(self.sent)]
            if self.attempt(who, "Token", function, *given):
                again = self.attempt(who, "Token", function, *given)
                assert again is None, f"{function} twice"

    # --- time -------------------------------------------------------------------------------

    @rule(seconds=st.sampled_from([1, 2, 3, PERIOD - 1, PERIOD]))
    def wait(self, seconds):
        self.past[self.pair.now] = self.count()
        self.pair.wait(seconds)

    # --- what always holds ------------------------------------------------------------------

    @invariant()
    def supply_is_the_sum_of_balances(self):
        if not hasattr(self, "pair"):
            return
        balances = [self.pair.view("Token", "balanceOf", who) for who in (*PEOPLE, NOBODY)]
        supply = self.pair.view("Token", "totalSupply")
        assert sum(balances) == supply == self.minted - self.burnt
        assert balances[-1] == 0

    @invariant()
    def minting_stays_below_its_limits(self):
        if not hasattr(self, "pair"):
            return
        assert self.pair.view("Token", "minted") == self.minted <= CAP
        assert all(amount <= 60 for amount in self.minted_in.values())
        self.pair.view("Token", "mintable")

    @invariant()
    def votes_are_the_delegated_balances(self):
        if not hasattr(self, "pair"):
            return
        held = {who: self.pair.view("Token", "balanceOf", who) for who in PEOPLE}
        chosen = {who: self.pair.view("Token", "delegates", who) for who in PEOPLE}
        for who in PEOPLE:
            due = sum(held[other] for other in PEOPLE if chosen[other] == who)
            assert self.pair.view("Token", "getVotes", who) == due
        assert self.pair.view("Token", "getVotes", NOBODY) == 0

    @invariant()
    def the_past_never_changes(self):
        if not hasattr(self, "pair"):
            return
        for second, counted in list(self.past.items())[-3:] + list(self.past.items())[:3]:
            votes = (self.pair.view("Token", "getPastVotes", who, second) for who in PEOPLE)
            supply = self.pair.view("Token", "getPastTotalSupply", second)
            assert (*votes, supply) == counted

    @invariant()
    def rights_equal_the_twins(self):
        if not hasattr(self, "pair"):
            return
        for owner in PEOPLE:
            self.pair.view("Token", "nonces", owner)
            for spender in PEOPLE:
                self.pair.view("Token", "allowance", owner, spender)
            for i in range(NONCES):
                self.pair.view("Token", "authorizationState", owner, word(f"nonce {i}"))


def test_token__any_sequence__equals_the_twin():
    run_state_machine_as_test(TokenMachine, settings=QUICK)


@pytest.mark.slow
def test_token__many_sequences__equal_the_twin():
    run_state_machine_as_test(TokenMachine, settings=LONG)
