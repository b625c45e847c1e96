"""Rounds equals its twin, and `quorate.learning.settlement`, under any sequence of acts.

Members are suspended, bonds come and go, two tasks run over the same people, time jumps, the
council pauses, batches and single acts mix, transactions are late or lost, up to two of four
validators collude, and everybody may act out of turn, lie, stay silent or sign two ballots.
"""

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule, run_state_machine_as_test

from tests.contracts.pair import DAY, Reverted, account, word
from tests.stateful.pairs import LONG, QUICK
from tests.stateful.tasks_table import PARTICIPANTS, VALIDATORS, WIDE, TasksMachine
from tests.twins.table import (
    COMMIT,
    INCLUDE_COMMIT,
    INCLUDE_REVEAL,
    JOINING,
    NONE,
    RUNNING,
    SETTLED,
    VOTE_COMMIT,
    VOTE_REVEAL,
)

which = st.sampled_from([0, 0, 0, 1])
person = st.integers(0, PARTICIPANTS - 1)
judge = st.integers(0, VALIDATORS - 1)
scores = st.lists(
    st.sampled_from([-(2**31), -20_001, -20_000, -1, 0, 1, 7, 100, 10**9, 2**31 - 1]),
    min_size=PARTICIPANTS,
    max_size=PARTICIPANTS,
)
votes = st.tuples(st.sampled_from(["true", "true", "true", "false"]), scores, st.booleans())
bitmaps = st.sampled_from([0b1111, 0b1111, 0b1111, 0b0111, 0b0011, 0, WIDE])
seldom = st.sampled_from([False] * 7 + [True])
phases = st.sampled_from([None] * 5 + list(range(COMMIT, VOTE_REVEAL + 1)))
gangs = st.fixed_dictionaries(
    {
        "who": st.sets(judge, min_size=1, max_size=2),
        "vote": votes,
        "bitmap": bitmaps,
        "absent": phases,
        "lie": phases,
        "late": seldom,
        "batched": st.booleans(),
    }
)

stake_lists = st.lists(st.integers(2_000, 6_000), min_size=VALIDATORS, max_size=VALIDATORS)
term_changes = st.fixed_dictionaries(
    {
        "rounds": st.integers(2, 5),
        "min_participants": st.integers(1, 3),
        "score_floor": st.sampled_from([-20_000, 0, 50]),
        "low_score_penalty": st.sampled_from([0, 300, 2_500, 2**90]),
    }
)


