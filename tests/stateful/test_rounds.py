"""Rounds equals its twin, and `quorate.learning.settlement`, under any sequence of acts.

Members vote and are suspended, bonds come and go, several tasks run over the same people, time
jumps, and everybody may act out of turn, lie, stay silent or sign two hashes.
"""

from collections import Counter

import pytest
from eth_abi.abi import encode
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule, run_state_machine_as_test

from quorate.core.hashing import keccak256
from quorate.learning.settlement import FactsReader, SettlementTerms, settle
from tests.contracts.consortium import DEFAULTS, Consortium, terms
from tests.contracts.pair import (
    CHAIN_ID,
    DAY,
    PARTICIPANT,
    VALIDATOR,
    account,
    compact,
    signer,
    word,
)
from tests.stateful.pairs import LONG, QUICK, PairMachine
from tests.twins.tasks import (
    COMMIT,
    ENDED,
    INCLUDE_COMMIT,
    INCLUDE_REVEAL,
    JOINING,
    RUNNING,
    SETTLED,
    VOTE_COMMIT,
    VOTE_REVEAL,
)

PARTICIPANTS, VALIDATORS = 4, 4
which = st.sampled_from([0, 0, 0, 1])
person = st.integers(0, PARTICIPANTS - 1)
judge = st.integers(0, VALIDATORS - 1)
scores = st.lists(
    st.sampled_from([-(10**9), -20_001, -20_000, -1, 0, 1, 7, 100, 10**9]),
    min_size=PARTICIPANTS,
    max_size=PARTICIPANTS,
)
votes = st.tuples(st.sampled_from(["true", "true", "true", "false"]), scores, st.booleans())
WIDE = 0b10000  # a bit that no participant has
bitmaps = st.sampled_from([0b1111, 0b1111, 0b1111, 0b0111, 0b0011, 0, WIDE])
seldom = st.sampled_from([False] * 7 + [True])
phases = st.sampled_from([None] * 5 + list(range(COMMIT, VOTE_REVEAL + 1)))
lone_acts = st.fixed_dictionaries(
    {"who": judge, "vote": votes, "bitmap": bitmaps, "absent": phases, "lie": phases}
)

stake_lists = st.lists(st.integers(2_000, 6_000), min_size=VALIDATORS, max_size=VALIDATORS)
term_changes = st.fixed_dictionaries(
    {
        "rounds": st.integers(2, 5),
        "min_participants": st.integers(1, 3),
        "score_floor": st.sampled_from([-20_000, 0, 50]),
        "low_score_penalty": st.sampled_from([0, 300, 2_500, 10**20]),
    }
)


