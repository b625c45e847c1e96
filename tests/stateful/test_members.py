"""Members equals its twin under any sequence of votes, admissions and suspensions."""

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule, run_state_machine_as_test

from tests.contracts.consortium import founder, names
from tests.contracts.pair import MEMBER, Pair, word
from tests.stateful.pairs import LONG, QUICK, PairMachine

PEOPLE = names("person", 6)
people = st.sampled_from(PEOPLE)
roles = st.integers(0, 8)
controllers = st.sampled_from(["one", "two"])


class MembersMachine(PairMachine):
    @initialize(given=st.lists(roles.filter(lambda r: 1 <= r <= 7), min_size=1, max_size=5))
    def found(self, given):
        given[0] |= MEMBER
        self.pair = Pair([founder(PEOPLE[i], r) for i, r in enumerate(given)], [])
        self.subjects = [word("free subject")]

    def subject(self, index):
        return self.subjects[index % len(self.subjects)]

    @rule(who=people, role=roles, controller=controllers)
    def propose_admission(self, who, role, controller):
        arguments = (who, word("keys"), word(controller), role)
        self.subjects.append(self.pair.view("Members", "admit_subject", *arguments))

    @rule(who=people)
    def propose_suspension(self, who):
        self.subjects.append(self.pair.view("Members", "suspend_subject", who))

    @rule(who=people, index=st.integers(0, 20), support=st.booleans())
    def vote(self, who, index, support):
        self.attempt(who, "Members", "vote", self.subject(index), support)

    @rule(index=st.integers(0, 20))
    def everybody_supports(self, index):
        for who in PEOPLE:
            self.attempt(who, "Members", "vote", self.subject(index), True)

    @rule(index=st.integers(0, 20))
    def confirm(self, index):
        self.attempt(PEOPLE[0], "Members", "confirm", self.subject(index))

    @rule(who=people, role=roles, controller=controllers)
    def admit(self, who, role, controller):
        self.attempt(PEOPLE[0], "Members", "admit", who, word("keys"), word(controller), role)

    @rule(who=people, role=roles, controller=controllers)
    def admit_by_all(self, who, role, controller):
        self.propose_admission(who, role, controller)
        self.everybody_supports(len(self.subjects) - 1)
        self.admit(who, role, controller)

    @rule(who=people, all_vote=st.booleans())
    def suspend(self, who, all_vote):
        if all_vote:
            self.propose_suspension(who)
            self.everybody_supports(len(self.subjects) - 1)
        self.attempt(PEOPLE[0], "Members", "suspend", who)

    @invariant()
    def views_agree(self):
        if not hasattr(self, "pair"):
            return
        for name in ("size", "electorate", "voters"):
            self.pair.view("Members", name)
        for position, who in enumerate(PEOPLE):
            self.pair.view("Members", "account_at", position)
            for view in ("member", "is_active", "controller_of"):
                self.pair.view("Members", view, who)
            for role in (0, 1, 2, 4, 7):
                self.pair.view("Members", "has_role", who, role)
        for subject in self.subjects[-4:]:
            for view in ("yes_votes", "no_votes", "approved"):
                self.pair.view("Members", view, subject)

    @invariant()
    def somebody_can_vote(self):
        if hasattr(self, "pair"):
            assert self.pair.view("Members", "voters") >= 1


def test_members__any_sequence__equals_the_twin():
    run_state_machine_as_test(MembersMachine, settings=QUICK)


@pytest.mark.slow
def test_members__many_sequences__equal_the_twin():
    run_state_machine_as_test(MembersMachine, settings=LONG)