class RoundsMachine(TasksMachine):
    @initialize(stakes=stake_lists, shared=st.booleans(), changes=term_changes)
    def found(self, stakes, shared, changes):
        self.found_with(stakes, shared, changes)

    # --- the beginning --------------------------------------------------------------------------

    def missing(self):
        return self.c.state(self.tasks[1]) == NONE

    @precondition(missing)
    @rule(join=st.booleans())
    def create_the_other(self, join):
        self.create(1)
        for i in range(PARTICIPANTS) if join else ():
            self.join(1, i)

    @rule(t=st.sampled_from([0, 1]), i=person, samples=st.integers(0, 600))
    def join_again(self, t, i, samples):
        self.join(t, i, samples)

    @rule(t=which, sponsor=st.booleans())
    def open(self, t, sponsor):
        self.on(t, self.c.sponsor if sponsor else self.c.stranger, "open")

    @rule(t=which, function=st.sampled_from(["advance", "settle", "open"]))
    def push_on(self, t, function):
        if function == "settle":
            self.settle(t, whole=False)
        else:
            self.on(t, self.c.stranger, function)

    @rule(seconds=st.sampled_from([1, 29, 31, 61, 101, DAY]))
    def wait(self, seconds):
        self.pair.wait(seconds)

    # --- acts in a phase ------------------------------------------------------------------------

    @rule(t=which, i=person, vote=votes, bitmap=bitmaps, lie=seldom)
    def one_acts(self, t, i, vote, bitmap, lie):
        self.act_in(self.c.phase(self.tasks[t]), t, i, vote=vote, bitmap=bitmap, lie=lie)

    @rule(t=which, i=person, vote=votes, phase=st.integers(COMMIT, VOTE_REVEAL))
    def one_acts_out_of_turn(self, t, i, vote, phase):
        self.act_in(phase, t, i, vote=vote)

    @rule(t=which, chosen=st.integers(0, 2**PARTICIPANTS), foreign=seldom)
    def some_commit_in_a_batch(self, t, chosen, foreign):
        joined = len(self.pair.view("Tasks", "participants_of", self.tasks[t]))
        self.commit_many(t, chosen & (2**joined - 1), foreign)

    @rule(t=which, included=bitmaps, vote=votes)
    def all_validators_concur(self, t, included, vote):
        self.concur(t, dict.fromkeys(range(VALIDATORS), vote), included)

    @rule(t=which, phases=st.integers(1, 7), gang=gangs, common=votes)
    def everybody(self, t, phases, gang, common):
        """For some phases all who may act do; a gang of them on its own terms, or not at all."""
        for _ in range(phases):
            self.everybody_acts(t, gang, common)

    @rule(t=which, values=scores, batched=st.booleans(), who=st.sets(judge, max_size=1))
    def sound_round(self, t, values, batched, who):
        """All act in time; at most one is of another opinion."""
        common = ("true", values, True)
        gang = {"who": who, "vote": ("false", values, True), "bitmap": 0b1111, "absent": None}
        self.whole_round(t, gang | {"lie": None, "late": False, "batched": batched}, common)

    @rule(t=which, gang=gangs, common=votes)
    def rough_round(self, t, gang, common):
        self.whole_round(t, gang, common)

    def whole_round(self, t, gang, common):
        """From wherever the task stands to the end of its round, or of the next."""
        self.everybody_acts(t, gang, common)
        while COMMIT <= self.c.phase(self.tasks[t]) < SETTLED:
            self.everybody_acts(t, gang, common)

    def everybody_acts(self, t, gang, common):
        task = self.tasks[t]
        state, phase = self.c.state(task), self.c.phase(task)
        if state == JOINING or (state == RUNNING and phase >= SETTLED):
            self.on(t, self.c.sponsor, "open")
            return
        if not (gang["batched"] and self.in_a_batch(t, phase, gang, common)):
            for i in range(VALIDATORS):
                if i not in gang["who"]:
                    self.act_in(phase, t, i, vote=common)
            if gang["late"]:
                self.pair.wait(61)
            for i in sorted(gang["who"]):
                if phase != gang["absent"]:
                    lie = phase == gang["lie"]
                    own = {"vote": gang["vote"], "bitmap": gang["bitmap"], "lie": lie}
                    self.act_in(phase, t, i, **own)
        if self.c.phase(task) == phase == VOTE_REVEAL:
            self.settle(t, whole=gang["batched"])
        if self.c.phase(task) == phase:
            self.pair.wait(61)
            self.push(t)

    def in_a_batch(self, t, phase, gang, common):
        """True when the whole phase was left to one transaction."""
        task = self.tasks[t]
        if phase == COMMIT:
            due = self.c.fact(task, "eligible") & ~self.c.fact(task, "committed")
            (self.vouch if gang["absent"] else self.commit_many)(t, due)
        elif phase == INCLUDE_COMMIT and gang["absent"] != phase:
            ballots = {v: gang["vote"] if v in gang["who"] else common for v in range(VALIDATORS)}
            self.concur(t, ballots, self.c.fact(task, "committed"))
        elif phase == INCLUDE_REVEAL:
            self.include_reveal_all(t)
        elif phase != VOTE_REVEAL:
            return False
        return self.c.phase(task) != phase or phase == VOTE_REVEAL

    # --- members, bonds, money, appeals ---------------------------------------------------------

    @rule(t=which, place=st.integers(0, PARTICIPANTS + VALIDATORS))
    def review(self, t, place):
        self.act("Tasks", self.c.stranger, "review", self.tasks[t], place)

    @rule(t=which, place=st.integers(0, PARTICIPANTS + VALIDATORS))
    def release(self, t, place):
        self.act("Tasks", self.c.stranger, "release", self.tasks[t], place)

    @rule(t=which, place=st.integers(0, PARTICIPANTS + VALIDATORS))
    def claim_one(self, t, place):
        self.claim(t, place)
        self.act("Tasks", self.c.stranger, "refund", self.tasks[t])

    @rule(t=which, chosen=st.sets(st.integers(0, PARTICIPANTS + VALIDATORS - 1)))
    def claim_some(self, t, chosen):
        self.claim_many(t, sorted(chosen))

    def anybody_suspended(self):
        return any(self.suspended_in(t, v) for t in (0, 1) for v in range(VALIDATORS))

    @precondition(anybody_suspended)
    @rule(t=which, v=judge, number=st.integers(0, 5), approved=seldom, appealed=st.booleans())
    def resolve_one(self, t, v, number, approved, appealed):
        number, who = self.suspended_in(t, v) or number, self.c.v[v]
        if appealed:
            self.act("Appeals", self.c.p[0], "appeal", self.tasks[t], number, who, word("e"))
        if approved:
            subject = self.pair.view("Appeals", "appeal_subject", self.tasks[t], number, who)
            self.c.approve(subject)
        self.resolve(t, v, number)

    @rule(t=which, v=judge, number=st.integers(0, 3), same=seldom, forged=seldom)
    def prove_equivocation(self, t, v, number, same, forged):
        task, who = self.tasks[t], self.c.v[v]
        hand, pair = self.c.stranger if forged else who, []
        for included in (0b11, 0b11 if same else 0b111):
            signed = self.c.sign_ballot(task, hand, included, word("one"), number=number)
            pair += [included, word("one"), signed]
        rest = (task, number, who, VOTE_COMMIT, *pair)
        self.act("Appeals", self.c.stranger, "prove_equivocation", *rest)

    @rule(i=person, back=st.booleans(), validator=st.booleans())
    def suspend_member(self, i, back, validator):
        who, role = self.place_and_role(i, validator)
        facts = (word("keys"), word("new house"), role)
        name, arguments = ("admit", (who, *facts)) if back else ("suspend", (who,))
        self.attempt(account("timelock"), "Members", name, *arguments)

    @rule(i=person, validator=st.booleans(), amount=st.integers(0, 3_000))
    def deposit(self, i, validator, amount):
        who, role = self.place_and_role(i, validator)
        self.attempt(who, "Stakes", "deposit", role, amount)

    @rule(i=person, validator=st.booleans(), amount=st.integers(0, 3_000), out=st.booleans())
    def unbond(self, i, validator, amount, out):
        who, role = self.place_and_role(i, validator)
        self.attempt(who, "Stakes", "request_unbond", role, amount)
        if out:
            self.attempt(who, "Stakes", "withdraw", role)

    @rule(name=st.sampled_from(["Tasks", "Rounds"]), seconds=st.sampled_from([1, 100, DAY]))
    def pause(self, name, seconds):
        try:
            self.c.pause(name, seconds)
        except Reverted:
            return