class RoundsMachine(PairMachine):
    @initialize(stakes=stake_lists, shared=st.booleans(), changes=term_changes)
    def found(self, stakes, shared, changes):
        houses = dict.fromkeys([account("participant0"), account("validator0")], "one house")
        houses = houses if shared else {}
        self.c = Consortium(2, PARTICIPANTS, VALIDATORS, tuple(stakes), houses)
        self.pair = self.c.pair
        changes |= {"participant_reward": 1_001, "validator_reward": 403}
        changes["lie_penalty"] = max(1_500, changes["low_score_penalty"])
        agreed = [terms(**changes), terms(**(changes | {"spec": word("other")}))]
        self.agreed = agreed
        self.tasks = [self.pair.view("Rounds", "task_id", t, self.c.v) for t in agreed]
        self.plain = changes
        self.readers = {task: FactsReader() for task in self.tasks}
        self.due = {task: Counter() for task in self.tasks}
        self.bitmaps: dict = {}
        self.votes: dict = {}
        self.create(0)
        for i in range(PARTICIPANTS):
            self.join(0, i, 10)

    # --- the beginning and the end --------------------------------------------------------------

    @rule(t=which)
    def create(self, t):
        self.c.approve(self.tasks[t])
        self.act(t, self.c.sponsor, "create", self.agreed[t], self.c.v, bare=True)

    @rule(t=which, i=person, samples=st.integers(0, 600))
    def join(self, t, i, samples):
        self.act(t, self.c.p[i], "join", word(f"data {i}"), samples)

    @rule(t=which, sponsor=st.booleans())
    def open(self, t, sponsor):
        self.act(t, self.c.sponsor if sponsor else self.c.stranger, "open")

    @rule(t=which, function=st.sampled_from(["cancel", "advance", "settle"]))
    def push(self, t, function):
        self.act(t, self.c.stranger, function)

    @rule(i=person, validator=st.booleans())
    def claim(self, i, validator):
        who = self.c.v[i] if validator else self.c.p[i]
        self.attempt(who, "Rounds", "claim")
        self.attempt(self.c.sponsor, "Rounds", "claim")

    @rule(seconds=st.sampled_from([1, 29, 31, 61, 101, DAY]))
    def wait(self, seconds):
        self.pair.wait(seconds)

    # --- acts in a phase ------------------------------------------------------------------------

    def commit(self, t, i):
        self.act(t, self.c.p[i], "commit", word(f"update {i}"))

    def include(self, t, v, bitmap):
        task, who = self.tasks[t], self.c.v[v]
        if bitmap != WIDE:
            bitmap &= self.pair.view("Rounds", "round_of", task)[3]
        self.bitmaps[task, who] = bitmap
        self.act(t, who, "include_commit", self.c.include_hash(task, who, bitmap))

    def include_reveal(self, t, v, lie):
        bitmap = self.bitmaps.get((self.tasks[t], self.c.v[v]), 0)
        self.act(t, self.c.v[v], "include_reveal", 0 if lie else bitmap, b"\1" * 32)

    def vote(self, t, v, vote):
        task, who = self.tasks[t], self.c.v[v]
        name, values, accept = vote
        whole = self.c.included(task).bit_count()
        self.votes[task, who] = (word(name), values[:whole], accept)
        self.act(t, who, "vote_commit", self.c.vote_hash(task, who, *self.votes[task, who]))

    def vote_reveal(self, t, v, lie):
        task, who = self.tasks[t], self.c.v[v]
        aggregate, values, accept = self.votes.get((task, who), (word("x"), [], True))
        self.act(t, who, "vote_reveal", aggregate, values, accept != lie, b"\2" * 32)

    def act_in(self, phase, t, i, *, vote, bitmap=0b1111, lie=False):
        """What place `i` has to do in `phase`."""
        if phase == COMMIT:
            self.commit(t, i)
        elif phase == INCLUDE_COMMIT:
            self.include(t, i, bitmap)
        elif phase == INCLUDE_REVEAL:
            self.include_reveal(t, i, lie)
        elif phase == VOTE_COMMIT:
            self.vote(t, i, vote)
        elif phase == VOTE_REVEAL:
            self.vote_reveal(t, i, lie)

    @rule(t=which, i=person, vote=votes, bitmap=bitmaps, lie=seldom)
    def one_acts(self, t, i, vote, bitmap, lie):
        self.act_in(self.c.phase(self.tasks[t]), t, i, vote=vote, bitmap=bitmap, lie=lie)

    @rule(t=which, i=person, vote=votes, phase=st.integers(COMMIT, VOTE_REVEAL))
    def one_acts_out_of_turn(self, t, i, vote, phase):
        self.act_in(phase, t, i, vote=vote)

    @rule(t=which, phases=st.integers(1, 7), lone=lone_acts, common=votes)
    def everybody(self, t, phases, lone, common):
        """For some phases all who may act do; one of them on its own terms, or not at all."""
        for _ in range(phases):
            self.everybody_acts(t, lone, common)

    @rule(t=which, lone=lone_acts, common=votes)
    def whole_round(self, t, lone, common):
        """From wherever the task stands to the end of its round, or of the next."""
        self.everybody_acts(t, lone, common)
        while COMMIT <= self.c.phase(self.tasks[t]) < SETTLED:
            self.everybody_acts(t, lone, common)

    def everybody_acts(self, t, lone, common):
        task = self.tasks[t]
        state, phase = self.c.state(task), self.c.phase(task)
        if state == JOINING or (state == RUNNING and phase >= SETTLED):
            self.open(t, sponsor=True)
            return
        for i in range(VALIDATORS):
            if i != lone["who"]:
                self.act_in(phase, t, i, vote=common)
            elif phase != lone["absent"]:
                self.act_in(
                    phase, t, i, vote=lone["vote"], bitmap=lone["bitmap"], lie=phase == lone["lie"]
                )
        if phase == VOTE_REVEAL:
            self.push(t, "settle")
        if self.c.phase(task) == phase:
            self.pair.wait(61)
            self.push(t, "settle" if phase == VOTE_REVEAL else "advance")

    # --- appeals, lies, members, bonds ----------------------------------------------------------

    def anybody_suspended(self):
        return any(self.suspended_in(t, v) for t in (0, 1) for v in range(VALIDATORS))

    @precondition(anybody_suspended)
    @rule(t=which, v=judge, number=st.integers(0, 5))
    def appeal(self, t, v, number):
        number = self.suspended_in(t, v) or number
        self.act(t, self.c.p[0], "appeal", number, self.c.v[v], word("evidence"))

    @precondition(anybody_suspended)
    @rule(t=which, v=judge, number=st.integers(0, 5), approved=seldom)
    def resolve(self, t, v, number, approved):
        number = self.suspended_in(t, v) or number
        if approved:
            who = self.c.v[v]
            subject = self.pair.view("Rounds", "appeal_subject", self.tasks[t], number, who)
            self.c.approve(subject)
        self.act(t, self.c.stranger, "resolve", number, self.c.v[v])

    @rule(t=which, v=judge, number=st.integers(0, 3), same=seldom, forged=seldom)
    def prove_equivocation(self, t, v, number, same, forged):
        task, arguments = self.tasks[t], []
        for hash_ in (word("one"), word("one" if same else "two")):
            types = ["bytes32", "uint256", "address", "bytes32", "uint256", "uint256", "bytes32"]
            head = [b"quorate/sign/v1".ljust(32, b"\0"), CHAIN_ID, self.pair.address("Rounds")]
            digest = keccak256(encode(types, [*head, task, number, 4, hash_]))
            hand = signer("stranger" if forged else f"validator{v}")
            arguments += [hash_, compact(hand.sign_digest(digest))]
        number_and_who = (number, self.c.v[v], 4)
        self.act(t, self.c.stranger, "prove_equivocation", *number_and_who, *arguments)

    @rule(v=judge, i=person, back=st.booleans(), validator=st.booleans())
    def suspend_member(self, v, i, back, validator):
        who = self.c.v[v] if validator else self.c.p[i]
        facts = (word("keys"), word("new house"), VALIDATOR if validator else PARTICIPANT)
        name, arguments = ("admit", (who, *facts)) if back else ("suspend", (who,))
        self.c.approve(self.pair.view("Members", f"{name}_subject", *arguments))
        self.attempt(self.c.m[0], "Members", name, *arguments)

    @rule(i=person, validator=st.booleans(), amount=st.integers(0, 3_000))
    def deposit(self, i, validator, amount):
        who, role = (self.c.v[i], VALIDATOR) if validator else (self.c.p[i], PARTICIPANT)
        self.attempt(who, "Stakes", "deposit", role, amount)

    @rule(i=person, validator=st.booleans(), amount=st.integers(0, 3_000), out=st.booleans())
    def unbond(self, i, validator, amount, out):
        who, role = (self.c.v[i], VALIDATOR) if validator else (self.c.p[i], PARTICIPANT)
        self.attempt(who, "Stakes", "request_unbond", role, amount)
        if out:
            self.attempt(who, "Stakes", "withdraw", role)

    # --- what must hold -------------------------------------------------------------------------

    def suspended_in(self, t, v):
        return self.pair.view("Rounds", "suspension_of", self.tasks[t], self.c.v[v])[0]

    def act(self, t, sender, function, *arguments, bare=False):
        """One act on a task; its events feed the reader, and a closed round is settled again."""
        task = self.tasks[t]
        arguments = arguments if bare else (task, *arguments)
        done = self.attempt(sender, "Rounds", function, *arguments)
        closing, scored, paid, suspended = None, {}, {}, []
        for contract, name, values in done.events if done else ():
            if name == "RoundOpened":
                self.due[task] = Counter()
            if name == "Slashed" and values["reason"] not in ("lie", "equivocation"):
                self.due[task][values["account"], values["due"], values["reason"]] += 1
            if contract == "Rounds":
                self.readers[task].take(name, values)
            if name in ("Settled", "Aborted"):
                closing = (name, values)
            if name == "Scored":
                scored[values["participant"]] = (values["median"], values["reward"])
            if name == "Rewarded":
                paid[values["validator"]] = values["amount"]
            if name == "Suspended":
                suspended.append(values["validator"])
        if closing:
            self.settle_again(task, closing, (scored, paid, suspended))

    def settle_again(self, task, closing, decided):
        """`quorate.learning.settlement` finds from the events what the contract decided."""
        people = (*self.c.p, *self.c.v)
        houses = {who: self.pair.view("Members", "controller_of", who) for who in people}
        facts = self.readers[task].facts(houses)
        names = SettlementTerms.__slots__
        found = settle(facts, SettlementTerms(**{n: (DEFAULTS | self.plain)[n] for n in names}))
        name, values = closing
        scored, paid, suspended = decided
        assert (name == "Aborted") == bool(found.aborted)
        assert Counter((p.account, p.amount, p.reason) for p in found.penalties) == self.due[task]
        assert tuple(suspended) == found.suspended
        assert paid == dict(found.validator_rewards)
        assert scored == {w: (s, found.rewards[w]) for w, s in found.scores.items()}
        if name == "Aborted":
            assert values["reason"] == found.aborted
        else:
            assert values["aggregate"] == found.aggregate
            assert values["included"] == found.included
            assert values["accepted"] == found.accepted

    @invariant()
    def money_is_where_it_should_be(self):
        if hasattr(self, "c"):
            self.c.check_money(*self.tasks)

    @invariant()
    def views_agree(self):
        if not hasattr(self, "c"):
            return
        for task in self.tasks:
            number = self.pair.view("Rounds", "task_of", task)[1]
            self.pair.view("Rounds", "round_of", task)
            self.pair.view("Rounds", "result_of", task, number)
            self.pair.view("Rounds", "participants_of", task)
            for place, who in enumerate(self.c.v):
                self.pair.view("Rounds", "ballot_of", task, place)
                self.pair.view("Rounds", "suspension_of", task, who)
                self.pair.view("Stakes", "reputation_of", who, VALIDATOR)
            for who in self.c.p:
                self.pair.view("Rounds", "participant_of", task, who)
                self.pair.view("Stakes", "reputation_of", who, PARTICIPANT)

    @invariant()
    def locks_are_what_tasks_hold(self):
        if not hasattr(self, "c"):
            return
        states = [self.pair.view("Rounds", "task_of", task) for task in self.tasks]
        for place, who in enumerate(self.c.v):
            held = sum(state[4] >> place & 1 for state in states)
            assert self.pair.view("Stakes", "bond_of", who, VALIDATOR)[3] == held
        for who in self.c.p:
            joined = [self.pair.view("Rounds", "participant_of", t, who)[0] for t in self.tasks]
            alive = [state[0] not in (0, ENDED) for state in states]
            held = sum(bool(j and a) for j, a in zip(joined, alive, strict=True))
            assert self.pair.view("Stakes", "bond_of", who, PARTICIPANT)[3] == held

    def teardown(self):
        """Whatever happened: strangers and time end every task, and nothing stays locked."""
        if not hasattr(self, "c"):
            return
        for t, task in enumerate(self.tasks):
            for _ in range(5 * self.plain["rounds"] + 2):
                if self.c.state(task) in (0, ENDED):
                    break
                self.pair.wait(101)
                for function in ("cancel", "advance", "settle", "open"):
                    self.act(t, self.c.stranger, function)
            assert self.c.state(task) in (0, ENDED)
            # The window and its one extension are open until their last second, that one included.
            self.pair.wait(2 * DEFAULTS["appeal_seconds"] + 1)
            for v in range(VALIDATORS):
                if self.suspended_in(t, v):
                    self.resolve(t, v, 0, approved=False)
        for who, role in [(w, PARTICIPANT) for w in self.c.p] + [(w, VALIDATOR) for w in self.c.v]:
            assert self.pair.view("Stakes", "bond_of", who, role)[3] == 0
        for who in (*self.c.p, *self.c.v, self.c.sponsor):
            self.attempt(who, "Rounds", "claim")
        assert self.pair.view("Token", "balanceOf", self.pair.address("Rounds")) == 0


def test_rounds__appeal_in_the_second_of_the_last_settlement__nothing_stays_locked():
    """Found by the machine: no time passes between the suspension, its appeal and the teardown."""
    machine = RoundsMachine()
    machine.found([5_000] * VALIDATORS, False, {"rounds": 2, "low_score_penalty": 0})
    common = ("true", [1] * PARTICIPANTS, True)
    lone = {"who": 2, "vote": common, "bitmap": 0b1111, "absent": None, "lie": None}
    machine.everybody_acts(0, lone, common)  # opens the task
    machine.whole_round(0, lone, common)
    machine.everybody_acts(0, lone, common)  # opens the second round, which is the last
    machine.whole_round(0, lone | {"vote": ("false", *common[1:])}, common)
    machine.appeal(0, 2, 0)
    assert machine.suspended_in(0, 2) == 2
    machine.teardown()


def test_rounds__any_sequence__equals_twin_and_settlement():
    run_state_machine_as_test(RoundsMachine, settings=QUICK)


@pytest.mark.slow
def test_rounds__many_sequences__equal_twin_and_settlement():
    run_state_machine_as_test(RoundsMachine, settings=LONG)
