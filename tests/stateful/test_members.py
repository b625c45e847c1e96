"""Members equals its twin under any sequence of votes, changes of membership and of keys."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule, run_state_machine_as_test

from tests.contracts.belonging import COUNCIL, TIMELOCK, founder, membership, names
from tests.contracts.pair import DAY, MEMBER, account, word
from tests.stateful.pairs import LONG, QUICK, PairMachine

PEOPLE = names("person", 6)
STRANGER = account("stranger")
people = st.sampled_from(PEOPLE)
roles = st.sampled_from([1, 1, 1, 3, 7, 2, 4, 0, 8])
digests = st.sampled_from([word("k1"), word("k2"), word("k3"), bytes(32)])
logs = st.sampled_from([word("log"), word("another log")])
subjects = st.sampled_from([word(f"subject {n}") for n in range(4)])
numbers = st.integers(0, 3)
waits = st.sampled_from([1, 1, 2, DAY, 7 * DAY, 14 * DAY])
# Mostly who may, sometimes another.
timelocks = st.sampled_from([TIMELOCK] * 9 + [COUNCIL, STRANGER, PEOPLE[0]])
councils = st.sampled_from([COUNCIL] * 5 + [TIMELOCK, STRANGER, PEOPLE[0]])


class MembersMachine(PairMachine):
    @initialize(given=st.lists(st.integers(1, 7), min_size=1, max_size=5))
    def found(self, given):
        given[0] |= MEMBER
        self.pair = membership([founder(PEOPLE[i], r) for i, r in enumerate(given)])
        self.seconds = [self.pair.now]
        self.frozen = set()

    def act(self, sender, function, *arguments):
        self.attempt(sender, "Members", function, *arguments)

    @rule(who=people, subject=subjects, support=st.booleans())
    def vote(self, who, subject, support):
        self.act(who, "vote", subject, support)

    @rule(subject=subjects)
    def everybody_supports(self, subject):
        for who in PEOPLE:
            self.act(who, "vote", subject, True)

    @rule(subject=subjects)
    def confirm(self, subject):
        self.act(STRANGER, "confirm", subject)

    @rule(sender=timelocks, who=people, keys=digests, role=roles)
    def admit(self, sender, who, keys, role):
        self.act(sender, "admit", who, keys, word("house"), role)

    @rule(sender=timelocks, who=people)
    def suspend(self, sender, who):
        self.act(sender, "suspend", who)

    @rule(sender=timelocks, who=people, successor=people, keys=digests)
    def replace(self, sender, who, successor, keys):
        self.act(sender, "replace", who, successor, keys)

    @rule(sender=councils, who=people, seconds=waits)
    def suspend_until(self, sender, who, seconds):
        self.act(sender, "suspend_until", who, self.pair.now + seconds)

    @rule(sender=councils, who=people)
    def resume(self, sender, who):
        self.act(sender, "resume", who)

    @rule(who=people, keys=digests)
    def rotate(self, who, keys):
        self.act(who, "rotate", keys)

    @rule(who=people, number=numbers)
    def retire(self, who, number):
        self.act(who, "retire", number)

    @rule(sender=timelocks, who=people, number=numbers, ago=st.integers(-1, 10))
    def revoke(self, sender, who, number, ago):
        self.act(sender, "revoke", who, number, max(0, self.pair.chain.number + 1 - ago))

    @rule(sender=st.one_of(timelocks, people), who=people, log=logs, index=st.integers(0, 50))
    def revoke_at(self, sender, who, log, index):
        self.act(sender, "revoke_at", who, log, index)

    @rule(who=people, log=logs, anchorer=people, allowed=st.booleans())
    def set_anchorer(self, who, log, anchorer, allowed):
        self.act(who, "set_anchorer", log, anchorer, allowed)

    @rule(seconds=waits)
    def wait(self, seconds):
        self.seconds.append(self.pair.now)
        self.pair.wait(seconds)

    def see(self, function, *arguments):
        return self.pair.view("Members", function, *arguments)

    @invariant()
    def views_agree(self):
        if not hasattr(self, "pair"):
            return
        for position in range(len(PEOPLE) + 1):
            self.see("account_at", position)
        for who in PEOPLE:
            for view in ("member", "is_active", "controller_of", "successor_of", "balanceOf"):
                self.see(view, who)
            self.see("suspended_until", who)
            for role in (1, 6, 8):
                self.see("has_role", who, role)

    @invariant()
    def keys_agree(self):
        if not hasattr(self, "pair"):
            return
        number = self.pair.chain.number
        for who in PEOPLE:
            for which in range(self.see("key_count", who)):
                self.see("key_of", who, which)
            for height in (1, number // 2, number):
                self.see("keys_at", who, height)
            for index in (0, 10, 50):
                self.see("keys_at_index", who, word("log"), index)
            self.see("may_anchor", PEOPLE[0], word("log"), who)

    @invariant()
    def somebody_can_vote_and_positions_are_unique(self):
        if not hasattr(self, "pair"):
            return
        assert self.see("voters") >= 1
        size = self.see("size")
        seated = [self.see("ownerOf", position + 1) for position in range(size)]
        assert len(set(seated)) == size
        assert self.see("electorate") < 2**size

    @invariant()
    def votes_are_conserved(self):
        """At every second of the past the members' votes add up to the total."""
        if not hasattr(self, "pair"):
            return
        now = [self.see("getVotes", who) for who in PEOPLE]
        assert sum(now) == self.see("voters") == self.see("electorate").bit_count()
        for second in {*self.seconds[:2], *self.seconds[-3:], self.pair.now - 1}:
            if second < self.pair.now:
                votes = [self.see("getPastVotes", who, second) for who in PEOPLE]
                assert sum(votes) == self.see("getPastTotalSupply", second)

    @invariant()
    def no_double_vote_and_what_is_approved_stays(self):
        if not hasattr(self, "pair"):
            return
        for subject in (word(f"subject {n}") for n in range(4)):
            assert self.see("yes_votes", subject) & self.see("no_votes", subject) == 0
            if self.see("approved", subject):
                self.frozen.add(subject)
            assert self.see("approved", subject) == (subject in self.frozen)


def test_members__any_sequence__equals_the_twin():
    run_state_machine_as_test(MembersMachine, settings=settings(QUICK, max_examples=5))


@pytest.mark.slow
def test_members__many_sequences__equal_the_twin():
    run_state_machine_as_test(MembersMachine, settings=LONG)