def test_rounds__appeal_in_the_second_of_the_last_settlement__nothing_stays_locked():
    """Found by the machine: no time passes between the suspension, its appeal and the teardown."""
    machine = RoundsMachine()
    machine.found([5_000] * VALIDATORS, False, {"rounds": 2, "low_score_penalty": 0})
    common = ("true", [1] * PARTICIPANTS, True)
    gang = {"who": {2}, "vote": common, "bitmap": 0b1111, "absent": None, "lie": None}
    gang |= {"late": False, "batched": False}
    machine.everybody_acts(0, gang, common)  # opens the task
    machine.whole_round(0, gang, common)
    machine.everybody_acts(0, gang, common)  # opens the second round, which is the last
    machine.whole_round(0, gang | {"vote": ("false", *common[1:])}, common)
    machine.act("Appeals", machine.c.p[0], "appeal", machine.tasks[0], 2, machine.c.v[2], word("e"))
    assert machine.suspended_in(0, 2) == 2
    machine.teardown()


def test_rounds__any_sequence__equals_twin_and_settlement():
    run_state_machine_as_test(RoundsMachine, settings=QUICK)


@pytest.mark.slow
def test_rounds__many_sequences__equal_twin_and_settlement():
    run_state_machine_as_test(RoundsMachine, settings=LONG)
