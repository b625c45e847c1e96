"""Gates equals its twin while people attest, owners deploy, powers step in and time passes."""

from itertools import pairwise

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule, run_state_machine_as_test

from tests.contracts.pair import DAY, MEMBER, VALIDATOR
from tests.contracts.stubs.d_gates_suite import (
    BIAS,
    MODEL,
    OWNER,
    SAFETY,
    STRANGER,
    TIMELOCK,
    VALIDATORS,
    WEEK,
    GatesPair,
    digest,
)
from tests.stateful.pairs import LONG, QUICK, PairMachine

PEOPLE = [OWNER, STRANGER, TIMELOCK, *VALIDATORS]
people = st.sampled_from(PEOPLE)
kinds = st.sampled_from([SAFETY, BIAS])
versions = st.integers(0, 4)
times = st.sampled_from([0, 1, DAY, WEEK, 14 * DAY, 15 * DAY])


class GatesMachine(PairMachine):
    @initialize()
    def deploy_all(self):
        self.pair = GatesPair()
        self.pair.assets.add_version(MODEL, digest(3))
        self.pair.rule(least=1)
        self.pair.attest(VALIDATORS[0], 1)
        self.held_by_council = []  # (from, until) of each suspension by Council

    def actor(self, who):
        return self.pair.council.address if who == STRANGER else who  # Council acts too

    @rule(who=people, kind=kinds, version=st.integers(1, 4), expires=times)
    def attest(self, who, kind, version, expires):
        until = self.pair.now + expires if expires else 0
        arguments = (kind, MODEL, digest(version), until, digest(0))
        self.attempt(who, "Gates", "attest", *arguments)

    @rule(who=people, kind=kinds, version=st.integers(1, 3), place=st.integers(0, 3))
    def revoke(self, who, kind, version, place):
        listed = self.pair.ask("attestations_of", digest(version), kind)
        if listed:
            uid = listed[place % len(listed)]
            attester = self.pair.ask("getAttestation", uid)[8]
            self.attempt(attester if place else who, "Gates", "revoke", uid)

    @rule(who=st.sampled_from([TIMELOCK, TIMELOCK, OWNER]), kind=kinds, least=st.integers(0, 3))
    def set_rule(self, who, kind, least):
        self.attempt(who, "Gates", "set_rule", 2, kind, VALIDATOR | MEMBER, least, WEEK)

    @rule(kind=kinds, role=st.sampled_from([VALIDATOR, VALIDATOR | MEMBER]))
    def remove_rule(self, kind, role):
        self.attempt(TIMELOCK, "Gates", "remove_rule", 2, kind, role)

    @rule(who=st.sampled_from([OWNER, OWNER, OWNER, VALIDATORS[0], STRANGER]), version=versions)
    def deploy(self, who, version):
        good, _ = self.pair.ask("check", MODEL, version)
        lacking = self.pair.ask("lacking", MODEL, version)
        if self.attempt(self.actor(who), "Gates", "deploy", MODEL, version):
            assert good
            assert lacking == (), "deployed without its attestations"
            assert self.pair.ask("rules_of", 2) != ()

    @rule(who=people)
    def roll_back(self, who):
        before = self.pair.ask("deployed", MODEL)[0]
        done = self.attempt(self.actor(who), "Gates", "roll_back", MODEL)
        if done and done.value:
            assert done.value != before
            assert self.pair.ask("lacking", MODEL, done.value) == ()

    @rule(who=people, seconds=times)
    def suspend(self, who, seconds):
        until = self.pair.now + seconds
        done = self.attempt(self.actor(who), "Gates", "suspend", MODEL, until)
        if done and who == STRANGER:
            self.held_by_council.append((self.pair.now, until))

    @rule(who=people)
    def resume(self, who):
        self.attempt(self.actor(who), "Gates", "resume", MODEL)

    @rule(paused=st.booleans())
    def pause(self, paused):
        self.pair.council.pause(self.pair.address("Gates"), paused)

    @rule(who=st.sampled_from(VALIDATORS), active=st.booleans(), merged=st.booleans())
    def change_member(self, who, active, merged):
        self.pair.members.put(who, VALIDATOR, house="merged" if merged else "", active=active)

    @rule(
        owner=st.sampled_from([OWNER, OWNER, VALIDATORS[0]]), status=st.sampled_from([1, 1, 2, 3])
    )
    def change_asset(self, owner, status):
        self.pair.assets.put(MODEL, owner, status=status)

    @rule(seconds=times)
    def wait(self, seconds):
        self.pair.wait(seconds)

    @invariant()
    def what_is_seen_agrees(self):
        if not hasattr(self, "pair"):
            return
        for version in range(1, 4):
            self.pair.ask("check", MODEL, version)
        self.pair.ask("deployed", MODEL)
        self.pair.ask("suspension_of", MODEL)
        self.pair.ask("rules_of", 2)

    @invariant()
    def one_voice_per_place(self):
        if not hasattr(self, "pair"):
            return
        for version in range(1, 4):
            for kind in (SAFETY, BIAS):
                listed = self.pair.ask("attestations_of", digest(version), kind)
                records = [self.pair.ask("getAttestation", uid) for uid in listed]
                assert len({record[8] for record in records}) == len(records) <= len(PEOPLE)
                assert all(record[4] == 0 for record in records), "a revoked one is listed"

    @invariant()
    def council_holds_at_most_half_of_the_time(self):
        if not hasattr(self, "pair"):
            return
        held = self.held_by_council
        for (start, until), (again, _) in pairwise(held):
            assert until - start <= 14 * DAY
            assert again - until >= until - start


def test_gates__any_sequence__equals_the_twin():
    run_state_machine_as_test(GatesMachine, settings=QUICK)


@pytest.mark.slow
def test_gates__many_sequences__equal_the_twin():
    run_state_machine_as_test(GatesMachine, settings=LONG)
