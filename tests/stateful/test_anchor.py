"""Anchor equals its twin while honest and forking owners anchor, pin and prove."""

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule, run_state_machine_as_test

from quorate.log import merkle
from tests.contracts.pair import Pair, account, word
from tests.contracts.stubs.d_stubs import MembersStub
from tests.stateful.pairs import LONG, QUICK, PairMachine
from tests.twins.anchor import Anchor

PEOPLE = [account(f"log{i}") for i in range(3)]  # the last one is a stranger
LOGS = [word("origin 0"), word("origin 1")]
SIZES = 20
HONEST = merkle.hash_leaves([b"record %d" % i for i in range(SIZES)])
FORKED = [*HONEST[:6], merkle.leaf_hash(b"fork"), *HONEST[7:]]
TREES = (HONEST, FORKED)

people = st.sampled_from(PEOPLE)
logs = st.sampled_from(LOGS)
trees = st.sampled_from(TREES)
sizes = st.integers(0, SIZES)


class AnchorMachine(PairMachine):
    @initialize()
    def deploy(self):
        self.pair = Pair()
        self.members = MembersStub(self.pair)
        for who in PEOPLE[:2]:
            self.members.put(who)
        self.pair.add("Anchor", Anchor, self.members.address)
        self.seen = {}  # every root that was ever anchored or pinned
        self.active = set(PEOPLE[:2])
        self.helpers = set()
        self.heads = {}

    def proof(self, tree, owner, log, size, upwards):
        """The honest proof between `size` and what stands, if there is one."""
        standing = self.pair.view("Anchor", "head", owner, log)[0]
        old, new = (standing, size) if upwards else (size, standing)
        if not 0 < old < new:
            return []
        return merkle.consistency_proof(tree[:new], old)

    def note(self, owner, log, size, root):
        assert self.seen.setdefault((owner, log, size), root) == root, "two roots for one size"

    @rule(sender=people, owner=people, log=logs, size=sizes, tree=trees)
    def anchor(self, sender, owner, log, size, tree):
        before = self.heads.get((owner, log), 0)
        root = merkle.root_of(tree[:size])
        proof = self.proof(tree, owner, log, size, upwards=True)
        done = self.attempt(sender, "Anchor", "anchor", owner, log, size, root, proof)
        if done and done.events:
            assert sender == owner or (owner, log, sender) in self.helpers
            assert owner in self.active
            assert size > before
            self.heads[owner, log] = size
            self.note(owner, log, size, root)

    @rule(size=st.integers(1, SIZES), log=logs, tree=trees)
    def grow(self, size, log, tree):
        """The first owner extends its log by `size` leaves."""
        standing = self.heads.get((PEOPLE[0], log), 0)
        self.anchor(PEOPLE[0], PEOPLE[0], log, min(SIZES, standing + size), tree)

    @rule(sender=people, owner=people, log=logs, size=sizes, tree=trees)
    def pin(self, sender, owner, log, size, tree):
        root = merkle.root_of(tree[:size])
        proof = self.proof(tree, owner, log, size, upwards=False)
        done = self.attempt(sender, "Anchor", "pin", owner, log, size, root, proof)
        if done and done.events:
            self.note(owner, log, size, root)

    @rule(owner=people, log=logs, size=sizes, tree=trees, data=st.data())
    def prove(self, owner, log, size, tree, data):
        if size == 0 or self.pair.view("Anchor", "root_at", owner, log, size) == bytes(32):
            return
        index = data.draw(st.integers(0, size - 1))
        proof = merkle.inclusion_proof(tree[:size], index)
        found = self.pair.view(
            "Anchor", "verifyInclusion", owner, log, size, index, tree[index], proof
        )
        assert found == (self.seen[owner, log, size] == merkle.root_of(tree[:size]))

    @rule(owner=people, log=logs, who=people, allowed=st.booleans())
    def help(self, owner, log, who, allowed):
        self.members.allow(owner, log, who, allowed)
        (self.helpers.add if allowed else self.helpers.discard)((owner, log, who))

    @rule(who=people, active=st.booleans())
    def suspend(self, who, active):
        self.members.put(who, active=active)
        (self.active.add if active else self.active.discard)(who)

    @invariant()
    def heads_never_shrink_and_contain_all_that_stood(self):
        if not hasattr(self, "pair"):
            return
        for owner in PEOPLE:
            for log in LOGS:
                size, root = self.pair.view("Anchor", "head", owner, log)
                assert size == self.heads.get((owner, log), 0)
                assert root == self.seen.get((owner, log, size), bytes(32))
        for (owner, log, size), root in self.seen.items():
            tree = next(
                tree
                for tree in TREES
                if merkle.root_of(tree[: self.heads[owner, log]])
                == self.seen[owner, log, self.heads[owner, log]]
            )
            assert merkle.root_of(tree[:size]) == root
            assert self.pair.view("Anchor", "root_at", owner, log, size) in {root, bytes(32)}


def test_anchor__any_sequence__equals_the_twin():
    run_state_machine_as_test(AnchorMachine, settings=QUICK)


@pytest.mark.slow
def test_anchor__many_sequences__equal_the_twin():
    run_state_machine_as_test(AnchorMachine, settings=LONG)
