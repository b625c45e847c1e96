"""Anchor equals its twin under any sequence of anchors."""

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule, run_state_machine_as_test

from tests.contracts.consortium import founder, names
from tests.contracts.pair import MEMBER, Pair, word
from tests.stateful.pairs import LONG, QUICK, PairMachine

PEOPLE = names("log", 3)  # the last one is a stranger
people = st.sampled_from(PEOPLE)
sizes = st.one_of(st.integers(0, 6), st.just(2**256 - 1))
roots = st.sampled_from([bytes(32), word("a"), word("b")])


class AnchorMachine(PairMachine):
    @initialize()
    def deploy(self):
        self.pair = Pair([founder(PEOPLE[0], MEMBER), founder(PEOPLE[1], 2)], [])
        self.seen = {}

    @rule(who=people, size=sizes, root=roots)
    def anchor(self, who, size, root):
        if self.attempt(who, "Anchor", "anchor", size, root):
            assert self.seen.setdefault((who, size), root) == root

    @rule(back=st.booleans())
    def suspend(self, back):
        function = "admit_subject" if back else "suspend_subject"
        arguments = founder(PEOPLE[1], 2) if back else (PEOPLE[1],)
        subject = self.pair.view("Members", function, *arguments)
        self.attempt(PEOPLE[0], "Members", "vote", subject, True)
        self.attempt(PEOPLE[0], "Members", function.removesuffix("_subject"), *arguments)

    @invariant()
    def one_root_per_size_for_ever(self):
        if not hasattr(self, "pair"):
            return
        for who in PEOPLE:
            size, root = self.pair.view("Anchor", "head", who)
            assert size == max((s for w, s in self.seen if w == who), default=0)
            assert root == self.seen.get((who, size), bytes(32))
        for (who, size), root in self.seen.items():
            assert self.pair.view("Anchor", "root_at", who, size) == root


def test_anchor__any_sequence__equals_the_twin():
    run_state_machine_as_test(AnchorMachine, settings=QUICK)


@pytest.mark.slow
def test_anchor__many_sequences__equal_the_twin():
    run_state_machine_as_test(AnchorMachine, settings=LONG)
