"""Grants equals its twin under any sequence of gifts, uses, revocations, sales and waits."""

from itertools import product

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule, run_state_machine_as_test

from tests.contracts.consortium import names
from tests.contracts.pair import word
from tests.contracts.stubs.c_suite import PURPOSE, WITHDRAWN, Suite
from tests.stateful.pairs import LONG, QUICK, PairMachine

PEOPLE = names("person", 4)
PURPOSES = (PURPOSE, word("something else"))
ASSET, EPOCH, PARENT = range(3)  # places in what `grant_of` returns
GRANTEE, WHAT_FOR, EXPIRES, USES, USED, DEPTH, REVOKED = range(4, 11)

people = st.sampled_from(PEOPLE)
assets = st.sampled_from([1, 1, 2])
purposes = st.sampled_from(PURPOSES)
times = st.sampled_from([-1, 0, 5, 50, 500])
uses = st.sampled_from([0, 0, 1, 2, 3])
depths = st.sampled_from([0, 1, 2, 8, 9])
numbers = st.integers(0, 10)  # of grants, counted back from the newest


class GrantsMachine(PairMachine):
    @initialize()
    def deploy(self):
        self.suite = Suite(tuple(PEOPLE))
        self.pair = self.suite.pair
        for who, text in ((PEOPLE[0], "data"), (PEOPLE[1], "model")):
            self.suite.register(who, text)
        self.ended: set[int] = set()
        self.consumed: dict[int, int] = {}
        self.asked = None

    def all_grants(self):
        """By number: what `grant_of` and `refusal` say, asked once per step."""
        moment = (self.pair.chain.number, self.pair.now)
        if self.asked != moment:
            self.asked = moment
            self.known = {
                grant: (
                    self.pair.view("Grants", "grant_of", grant),
                    self.pair.view("Grants", "refusal", grant),
                )
                for grant in range(1, self.pair.view("Grants", "grant_count") + 1)
            }
        return self.known

    def number(self, back):
        return max(0, self.pair.view("Grants", "grant_count") - back)

    def fact(self, grant, place):
        return self.pair.view("Grants", "grant_of", grant)[place]

    def line(self, grant):
        found = []
        while grant:
            found.append(grant)
            grant = self.fact(grant, PARENT)
        return found

    @rule(who=people, asset=assets, grantee=people, purpose=purposes, t=times, u=uses, d=depths)
    def grant(self, who, asset, grantee, purpose, t, u, d):  # noqa: PLR0917
        arguments = (asset, grantee, purpose, self.pair.now + t, u, d)
        self.attempt(who, "Grants", "grant", *arguments)

    @rule(asset=assets, grantee=people, t=times, u=uses, d=depths)
    def grant_by_the_owner(self, asset, grantee, t, u, d):
        owner = self.pair.view("Assets", "ownerOf", asset)
        self.grant(owner, asset, grantee, PURPOSE, t, u, d)

    @rule(asset=assets, grantee=people, count=st.integers(8, 17))
    def fill_a_list(self, asset, grantee, count):
        for _ in range(count):
            self.grant_by_the_owner(asset, grantee, 5, 1, 1)

    @rule(who=people, back=numbers, grantee=people, t=times, u=uses, d=depths)
    def delegate(self, who, back, grantee, t, u, d):  # noqa: PLR0917
        arguments = (self.number(back), grantee, self.pair.now + t, u, d)
        self.attempt(who, "Grants", "delegate", *arguments)

    @rule(back=numbers, grantee=people, less=st.integers(0, 1))
    def delegate_by_the_grantee(self, back, grantee, less):
        """As much as there is to pass on, or a little less."""
        parent = self.pair.view("Grants", "grant_of", self.number(back))
        left = max(0, parent[USES] - parent[USED] - less)
        terms = (grantee, max(0, parent[EXPIRES] - less), left, max(0, parent[DEPTH] - 1))
        self.attempt(parent[GRANTEE], "Grants", "delegate", self.number(back), *terms)

    @rule(who=people, back=numbers)
    def revoke(self, who, back):
        self.attempt(who, "Grants", "revoke", self.number(back))

    @rule(who=people, back=numbers, by_grantee=st.booleans())
    def consume(self, who, back, by_grantee):
        grant = self.number(back)
        sender = self.fact(grant, GRANTEE) if by_grantee else who
        if self.attempt(sender, "Grants", "consume", grant):
            for each in self.line(grant):
                self.consumed[each] = self.consumed.get(each, 0) + 1

    @rule(who=people, asset=assets, operator=people, yes=st.booleans())
    def set_meter(self, who, asset, operator, yes):
        self.attempt(who, "Grants", "set_meter", asset, operator, yes)

    @rule(asset=assets, receiver=people, really=st.sampled_from([True, False, False]))
    def sell(self, asset, receiver, really):
        owner = self.pair.view("Assets", "ownerOf", asset)
        if really:
            self.attempt(owner, "Assets", "transferFrom", owner, receiver, asset)
        else:
            self.attempt(owner, "Assets", "approve", receiver, asset)

    @rule(really=st.integers(0, 9))
    def withdraw_the_second(self, really):
        if really == 0:
            self.attempt(self.suite.timelock, "Assets", "set_status", 2, WITHDRAWN)

    @rule(yes=st.sampled_from([True, False, False]))
    def pause(self, yes):
        self.suite.pause("Grants", yes)

    @rule(seconds=st.sampled_from([1, 5, 6, 50]))
    def wait(self, seconds):
        self.pair.wait(seconds)

    @invariant()
    def no_child_exceeds_its_parent(self):
        if not hasattr(self, "suite"):
            return
        grants = self.all_grants()
        for grant, (child, _) in grants.items():
            if child[PARENT] == 0:
                continue
            parent, _ = grants[child[PARENT]]
            assert child[PARENT] < grant
            assert child[DEPTH] < parent[DEPTH] <= 8
            assert child[EXPIRES] <= parent[EXPIRES]
            assert (child[ASSET], child[EPOCH]) == (parent[ASSET], parent[EPOCH])
            assert child[WHAT_FOR] == parent[WHAT_FOR]
            assert parent[USES] == 0 or 0 < child[USES] <= parent[USES]

    @invariant()
    def no_grant_is_used_more_than_it_says(self):
        """Its own uses and those of all that was passed on from it, counted here beside it."""
        if not hasattr(self, "suite"):
            return
        grants = self.all_grants()
        for grant, count in self.consumed.items():
            limit, used = grants[grant][0][USES], grants[grant][0][USED]
            assert limit == 0 or used == count <= limit

    @invariant()
    def what_has_ended_never_counts_again(self):
        if not hasattr(self, "suite"):
            return
        for grant, (_, why) in self.all_grants().items():
            if why == "":
                assert grant not in self.ended
            elif why != "Grants: paused by Council":
                self.ended.add(grant)

    @invariant()
    def allowed_exactly_by_a_grant_in_force(self):
        """`isAllowed` looks at 16 at most, and never misses one."""
        if not hasattr(self, "suite"):
            return
        rights = {
            (facts[ASSET], facts[GRANTEE], facts[WHAT_FOR])
            for facts, why in self.all_grants().values()
            if why == ""
        }
        for key in product((1, 2), PEOPLE, PURPOSES):
            assert self.pair.view("Grants", "isAllowed", *key) == (key in rights)

    @invariant()
    def views_agree(self):
        if not hasattr(self, "suite"):
            return
        newest = self.number(0)
        for asset, who in product((1, 2), PEOPLE):
            assert len(self.pair.view("Grants", "grants_of", asset, who, PURPOSE)) <= 16
            self.pair.view("Grants", "is_meter", asset, who)
            self.pair.view("Grants", "is_allowed_by", newest, who, PURPOSE)


def test_grants__any_sequence__equals_the_twin():
    run_state_machine_as_test(GrantsMachine, settings=settings(QUICK, max_examples=6))


@pytest.mark.slow
def test_grants__many_sequences__equal_the_twin():
    run_state_machine_as_test(GrantsMachine, settings=LONG)
